"""Layers above each other and both directions in time: verified, by hand, by complex steps, and with mistakes."""

import math
from functools import cache

import numpy as np
import pytest
from formula_cases import check_is_one_failure, slipped, unlike_sizes
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import relative_error
from rnn.formulas import REGISTRY, evaluate, find
from rnn.verify import chain, check, engine_values
from rnn.witnesses.layered import random_bidirectional, random_deep

DRAW = {"deep": random_deep, "bidirectional": random_bidirectional}
PREFIX = {"deep": "DEEP", "bidirectional": "BI"}
SHARED = {"deep": ["c", "V"], "bidirectional": ["c", *(f"{k}_{d}" for d in "hg" for k in "UWbV")]}
INSIDE = {  # a layer run by its kernel shows what goes in and what comes out, none of these; ∇o is no work of the layer
    "∇o⁽ᵗ⁾",
    "h⁽⁰,ᵗ⁾", "a⁽ˡ,ᵗ⁾", "h⁽ˡ,ᵗ⁾", "∇h⁽λ,ᵗ⁾", "∇h⁽ˡ,ᵗ⁾", "∇a⁽ˡ,ᵗ⁾",
    "a_h⁽ᵗ⁾", "a_g⁽ᵗ⁾", "∇h⁽ᵗ⁾", "∇g⁽ᵗ⁾", "∇a_h⁽ᵗ⁾", "∇a_g⁽ᵗ⁾",
}  # fmt: skip
both_families = pytest.mark.parametrize("family", DRAW)
seeds = st.integers(0, 2**32 - 1)


@cache
def problem(family, seed=0, **sizes):
    sizes = {"steps": 3, "inputs": 3, "hidden": 2, "vocabulary": 4, **sizes}
    return DRAW[family](family, np.random.default_rng(seed), **sizes)


# Verified


@both_families
def test_the_family_is_whole_and_in_order(family):
    equations = find(family)
    assert [e.id for e in equations] == [f"{PREFIX[family]}-{n}" for n in range(1, len(equations) + 1)]
    assert find(PREFIX[family]) == equations
    forward = [not e.derivation for e in equations]
    assert forward == sorted(forward, reverse=True)  # forward first
    given = problem(family).given()
    parameters = {name for name in given if name[0] in "UWbVc"}
    assert {e.quantity for e in equations} >= {"L", "grad_o", "grad_x", "grad_h", *(f"grad_{p}" for p in parameters)}


@both_families
@pytest.mark.parametrize("seed", range(5))
def test_every_equation_agrees_with_its_witnesses_alone_and_in_the_chain(family, seed):
    for c in check(find(family), [problem(family, seed, **unlike_sizes(seed, longest=4))]):
        assert c.ok, c
        assert c.chain < 1e-12
        assert (c.differences is None) == ("∇" not in c.equation.gives)
        assert (c.fused is None) == (c.equation.gives in INSIDE)


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_any_number_of_layers(layers):
    checks = check(find("deep"), [problem("deep", 5, layers=layers)])
    own = {c.equation.id for c in checks if not c.ok}
    assert own == ({"DEEP-9"} if layers == 1 else set())  # a single layer has none below the top: nothing to compare


def test_one_layer_is_the_elman_network():
    known = problem("deep", 3, layers=1, steps=4).given()
    single = {k: known[k][1] for k in "UWb"}
    series = {k: known[k] for k in ("V", "c", "x", "y", "tau")}
    elman = [e for e in find("elman") if not e.expected_to_fail and not e.id.startswith("19")]
    plain = evaluate(elman, {**single, **series, "h": {0: known["h"][1, 0]}})
    deep = evaluate(find("deep"), known)
    assert deep["L"] == pytest.approx(plain["L"], rel=1e-14)
    for k in "UWb":
        assert relative_error(deep[f"grad_{k}"][1], plain[f"grad_{k}"]) < 1e-12
    for t in range(5):
        assert relative_error(deep["grad_h"][1, t], plain["grad_h"][t]) < 1e-12


# By complex steps: the loss is a loop over rows, in which any quantity can be moved


def mover(moved, by):
    """A function that adds `by` to one entry of one quantity: moved is its name, its index, and the entry."""

    def now(name, index, value):
        value = np.array(value, dtype=complex)
        if moved[:2] == (name, index):
            value[moved[2]] += by
        return value

    return now


def row(known, name, index, now):
    return now(name, index, known[name][index][:, 0])


def cross_entropy(o, id):
    return np.log(np.exp(o).sum()) - o[id]


