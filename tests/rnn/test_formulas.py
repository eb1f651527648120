"""What is printed is what is run: text, LaTeX and source of every equation."""

import numpy as np
import pytest

from rnn import verify
from rnn.formulas import FAMILIES, REGISTRY, notation
from rnn.formulas.notation import Term, label, numbered, read_latex, read_source, read_text
from rnn.formulas.words import diag, entry, onehot, softmax, steps

every_equation = pytest.mark.parametrize("e", REGISTRY.values(), ids=lambda e: e.id)


# What is printed is what is run


@every_equation
def test_text_latex_and_source_name_the_same_terms(e):
    printed = read_text(e.text)
    assert printed == read_latex(e.latex)
    assert printed == {*read_source(e.code), e.given}
    assert e.reads == read_source(e.code)


@every_equation
def test_the_left_side_is_what_it_gives(e):
    left = e.text.split(" = ")[0]
    assert left == e.gives
    assert read_text(left) == {e.given} == read_latex(e.latex.split(" = ")[0])
    assert notation.symbol(e.quantity) == e.given.symbol
    assert notation.name(e.given.symbol) == e.quantity
    assert e.quantity not in e.arguments or e.given not in e.reads  # nothing is given by itself


@every_equation
def test_every_term_is_printed_as_its_label(e):
    for term in read_text(e.text):
        assert label(term) in e.text


@every_equation
def test_a_gradient_is_derived_and_the_lines_say_the_same_twice(e):
    backward = e.given.symbol.startswith(("∇", "∂")) or e.family in ("jacobian", "rtrl")
    assert bool(e.derivation) or not backward
    for text, latex in e.derivation:
        assert read_text(text) == read_latex(latex), text
        assert len(text) <= 76


@every_equation
def test_the_entry_is_complete(e):
    assert e.title
    assert e.source
    assert e.family in FAMILIES
    assert "engine" in e.witnesses
    assert set(e.witnesses) <= verify.BOUNDS.keys()
    assert bool(e.note) or not e.expected_to_fail
    assert e.id in REGISTRY
    assert REGISTRY[e.id] is e


CHANGED = [
    ("24", "h⁽ᵗ⁻¹⁾ᵀ", "h⁽ᵗ⁾ᵀ", "h^{(t-1)", "h^{(t)"),
    ("7", "h⁽ᵗ⁻¹⁾", "h⁽ᵗ⁺¹⁾", "h^{(t-1)", "h^{(t+1)"),
    ("20", "diag(1 − (h⁽ᵗ⁺¹⁾)²)", "diag(1 − (h⁽ᵗ⁾)²)", "(h^{(t+1)})^2", "(h^{(t)})^2"),
    ("20", "∇h⁽ᵗ⁺¹⁾", "∇h⁽ᵗ⁻¹⁾", r"\nabla_{h^{(t+1)}}", r"\nabla_{h^{(t-1)}}"),
    ("18", "∇o⁽τ⁾", "∇o⁽ᵗ⁾", r"\nabla_{o^{(\tau)}}", r"\nabla_{o^{(t)}}"),
    ("19-h", "/∂h⁽ᵗ⁾", "/∂h⁽ᵗ⁻¹⁾", r"{\partial h^{(t)}}", r"{\partial h^{(t-1)}}"),
    ("19-h", "/∂h⁽ᵗ⁾", "/∂h⁽ᵗ⁺¹⁾", r"{\partial h^{(t)}}", r"{\partial h^{(t+1)}}"),
    ("19-o", "/∂h⁽ᵗ⁾", "/∂h⁽ᵗ⁺¹⁾", r"{\partial h^{(t)}}", r"{\partial h^{(t+1)}}"),
    ("19-o", "∂o⁽ᵗ⁾", "∂a⁽ᵗ⁾", r"\partial o", r"\partial a"),
    ("16", "∂L⁽ᵗ⁾", "∂L⁽ᵗ⁺¹⁾", "L^{(t)}", "L^{(t+1)}"),
    ("25", "x⁽ᵗ⁾", "x⁽ᵗ⁻¹⁾", "x^{(t)", "x^{(t-1)"),
    ("22", "∇h⁽ᵗ⁾", "∇a⁽ᵗ⁾", r"\nabla_{h^", r"\nabla_{a^"),
    ("21", "∇o⁽ᵗ⁾", "o⁽ᵗ⁾", r"\nabla_{o^{(t)}} L", "o^{(t)}"),
    ("9", "V h", "W h", "V h", "W h"),
    ("17", "ŷ⁽ᵗ⁾", "y⁽ᵗ⁾", r"\hat{y}^{(t)}", "y^{(t)}"),
    ("13", "[y⁽ᵗ⁾]", "", "[y^{(t)}]", ""),
]


