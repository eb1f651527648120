"""The equations of the gated recurrent unit in both forms, by other routes to the same numbers."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import relative_error
from rnn.formulas import find, gru_after
from rnn.formulas.registry import evaluate
from rnn.verify import check, engine_values, error
from rnn.witnesses import random_problem

FORMS = ("gru", "gru-after")
GATES = ("r", "z", "n")
BEYOND = ("z", "r", "grad_h", "grad_q", "grad_a_r", "grad_a_z")  # what is read at τ + 1
GOLDEN = Path(__file__).parents[1] / "golden"

both_forms = pytest.mark.parametrize("form", FORMS)
seeds = st.integers(0, 2**32 - 1)


def problem(form, seed=0, *, steps=3, inputs=3, hidden=2, vocabulary=4):
    rng = np.random.default_rng(seed)
    return random_problem(form, rng, steps=steps, inputs=inputs, hidden=hidden, vocabulary=vocabulary)


def numbered(form):
    return [e.id for e in find(form)]


def columns(rows, start=1):
    """Rows (T, n) as the columns that the equations take, by their time."""
    return {t: np.asarray(row, float).reshape(-1, 1) for t, row in enumerate(rows, start)}


def values(letters, x, h0):
    """What a chain starts from: letters, x (T, I), h0 (H,), and zeros for what lies beyond the end."""
    beyond = {name: {len(x) + 1: np.zeros((len(h0), 1))} for name in BEYOND}
    return {**letters, **beyond, "x": columns(x), "h": columns([h0], 0), "tau": len(x)}


# The entries


def test_the_two_forms_are_whole_and_in_order():
    assert numbered("gru") == [f"GRU-{k}" for k in range(1, 34)]
    assert numbered("gru-after") == [f"GRU-AFTER-{k}" for k in range(1, 35)]
    parameters = {f"∇{letter}_{gate}" for letter in "UWb" for gate in GATES} | {"∇V", "∇c"}
    others = {"∇h⁽⁰⁾", "∇x⁽ᵗ⁾", "∇q⁽ᵗ⁾", "∇r⁽ᵗ⁾", "∇z⁽ᵗ⁾", "∇n⁽ᵗ⁾", "∇a_r⁽ᵗ⁾", "∇a_z⁽ᵗ⁾", "∇a_n⁽ᵗ⁾", "∇h⁽ᵗ⁾", "∇o⁽ᵗ⁾"}
    assert {e.gives for e in find("gru") if e.gives.startswith("∇")} == parameters | others
    assert {e.gives for e in find("gru-after") if e.gives.startswith("∇")} == parameters | others | {"∇d"}


def test_the_forms_differ_where_the_reset_stands_and_nowhere_else():
    before, after = ({e.gives: e.text for e in find(form)} for form in FORMS)
    assert {gives for gives, text in after.items() if before.get(gives) != text} == {
        "q⁽ᵗ⁾", "a_n⁽ᵗ⁾", "∇h⁽ᵗ⁾", "∇q⁽ᵗ⁾", "∇r⁽ᵗ⁾", "∇W_n", "∇d", "∇h⁽⁰⁾",
    }  # fmt: skip
    # A derivation starts from the form's own step, also where the result is the same.
    steps = {form: {e.text for e in find(form)[:11]} for form in FORMS}
    for form in FORMS:
        for e in find(form)[20:31]:
            assert e.derivation[1][0].replace(f"{e.gives[1:]}⁽ᵗ⁾", e.gives[1:]) in steps[form]


def test_both_forms_share_the_functions_that_are_the_same():
    before, after = ({e.gives: e.function for e in find(form)} for form in FORMS)
    assert sum(before[gives] is after[gives] for gives in before) == 26
    assert sum(function.__module__ == gru_after.__name__ for function in after.values()) == 8


# The engine and differences


@both_forms
@pytest.mark.parametrize("seed", range(20))
def test_every_equation_is_the_engines_alone_and_in_the_chain(form, seed):
    inputs, hidden, vocabulary = (int(n) for n in np.random.default_rng(seed).permutation(5)[:3] + 1)
    p = problem(form, seed, steps=3 + seed % 4, inputs=inputs, hidden=hidden, vocabulary=vocabulary + 1)
    known, chained = engine_values(p), evaluate(find(form), p.given())
    for e in find(form):
        assert error(e(known), known[e.quantity]) < 1e-12, e.id
        assert error(chained[e.quantity], known[e.quantity]) < 1e-12, e.id


@both_forms
def test_every_equation_holds_before_all_its_witnesses(form):
    checks = check(find(form), [problem(form, 1, inputs=1, vocabulary=3)])
    assert all(c.ok for c in checks)
    assert all(("differences" in c.equation.witnesses) == c.equation.gives.startswith("∇") for c in checks)


# The printed equations, with samples as rows, and the complex step


def sigma(a):
    return 1 / (1 + np.exp(-a))


def printed_loss(p, y, form):
    """D2L's equations for one sequence; to every quantity is added what p has under its name, to move it."""
    H, total = p["h"][0], 0
    for t in range(len(y)):
        X = p["x"][t]
        A_r = X @ p["U_r"].T + H @ p["W_r"].T + p["b_r"] + p["a_r"][t]
        A_z = X @ p["U_z"].T + H @ p["W_z"].T + p["b_z"] + p["a_z"][t]
        R, Z = sigma(A_r) + p["r"][t], sigma(A_z) + p["z"][t]
        if form == "gru":
            A = X @ p["U_n"].T + (R * H + p["q"][t]) @ p["W_n"].T + p["b_n"]
        else:
            A = X @ p["U_n"].T + p["b_n"] + R * (H @ p["W_n"].T + p["d"] + p["q"][t])
        candidate = np.tanh(A + p["a_n"][t]) + p["n"][t]
        H = Z * H + (1 - Z) * candidate + p["h"][t + 1]
        O = H @ p["V"].T + p["c"] + p["o"][t]  # noqa: E741  # the book's letter
        total = total + np.log(np.exp(O).sum()) - O[y[t]]
    return total