def deep_loss(known, now):
    depth, tau, total = known["depth"], known["tau"], 0
    p = {(k, n): now(k, n, known[k][n]) for k in "UWb" for n in range(1, depth + 1)}
    V, c = now("V", None, known["V"]), now("c", None, known["c"])
    h = {n: row(known, "h", (n, 0), now) for n in range(1, depth + 1)}
    for t in range(1, tau + 1):
        below = row(known, "x", t, now)
        for n in range(1, depth + 1):
            received = below @ p["U", n].T + h[n] @ p["W", n].T + p["b", n][:, 0]
            below = h[n] = now("h", (n, t), np.tanh(now("a", (n, t), received)))
        total += cross_entropy(now("o", t, c[:, 0] + below @ V.T), known["y"][t])
    return total


def bidirectional_loss(known, now):
    tau = known["tau"]
    p = {k: now(k, None, known[k]) for k in SHARED["bidirectional"]}
    x = {t: row(known, "x", t, now) for t in range(1, tau + 1)}
    h, g = {0: row(known, "h", 0, now)}, {tau + 1: row(known, "g", tau + 1, now)}
    for t in range(1, tau + 1):
        received = x[t] @ p["U_h"].T + h[t - 1] @ p["W_h"].T + p["b_h"][:, 0]
        h[t] = now("h", t, np.tanh(now("a_h", t, received)))
    for t in range(tau, 0, -1):
        received = x[t] @ p["U_g"].T + g[t + 1] @ p["W_g"].T + p["b_g"][:, 0]
        g[t] = now("g", t, np.tanh(now("a_g", t, received)))
    read = np.hstack([p["V_h"], p["V_g"]])  # one matrix over both states side by side, as D2L prints it
    o = {t: now("o", t, p["c"][:, 0] + np.concatenate([h[t], g[t]]) @ read.T) for t in x}
    return sum(cross_entropy(o[t], known["y"][t]) for t in x)


LOSS = {"deep": deep_loss, "bidirectional": bidirectional_loss}


def by_complex_step(family, known, name, index, like):
    """∇ of one quantity at one index, exact to rounding."""
    flat = name[0] not in "UWbVc"
    moves = [(name, index, entry[:1] if flat else entry) for entry in np.ndindex(like.shape)]
    return np.reshape([LOSS[family](known, mover(m, 1e-40j)).imag / 1e-40 for m in moves], like.shape)


@both_families
@pytest.mark.parametrize("seed", range(3))
def test_every_gradient_is_that_of_the_loss_written_as_a_loop(family, seed):
    known = problem(family, seed, steps=4, inputs=2, hidden=3, vocabulary=5).given()
    found = evaluate(find(family), known)
    assert found["L"] == pytest.approx(LOSS[family](known, mover((None, None, None), 0)).real, rel=1e-14)
    compared = set()
    for name in {e.quantity for e in find(family) if e.derivation}:
        value, of = found[name], name.removeprefix("grad_")
        for index, mine in value.items() if isinstance(value, dict) else [(None, value)]:
            if name in known and index in known[name]:
                assert not mine.any()  # what lies beyond an end
                continue
            exact = by_complex_step(family, known, of, index, mine)
            np.testing.assert_allclose(mine, exact, rtol=1e-11, atol=1e-13)
            compared.add((of, index))
    assert compared == expected(family, known)


def expected(family, known):
    """All that has a gradient."""
    times = range(1, known["tau"] + 1)
    every = {(k, None) for k in SHARED[family]} | {(k, t) for k in "xo" for t in times}
    if family == "bidirectional":
        inside = {(k, t) for k in ("h", "g", "a_h", "a_g") for t in times}
        return every | inside | {("h", 0), ("g", known["tau"] + 1)}
    levels = range(1, known["depth"] + 1)
    inside = {(k, (n, t)) for k in "ah" for n in levels for t in times}
    return every | inside | {(k, n) for k in "UWb" for n in levels} | {("h", (n, 0)) for n in levels}


# By hand


def number(value):
    return np.array([[float(value)]])


def of_class_0(difference):
    return 1 / (1 + math.exp(-difference))


