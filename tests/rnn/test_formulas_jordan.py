"""The networks whose output is fed back, probabilities or scores: verified, by hand, by complex steps, and mutated."""

import math
from functools import cache

import numpy as np
import pytest
from formula_cases import check_is_one_failure, slipped, unlike_sizes
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn import verify
from rnn.formulas import REGISTRY, evaluate, find, jordan, output_recurrence
from rnn.formulas.notation import read_latex, read_text
from rnn.verify import chain, check
from rnn.witnesses.network import random_recurrence

PREFIX = {"jordan": "JORDAN", "output-recurrence": "OUTPUT"}
STATE = {"jordan": "y_hat", "output-recurrence": "o"}
both_families = pytest.mark.parametrize("family", PREFIX)
PARAMETERS = ["c", "V", "b", "W", "U"]


@cache
def problem(family, seed=0, *, steps=3, inputs=3, hidden=2, vocabulary=4):
    """By default V = 2 H, so that a mistake about which rows of V are meant is seen."""
    sizes = {"steps": steps, "inputs": inputs, "hidden": hidden, "vocabulary": vocabulary}
    return random_recurrence(family, np.random.default_rng(seed), scale=0.5, **sizes)


def chained(family, given):
    """All that the family's equations give from what is given."""
    return evaluate(find(family), given)


# Verified


@both_families
def test_the_family_is_whole_and_in_order(family):
    equations = find(family)
    assert [e.id for e in equations] == [f"{PREFIX[family]}-{n}" for n in range(1, len(equations) + 1)]
    assert find(PREFIX[family]) == equations
    state = {"jordan": "∇ŷ⁽⁰⁾", "output-recurrence": "∇o⁽⁰⁾"}[family]
    assert {e.gives for e in equations} >= {"L", "∇o⁽ᵗ⁾", "∇x⁽ᵗ⁾", state, *(f"∇{p}" for p in PARAMETERS)}
    assert not any("fused" in e.witnesses for e in equations)


@both_families
@pytest.mark.parametrize("seed", range(20))
def test_every_equation_agrees_with_engine_and_differences_alone_and_in_the_chain(family, seed):
    for c in check(find(family), [problem(family, seed, **unlike_sizes(seed, longest=4))]):
        assert c.holds, c
        assert c.chain < 1e-12
        assert (c.differences is None) == ("∇" not in c.equation.gives)


@both_families
def test_every_gradient_is_derived_in_lines_that_say_the_same_twice(family):
    for e in find(family):
        assert ("∇" in e.gives) == bool(e.derivation)
        for text, latex in e.derivation:
            assert read_text(text) == read_latex(latex), text
            assert len(text) <= 76


def test_what_the_two_networks_share_is_one_function():
    shared = {REGISTRY[f"JORDAN-{n}"].function for n in range(1, 17)}
    own = [e.id for e in find("output-recurrence") if e.function not in shared]
    assert own == ["OUTPUT-1", "OUTPUT-6", "OUTPUT-12", "OUTPUT-14"]  # where the scores are fed back, and there only
    assert REGISTRY["OUTPUT-1"].function is output_recurrence.a
    assert REGISTRY["JORDAN-1"].function is jordan.a


# By complex steps: the loss is a loop over rows, in which any quantity can be moved


def loss(given, family, moved, by):
    """The loss with `by` added to one entry of one quantity: moved is its name, its time or None, and the entry."""

    def now(name, t, value):
        value = np.array(value, dtype=complex)
        if moved[:2] == (name, t):
            value[moved[2]] += by
        return value

    p = {name: now(name, None, given[name]) for name in PARAMETERS}
    fed, total = now(STATE[family], 0, given[STATE[family]][0]), 0
    for t in range(1, given["tau"] + 1):
        x = now("x", t, given["x"][t])
        h = now("h", t, np.tanh(now("a", t, p["b"][:, 0] + fed[:, 0] @ p["W"].T + x[:, 0] @ p["U"].T)))
        o = now("o", t, (p["c"][:, 0] + h @ p["V"].T)[:, None])
        total += np.log(np.exp(o).sum()) - o[given["y"][t], 0]
        fed = o if family == "output-recurrence" else now("y_hat", t, np.exp(o) / np.exp(o).sum())
    return total