def complex_step(p, name, loss):
    found = np.zeros(p[name].shape)
    for index in np.ndindex(found.shape):
        moved = p[name].astype(complex)
        moved[index] += 1e-60j
        found[index] = loss({**p, name: moved}).imag / 1e-60
    return found


@both_forms
@pytest.mark.parametrize("seed", range(3))
def test_every_gradient_is_that_of_the_printed_equations(form, seed):
    pr = problem(form, seed, steps=4, inputs=3, hidden=2 + seed, vocabulary=5 + seed)
    start = pr.given()
    T, H, V = pr.tau, len(start["W_r"]), len(start["V"])
    p = {k: v[:, 0] if v.shape[1] == 1 else v for k, v in pr.letters().items()}
    p |= {"x": pr.x, "h": np.vstack([pr.h0, np.zeros((T, H))]), "o": np.zeros((T, V))}
    p |= {name: np.zeros((T, H)) for name in ("a_r", "r", "a_z", "z", "q", "a_n", "n")}
    found = evaluate(find(form), start)

    def loss(moved):
        return printed_loss(moved, pr.targets, form)

    assert found["L"] == pytest.approx(loss(p), rel=1e-13)
    assert {f"grad_{name}" for name in p} == {e.quantity for e in find(form) if e.gives.startswith("∇")}
    for name in p:
        expected = complex_step(p, name, loss)
        mine = found[f"grad_{name}"]
        if isinstance(mine, dict):
            mine = np.stack([mine[t][:, 0] for t in sorted(mine) if t <= T])
        assert relative_error(mine.reshape(expected.shape), expected) < 1e-12, name


# torch's own numbers, and the stored ones of D2L's form


def stored(form):
    file = GOLDEN / ("d2l_gru.json" if form == "gru" else "recurrent_gru.json")
    cases = json.loads(file.read_text(encoding="utf-8"))["cases"]
    names = ("unbatched", "batched", "uneven lengths", "nine units, no bias")
    return [(form, cases[name]) for name in names if name in cases]


