"""An Elman layer for each direction in time, forwards and back. [DLB 10.3; D2L 9.4; seeds 001, 003]

h⁽ᵗ⁾ (H, 1) is read from the left, g⁽ᵗ⁾ (G, 1) from the right, and the two sizes may differ: U_h (H, I), W_h (H, H),
b_h (H, 1), V_h (V, H) and U_g (G, I), W_g (G, G), b_g (G, 1), V_g (V, G); c (V, 1). All stand at t = 1 … τ, h also
at 0, g also at τ + 1, where each direction starts. D2L prints one matrix over [h, g] in place of V_h and V_g.
Nothing comes from beyond either end: ∇a_h at τ + 1 and ∇a_g at 0 are zero. Derivations are written in differentials:
where dL = uᵀ dz, the gradient ∇z is u.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import rnn.formulas.elman  # noqa: F401  # enters what is entered here again
from rnn.formulas.again import again
from rnn.formulas.notation import superscript
from rnn.formulas.registry import equation, family
from rnn.formulas.words import Array, steps, sum

Series = dict[int, Array]
Enter = Callable[[Callable[..., Any]], Callable[..., Any]]

family("bidirectional", "Both directions in time [DLB 10.3, D2L 9.4]")
forward = partial(equation, family="bidirectional", source="DLB 10.3; D2L 9.4")
derived = partial(equation, family="bidirectional", source="derived; forward DLB 10.3")
step = partial(derived, witnesses=("engine", "differences"))


def slope(id: str, h: str, over: str, title: str) -> Enter:
    """Enter the gradient of what the units with the state `h` receive, one factor 1 − h² away from the state's."""
    factor, latex = f"(1 − ({h}⁽ᵗ⁾)²)", rf"(1 - ({h}^{{(t)}})^2)"
    return step(
        id,
        gives=f"∇a_{h}⁽ᵗ⁾",
        over=over,
        title=title,
        text=f"∇a_{h}⁽ᵗ⁾ = {factor} ⊙ ∇{h}⁽ᵗ⁾",
        latex=rf"\nabla_{{a_{h}^{{(t)}}}} L = {latex} \odot \nabla_{{{h}^{{(t)}}}} L",
        derivation=(
            (f"dL = ∇{h}⁽ᵗ⁾ᵀ d{h}⁽ᵗ⁾", rf"dL = (\nabla_{{{h}^{{(t)}}}} L)^\top \, d{h}^{{(t)}}"),
            (f"d{h}⁽ᵗ⁾ = {factor} ⊙ da_{h}⁽ᵗ⁾", rf"d{h}^{{(t)}} = {latex} \odot da_{h}^{{(t)}}"),
        ),
    )


def bias(id: str, b: str, into: str, title: str) -> Enter:
    """Enter the gradient of a bias, which is added to `into` at every step."""
    return derived(
        id,
        gives=f"∇{b}",
        title=title,
        text=f"∇{b} = Σₜ ∇{into}⁽ᵗ⁾",
        latex=rf"\nabla_{{{b}}} L = \sum_t \nabla_{{{into}^{{(t)}}}} L",
        derivation=(
            (f"d{into}⁽ᵗ⁾ = d{b}", rf"d{into}^{{(t)}} = d{b}"),
            (f"dL = Σₜ ∇{into}⁽ᵗ⁾ᵀ d{b}", rf"dL = \sum_t (\nabla_{{{into}^{{(t)}}}} L)^\top \, d{b}"),
        ),
    )


def weight(id: str, W: str, into: str, reads: str, at: str, title: str) -> Enter:
    """Enter the gradient of a matrix, of which W times what it reads is added to `into` at every step."""
    read, latex, above = reads + superscript(at), f"{reads}^{{({at})}}", rf"\nabla_{{{into}^{{(t)}}}} L"
    return derived(
        id,
        gives=f"∇{W}",
        title=title,
        text=f"∇{W} = Σₜ ∇{into}⁽ᵗ⁾ {read}ᵀ",
        latex=rf"\nabla_{{{W}}} L = \sum_t {above} \, {reads}^{{({at})\top}}",
        derivation=(
            (f"d{into}⁽ᵗ⁾ = d{W} {read}", rf"d{into}^{{(t)}} = d{W} \, {latex}"),
            (f"∇{W}[i, j] = Σₜ ∇{into}⁽ᵗ⁾[i] {read}[j]", rf"\nabla_{{{W}}} L[i, j] = \sum_t {above}[i] \, {latex}[j]"),
        ),
    )