def test_two_layers_by_hand():
    """One input, one unit in each of two layers, two classes, two steps."""
    u, w, b = {1: 0.5, 2: -1.5}, {1: 0.8, 2: 0.6}, {1: 0.1, 2: -0.2}
    letters = {k: {n: number(v) for n, v in each.items()} for k, each in (("U", u), ("W", w), ("b", b))}
    start, zero = {(1, 0): number(0.3), (2, 0): number(-0.4)}, number(0)
    found = evaluate(
        find("deep"),
        {
            **letters,
            "V": np.array([[1.0], [-1.0]]),
            "c": np.array([[0.2], [0.0]]),
            "h": start,
            "depth": 2,
            "tau": 2,
            "x": {1: number(0.4), 2: number(-0.6)},
            "y": {1: 1, 2: 0},
            "grad_a": {(1, 3): zero, (2, 3): zero},
        },
    )
    h11 = math.tanh(0.1 + 0.8 * 0.3 + 0.5 * 0.4)
    h21 = math.tanh(-0.2 - 0.6 * 0.4 - 1.5 * h11)
    h12 = math.tanh(0.1 + 0.8 * h11 - 0.5 * 0.6)
    h22 = math.tanh(-0.2 + 0.6 * h21 - 1.5 * h12)
    p1, p2 = of_class_0(0.2 + 2 * h21), of_class_0(0.2 + 2 * h22)
    a22 = (1 - h22**2) * 2 * (p2 - 1)
    a12 = (1 - h12**2) * -1.5 * a22
    a21 = (1 - h21**2) * (2 * p1 + 0.6 * a22)
    a11 = (1 - h11**2) * (0.8 * a12 - 1.5 * a21)
    assert found["L"] == pytest.approx(-math.log(1 - p1) - math.log(p2), rel=1e-13)
    scalars = {
        "grad_a": {(1, 1): a11, (1, 2): a12, (2, 1): a21, (2, 2): a22},
        "grad_W": {1: a11 * 0.3 + a12 * h11, 2: -a21 * 0.4 + a22 * h21},
        "grad_U": {1: a11 * 0.4 - a12 * 0.6, 2: a21 * h11 + a22 * h12},
        "grad_b": {1: a11 + a12, 2: a21 + a22},
        "grad_x": {1: 0.5 * a11, 2: 0.5 * a12},
    }
    for name, series in scalars.items():
        for index, value in series.items():
            assert found[name][index].item() == pytest.approx(value, rel=1e-12), (name, index)
    firsts = found["grad_h"][1, 0].item(), found["grad_h"][2, 0].item()
    assert firsts == pytest.approx((0.8 * a11, 0.6 * a21), rel=1e-12)
    np.testing.assert_allclose(found["grad_V"].ravel(), np.array([1, -1]) * (p1 * h21 + (p2 - 1) * h22), rtol=1e-12)


def test_both_directions_by_hand():
    """One input, one unit in each direction, two classes, two steps."""
    letters = {"U_h": 0.5, "W_h": 0.8, "b_h": 0.1, "U_g": -0.7, "W_g": 0.6, "b_g": 0.2}
    found = evaluate(
        find("bidirectional"),
        {
            **{k: number(v) for k, v in letters.items()},
            "V_h": np.array([[1.0], [-1.0]]),
            "tau": 2,
            "V_g": np.array([[0.5], [0.0]]),
            "c": np.array([[0.2], [0.0]]),
            "h": {0: number(0.3)},
            "g": {3: number(-0.4)},
            "x": {1: number(0.4), 2: number(-0.6)},
            "y": {1: 1, 2: 0},
            "grad_a_h": {3: number(0)},
            "grad_a_g": {0: number(0)},
        },
    )
    h1 = math.tanh(0.1 + 0.8 * 0.3 + 0.5 * 0.4)
    h2 = math.tanh(0.1 + 0.8 * h1 - 0.5 * 0.6)
    g2 = math.tanh(0.2 - 0.6 * 0.4 + 0.7 * 0.6)
    g1 = math.tanh(0.2 + 0.6 * g2 - 0.7 * 0.4)
    p1, p2 = (of_class_0(0.2 + 2 * h + 0.5 * g) for h, g in ((h1, g1), (h2, g2)))
    h_2 = (1 - h2**2) * 2 * (p2 - 1)
    h_1 = (1 - h1**2) * (2 * p1 + 0.8 * h_2)
    g_1 = (1 - g1**2) * 0.5 * p1
    g_2 = (1 - g2**2) * (0.5 * (p2 - 1) + 0.6 * g_1)
    assert found["L"] == pytest.approx(-math.log(1 - p1) - math.log(p2), rel=1e-13)
    series = {
        "grad_a_h": {1: h_1, 2: h_2}, "grad_a_g": {1: g_1, 2: g_2},
        "grad_x": {1: 0.5 * h_1 - 0.7 * g_1, 2: 0.5 * h_2 - 0.7 * g_2},
    }  # fmt: skip
    for name, values in series.items():
        for t, value in values.items():
            assert found[name][t].item() == pytest.approx(value, rel=1e-12), (name, t)
    scalars = {
        "W_h": h_1 * 0.3 + h_2 * h1, "W_g": g_1 * g2 - g_2 * 0.4, "U_h": h_1 * 0.4 - h_2 * 0.6,
        "U_g": g_1 * 0.4 - g_2 * 0.6, "b_h": h_1 + h_2, "b_g": g_1 + g_2,
    }  # fmt: skip
    for name, value in scalars.items():
        assert found[f"grad_{name}"].item() == pytest.approx(value, rel=1e-12), name
    assert found["grad_h"][0].item() == pytest.approx(0.8 * h_1, rel=1e-12)
    assert found["grad_g"][3].item() == pytest.approx(0.6 * g_2, rel=1e-12)
    np.testing.assert_allclose(found["grad_V_g"].ravel(), np.array([1, -1]) * (p1 * g1 + (p2 - 1) * g2), rtol=1e-12)