def by_complex_step(given, family, name, t, like):
    """∇ of one quantity at one time, exact to rounding."""
    entries = np.ndindex(like.shape)
    flat = name in ("a", "h")  # these are rows in the loop
    moves = [(name, t, entry[:1] if flat else entry) for entry in entries]
    return np.reshape([loss(given, family, move, 1e-40j).imag / 1e-40 for move in moves], like.shape)


@both_families
@pytest.mark.parametrize("seed", range(3))
def test_every_gradient_is_that_of_the_loss_written_as_a_loop(family, seed):
    known = problem(family, seed, steps=4, inputs=2, hidden=3, vocabulary=5).given()
    found = chained(family, known)
    assert found["L"] == pytest.approx(loss(known, family, (None, None, None), 0).real, rel=1e-14)
    compared = set()
    for e in (e for e in find(family) if "∇" in e.gives):
        value = found[e.quantity]
        for t, mine in value.items() if isinstance(value, dict) else [(None, value)]:
            if t is not None and t > known["tau"]:
                assert not mine.any()  # what lies beyond the end
                continue
            exact = by_complex_step(known, family, e.quantity.removeprefix("grad_"), t, mine)
            np.testing.assert_allclose(mine, exact, rtol=1e-11, atol=1e-13)
            compared.add((e.quantity, t))
    expected = {(f"grad_{name}", None) for name in PARAMETERS} | {(f"grad_{STATE[family]}", 0)}
    series = {"x", "a", "h", "o", STATE[family]}
    assert compared == expected | {(f"grad_{name}", t) for name in series for t in range(1, 5)}


# By hand


def by_hand():
    """One input, one hidden unit, two classes, two steps."""
    column = np.array([[1.0], [-1.0]])
    return {
        "U": np.array([[0.5]]), "W": np.array([[2.0, -1.0]]), "b": np.array([[0.1]]), "V": column,
        "c": np.array([[0.2], [0.0]]), "x": {1: np.array([[0.4]]), 2: np.array([[-0.6]])},
        "y": {1: 1, 2: 0}, "tau": 2, "grad_a": {3: np.array([[0.0]])},
    }  # fmt: skip


def class_0(o):
    return 1 / (1 + math.exp(o[1] - o[0]))