def sequences(case):
    """x, h0, and the gradient of the loss by each output, of each sequence of a stored case; and where it stands."""
    inputs, r, s = case["inputs"], np.array(case["cotangents"]["output"]), np.array(case["cotangents"]["state"][0])
    x, h0 = np.array(inputs["x"]), np.array(inputs["h0"])[0]
    if x.ndim == 2:
        x, h0, r, s = x[:, None], h0[None], r[:, None], s[:, None]
    for b, n in enumerate(case["lengths"] or [len(x)] * x.shape[1]):
        g = r[:n, b].copy()
        g[-1] += s[0, b]  # the last output is the last state
        yield b, x[:n, b], h0[b], g


def letters_of(form, arrays, H):
    """U_r … b_n, and d in torch's form, from arrays under torch's names."""
    rows = {gate: slice(k * H, (k + 1) * H) for k, gate in enumerate(GATES)}
    ih, hh = (np.reshape(arrays.get(f"bias_{k}_l0", np.zeros(3 * H)), (-1, 1)) for k in ("ih", "hh"))
    found = {f"U_{g}": np.array(arrays["weight_ih_l0"])[i] for g, i in rows.items()}
    found |= {f"W_{g}": np.array(arrays["weight_hh_l0"])[i] for g, i in rows.items()}
    found |= {f"b_{g}": (ih + hh)[i] for g, i in rows.items()}
    return found if form == "gru" else {**found, "b_n": ih[rows["n"]], "d": hh[rows["n"]]}


@pytest.mark.parametrize(("form", "case"), [c for form in FORMS for c in stored(form)])
def test_the_stored_gradients_follow(form, case):
    """The scores are the states, V = 1, and ∇o is given: the loss of these cases is linear in the outputs."""
    H, want = case["arguments"]["hidden_size"], case["gradients"]
    rest = [e for e in find(form) if e.quantity not in ("o", "y_hat", "L", "grad_o", "grad_c", "grad_V")]
    letters = {**letters_of(form, case["inputs"], H), "V": np.eye(H)}
    summed = dict.fromkeys((k for k in letters if k != "V"), 0)
    for b, x, h0, g in sequences(case):
        found = evaluate(rest, {**values(letters, x, h0), "grad_o": columns(g)})
        summed = {k: v + found[f"grad_{k}"] for k, v in summed.items()}
        of_x, of_h0, y = (np.array(a) for a in (want["x"], want["h0"], case["output"]))
        of_x, of_h0, y = (of_x[:, None], of_h0[:, None], y[:, None]) if of_x.ndim == 2 else (of_x, of_h0, y)
        assert error(columns(y[: len(x), b]), found["h"]) < 1e-12
        assert error(columns(of_x[: len(x), b]), found["grad_x"]) < 1e-12
        assert error(columns([of_h0[0, b]], 0), found["grad_h"]) < 1e-12
    expected = letters_of(form, {k: v for k, v in want.items() if not k.startswith("bias_hh")}, H)
    if "bias_hh_l0" in want and form == "gru-after":
        expected["d"] = np.reshape(want["bias_hh_l0"], (-1, 1))[2 * H :]
    for k in summed if "bias_ih_l0" in want else [k for k in summed if k[0] in "UW"]:
        assert relative_error(summed[k], expected[k]) < 1e-12, k


# By hand: one unit, two steps, everything a number


NUMBERS = {
    "U_r": 0.7, "W_r": -1.1, "b_r": 0.2, "U_z": -0.4, "W_z": 0.9, "b_z": -0.3, "U_n": 1.3, "W_n": -0.8, "b_n": 0.1,
}  # fmt: skip


def slope_of_step(p, dp, x, h, dh, after):
    """The new state and its slope where the parameters move by dp and the old state by dh: forwards."""
    d, dd = p.get("d", 0), dp.get("d", 0)
    r = 1 / (1 + math.exp(-(p["b_r"] + p["W_r"] * h + p["U_r"] * x)))
    z = 1 / (1 + math.exp(-(p["b_z"] + p["W_z"] * h + p["U_z"] * x)))
    dr = r * (1 - r) * (dp["b_r"] + dp["W_r"] * h + p["W_r"] * dh + dp["U_r"] * x)
    dz = z * (1 - z) * (dp["b_z"] + dp["W_z"] * h + p["W_z"] * dh + dp["U_z"] * x)
    if after:
        a = p["b_n"] + r * (p["W_n"] * h + d) + p["U_n"] * x
        from_state = dr * (p["W_n"] * h + d) + r * (dp["W_n"] * h + p["W_n"] * dh + dd)
    else:
        a = p["b_n"] + p["W_n"] * (r * h) + p["U_n"] * x
        from_state = dp["W_n"] * r * h + p["W_n"] * (dr * h + r * dh)
    n = math.tanh(a)
    dn = (1 - n * n) * (dp["b_n"] + from_state + dp["U_n"] * x)
    return (1 - z) * n + z * h, (1 - z) * dn - dz * n + dz * h + z * dh