# What follows from the form


@settings(max_examples=10, deadline=None)
@given(seed=seeds)
def test_a_sequence_turned_round_swaps_the_directions(seed):
    """x, targets and the two sets of letters in the other order: the same loss, and every gradient in its place."""
    known = random_bidirectional("bidirectional", np.random.default_rng(seed), steps=4).given()
    other = {"h": "g", "g": "h"}
    turned = {f"{k}_{d}": known[f"{k}_{other[d]}"] for k in "UWbV" for d in "hg"}
    turned |= {name: {5 - t: value for t, value in known[name].items()} for name in "xy"}
    turned |= {"h": {0: known["g"][5]}, "g": {5: known["h"][0]}, "c": known["c"], "tau": 4}
    turned |= {"grad_a_h": {5: known["grad_a_g"][0]}, "grad_a_g": {0: known["grad_a_h"][5]}}
    one, two = evaluate(find("bidirectional"), known), evaluate(find("bidirectional"), turned)
    assert two["L"] == pytest.approx(one["L"], rel=1e-12)
    for name in (f"{k}_{d}" for k in "UWbV" for d in "hg"):
        swapped = f"{name[0]}_{other[name[2]]}"
        assert relative_error(two[f"grad_{swapped}"], one[f"grad_{name}"]) < 1e-11
    for t in range(1, 5):
        assert relative_error(two["grad_x"][5 - t], one["grad_x"][t]) < 1e-11


@settings(max_examples=10, deadline=None)
@given(seed=seeds, t=st.integers(1, 4))
def test_every_state_of_a_direction_knows_one_side_only(seed, t):
    known = random_bidirectional("bidirectional", np.random.default_rng(seed), steps=4).given()
    moved = {**known, "x": {**known["x"], t: known["x"][t] + 1}}
    one, two = evaluate(find("bidirectional"), known), evaluate(find("bidirectional"), moved)
    for s in range(1, 5):
        assert np.array_equal(one["h"][s], two["h"][s]) == (s < t)
        assert np.array_equal(one["g"][s], two["g"][s]) == (s > t)
        assert not np.array_equal(one["o"][s], two["o"][s])


@settings(max_examples=10, deadline=None)
@given(seed=seeds)
def test_a_layer_that_nothing_above_reads_learns_nothing(seed):
    known = random_deep("deep", np.random.default_rng(seed), layers=3).given()
    cut = {**known, "U": {**known["U"], 3: 0 * known["U"][3]}}
    found = evaluate(find("deep"), cut)
    for k in "UWb":
        assert [bool(found[f"grad_{k}"][n].any()) for n in (1, 2, 3)] == [False, False, True]
    assert found["grad_U"][3].any()
    assert not any(found["grad_x"][t].any() for t in known["x"])


# Mistakes