def test_jordan_by_hand():
    found = chained("jordan", {**by_hand(), "y_hat": {0: np.array([[0.3], [0.7]])}})
    h1 = math.tanh(0.1 + 2 * 0.3 - 0.7 + 0.5 * 0.4)
    p1 = class_0((0.2 + h1, -h1))
    h2 = math.tanh(0.1 + 2 * p1 - (1 - p1) - 0.5 * 0.6)
    p2 = class_0((0.2 + h2, -h2))
    # Class 1 is 1 − class 0, so all is a function of the difference of two scores: d = 0.2 + 2h, dp/dd = p(1 − p).
    da2 = (1 - h2**2) * 2 * (p2 - 1)
    dd1 = p1 + da2 * 3 * p1 * (1 - p1)  # W(1, −1)ᵀ = 3
    da1 = (1 - h1**2) * 2 * dd1
    assert found["L"] == pytest.approx(-math.log(1 - p1) - math.log(p2), rel=1e-13)
    expected = {
        "grad_o": {1: [dd1, -dd1], 2: [p2 - 1, 1 - p2]},
        "grad_y_hat": {0: [2 * da1, -da1], 1: [2 * da2, -da2], 2: [0, 0]},
        "grad_a": {1: [da1], 2: [da2]},
        "grad_x": {1: [0.5 * da1], 2: [0.5 * da2]},
    }
    for name, series in expected.items():
        for t, value in series.items():
            np.testing.assert_allclose(found[name][t].ravel(), value, rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(found["grad_W"], [[da1 * 0.3 + da2 * p1, da1 * 0.7 + da2 * (1 - p1)]], rtol=1e-12)
    np.testing.assert_allclose(found["grad_U"], [[da1 * 0.4 - da2 * 0.6]], rtol=1e-12)
    np.testing.assert_allclose(found["grad_b"], [[da1 + da2]], rtol=1e-12)
    g = dd1 + p2 - 1
    np.testing.assert_allclose(found["grad_c"].ravel(), [g, -g], rtol=1e-12)
    g = dd1 * h1 + (p2 - 1) * h2
    np.testing.assert_allclose(found["grad_V"].ravel(), [g, -g], rtol=1e-12)


def test_output_recurrence_by_hand():
    found = chained("output-recurrence", {**by_hand(), "o": {0: np.array([[0.3], [-0.2]])}})
    h1 = math.tanh(0.1 + 2 * 0.3 + 0.2 + 0.5 * 0.4)
    o1 = (0.2 + h1, -h1)
    h2 = math.tanh(0.1 + 2 * o1[0] - o1[1] - 0.5 * 0.6)
    p1, p2 = class_0(o1), class_0((0.2 + h2, -h2))
    da2 = (1 - h2**2) * 2 * (p2 - 1)
    do1 = (p1 + 2 * da2, -p1 - da2)
    da1 = (1 - h1**2) * (do1[0] - do1[1])
    assert found["L"] == pytest.approx(-math.log(1 - p1) - math.log(p2), rel=1e-13)
    np.testing.assert_allclose(found["grad_o"][2].ravel(), [p2 - 1, 1 - p2], rtol=1e-12)
    np.testing.assert_allclose(found["grad_o"][1].ravel(), do1, rtol=1e-12)
    np.testing.assert_allclose(found["grad_o"][0].ravel(), [2 * da1, -da1], rtol=1e-12)
    np.testing.assert_allclose(found["grad_W"], [[da1 * 0.3 + da2 * o1[0], -da1 * 0.2 + da2 * o1[1]]], rtol=1e-12)
    np.testing.assert_allclose(found["grad_x"][2], [[0.5 * da2]], rtol=1e-12)


# What follows from the form


seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=20, deadline=None)
@given(seed=seeds)
def test_a_shift_of_all_scores_is_felt_where_the_scores_are_fed_back_and_nowhere_else(seed):
    """softmax(o + k) = softmax(o), so the entries of ∇o sum to 0 in the Jordan network, at every step."""
    jordans = chained("jordan", problem.__wrapped__("jordan", seed).given())["grad_o"]
    others = chained("output-recurrence", problem.__wrapped__("output-recurrence", seed).given())["grad_o"]
    assert all(abs(jordans[t].sum()) < 1e-14 * max(1, abs(jordans[t]).max()) for t in (1, 2, 3))
    assert all(abs(others[t].sum()) > 1e-7 for t in (1, 2))
    assert abs(others[3].sum()) < 1e-14  # nothing reads the last scores again


@both_families
@settings(max_examples=10, deadline=None)
@given(seed=seeds)
def test_with_nothing_fed_back_each_step_stands_alone(family, seed):
    """W = 0: then the gradient of what is fed back is 0, and each step is a network of its own. [seed 001, 3.1]"""
    known = problem.__wrapped__(family, seed).given()
    known["W"] = 0 * known["W"]
    found = chained(family, known)
    assert not found[f"grad_{STATE[family]}"][0].any()
    for t in (1, 2, 3):
        onehot = np.eye(4)[:, [known["y"][t]]]
        np.testing.assert_allclose(found["grad_o"][t], found["y_hat"][t] - onehot, rtol=1e-14)


def test_a_step_that_cannot_be_wrong_is_felt_no_more():
    """Where ŷ is all but certain its Jacobian is 0: probabilities carry no gradient back through it, scores do."""
    for family, carried in (("jordan", 0), ("output-recurrence", 1)):
        known = problem(family, 4).given()
        known["c"] = np.array([[40.0], [0], [0], [0]])
        known["y"] = {1: 0, 2: 0, 3: 1}  # the first two losses are all but 0
        found = chained(family, known)
        assert (abs(found["grad_o"][1]).max() > 1e-6) == carried


