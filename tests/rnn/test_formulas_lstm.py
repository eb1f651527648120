"""The equations of the LSTM, without and with peepholes: by the engine, complex steps and hand, and planted wrong."""

import math
from functools import cache

import numpy as np
import pytest

import rnn.formulas.peephole  # noqa: F401  # enters both families
from minigrad import relative_error
from rnn import verify
from rnn.formulas import REGISTRY, evaluate, find
from rnn.verify import check, engine_values, error
from rnn.witnesses import random_problem

both = pytest.mark.parametrize("family", ["lstm", "peephole"])
every_equation = pytest.mark.parametrize("e", find("lstm") + find("peephole"), ids=lambda e: e.id)
SMALL = {"steps": 3, "inputs": 3, "hidden": 2, "vocabulary": 4}


@cache
def problem(family):
    return random_problem(family, np.random.default_rng(0), **SMALL)


@cache
def values(family):
    return engine_values(problem(family))


@cache
def chained(family):
    return evaluate(find(family), problem(family).given())


# Against engine and differences


@both
def test_every_equation_holds_and_so_does_their_chain(family):
    checks = check(find(family), [problem(family)])
    assert [c.equation.id for c in checks if not c.ok] == []
    assert max(c.engine for c in checks) < 1e-12
    assert max(c.chain for c in checks) < 1e-12
    backward = [c for c in checks if c.equation.given.symbol.startswith("∇")]
    assert len(backward) == {"lstm": 28, "peephole": 31}[family]
    assert all(c.differences is not None for c in backward)


@both
@pytest.mark.parametrize("seed", range(1, 6))
def test_equations_and_chain_are_the_engines_on_other_networks(family, seed):
    other = verify._draw(family, np.random.default_rng(seed))
    known, found = engine_values(other), evaluate(find(family), other.given())
    for e in find(family):
        assert error(either(e(known)), either(known[e.quantity])) < 1e-11, e.id
        assert error(either(found[e.quantity]), either(known[e.quantity])) < 1e-11, e.id


def either(value):
    """A quantity as a dict by its time, None where it has none."""
    return value if isinstance(value, dict) else {None: value}


@both
def test_nothing_that_is_compared_is_zero(family):
    known = values(family)
    for e in find(family):
        for index, value in either(e(known)).items():
            assert np.all(np.abs(value) > 1e-9), (e.id, index)


@both
def test_every_letter_state_and_input_has_a_gradient(family):
    given = {(e.given.symbol, e.given.index) for e in find(family)}
    letters = {(f"∇{letter}", "") for letter in problem(family).blocks()}
    assert len(letters) == {"lstm": 14, "peephole": 17}[family]
    assert letters | {("∇h", "t"), ("∇c", "t"), ("∇h", "0"), ("∇c", "0"), ("∇x", "t")} <= given


@pytest.mark.parametrize(("family", "n"), [("lstm", 41), ("peephole", 44)])
def test_numbers_run_in_order(family, n):
    assert [e.id for e in find(family)] == [f"{family.upper()}-{k}" for k in range(1, n + 1)]


# Another route: the loss as one function of everything, differentiated by complex steps


def received(p, k, h, x, seen):
    return p[f"b_{k}"] + p[f"W_{k}"] @ h + p[f"U_{k}"] @ x + p.get(f"p_{k}", 0) * seen


def loss(given, moved):
    """The loss in plain NumPy. `moved` is (name, time or None, column or matrix added there)."""

    def at(name, t, value):
        return value + moved[2] if moved[:2] == (name, t) else value

    def gate(k, t, *reads):
        a = at(f"a_{k}", t, received(p, k, *reads))
        return at(k, t, np.tanh(a) if k == "g" else 1 / (1 + np.exp(-a)))

    p = {k: at(k, None, v) for k, v in given.items() if not isinstance(v, dict)}
    h, c, total = at("h", 0, given["h"][0]), at("c", 0, given["c"][0]), 0
    for t in range(1, given["tau"] + 1):
        x = at("x", t, given["x"][t])
        i, f, g = (gate(k, t, h, x, c) for k in "ifg")
        c = at("c", t, f * c + i * g)
        h = at("h", t, gate("o", t, h, x, c) * np.tanh(c))
        s = at("s", t, p["d"] + p["V"] @ h)
        total += np.log(np.exp(s).sum()) - s[given["y"][t], 0]
    return total


def by_complex_steps(given, name, t, like):
    gradient = np.empty(like.shape)
    for index in np.ndindex(*like.shape):
        step = np.zeros(like.shape, complex)
        step[index] = 1e-30j
        gradient[index] = loss(given, (name, t, step)).imag / 1e-30
    return gradient