MISTAKES = [
    ("DEEP-1", "x[t]", "-x[t]"),
    ("DEEP-2", "h[l, t - 1]", "h[l, 0]"),
    ("DEEP-2", "h[l - 1, t]", "h[l - 1, max(t - 1, 1)]"),
    ("DEEP-2", "b[l]", "b[1]"),
    ("DEEP-3", "np.tanh(a[l, t])", "a[l, t]"),
    ("DEEP-4", "h[depth, t]", "h[1, t]"),
    ("DEEP-8", "W[depth].T", "W[depth]"),
    ("DEEP-8", "grad_a[depth, t + 1]", "grad_a[1, t + 1]"),
    ("DEEP-8", " + V.T @ grad_o[t]", ""),
    ("DEEP-9", "U[l + 1].T", "U[l + 1]"),
    ("DEEP-9", "grad_a[l + 1, t]", "grad_a[l + 1, t + 1]"),
    ("DEEP-9", "W[l].T", "W[l + 1].T"),
    ("DEEP-9", "W[l].T @ grad_a[l, t + 1] + ", ""),
    ("DEEP-10", "h[l, t] ** 2", "h[l, t]"),
    ("DEEP-10", "h[l, t] ** 2", "h[1, t] ** 2"),
    ("DEEP-12", "h[depth, t].T", "h[1, t].T"),
    ("DEEP-13", "steps(tau)", "steps(tau - 1)"),
    ("DEEP-13", "grad_a[l, t]", "grad_a[1, t]"),
    ("DEEP-14", "h[l, t - 1].T", "h[l, t].T"),
    ("DEEP-15", "sum(grad_a[l, t] @", "sum(-grad_a[l, t] @"),
    ("DEEP-16", "grad_a[l, 1]", "grad_a[1, 1]"),
    ("DEEP-16", "W[l].T", "W[l]"),
    ("DEEP-17", "grad_a[1, t]", "grad_a[1, 1]"),
    ("BI-1", "h[t - 1]", "h[0]"),
    ("BI-2", "np.tanh(a_h[t])", "a_h[t]"),
    ("BI-3", "g[t + 1]", "g[t]"),
    ("BI-3", "b_g + ", ""),
    ("BI-4", "np.tanh(a_g[t])", "-np.tanh(a_g[t])"),
    ("BI-5", " + V_g @ g[t]", ""),
    ("BI-5", "h[t]", "h[t - 1]"),
    ("BI-9", "grad_a_h[t + 1]", "grad_a_h[max(t - 1, 1)]"),
    ("BI-9", "W_h.T", "W_h"),
    ("BI-10", "h[t] ** 2", "h[t]"),
    ("BI-11", "grad_a_g[t - 1]", "grad_a_g[t]"),
    ("BI-11", "W_g.T @ grad_a_g[t - 1] + ", ""),
    ("BI-12", "1 - g", "1 + g"),
    ("BI-14", "h[t].T", "h[t - 1].T"),
    ("BI-15", "g[t].T", "g[t + 1].T"),
    ("BI-16", "steps(tau)", "steps(tau - 1)"),
    ("BI-17", "h[t - 1].T", "h[t].T"),
    ("BI-18", "x[t].T", "x[1].T"),
    ("BI-19", "sum(", "1 / tau * sum("),
    ("BI-20", "g[t + 1].T", "g[t].T"),
    ("BI-20", "g[t + 1].T", "g[max(t - 1, 1)].T"),
    ("BI-21", "grad_a_g[t]", "grad_a_g[1]"),
    ("BI-22", "W_h.T", "W_h"),
    ("BI-23", "grad_a_g[tau]", "grad_a_g[1]"),
    ("BI-24", " + U_g.T @ grad_a_g[t]", ""),
    ("BI-24", "grad_a_h[t]", "grad_a_h[1]"),
]


@pytest.mark.parametrize(("id", "old", "new"), MISTAKES)
def test_a_mistake_is_one_failure(id, old, new):
    family = REGISTRY[id].family
    sizes = {"layers": 3} if family == "deep" else {"backward": 3}
    check_is_one_failure(slipped(id, old, new), [problem(family, 7, **sizes)])


def test_every_equation_of_these_families_has_a_mistake():
    """Those entered again from another family have theirs there."""
    own = {e.id for family in DRAW for e in find(family) if "as it is" not in e.note}
    assert {id for id, *_ in MISTAKES} == own


@pytest.mark.parametrize(("id", "old", "new", "spoils"), [
    ("DEEP-9", "U[l + 1].T @ grad_a[l + 1, t]", "0 * U[l + 1].T @ grad_a[l + 1, t]", "grad_U"),
    ("BI-11", "W_g.T @", "0 * W_g.T @", "grad_W_g"),
])  # fmt: skip
def test_a_mistake_spoils_its_own_chain(id, old, new, spoils):
    p = problem(REGISTRY[id].family, 7)
    spoiled = evaluate(chain(slipped(id, old, new)), p.given())[spoils]
    right = engine_values(p)[spoils]
    pairs = [(spoiled[n], right[n]) for n in right if n < p.given()["depth"]] if id == "DEEP-9" else [(spoiled, right)]
    assert all(relative_error(a, b) > 1e-3 for a, b in pairs)