@pytest.mark.parametrize(("id", "text", "other_text", "latex", "other_latex"), CHANGED)
def test_a_changed_index_or_symbol_is_read_as_another(id, text, other_text, latex, other_latex):
    e = REGISTRY[id]
    assert text in e.text
    assert latex in e.latex
    right = {*read_source(e.code), e.given}
    assert read_text(e.text.replace(text, other_text)) != right
    assert read_latex(e.latex.replace(latex, other_latex)) != right


def test_readings_by_hand():
    assert read_text("a⁽ᵗ⁾ = b + W h⁽ᵗ⁻¹⁾ + U x⁽ᵗ⁾") == {
        Term("a", "t"),
        Term("b", ""),
        Term("W", ""),
        Term("h", "t-1"),
        Term("U", ""),
        Term("x", "t"),
    }
    assert read_latex(r"\nabla_{h^{(\tau)}} L = V^\top \nabla_{o^{(\tau)}} L") == {
        Term("∇h", "τ"),
        Term("V", ""),
        Term("∇o", "τ"),
    }
    assert (
        read_text("∂h⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾")
        == {Term("∂h/∂h", "t+1")}
        == read_latex(r"\frac{\partial h^{(t+1)}}{\partial h^{(t)}}")
    )
    assert (
        read_text("∇W = diag(1 − h⁽ᵗ⁾)")
        == {Term("∇W", ""), Term("h", "t")}
        == read_latex(r"\nabla_W L = \operatorname{diag}(1 - h^{(t)})")
    )
    assert read_text("tanh(a⁽ᵗ⁾) softmax(o⁽ᵗ⁾) log onehot exp") == {Term("a", "t"), Term("o", "t")}


def test_reading_a_function_by_hand():
    body = """
def f(W, U, h, grad_h, y_hat, tau, depth, t, l, r):
    return W @ h[t - 1] + sum(grad_h[s] for s in range(t)) * y_hat[tau] - W.T @ h[t + 1] + U[l + 1] @ r[depth, t]
"""
    assert read_source(body.strip()) == {
        Term("W", ""),
        Term("h", "t-1"),
        Term("h", "t+1"),
        Term("∇h", "s"),
        Term("ŷ", "τ"),
        Term("U", "l+1"),
        Term("r", "λ,t"),
    }


def test_two_indices_read_alike_everywhere():
    text = "∇h_f⁽ˡ,ᵗ⁾ = (W⁽ˡ⁾)ᵀ ∇a_r⁽ˡ,ᵗ⁺¹⁾ + σ(ξ⁽ᵏ,ᵗ⁾) ⊙ x⁽λ,⁰⁾"
    latex = (
        r"\nabla_{h_f^{(l,t)}} L = (W^{(l)})^\top \nabla_{a_r^{(l,t+1)}} L"
        r" + \sigma(\xi^{(k,t)}) \odot x^{(\lambda,0)}"
    )
    expected = {
        Term("∇h_f", "l,t"), Term("W", "l"), Term("∇a_r", "l,t+1"), Term("ξ", "k,t"), Term("x", "λ,0"),
    }  # fmt: skip
    assert read_text(text) == expected == read_latex(latex)
    for term in expected:
        assert label(term) in text
    where = {"tau": 5, "depth": 2, "chunks": 3}
    assert numbered(text, where, {"l": 2, "t": 4}).startswith("∇h_f⁽²,⁴⁾ = (W⁽²⁾)ᵀ ∇a_r⁽²,⁵⁾ + σ(ξ⁽ᵏ,ᵗ⁾)")
    assert notation.index(Term("x", "λ,0"), where, {}) == (2, 0)
    assert notation.index(Term("a", "l,t+1"), where, {"l": 1, "t": 4}) == (1, 5)