@both
def test_complex_steps_give_every_gradient(family):
    given, found = problem(family).given(), chained(family)
    assert loss(given, (None, None, 0)) == pytest.approx(found["L"], rel=1e-13)
    quantities = dict.fromkeys(e.quantity for e in find(family) if e.given.symbol.startswith("∇"))
    compared = 0
    for quantity in quantities:
        for t, mine in either(found[quantity]).items():
            if t is None or t <= given["tau"]:  # beyond are the zeros that were given
                theirs = by_complex_steps(given, quantity.removeprefix("grad_"), t, mine)
                assert relative_error(mine, theirs) < 1e-12, (quantity, t)
                compared += 1
    assert compared == {"lstm": 14 + 3 * 12 + 2, "peephole": 17 + 3 * 12 + 2}[family]


# By hand: one unit, two steps, two classes; sensitivities carried forwards as numbers

WEIGHTS = {
    "b_i": 0.1, "W_i": -0.7, "U_i": 0.4, "b_f": 0.9, "W_f": 0.3, "U_f": -0.2,
    "b_g": -0.3, "W_g": 1.1, "U_g": 0.8, "b_o": 0.2, "W_o": 0.6, "U_o": -0.5,
}  # fmt: skip
PEEPHOLES = {"p_i": 0.5, "p_f": -0.4, "p_o": 0.7}


def sigma(a):
    return 1 / (1 + math.exp(-a))


def slope_by_hand(w, name):
    """L and ∂L/∂name: every number with its derivative beside it. Scores are h and −h, targets 0 and 1."""
    w = {**dict.fromkeys(PEEPHOLES, 0.0), "p_g": 0.0, **w}
    one = {k: float(k == name) for k in (*w, "h", "c")}
    h, dh, c, dc, L, dL = 0.3, one["h"], -0.8, one["c"], 0.0, 0.0
    for x, sign in ((0.5, 1), (-1.2, -1)):

        def receive(k, seen, dseen, h=h, dh=dh, x=x):
            a = w[f"b_{k}"] + w[f"W_{k}"] * h + w[f"U_{k}"] * x + w[f"p_{k}"] * seen
            direct = one[f"b_{k}"] + one[f"W_{k}"] * h + one[f"U_{k}"] * x + one[f"p_{k}"] * seen
            return a, direct + w[f"W_{k}"] * dh + w[f"p_{k}"] * dseen

        (a_i, da_i), (a_f, da_f), (a_g, da_g) = (receive(k, c, dc) for k in "ifg")
        i, f, g = sigma(a_i), sigma(a_f), math.tanh(a_g)
        di, df, dg = i * (1 - i) * da_i, f * (1 - f) * da_f, (1 - g * g) * da_g
        c, dc = f * c + i * g, df * c + f * dc + di * g + i * dg
        a_o, da_o = receive("o", c, dc)
        o, do = sigma(a_o), sigma(a_o) * (1 - sigma(a_o)) * da_o
        h, dh = o * math.tanh(c), do * math.tanh(c) + o * (1 - math.tanh(c) ** 2) * dc
        L += math.log(1 + math.exp(-2 * sign * h))  # −log σ(2h) for class 0, −log σ(−2h) for class 1
        dL -= 2 * sign * sigma(-2 * sign * h) * dh
    return L, dL


@both
def test_by_hand_one_unit_two_steps(family):
    numbers = WEIGHTS | (PEEPHOLES if family == "peephole" else {})
    zero = np.zeros((1, 1))
    given = {k: np.array([[v]]) for k, v in numbers.items()} | {"V": np.array([[1.0], [-1.0]]), "d": np.zeros((2, 1))}
    given |= {"x": {1: zero + 0.5, 2: zero - 1.2}, "y": {1: 0, 2: 1}, "h": {0: zero + 0.3}, "c": {0: zero - 0.8}}
    given |= {"tau": 2, "f": {3: zero}, "grad_c": {3: zero}} | {f"grad_a_{k}": {3: zero} for k in "ifgo"}
    found = evaluate(find(family), given)
    for name in numbers:
        L, slope = slope_by_hand(numbers, name)
        assert found["L"] == pytest.approx(L, rel=1e-13)
        assert found[f"grad_{name}"].item() == pytest.approx(slope, rel=1e-12), name
        assert abs(slope) > 1e-4
    for name in "hc":
        assert found[f"grad_{name}"][0].item() == pytest.approx(slope_by_hand(numbers, name)[1], rel=1e-12)


def test_the_gradient_of_the_cell_state_as_a_sum_without_recursion():
    """∇c⁽⁰⁾ = Σₜ f⁽¹⁾ ⊙ … ⊙ f⁽ᵗ⁾ ⊙ (what c⁽ᵗ⁾ shows): nothing but forget gates lies between."""
    v = chained("lstm")
    shown = {t: v["o"][t] * (1 - np.tanh(v["c"][t]) ** 2) * v["grad_h"][t] for t in (1, 2, 3)}
    f = v["f"]
    expected = f[1] * shown[1] + f[1] * f[2] * shown[2] + f[1] * f[2] * f[3] * shown[3]
    assert relative_error(v["grad_c"][0], expected) < 1e-14


# With and without peepholes


