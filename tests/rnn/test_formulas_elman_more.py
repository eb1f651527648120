"""What goes on from the Elman network's equations: its last gradients, relu for tanh, the loss averaged over time."""

import math
from functools import cache

import numpy as np
import pytest
from formula_cases import check_is_one_failure, slipped, unlike_sizes
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import relative_error
from rnn.formulas import REGISTRY, evaluate, find
from rnn.formulas.again import again
from rnn.formulas.notation import read_latex, read_text
from rnn.verify import chain, check, engine_values
from rnn.witnesses.mean import Mean, random_mean
from rnn.witnesses.network import random_network
from rnn.witnesses.relu import LARGEST_SCORE, MARGIN, random_relu

DRAW = {"elman": random_network, "relu": random_relu, "mean": random_mean}
PARAMETERS = ["c", "V", "b", "W", "U"]
all_families = pytest.mark.parametrize("family", DRAW)


@cache
def problem(family, seed=0, *, steps=3, inputs=3, hidden=2, vocabulary=4):
    sizes = {"steps": steps, "inputs": inputs, "hidden": hidden, "vocabulary": vocabulary}
    return DRAW[family](family, np.random.default_rng(seed), **sizes)


def closed(family):
    """The equations that give everything once."""
    return [e for e in find(family) if not e.expected_to_fail and e.id not in ("19", "19-h", "19-o")]


# Verified


@pytest.mark.parametrize(("family", "prefix", "last"), [("relu", "RELU", 16), ("mean", "MEAN", 17)])
def test_the_family_is_whole_and_in_order(family, prefix, last):
    assert [e.id for e in find(family)] == [f"{prefix}-{n}" for n in range(1, last + 1)]
    gives = {e.gives for e in find(family)}
    assert gives >= {"L", "∇o⁽ᵗ⁾", "∇h⁽ᵗ⁾", "∇a⁽ᵗ⁾", "∇h⁽⁰⁾", "∇x⁽ᵗ⁾", *(f"∇{p}" for p in PARAMETERS)}


def test_the_elman_network_ends_with_what_it_lacked():
    """Seed 001's numbers stay in their order, and the new ones follow."""
    ids = [e.id for e in find("elman")]
    assert ids == [*"7 8 9 10 13 16 17 18 19-h 19-o 19 20 20-printed 21 22 23 24 25".split(), *ids[-3:]]  # noqa: SIM905
    assert find("ELMAN") == find("elman")[-3:]
    assert [e.gives for e in find("ELMAN")] == ["∇a⁽ᵗ⁾", "∇h⁽⁰⁾", "∇x⁽ᵗ⁾"]
    assert all("fused" in e.witnesses for e in find("ELMAN"))


WITHIN = {"elman": (), "relu": ("a⁽ᵗ⁾", "∇o⁽ᵗ⁾", "∂h⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾"), "mean": ("a⁽ᵗ⁾", "∂L/∂L⁽ᵗ⁾")}
"""What the kernel does not show."""


@all_families
@pytest.mark.parametrize("seed", range(12))
def test_every_equation_agrees_with_its_witnesses_alone_and_in_the_chain(family, seed):
    equations = find("ELMAN") if family == "elman" else find(family)
    for c in check(equations, [problem(family, seed, **unlike_sizes(seed, longest=4))]):
        assert c.ok, c
        assert c.chain < 1e-12
        assert (c.fused is None) == (c.equation.gives in WITHIN[family])


@all_families
def test_every_gradient_is_derived_in_lines_that_say_the_same_twice(family):
    for e in find(family):
        assert bool(set("∇∂") & set(e.gives)) == bool(e.derivation)
        for text, latex in e.derivation:
            assert read_text(text) == read_latex(latex), text
            assert len(text) <= 76


# By complex steps: the loss is a loop over rows, in which any quantity can be moved


