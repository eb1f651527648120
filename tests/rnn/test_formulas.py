"""What is printed is what is run: text, LaTeX and source of every equation."""

import numpy as np
import pytest

from rnn import verify
from rnn.formulas import REGISTRY, notation
from rnn.formulas.notation import Term, label, numbered, read_function, read_latex, read_text
from rnn.formulas.words import diag, entry, onehot, softmax, steps

every_equation = pytest.mark.parametrize("e", REGISTRY.values(), ids=lambda e: e.id)


# What is printed is what is run


@every_equation
def test_text_latex_and_source_name_the_same_terms(e):
    printed = read_text(e.text)
    assert printed == read_latex(e.latex)
    assert printed == {*read_function(e.function), e.given}
    assert e.reads == read_function(e.function)


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
def test_the_entry_is_complete(e):
    assert e.title
    assert e.source.startswith(("DLB", "D2L"))
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
    right = {*read_function(e.function), e.given}
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


def some_body(W, h, grad_h, y_hat, tau, t):
    return W @ h[t - 1] + sum(grad_h[s] for s in range(t)) * y_hat[tau] - W.T @ h[t + 1]


def test_reading_a_function_by_hand():
    assert read_function(some_body) == {
        Term("W", ""),
        Term("h", "t-1"),
        Term("h", "t+1"),
        Term("∇h", "s"),
        Term("ŷ", "τ"),
    }


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
    }
    for name, symbol in pairs.items():
        assert notation.symbol(name) == symbol
        assert notation.name(symbol) == name


def test_numbered():
    assert numbered("a⁽ᵗ⁾ = b + W h⁽ᵗ⁻¹⁾ + U x⁽ᵗ⁾", 3, 9) == "a⁽³⁾ = b + W h⁽²⁾ + U x⁽³⁾"
    assert numbered("∂h⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾ = diag(1 − (h⁽ᵗ⁺¹⁾)²) W", 9, 12) == "∂h⁽¹⁰⁾/∂h⁽⁹⁾ = diag(1 − (h⁽¹⁰⁾)²) W"
    assert numbered("∇h⁽τ⁾ = Vᵀ ∇o⁽τ⁾", 4, 14) == "∇h⁽¹⁴⁾ = Vᵀ ∇o⁽¹⁴⁾"
    assert numbered("h⁽ᵗ⁻¹⁾", 1, 3) == "h⁽⁰⁾"
    assert numbered("∇c = ∇b", 2, 3) == "∇c = ∇b"


def test_the_time_that_an_index_means():
    assert [notation.at(Term("h", i), 5, 9) for i in ("t", "t-1", "t+1", "τ", "")] == [5, 4, 6, 9, None]


# The words


def test_words_by_hand():
    v = np.array([[1.0], [-2.0]])
    assert diag(v).tolist() == [[1, 0], [0, -2]]
    np.testing.assert_allclose(softmax(np.log([[1.0], [3.0]])), [[0.25], [0.75]], rtol=1e-15)
    np.testing.assert_allclose(softmax(np.array([[1000.0], [1000.0]])), [[0.5], [0.5]])
    assert onehot(1, np.zeros((3, 1))).tolist() == [[0], [1], [0]]
    assert entry(v, 1) == -2
    assert list(steps(3)) == [1, 2, 3]