@forward(
    "BI-1",
    gives="a_h⁽ᵗ⁾",
    over="t = 1 … τ",
    title="what the units receive that read from the left",
    text="a_h⁽ᵗ⁾ = b_h + W_h h⁽ᵗ⁻¹⁾ + U_h x⁽ᵗ⁾",
    latex=r"a_h^{(t)} = b_h + W_h h^{(t-1)} + U_h x^{(t)}",
    witnesses=("engine",),
)
def a_h(b_h: Array, W_h: Array, h: Series, U_h: Array, x: Series, t: int) -> Array:
    return b_h + W_h @ h[t - 1] + U_h @ x[t]


@forward(
    "BI-2",
    gives="h⁽ᵗ⁾",
    over="t = 1 … τ",
    title="the state that knows the past",
    text="h⁽ᵗ⁾ = tanh(a_h⁽ᵗ⁾)",
    latex=r"h^{(t)} = \tanh(a_h^{(t)})",
    witnesses=("engine", "fused"),
)
def h(a_h: Series, t: int) -> Array:
    return np.tanh(a_h[t])


@forward(
    "BI-3",
    gives="a_g⁽ᵗ⁾",
    over="t = τ … 1",
    title="what the units receive that read from the right",
    text="a_g⁽ᵗ⁾ = b_g + W_g g⁽ᵗ⁺¹⁾ + U_g x⁽ᵗ⁾",
    latex=r"a_g^{(t)} = b_g + W_g g^{(t+1)} + U_g x^{(t)}",
    witnesses=("engine",),
)
def a_g(b_g: Array, W_g: Array, g: Series, U_g: Array, x: Series, t: int) -> Array:
    return b_g + W_g @ g[t + 1] + U_g @ x[t]


@forward(
    "BI-4",
    gives="g⁽ᵗ⁾",
    over="t = τ … 1",
    title="the state that knows the future",
    text="g⁽ᵗ⁾ = tanh(a_g⁽ᵗ⁾)",
    latex=r"g^{(t)} = \tanh(a_g^{(t)})",
    witnesses=("engine", "fused"),
)
def g(a_g: Series, t: int) -> Array:
    return np.tanh(a_g[t])


@forward(
    "BI-5",
    gives="o⁽ᵗ⁾",
    over="t = 1 … τ",
    title="the scores, from past and future",
    text="o⁽ᵗ⁾ = c + V_h h⁽ᵗ⁾ + V_g g⁽ᵗ⁾",
    latex=r"o^{(t)} = c + V_h h^{(t)} + V_g g^{(t)}",
    witnesses=("engine", "fused"),
)
def o(c: Array, V_h: Array, h: Series, V_g: Array, g: Series, t: int) -> Array:
    return c + V_h @ h[t] + V_g @ g[t]


again("BI-6", of="10", family="bidirectional", kernel=True)
again("BI-7", of="13", family="bidirectional", kernel=True)
again("BI-8", of="17", family="bidirectional", kernel=True)