def loss(family, given, moved, by):
    """The loss with `by` added to one entry of one quantity: moved is its name, its time or None, and the entry."""

    def now(name, t, value):
        value = np.array(value, dtype=complex)
        if moved[:2] == (name, t):
            value[moved[2]] += by
        return value

    p = {name: now(name, None, given[name]) for name in PARAMETERS}
    h, losses = now("h", 0, given["h"][0][:, 0]), []
    for t in range(1, given["tau"] + 1):
        a = now("a", t, h @ p["W"].T + now("x", t, given["x"][t][:, 0]) @ p["U"].T + p["b"][:, 0])
        h = now("h", t, np.where(a.real > 0, a, 0) if family == "relu" else np.tanh(a))
        o = now("o", t, h @ p["V"].T + p["c"][:, 0])
        losses.append(now("L", t, np.log(np.exp(o).sum()) - o[given["y"][t]]))
    return np.mean(losses) if family == "mean" else np.sum(losses)


def by_complex_step(family, given, name, t, like):
    """∇ of one quantity at one time, exact to rounding."""
    entries = [()] if np.ndim(like) == 0 else np.ndindex(like.shape)
    moves = [(name, t, entry if t is None else entry[:1]) for entry in entries]
    return np.reshape([loss(family, given, move, 1e-40j).imag / 1e-40 for move in moves], np.shape(like))


@all_families
@pytest.mark.parametrize("seed", range(3))
def test_every_gradient_is_that_of_the_loss_written_as_a_loop(family, seed):
    known = problem(family, seed, steps=4, inputs=2, hidden=3, vocabulary=5).given()
    found = evaluate(closed(family), known)
    assert found["L"] == pytest.approx(loss(family, known, (None, None, None), 0).real, rel=1e-14)
    compared = set()
    for e in (e for e in closed(family) if e.gives.startswith("∇") or e.quantity == "dL_dL"):
        value, name = found[e.quantity], "L" if e.quantity == "dL_dL" else e.quantity.removeprefix("grad_")
        for t, mine in value.items() if isinstance(value, dict) else [(None, value)]:
            if t is not None and t > known["tau"]:
                continue  # what lies beyond the end
            np.testing.assert_allclose(mine, by_complex_step(family, known, name, t, mine), rtol=1e-11, atol=1e-14)
            compared.add((name, t))
    assert compared >= {(name, None) for name in PARAMETERS} | {("h", 0)}
    assert compared >= {(name, t) for name in "xaho" for t in range(1, 5)}


# The Elman network


def test_20_printed_is_wrong_by_what_its_derivation_says():
    """(Wᵀ D − D Wᵀ)[i, k] = W[k, i] (D[k, k] − D[i, i]), times ∇h⁽ᵗ⁺¹⁾."""
    values = engine_values(problem("elman", 3, hidden=3))
    W, h, g = values["W"], values["h"], values["grad_h"]
    right, printed = REGISTRY["20"](values), REGISTRY["20-printed"](values)
    for t in (1, 2):
        D = [1 - float(h[t + 1][k, 0]) ** 2 for k in range(3)]
        off = [sum(W[k, i] * (D[k] - D[i]) * g[t + 1][k, 0] for k in range(3)) for i in range(3)]
        np.testing.assert_allclose((right[t] - printed[t]).ravel(), off, rtol=1e-10, atol=1e-15)
        assert max(map(abs, off)) > 1e-3


