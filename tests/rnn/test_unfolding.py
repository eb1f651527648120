"""The equations of unfolding: verified, mutated, worked by hand, and read in their own notation."""

import math

import numpy as np
import pytest

from minigrad import Tensor, relative_error
from rnn import RNN, verify
from rnn.cells.elman import ElmanState
from rnn.formulas import REGISTRY, notation
from rnn.formulas.notation import Term, label, numbered, read_latex, read_text
from rnn.formulas.unfolding import f, f_alone, g
from rnn.formulas.worked import work
from rnn.witnesses.recursions import random_recursion

FAMILIES = {"system": ["1", "2"], "driven": ["3", "4"], "rows": ["D2L-8.4-4", "D2L-8.4-5"]}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_verified_by_engine_and_kernel(family):
    report = verify.verify(family, seed=1)
    assert [c.equation.id for c in report.checks] == FAMILIES[family]
    assert report.ok
    for c in report.checks:
        assert max(c.engine, c.fused, c.chain) < 1e-12
        assert c.differences is None


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_is_vacuous(family):
    for seed in range(5):
        p = verify._draw(family, np.random.default_rng(seed))
        values = verify.engine_values(p)
        assert p.tau >= 3
        assert p.h0.all()
        for id in FAMILIES[family]:
            series = values[REGISTRY[id].quantity]
            assert all(np.all(series[t]) for t in range(p.tau + 1) if t in series)
            assert relative_error(series[2], series[3]) > 1e-6  # nothing has come to rest
        if family == "rows":
            assert len(p.h0) > 1
            assert relative_error(values["H"][1][0], values["H"][1][1]) > 1e-3


# By hand


def test_the_function_that_stands_for_f():
    h, x, theta = np.array([[0.5]]), np.array([[2.0], [-1.0]]), np.array([[0.1], [3.0], [0.2], [0.7]])
    assert f(h, x, theta).item() == pytest.approx(math.tanh(0.1 + 3 * 0.5 + 0.2 * 2 - 0.7), rel=1e-15)
    assert f_alone(h, theta[:2]).item() == pytest.approx(math.tanh(0.1 + 3 * 0.5), rel=1e-15)


def test_theta_is_unpacked_row_by_row():
    """W = [[1, 2], [3, 4]] and U = [[5], [6]] in a column, after b = 0."""
    theta = np.arange(-1.0, 7.0)[:, None] * np.array([[0], [0], *[[1]] * 6])
    h, x = np.array([[0.1], [0.2]]), np.array([[0.01]])
    np.testing.assert_allclose(f(h, x, theta), np.tanh([[0.1 + 0.4 + 0.05], [0.3 + 0.8 + 0.06]]), rtol=1e-14)


def test_g_is_the_loop_and_takes_the_newest_first():
    p = random_recursion("driven", np.random.default_rng(0), steps=6)
    given, h = p.given(), verify.engine_values(p)["h"]
    for t in range(7):
        past = [given["x"][s] for s in range(t, 0, -1)]
        assert relative_error(g(given["h"][0], given["theta"], *past), h[t]) < 1e-13
    assert relative_error(g(given["h"][0], given["theta"], *reversed(past)), h[6]) > 1e-3


def test_rows_are_what_the_layer_computes():
    """The equations from end to end against the layer as users call it."""
    p = random_recursion("rows", np.random.default_rng(0), rows=4, steps=5)
    given = p.given()
    for t in range(1, 6):
        given["H"][t] = REGISTRY["D2L-8.4-4"].at(given, t=t)
    p.layer.implementation = "stepwise"
    states, _ = p.layer(Tensor(p.x), Tensor(p.h0[None]))
    assert relative_error(np.stack([given["H"][t] for t in range(1, 6)]), states.data) < 1e-13
    assert relative_error(p.by_kernel(Tensor(p.x), ElmanState(Tensor(p.h0))).data, states.data) < 1e-13
    assert p.layer.implementation == "stepwise"


def test_a_batch_is_its_rows_one_by_one():
    p = random_recursion("rows", np.random.default_rng(2), rows=3, steps=4)
    layer = RNN(p.layer.input_size, p.layer.hidden_size, dtype=np.float64)
    layer.load_state_dict(p.layer.state_dict())
    H = verify.engine_values(p)["H"]
    for row in range(3):
        alone, _ = layer(Tensor(p.x[:, row]), Tensor(p.h0[row][None]))
        assert relative_error(np.stack([H[t][row] for t in range(1, 5)]), alone.data) < 1e-13


# In print


def test_times_below_are_read_as_times():
    text, latex = "Hₜ = φ(Xₜ W_xh + Hₜ₋₁ W_hh + b_h)", r"H_t = \phi(X_t W_{xh} + H_{t-1} W_{hh} + b_h)"
    expected = {
        Term("H", "t"),
        Term("φ", ""),
        Term("X", "t"),
        Term("W_xh", ""),
        Term("H", "t-1"),
        Term("W_hh", ""),
        Term("b_h", ""),
    }
    assert read_text(text) == expected == read_latex(latex)
    assert read_text(text.replace("ₜ₋₁", "ₜ₊₁")) == read_latex(latex.replace("t-1", "t+1")) != expected
    assert read_text(text.replace("W_hh", "W_hq")) == read_latex(latex.replace("W_{hh}", "W_{hq}")) != expected
    assert {label(t) for t in expected} == {"Hₜ", "φ", "Xₜ", "W_xh", "Hₜ₋₁", "W_hh", "b_h"}
    assert numbered(text, {"tau": 12}, {"t": 11}) == "H₁₁ = φ(X₁₁ W_xh + H₁₀ W_hh + b_h)"
    assert numbered("∇c = Σₜ ∇o⁽ᵗ⁾", {"tau": 3}, {}) == "∇c = Σₜ ∇o⁽ᵗ⁾"


def test_a_time_may_be_a_number():
    assert read_text("s⁽³⁾ = f(f(s⁽¹⁾; θ); θ)") == {Term("s", "3"), Term("f", ""), Term("s", "1"), Term("θ", "")}
    assert notation.index(Term("s", "3"), {"tau": 9}, {"t": 7}) == 3
    assert {notation.name(x): x for x in ("θ", "φ", "W_xh")} == {"theta": "θ", "phi": "φ", "W_xh": "W_xh"}
    assert {notation.symbol(x) for x in ("theta", "phi", "W_xh")} == {"θ", "φ", "W_xh"}


def test_phi_is_written_out_with_its_argument():
    p = random_recursion("rows", np.random.default_rng(1), steps=3)
    values = verify.engine_values(p)
    worked = work(REGISTRY["D2L-8.4-4"], values, t=2)
    ((applied,),) = (term.factors for term in worked.terms)
    assert worked.text == "H₂ = φ(X₂ W_xh + H₁ W_hh + b_h)"
    assert applied.name == "φ"
    np.testing.assert_allclose(np.tanh(applied.argument), worked.result, rtol=1e-14)


def test_a_function_has_no_shape():
    (check,) = verify.verify("4", problems=1).checks
    assert set(check.shapes) == {"h", "x", "theta"}
    assert all(len(shape) == 2 for shape in check.shapes.values())