def test_without_weight_the_peepholes_change_nothing_but_have_gradients():
    given = problem("lstm").given()
    without = evaluate(find("lstm"), given)
    shut = evaluate(find("peephole"), {**given, **{f"p_{k}": np.zeros((2, 1)) for k in "ifo"}})
    for e in find("lstm"):
        assert error(shut[e.quantity], without[e.quantity]) < 1e-13, e.id
    assert all(np.all(shut[f"grad_p_{k}"]) for k in "ifo")


def test_a_peephole_sees_its_own_cell_alone():
    """Moving one cell's first state moves a_i and a_f of that cell alone at step 1."""
    given = problem("peephole").given()
    moved = {**given, "c": {**given["c"], 0: given["c"][0] + np.array([[0.0], [0.1]])}}
    before, after = (evaluate(find("peephole"), g) for g in (given, moved))
    for k in "if":
        change = after[f"a_{k}"][1] - before[f"a_{k}"][1]
        np.testing.assert_allclose(change, [[0], [0.1 * given[f"p_{k}"][1, 0]]], rtol=1e-12, atol=1e-15)


def test_no_error_back_through_the_peepholes_is_not_the_gradient():
    """Gers and Schmidhuber's rule is the LSTM's; it is right only where the peepholes weigh nothing."""
    truncated = REGISTRY["PEEPHOLE-18"].rewritten(REGISTRY["LSTM-18"].code)
    (c,) = check([truncated], [problem("peephole")])
    assert not c.ok
    assert min(c.engine, c.differences, c.chain) > 0.01


# Planted errors

PLANTED = [
    ("LSTM-1", "U_i @ x[t]", "U_i @ x[1]"),
    ("LSTM-7", "f[t] * c[t - 1] + i[t] * g[t]", "i[t] * c[t - 1] + f[t] * g[t]"),
    ("LSTM-10", "np.tanh(c[t])", "c[t]"),
    ("LSTM-15", " + W_g.T @ grad_a_g[t + 1]", ""),
    ("LSTM-15", "W_o.T @", "W_o @"),
    ("LSTM-18", " + f[t + 1] * grad_c[t + 1]", ""),
    ("LSTM-18", "f[t + 1]", "f[t]"),
    ("LSTM-18", "np.tanh(c[t]) ** 2", "c[t] ** 2"),
    ("LSTM-19", "c[t - 1]", "c[t]"),
    ("LSTM-20", "1 - f[t]", "1 - f[t] ** 2"),
    ("LSTM-32", "h[t - 1]", "h[t]"),
    ("LSTM-40", "f[1] *", ""),
    ("PEEPHOLE-8", "p_o * c[t]", "p_o * c[t - 1]"),
    ("PEEPHOLE-18", " + p_o * grad_a_o[t]", ""),
    ("PEEPHOLE-18", "p_i * grad_a_i[t + 1]", "p_i * grad_a_i[t]"),
    ("PEEPHOLE-39", "c[t - 1]", "c[t]"),
    ("PEEPHOLE-41", "c[t]", "c[t - 1]"),
    ("PEEPHOLE-43", " + p_f * grad_a_f[1]", ""),
]


def one_line(code):
    """The source with its return on one line, so that a piece can be found."""
    head, _, body = code.partition("return ")
    return head + "return " + " ".join(body.strip().strip("()").split()) if "(\n" in body else code


@pytest.mark.parametrize(("id", "old", "new"), PLANTED)
def test_a_planted_error_is_found_by_every_witness_and_the_chain(id, old, new):
    e = REGISTRY[id]
    code = one_line(e.code)
    assert old in code
    (right,), (wrong,) = (check([e.rewritten(c)], [problem(e.family)]) for c in (code, code.replace(old, new)))
    assert right.ok
    assert not wrong.ok
    assert min(x for x in (wrong.engine, wrong.differences, wrong.chain) if x is not None) > 1e-3


def test_a_planted_error_is_one_failure():
    wrong = REGISTRY["PEEPHOLE-18"].rewritten(REGISTRY["PEEPHOLE-18"].code.replace("p_f * grad_a_f", "p_i * grad_a_f"))
    of_steps = [e for e in find("peephole") if e.given.index == "t"]  # parameters take long to differentiate
    checks = check([wrong if e.id == wrong.id else e for e in of_steps], [problem("peephole")])
    assert [c.equation.id for c in checks if not c.ok] == ["PEEPHOLE-18"]


CHANGES = [("[t - 1]", "[t]"), ("[t + 1]", "[t]"), ("(1 - ", "(1 + "), (" + ", " - "), (".T @", " @"), ("[1]", "[2]")]


@every_equation
def test_every_equation_notices_every_change(e):
    """Each change that fits the source makes the equation differ from the engine, or fail."""
    known, (head, body) = values(e.family), one_line(e.code).split("return ")
    assert error(e(known), known[e.quantity]) < 1e-12
    tried = [f"1.001 * ({body.strip()})"] + [body.replace(old, new, 1) for old, new in CHANGES if old in body]
    for changed in tried:
        wrong = verify._attempt(e.rewritten(f"{head}return {changed}"), known)
        assert error(wrong, known[e.quantity]) > 1e-4, changed