def test_by_hand_the_last_gradients_of_the_elman_network():
    """One unit, two steps, V = 2."""
    known = {
        "U": np.array([[2.0]]), "W": np.array([[-1.0]]), "b": np.array([[0.3]]), "V": np.array([[1.0], [-1.0]]),
        "c": np.array([[0.0], [0.5]]), "x": {1: np.array([[0.5]]), 2: np.array([[-0.4]])},
        "h": {0: np.array([[0.3]])}, "y": {1: 0, 2: 1}, "tau": 2,
    }  # fmt: skip
    h1 = math.tanh(0.3 - 0.3 + 1)
    h2 = math.tanh(0.3 - h1 - 0.8)
    p1, p2 = (1 / (1 + math.exp(0.5 - 2 * h)) for h in (h1, h2))  # of class 0
    da2 = (1 - h2**2) * 2 * p2
    da1 = (1 - h1**2) * (2 * (p1 - 1) - da2)
    for family, scale in (("elman", 1), ("mean", 0.5)):
        found = evaluate(closed(family), known)
        for name, t, value in [
            ("a", 1, da1), ("a", 2, da2), ("h", 0, -da1), ("x", 1, 2 * da1), ("x", 2, 2 * da2),
        ]:  # fmt: skip
            assert found[f"grad_{name}"][t].item() == pytest.approx(scale * value, rel=1e-13)
        total = -math.log(p1) - math.log(1 - p2)
        assert found["L"] == pytest.approx(scale * total, rel=1e-13)


# The mean


def test_three_equations_change_and_the_others_are_the_same_functions():
    elman = {e.function for e in find("elman")}
    assert [e.id for e in find("mean") if e.function not in elman] == ["MEAN-5", "MEAN-6", "MEAN-7"]
    for e in find("mean"):
        if e.function in elman:
            (of,) = [o for o in find("elman") if o.function is e.function]
            assert (e.gives, e.text, e.latex, e.over, e.witnesses) == (
                of.gives,
                of.text,
                of.latex,
                of.over,
                of.witnesses,
            )
            assert e.note.startswith(f"equation {of.id} as it is")
        else:
            assert e.note.startswith("changed")


@pytest.mark.parametrize("steps", [1, 3, 6])
def test_every_gradient_of_the_mean_is_that_of_the_sum_divided_by_the_steps(steps):
    known = problem("elman", 5, steps=steps).given()
    of_sum, of_mean = (evaluate(closed(family), known) for family in ("elman", "mean"))
    for name in {e.quantity for e in closed("mean")} - {"a", "h", "o", "y_hat"}:
        one, other = of_sum[name], of_mean[name]
        for t in one if isinstance(one, dict) else [None]:
            a, b = (one, other) if t is None else (one[t], other[t])
            np.testing.assert_allclose(np.asarray(b) * steps, a, rtol=1e-13, atol=1e-16)


def test_the_mean_is_taken_by_engine_and_kernel_and_not_by_the_formulas():
    p = problem("mean", 2)
    assert isinstance(p, Mean)
    losses = [t.item() for t in p.graph.tensors["L_t"].values()]
    for value in (p.graph.loss.item(), p.kernel()["L"]):
        assert value == pytest.approx(math.fsum(losses) / 3, rel=1e-14)
    assert check([REGISTRY["13"]], [p])[0].engine > 0.5  # the sum is three times as large
    assert not check([REGISTRY["17"]], [p])[0].ok


# relu


def test_by_hand_relu():
    """Two units, three steps, in whole numbers: which unit is on is all that the gradients depend on."""
    known = {
        "U": np.array([[1.0], [1.0]]), "W": np.array([[0.0, 1.0], [1.0, 0.0]]), "b": np.zeros((2, 1)),
        "V": np.array([[2.0, 0.0], [0.0, 0.0]]), "c": np.zeros((2, 1)), "h": {0: np.array([[0.0], [3.0]])},
        "x": {t: np.array([[x]]) for t, x in ((1, -1.0), (2, -1.0), (3, 1.0))}, "y": {1: 0, 2: 1, 3: 0}, "tau": 3,
        "grad_a": {4: np.zeros((2, 1))},
    }  # fmt: skip
    found = evaluate(find("relu"), known)
    h = {t: found["h"][t].ravel().tolist() for t in (1, 2, 3)}
    assert h == {1: [2, 0], 2: [0, 1], 3: [2, 1]}
    p1, p2, p3 = (1 / (1 + math.exp(-2 * first)) for first, _ in h.values())  # of class 0
    da3 = [2 * (p3 - 1), 0]
    da2 = [0, da3[0]]  # unit 1 is off; unit 2 goes on to unit 1
    da1 = [2 * (p1 - 1) + da2[1], 0]
    for t, value in ((1, da1), (2, da2), (3, da3)):
        np.testing.assert_allclose(found["grad_a"][t].ravel(), value, rtol=1e-13)
        np.testing.assert_allclose(found["grad_x"][t], [[sum(value)]], rtol=1e-13)
    np.testing.assert_allclose(found["grad_h"][2].ravel(), [2 * p2, da3[0]], rtol=1e-13)
    np.testing.assert_allclose(found["grad_h"][0].ravel(), [0, da1[0]], rtol=1e-13)
    np.testing.assert_allclose(found["grad_W"], [[0, 3 * da1[0] + da3[0]], [2 * da2[1], 0]], rtol=1e-13)
    np.testing.assert_allclose(found["grad_U"].ravel(), [da3[0] - da1[0], -da2[1]], rtol=1e-13)
    assert {t: J.tolist() for t, J in found["dh_dh"].items()} == {3: [[0, 1], [1, 0]], 2: [[0, 0], [1, 0]]}


seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=15, deadline=None)
@given(seed=seeds)
def test_units_that_are_all_on_or_all_off_leave_w_or_nothing(seed):
    """With every unit on the network is linear, so ∂h⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾ = W; with every unit off no gradient goes back."""
    known = problem.__wrapped__("relu", seed, steps=4).given()
    W = known["W"] / np.abs(known["W"]).sum() / 2  # a unit cannot be pushed over by the others
    for bias, jacobian in ((1e3, W), (-1e3, 0 * W)):
        found = evaluate(find("relu"), {**known, "W": W, "b": np.full((2, 1), bias), "V": 1e-4 * known["V"]})
        assert all(np.array_equal(J, jacobian) for J in found["dh_dh"].values())
        assert len(found["dh_dh"]) == 3
        assert found["grad_W"].any() == found["grad_x"][1].any() == (bias > 0)


@settings(max_examples=15, deadline=None)
@given(seed=seeds, factor=st.floats(0.1, 10))
def test_a_unit_scaled_at_its_entrance_and_back_at_its_exit_changes_nothing(seed, factor):
    """relu(k a) = k relu(a) for k > 0, so along such a change of scale the gradients of L sum to 0."""
    known = problem.__wrapped__("relu", seed).given()
    unit, others = 0, slice(1, None)
    scaled = {name: known[name].copy() for name in PARAMETERS}
    scaled["U"][unit] *= factor
    scaled["b"][unit] *= factor
    scaled["W"][unit, others] *= factor
    scaled["W"][others, unit] /= factor
    scaled["V"][:, unit] /= factor
    start = known["h"][0].copy()
    start[unit] *= factor
    one, other = evaluate(find("relu"), known), evaluate(find("relu"), {**known, **scaled, "h": {0: start}})
    assert other["L"] == pytest.approx(one["L"], rel=1e-12)
    entrance = sum((one[f"grad_{n}"][unit] * known[n][unit]).sum() for n in "Ub")
    entrance += one["grad_W"][unit, others] @ known["W"][unit, others]
    entrance += one["grad_h"][0][unit, 0] * known["h"][0][unit, 0]
    exit = one["grad_V"][:, unit] @ known["V"][:, unit] + one["grad_W"][others, unit] @ known["W"][others, unit]
    assert entrance == pytest.approx(exit, rel=1e-9, abs=1e-12)


def test_problems_with_relu_keep_away_from_what_cannot_be_measured():
    off = 0
    for seed in range(20):
        tensors = random_relu("relu", np.random.default_rng(seed), steps=5, hidden=4).graph.tensors
        a, o = (np.stack([t.data.ravel() for t in tensors[name].values()]) for name in "ao")
        assert np.abs(a).min() > MARGIN
        assert np.abs(o).max() < LARGEST_SCORE
        assert (a > 0).any(axis=1).all()
        assert ((a[1:] > 0) != (a[:-1] > 0)).any()
        off += int((a < 0).sum())
    assert 0.2 < off / 400 < 0.8  # both slopes are met
    alone = random_relu("relu", np.random.default_rng(0), steps=4, hidden=1).graph.tensors["a"].values()
    assert {bool(a.item() > 0) for a in alone} == {False, True}
    assert random_relu("relu", np.random.default_rng(0), steps=1).tau == 1