def test_places():
    values = {"tau": 3, "depth": 2}
    assert notation.places("", values) == [{}]
    assert notation.places("t = 1 … τ", values) == [{"t": 1}, {"t": 2}, {"t": 3}]
    assert notation.places("t = τ−1 … 1", values) == [{"t": 2}, {"t": 1}]
    assert notation.places("t = τ−1 … 1", {"tau": 1}) == []
    both = notation.places("l = λ … 1, t = 1 … τ", values)
    assert [tuple(p.values()) for p in both] == [(2, 1), (2, 2), (2, 3), (1, 1), (1, 2), (1, 3)]


def test_names_and_symbols():
    pairs = {
        "grad_h": "∇h",
        "grad_W": "∇W",
        "y_hat": "ŷ",
        "dh_dh": "∂h/∂h",
        "do_dh": "∂o/∂h",
        "dL_dL": "∂L/∂L",
        "tau": "τ",
        "W": "W",
        "grad_y_hat": "∇ŷ",
        "grad_a_r": "∇a_r",
        "W_hh": "W_hh",
        "delta": "δ",
        "xi": "ξ",
        "depth": "λ",
        "chunks": "κ",
    }
    for name, symbol in pairs.items():
        assert notation.symbol(name) == symbol
        assert notation.name(symbol) == name


def test_numbered():
    assert numbered("a⁽ᵗ⁾ = b + W h⁽ᵗ⁻¹⁾ + U x⁽ᵗ⁾", {"tau": 9}, {"t": 3}) == "a⁽³⁾ = b + W h⁽²⁾ + U x⁽³⁾"
    assert (
        numbered("∂h⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾ = diag(1 − (h⁽ᵗ⁺¹⁾)²) W", {"tau": 12}, {"t": 9})
        == "∂h⁽¹⁰⁾/∂h⁽⁹⁾ = diag(1 − (h⁽¹⁰⁾)²) W"
    )
    assert numbered("∇h⁽τ⁾ = Vᵀ ∇o⁽τ⁾", {"tau": 14}, {}) == "∇h⁽¹⁴⁾ = Vᵀ ∇o⁽¹⁴⁾"
    assert numbered("h⁽ᵗ⁻¹⁾", {"tau": 3}, {"t": 1}) == "h⁽⁰⁾"
    assert numbered("∇c = ∇b", {"tau": 3}, {"t": 2}) == "∇c = ∇b"


def test_the_time_that_an_index_means():
    indices = ("t", "t-1", "t+1", "τ", "")
    assert [notation.index(Term("h", i), {"tau": 9}, {"t": 5}) for i in indices] == [5, 4, 6, 9, None]


# The words


def test_words_by_hand():
    v = np.array([[1.0], [-2.0]])
    assert diag(v).tolist() == [[1, 0], [0, -2]]
    np.testing.assert_allclose(softmax(np.log([[1.0], [3.0]])), [[0.25], [0.75]], rtol=1e-15)
    np.testing.assert_allclose(softmax(np.array([[1000.0], [1000.0]])), [[0.5], [0.5]])
    assert onehot(1, np.zeros((3, 1))).tolist() == [[0], [1], [0]]
    assert entry(v, 1) == -2
    assert list(steps(3)) == [1, 2, 3]