@both_forms
def test_by_hand_one_unit_two_steps(form):
    p, after = {**NUMBERS, **({"d": 0.6} if form == "gru-after" else {})}, form == "gru-after"
    head = {"V": np.array([[1.0], [-1.0]]), "c": np.array([[0.0], [0.5]])}
    start = values({k: np.array([[v]]) for k, v in p.items()} | head, [[0.5], [-0.4]], [0.3])
    found = evaluate(find(form), {**start, "y": {1: 0, 2: 1}})
    for moved in (*p, "h0"):
        dp = {k: float(k == moved) for k in p}
        h1, dh1 = slope_of_step(p, dp, 0.5, 0.3, float(moved == "h0"), after)
        h2, dh2 = slope_of_step(p, dp, -0.4, h1, dh1, after)
        p1, p2 = (1 / (1 + math.exp(0.5 - 2 * h)) for h in (h1, h2))  # of class 0
        assert found["L"] == pytest.approx(-math.log(p1) - math.log(1 - p2), rel=1e-14)
        slope = -2 * (1 - p1) * dh1 + 2 * p2 * dh2
        mine = found["grad_h"][0] if moved == "h0" else found[f"grad_{moved}"]
        assert mine.item() == pytest.approx(slope, rel=1e-12), moved


# What the gates are for


def forced(form, seed, **biases):
    """A random network whose gates stand where the biases put them."""
    start = {"r": {5: np.zeros((2, 1))}, **problem(form, seed, steps=4).given()}
    return evaluate(find(form), {**start, **{k: np.full_like(start[k], v) for k, v in biases.items()}}), start


@both_forms
@settings(max_examples=5, deadline=None)
@given(seed=seeds)
def test_an_open_update_gate_keeps_the_state_and_lets_the_gradient_through(form, seed):
    found, start = forced(form, seed, b_z=1000)
    assert all(np.array_equal(found["h"][t], found["h"][0]) for t in range(1, 5))
    assert relative_error(found["grad_h"][0], start["V"].T @ sum(found["grad_o"][t] for t in range(1, 5))) < 1e-12
    assert not any(np.any(found[f"grad_{k}_n"]) for k in "UWb")


@both_forms
@settings(max_examples=5, deadline=None)
@given(seed=seeds)
def test_both_gates_shut_forget_the_past(form, seed):
    found, start = forced(form, seed, b_z=-1000, b_r=-1000)
    assert not np.any(found["grad_h"][0])
    for t in range(1, 5):
        assert relative_error(found["h"][t], np.tanh(start["b_n"] + start["U_n"] @ start["x"][t])) < 1e-14
        assert relative_error(found["grad_h"][t], start["V"].T @ found["grad_o"][t]) < 1e-14


@settings(max_examples=5, deadline=None)
@given(seed=seeds)
def test_the_forms_agree_where_nothing_is_reset_and_differ_elsewhere(seed):
    """At r = 1, with d added to the other form's b_n; then ∇d = ∇b_n, and the reset gate learns nothing."""
    after, start = forced("gru-after", seed, b_r=1000)
    before = evaluate(find("gru"), {**start, "b_r": 0 * start["b_r"] + 1000, "b_n": start["b_n"] + start["d"]})
    for e in find("gru"):
        if e.quantity not in ("q", "grad_q", "grad_r"):
            assert error(before[e.quantity], after[e.quantity]) < 1e-10, e.id
    assert relative_error(after["grad_d"], after["grad_b_n"]) < 1e-12
    assert not np.any(after["grad_U_r"])
    apart = evaluate(find("gru"), {**start, "b_n": start["b_n"] + start["d"]})["L"]
    assert apart != pytest.approx(evaluate(find("gru-after"), start)["L"], rel=1e-9)
