"""The gated recurrent unit, where the way back ends: parameters, first state, inputs. [derived; forward D2L 9.1]

The letters are those of `gru`. In a derivation a parameter has a copy for each step, as W_r⁽ᵗ⁾, and the gradient of
the parameter is the sum of theirs. [DLB 10.2.2]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rnn.formulas.gru import Series
from rnn.formulas.gru_backward import OUTSIDE, Lines, derived, given
from rnn.formulas.notation import superscript
from rnn.formulas.registry import REGISTRY
from rnn.formulas.words import Array, steps, sum

Enter = Callable[[Callable[..., Any]], Callable[..., Any]]


def bias(id: str, b: str, of: str, title: str) -> Enter:
    """Enter the gradient of a bias, from the equation that it stands in."""
    return _summed(id, b, of, title, "", "")


def weight(id: str, W: str, of: str, reads: str, at: str, title: str) -> Enter:
    """Enter the gradient of a matrix, from the equation that it stands in and what it multiplies there."""
    return _summed(id, W, of, title, f" {reads}{superscript(at)}ᵀ", rf" \, {reads}^{{({at})\top}}")


def _summed(id: str, p: str, of: str, title: str, text: str, latex: str) -> Enter:
    e = REGISTRY[of]
    a = e.given.symbol
    return derived(
        id,
        family=e.family,
        gives=f"∇{p}",
        source=f"derived; forward {e.source}",
        title=title,
        text=f"∇{p} = Σₜ ∇{a}⁽ᵗ⁾{text}",
        latex=rf"\nabla_{{{p}}} L = \sum_t \nabla_{{{a}^{{(t)}}}} L{latex}",
        witnesses=OUTSIDE,
        derivation=_copies(p, a, (e.text, e.latex), text, latex),
    )


def _copies(p: str, a: str, forward: tuple[str, str], text: str, latex: str) -> Lines:
    """The sum over the copies of p, one copy where it is read, and the copy's gradient."""
    (read, read_latex), copy = forward, f"{p}^{{(t)}}"
    return (
        (f"∇{p} = Σₜ ∇{p}⁽ᵗ⁾", rf"\nabla_{{{p}}} L = \sum_t \nabla_{{{copy}}} L"),
        (read.replace(p, f"{p}⁽ᵗ⁾"), read_latex.replace(p, copy)),
        (f"∇{p}⁽ᵗ⁾ = ∇{a}⁽ᵗ⁾{text}", rf"\nabla_{{{copy}}} L = \nabla_{{{a}^{{(t)}}}} L{latex}"),
    )


def ways_of_first(text: str, latex: str) -> Lines:
    """The lines for the first state, which no scores read; ∂q⁽¹⁾/∂h⁽⁰⁾ is what the two forms differ in."""
    return (
        (
            "∇h⁽⁰⁾ = Σₖ (∂k⁽¹⁾/∂h⁽⁰⁾)ᵀ ∇k⁽¹⁾,  k = h, q, a_r, a_z",
            r"\nabla_{h^{(0)}} L = \sum_k \left(\frac{\partial k^{(1)}}{\partial h^{(0)}}\right)^\top"
            r" \nabla_{k^{(1)}} L, \quad k = h, q, a_r, a_z",
        ),
        (
            f"∂h⁽¹⁾/∂h⁽⁰⁾ = diag(z⁽¹⁾),  ∂q⁽¹⁾/∂h⁽⁰⁾ = {text}",
            r"\frac{\partial h^{(1)}}{\partial h^{(0)}} = \operatorname{diag}(z^{(1)}),"
            rf" \quad \frac{{\partial q^{{(1)}}}}{{\partial h^{{(0)}}}} = {latex}",
        ),
        (
            "∂a_r⁽¹⁾/∂h⁽⁰⁾ = W_r,  ∂a_z⁽¹⁾/∂h⁽⁰⁾ = W_z",
            r"\frac{\partial a_r^{(1)}}{\partial h^{(0)}} = W_r,"
            r" \quad \frac{\partial a_z^{(1)}}{\partial h^{(0)}} = W_z",
        ),
    )


@bias("GRU-21", "c", of="GRU-9", title="the bias of the scores")
def grad_c(grad_o: Series, tau: int) -> Array:
    return sum(grad_o[t] for t in steps(tau))


@weight("GRU-22", "V", of="GRU-9", reads="h", at="t", title="state to scores")
def grad_V(grad_o: Series, h: Series, tau: int) -> Array:
    return sum(grad_o[t] @ h[t].T for t in steps(tau))


@bias("GRU-23", "b_r", of="GRU-1", title="the bias of the reset gate")
def grad_b_r(grad_a_r: Series, tau: int) -> Array:
    return sum(grad_a_r[t] for t in steps(tau))


@weight("GRU-24", "W_r", of="GRU-1", reads="h", at="t-1", title="state to reset gate")
def grad_W_r(grad_a_r: Series, h: Series, tau: int) -> Array:
    return sum(grad_a_r[t] @ h[t - 1].T for t in steps(tau))