# Mistakes


MISTAKES = [
    ("ELMAN-1", "h[t] ** 2", "h[t]"),
    ("ELMAN-1", "diag(1 - h[t] ** 2) @ ", ""),
    ("ELMAN-2", "W.T", "W"),
    ("ELMAN-2", "h[1] ** 2", "h[0] ** 2"),
    ("ELMAN-2", "W.T @ diag(1 - h[1] ** 2)", "diag(1 - h[1] ** 2) @ W.T"),
    ("ELMAN-3", "h[t] ** 2", "h[t - 1] ** 2"),
    ("ELMAN-3", "U.T @", "-U.T @"),
    ("MEAN-5", "-(1 / tau) * ", "-"),
    ("MEAN-6", "1 / tau", "1.0"),
    ("MEAN-7", "(1 / tau) * ", ""),
    ("MEAN-7", "(1 / tau) * ", "(1 / t) * "),
    ("MEAN-12", "sum(", "1 / tau * sum("),
    ("RELU-1", "h[t - 1]", "h[0]"),
    ("RELU-2", "relu(a[t])", "a[t]"),
    ("RELU-2", "relu(a[t])", "-relu(-a[t])"),
    ("RELU-7", "a[t + 1]", "a[t]"),
    ("RELU-7", "diag(positive(a[t + 1])) @ W", "W @ diag(positive(a[t + 1]))"),
    ("RELU-8", "W.T @ grad_a[t + 1] + ", ""),
    ("RELU-8", "W.T", "W"),
    ("RELU-9", "positive(a[t]) * ", ""),
    ("RELU-9", "positive(a[t])", "relu(a[t])"),
    ("RELU-9", "positive(a[t])", "positive(-a[t])"),
    ("RELU-12", "steps(tau)", "steps(tau - 1)"),
    ("RELU-13", "h[t - 1].T", "h[t].T"),
    ("RELU-14", "x[t].T", "x[1].T"),
    ("RELU-15", "grad_a[1]", "grad_a[2]"),
    ("RELU-16", "grad_a[t]", "grad_a[t + 1]"),
]


@pytest.mark.parametrize(("id", "old", "new"), MISTAKES)
def test_a_mistake_is_one_failure(id, old, new):
    check_is_one_failure(slipped(id, old, new), [problem(REGISTRY[id].family, 7, hidden=3)])


def test_a_mistake_spoils_its_own_chain():
    wrong = slipped("MEAN-7", "(1 / tau) * ", "")
    p = problem("mean", 7)
    spoiled = evaluate(chain(wrong), p.given())
    assert relative_error(spoiled["grad_U"], engine_values(p)["grad_U"]) == pytest.approx(2, rel=1e-9)


def test_an_equation_entered_again_is_entered_once_and_keeps_its_witnesses(monkeypatch):
    monkeypatch.setattr("rnn.formulas.registry.REGISTRY", dict(REGISTRY))
    with pytest.raises(ValueError, match="has an equation MEAN-1 already"):
        again("MEAN-1", of="7", family="mean")
    assert "fused" in REGISTRY["MEAN-2"].witnesses
    assert "fused" not in REGISTRY["JORDAN-3"].witnesses
    assert {"engine", "differences"} <= set(REGISTRY["RELU-10"].witnesses)
    assert REGISTRY["PEEPHOLE-11"].source == REGISTRY["LSTM-11"].source
    assert REGISTRY["PEEPHOLE-19"].source == "derived; forward Graves 2013" != REGISTRY["LSTM-19"].source
    assert REGISTRY["PEEPHOLE-19"].note.startswith("equation LSTM-19 as it is")