# Mistakes


MISTAKES = [
    ("JORDAN-1", "y_hat[t - 1]", "y_hat[t]"),
    ("JORDAN-1", "b + ", ""),
    ("JORDAN-2", "np.tanh(a[t])", "a[t]"),
    ("JORDAN-3", "c + ", ""),
    ("JORDAN-4", "softmax(o[t])", "np.exp(o[t])"),
    ("JORDAN-5", "-sum", "-1 / tau * sum"),
    ("JORDAN-6", "grad_a[t + 1]", "grad_a[t]"),
    ("JORDAN-7", " - onehot(y[t], y_hat[t])", ""),
    ("JORDAN-7", " + (diag(y_hat[t]) - y_hat[t] @ y_hat[t].T) @ grad_y_hat[t]", ""),
    ("JORDAN-7", "(diag(y_hat[t]) - y_hat[t] @ y_hat[t].T)", "diag(y_hat[t])"),
    ("JORDAN-7", "(diag(y_hat[t]) - y_hat[t] @ y_hat[t].T)", "diag(y_hat[t] * (1 - y_hat[t]))"),
    ("JORDAN-7", "@ grad_y_hat[t]", "@ grad_y_hat[t - 1]"),
    ("JORDAN-8", "grad_o[t]", "grad_o[1]"),
    ("JORDAN-9", "h[t] ** 2", "h[t]"),
    ("JORDAN-10", "steps(tau)", "steps(tau - 1)"),
    ("JORDAN-11", "h[t].T", "h[1].T"),
    ("JORDAN-12", "sum(", "1 / tau * sum("),
    ("JORDAN-13", "y_hat[t - 1].T", "y_hat[t].T"),
    ("JORDAN-14", "x[t].T", "x[tau].T"),
    ("JORDAN-15", "grad_a[1]", "grad_a[2]"),
    ("JORDAN-16", "U.T @", "2 * U.T @"),
    ("OUTPUT-1", "o[t - 1]", "o[0]"),
    ("OUTPUT-2", "np.tanh(a[t])", "np.tanh(a[t]) ** 2"),
    ("OUTPUT-3", "V @", "-V @"),
    ("OUTPUT-4", "softmax(o[t])", "1 / (1 + np.exp(-o[t]))"),
    ("OUTPUT-5", "steps(tau)", "steps(tau - 1)"),
    ("OUTPUT-6", " + W.T @ grad_a[t + 1]", ""),
    ("OUTPUT-6", "grad_a[t + 1]", "grad_a[t]"),
    ("OUTPUT-6", "- onehot", "+ onehot"),
    ("OUTPUT-7", "V.T", "-V.T"),
    ("OUTPUT-8", "1 - h", "1 + h"),
    ("OUTPUT-9", "grad_o[t]", "grad_o[1]"),
    ("OUTPUT-10", "h[t].T", "h[tau].T"),
    ("OUTPUT-11", "steps(tau)", "steps(tau - 1)"),
    ("OUTPUT-12", "o[t - 1].T", "o[t].T"),
    ("OUTPUT-13", "grad_a[t]", "grad_a[1]"),
    ("OUTPUT-14", "W.T @", "-W.T @"),
    ("OUTPUT-15", "grad_a[t]", "grad_a[t + 1]"),
]


@pytest.mark.parametrize(("id", "old", "new"), MISTAKES)
def test_a_mistake_is_one_failure(id, old, new):
    check_is_one_failure(slipped(id, old, new), [problem(REGISTRY[id].family, 7)])


def test_every_equation_has_a_mistake():
    assert {id for id, *_ in MISTAKES} == {e.id for family in PREFIX for e in find(family)}


def test_a_mistake_spoils_its_own_chain():
    wrong = slipped("JORDAN-7", "(diag(y_hat[t]) - y_hat[t] @ y_hat[t].T)", "diag(y_hat[t])")
    p = problem("jordan", 7)
    spoiled = evaluate(chain(wrong), p.given())
    assert verify.error(spoiled["grad_W"], verify.engine_values(p)["grad_W"]) > 1e-3