@weight("GRU-25", "U_r", of="GRU-1", reads="x", at="t", title="input to reset gate")
def grad_U_r(grad_a_r: Series, x: Series, tau: int) -> Array:
    return sum(grad_a_r[t] @ x[t].T for t in steps(tau))


@bias("GRU-26", "b_z", of="GRU-3", title="the bias of the update gate")
def grad_b_z(grad_a_z: Series, tau: int) -> Array:
    return sum(grad_a_z[t] for t in steps(tau))


@weight("GRU-27", "W_z", of="GRU-3", reads="h", at="t-1", title="state to update gate")
def grad_W_z(grad_a_z: Series, h: Series, tau: int) -> Array:
    return sum(grad_a_z[t] @ h[t - 1].T for t in steps(tau))


@weight("GRU-28", "U_z", of="GRU-3", reads="x", at="t", title="input to update gate")
def grad_U_z(grad_a_z: Series, x: Series, tau: int) -> Array:
    return sum(grad_a_z[t] @ x[t].T for t in steps(tau))


@bias("GRU-29", "b_n", of="GRU-6", title="the bias of the candidate")
def grad_b_n(grad_a_n: Series, tau: int) -> Array:
    return sum(grad_a_n[t] for t in steps(tau))


@weight("GRU-30", "W_n", of="GRU-6", reads="q", at="t", title="state, as the reset lets it through, to candidate")
def grad_W_n(grad_a_n: Series, q: Series, tau: int) -> Array:
    return sum(grad_a_n[t] @ q[t].T for t in steps(tau))


@weight("GRU-31", "U_n", of="GRU-6", reads="x", at="t", title="input to candidate")
def grad_U_n(grad_a_n: Series, x: Series, tau: int) -> Array:
    return sum(grad_a_n[t] @ x[t].T for t in steps(tau))


@derived(
    "GRU-32",
    family="gru",
    witnesses=OUTSIDE,
    gives="∇h⁽⁰⁾",
    title="how the loss feels the first state",
    text="∇h⁽⁰⁾ = z⁽¹⁾ ⊙ ∇h⁽¹⁾ + r⁽¹⁾ ⊙ ∇q⁽¹⁾ + W_rᵀ ∇a_r⁽¹⁾ + W_zᵀ ∇a_z⁽¹⁾",
    latex=r"\nabla_{h^{(0)}} L = z^{(1)} \odot \nabla_{h^{(1)}} L + r^{(1)} \odot \nabla_{q^{(1)}} L"
    r" + W_r^\top \nabla_{a_r^{(1)}} L + W_z^\top \nabla_{a_z^{(1)}} L",
    derivation=ways_of_first("diag(r⁽¹⁾)", r"\operatorname{diag}(r^{(1)})"),
    note="as for any state, but no scores are read from h⁽⁰⁾",
)
def grad_h0(
    z: Series, grad_h: Series, r: Series, grad_q: Series, W_r: Array, grad_a_r: Series, W_z: Array, grad_a_z: Series
) -> Array:
    return z[1] * grad_h[1] + r[1] * grad_q[1] + W_r.T @ grad_a_r[1] + W_z.T @ grad_a_z[1]


@given(
    "GRU-33",
    gives="∇x⁽ᵗ⁾",
    title="how the loss feels the input",
    text="∇x⁽ᵗ⁾ = U_rᵀ ∇a_r⁽ᵗ⁾ + U_zᵀ ∇a_z⁽ᵗ⁾ + U_nᵀ ∇a_n⁽ᵗ⁾",
    latex=r"\nabla_{x^{(t)}} L = U_r^\top \nabla_{a_r^{(t)}} L + U_z^\top \nabla_{a_z^{(t)}} L"
    r" + U_n^\top \nabla_{a_n^{(t)}} L",
    derivation=(
        (
            "∇x⁽ᵗ⁾ = Σₖ (∂a_k⁽ᵗ⁾/∂x⁽ᵗ⁾)ᵀ ∇a_k⁽ᵗ⁾,  k = r, z, n",
            r"\nabla_{x^{(t)}} L = \sum_k \left(\frac{\partial a_k^{(t)}}{\partial x^{(t)}}\right)^\top"
            r" \nabla_{a_k^{(t)}} L, \quad k = r, z, n",
        ),
        ("∂a_k⁽ᵗ⁾/∂x⁽ᵗ⁾ = U_k", r"\frac{\partial a_k^{(t)}}{\partial x^{(t)}} = U_k"),
    ),
)
def grad_x(U_r: Array, grad_a_r: Series, U_z: Array, grad_a_z: Series, U_n: Array, grad_a_n: Series, t: int) -> Array:
    return U_r.T @ grad_a_r[t] + U_z.T @ grad_a_z[t] + U_n.T @ grad_a_n[t]