@step(
    "BI-9",
    gives="∇h⁽ᵗ⁾",
    over="t = τ … 1",
    title="how the loss feels the state from the left: what comes later",
    text="∇h⁽ᵗ⁾ = W_hᵀ ∇a_h⁽ᵗ⁺¹⁾ + V_hᵀ ∇o⁽ᵗ⁾",
    latex=r"\nabla_{h^{(t)}} L = W_h^\top \nabla_{a_h^{(t+1)}} L + V_h^\top \nabla_{o^{(t)}} L",
    derivation=(
        (
            "dL = ∇a_h⁽ᵗ⁺¹⁾ᵀ da_h⁽ᵗ⁺¹⁾ + ∇o⁽ᵗ⁾ᵀ do⁽ᵗ⁾",
            r"dL = (\nabla_{a_h^{(t+1)}} L)^\top \, da_h^{(t+1)} + (\nabla_{o^{(t)}} L)^\top \, do^{(t)}",
        ),
        (
            "da_h⁽ᵗ⁺¹⁾ = W_h dh⁽ᵗ⁾, do⁽ᵗ⁾ = V_h dh⁽ᵗ⁾",
            r"da_h^{(t+1)} = W_h \, dh^{(t)}, \quad do^{(t)} = V_h \, dh^{(t)}",
        ),
    ),
)
def grad_h(W_h: Array, grad_a_h: Series, V_h: Array, grad_o: Series, t: int) -> Array:
    return W_h.T @ grad_a_h[t + 1] + V_h.T @ grad_o[t]


@slope("BI-10", "h", over="t = τ … 1", title="back through the tanh, from the left")
def grad_a_h(h: Series, grad_h: Series, t: int) -> Array:
    return (1 - h[t] ** 2) * grad_h[t]


@step(
    "BI-11",
    gives="∇g⁽ᵗ⁾",
    over="t = 1 … τ",
    title="how the loss feels the state from the right: what came earlier",
    text="∇g⁽ᵗ⁾ = W_gᵀ ∇a_g⁽ᵗ⁻¹⁾ + V_gᵀ ∇o⁽ᵗ⁾",
    latex=r"\nabla_{g^{(t)}} L = W_g^\top \nabla_{a_g^{(t-1)}} L + V_g^\top \nabla_{o^{(t)}} L",
    note="the walk back of this direction goes forwards in time",
    derivation=(
        (
            "dL = ∇a_g⁽ᵗ⁻¹⁾ᵀ da_g⁽ᵗ⁻¹⁾ + ∇o⁽ᵗ⁾ᵀ do⁽ᵗ⁾",
            r"dL = (\nabla_{a_g^{(t-1)}} L)^\top \, da_g^{(t-1)} + (\nabla_{o^{(t)}} L)^\top \, do^{(t)}",
        ),
        (
            "da_g⁽ᵗ⁻¹⁾ = W_g dg⁽ᵗ⁾, do⁽ᵗ⁾ = V_g dg⁽ᵗ⁾",
            r"da_g^{(t-1)} = W_g \, dg^{(t)}, \quad do^{(t)} = V_g \, dg^{(t)}",
        ),
    ),
)
def grad_g(W_g: Array, grad_a_g: Series, V_g: Array, grad_o: Series, t: int) -> Array:
    return W_g.T @ grad_a_g[t - 1] + V_g.T @ grad_o[t]


@slope("BI-12", "g", over="t = 1 … τ", title="back through the tanh, from the right")
def grad_a_g(g: Series, grad_g: Series, t: int) -> Array:
    return (1 - g[t] ** 2) * grad_g[t]


again("BI-13", of="21", family="bidirectional", kernel=True)


@weight("BI-14", "V_h", into="o", reads="h", at="t", title="past to output")
def grad_V_h(grad_o: Series, h: Series, tau: int) -> Array:
    return sum(grad_o[t] @ h[t].T for t in steps(tau))


@weight("BI-15", "V_g", into="o", reads="g", at="t", title="future to output")
def grad_V_g(grad_o: Series, g: Series, tau: int) -> Array:
    return sum(grad_o[t] @ g[t].T for t in steps(tau))


@bias("BI-16", "b_h", into="a_h", title="the bias, from the left")
def grad_b_h(grad_a_h: Series, tau: int) -> Array:
    return sum(grad_a_h[t] for t in steps(tau))


@weight("BI-17", "W_h", into="a_h", reads="h", at="t-1", title="state to state, from the left")
def grad_W_h(grad_a_h: Series, h: Series, tau: int) -> Array:
    return sum(grad_a_h[t] @ h[t - 1].T for t in steps(tau))


@weight("BI-18", "U_h", into="a_h", reads="x", at="t", title="input to state, from the left")
def grad_U_h(grad_a_h: Series, x: Series, tau: int) -> Array:
    return sum(grad_a_h[t] @ x[t].T for t in steps(tau))


@bias("BI-19", "b_g", into="a_g", title="the bias, from the right")
def grad_b_g(grad_a_g: Series, tau: int) -> Array:
    return sum(grad_a_g[t] for t in steps(tau))


@weight("BI-20", "W_g", into="a_g", reads="g", at="t+1", title="state to state, from the right")
def grad_W_g(grad_a_g: Series, g: Series, tau: int) -> Array:
    return sum(grad_a_g[t] @ g[t + 1].T for t in steps(tau))


@weight("BI-21", "U_g", into="a_g", reads="x", at="t", title="input to state, from the right")
def grad_U_g(grad_a_g: Series, x: Series, tau: int) -> Array:
    return sum(grad_a_g[t] @ x[t].T for t in steps(tau))


@derived(
    "BI-22",
    gives="∇h⁽⁰⁾",
    title="how the loss feels where the left direction starts",
    text="∇h⁽⁰⁾ = W_hᵀ ∇a_h⁽¹⁾",
    latex=r"\nabla_{h^{(0)}} L = W_h^\top \nabla_{a_h^{(1)}} L",
    derivation=(
        ("dL = ∇a_h⁽¹⁾ᵀ da_h⁽¹⁾", r"dL = (\nabla_{a_h^{(1)}} L)^\top \, da_h^{(1)}"),
        ("da_h⁽¹⁾ = W_h dh⁽⁰⁾", r"da_h^{(1)} = W_h \, dh^{(0)}"),
    ),
)
def grad_h_first(W_h: Array, grad_a_h: Series) -> Array:
    return W_h.T @ grad_a_h[1]


@derived(
    "BI-23",
    gives="∇g⁽τ⁺¹⁾",
    title="how the loss feels where the right direction starts",
    text="∇g⁽τ⁺¹⁾ = W_gᵀ ∇a_g⁽τ⁾",
    latex=r"\nabla_{g^{(\tau+1)}} L = W_g^\top \nabla_{a_g^{(\tau)}} L",
    derivation=(
        ("dL = ∇a_g⁽τ⁾ᵀ da_g⁽τ⁾", r"dL = (\nabla_{a_g^{(\tau)}} L)^\top \, da_g^{(\tau)}"),
        ("da_g⁽τ⁾ = W_g dg⁽τ⁺¹⁾", r"da_g^{(\tau)} = W_g \, dg^{(\tau+1)}"),
    ),
)
def grad_g_first(W_g: Array, grad_a_g: Series, tau: int) -> Array:
    return W_g.T @ grad_a_g[tau]


@derived(
    "BI-24",
    gives="∇x⁽ᵗ⁾",
    over="t = τ … 1",
    title="how the loss feels an input: by both directions",
    text="∇x⁽ᵗ⁾ = U_hᵀ ∇a_h⁽ᵗ⁾ + U_gᵀ ∇a_g⁽ᵗ⁾",
    latex=r"\nabla_{x^{(t)}} L = U_h^\top \nabla_{a_h^{(t)}} L + U_g^\top \nabla_{a_g^{(t)}} L",
    derivation=(
        (
            "dL = ∇a_h⁽ᵗ⁾ᵀ da_h⁽ᵗ⁾ + ∇a_g⁽ᵗ⁾ᵀ da_g⁽ᵗ⁾",
            r"dL = (\nabla_{a_h^{(t)}} L)^\top \, da_h^{(t)} + (\nabla_{a_g^{(t)}} L)^\top \, da_g^{(t)}",
        ),
        (
            "da_h⁽ᵗ⁾ = U_h dx⁽ᵗ⁾, da_g⁽ᵗ⁾ = U_g dx⁽ᵗ⁾",
            r"da_h^{(t)} = U_h \, dx^{(t)}, \quad da_g^{(t)} = U_g \, dx^{(t)}",
        ),
    ),
)
def grad_x(U_h: Array, grad_a_h: Series, U_g: Array, grad_a_g: Series, t: int) -> Array:
    return U_h.T @ grad_a_h[t] + U_g.T @ grad_a_g[t]
