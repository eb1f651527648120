"""Elman layers above each other, forwards and back. [D2L 9.3; DLB 10.5; seeds 000, 002, 003]

Layers l = 1 … λ: U⁽ˡ⁾ (H, I) for the lowest and (H, H) above it, W⁽ˡ⁾ (H, H), b⁽ˡ⁾ (H, 1); V (V, H), c (V, 1).
h⁽ˡ,ᵗ⁾ and a⁽ˡ,ᵗ⁾ (H, 1) at t = 1 … τ, h also at 0; layer 0 is the input, h⁽⁰,ᵗ⁾ = x⁽ᵗ⁾ (I, 1). D2L prints the same with
samples as rows. Nothing comes from after the end: ∇a⁽ˡ,ᵗ⁺¹⁾ at t = τ is zero. Derivations are written in
differentials: where dL = gᵀ dz, the gradient ∇z is g.
"""

from __future__ import annotations

from functools import partial

import numpy as np

import rnn.formulas.elman  # noqa: F401  # enters what is entered here again
from rnn.formulas.again import again
from rnn.formulas.registry import equation, family
from rnn.formulas.words import Array, steps, sum

Series = dict[int, Array]
Layers = dict[int, Array]
Lattice = dict[tuple[int, int], Array]

family("deep", "Layers above each other [D2L 9.3, DLB 10.5]")
forward = partial(equation, family="deep", source="D2L 9.3; DLB 10.5")
backward = partial(equation, family="deep", source="derived; forward D2L 9.3")


@forward(
    "DEEP-1",
    gives="h⁽⁰,ᵗ⁾",
    over="t = 1 … τ",
    title="the input, as the layer below the first",
    text="h⁽⁰,ᵗ⁾ = x⁽ᵗ⁾",
    latex=r"h^{(0,t)} = x^{(t)}",
    witnesses=("engine",),
)
def h_lowest(x: Series, t: int) -> Array:
    return x[t]


@forward(
    "DEEP-2",
    gives="a⁽ˡ,ᵗ⁾",
    over="l = 1 … λ, t = 1 … τ",
    title="what a layer receives: from its own past and from the layer below",
    text="a⁽ˡ,ᵗ⁾ = b⁽ˡ⁾ + W⁽ˡ⁾ h⁽ˡ,ᵗ⁻¹⁾ + U⁽ˡ⁾ h⁽ˡ⁻¹,ᵗ⁾",
    latex=r"a^{(l,t)} = b^{(l)} + W^{(l)} h^{(l,t-1)} + U^{(l)} h^{(l-1,t)}",
    witnesses=("engine",),
)
def a(b: Layers, W: Layers, h: Lattice, U: Layers, l: int, t: int) -> Array:  # noqa: E741  # the book's letter
    return b[l] + W[l] @ h[l, t - 1] + U[l] @ h[l - 1, t]


@forward(
    "DEEP-3",
    gives="h⁽ˡ,ᵗ⁾",
    over="l = 1 … λ, t = 1 … τ",
    title="the state of a layer",
    text="h⁽ˡ,ᵗ⁾ = tanh(a⁽ˡ,ᵗ⁾)",
    latex=r"h^{(l,t)} = \tanh(a^{(l,t)})",
    witnesses=("engine",),
)
def h(a: Lattice, l: int, t: int) -> Array:  # noqa: E741
    return np.tanh(a[l, t])


@forward(
    "DEEP-4",
    gives="o⁽ᵗ⁾",
    over="t = 1 … τ",
    title="the scores, from the top layer alone",
    text="o⁽ᵗ⁾ = c + V h⁽λ,ᵗ⁾",
    latex=r"o^{(t)} = c + V h^{(\lambda,t)}",
    witnesses=("engine", "fused"),
)
def o(c: Array, V: Array, h: Lattice, depth: int, t: int) -> Array:
    return c + V @ h[depth, t]


again("DEEP-5", of="10", family="deep", kernel=True)
again("DEEP-6", of="13", family="deep", kernel=True)
again("DEEP-7", of="17", family="deep", kernel=True)


@backward(
    "DEEP-8",
    gives="∇h⁽λ,ᵗ⁾",
    over="t = τ … 1",
    title="how the loss feels the top layer: through time and through the scores",
    text="∇h⁽λ,ᵗ⁾ = W⁽λ⁾ᵀ ∇a⁽λ,ᵗ⁺¹⁾ + Vᵀ ∇o⁽ᵗ⁾",
    latex=r"\nabla_{h^{(\lambda,t)}} L = W^{(\lambda)\top} \nabla_{a^{(\lambda,t+1)}} L + V^\top \nabla_{o^{(t)}} L",
    witnesses=("engine", "differences"),
    derivation=(
        (
            "dL = ∇a⁽λ,ᵗ⁺¹⁾ᵀ da⁽λ,ᵗ⁺¹⁾ + ∇o⁽ᵗ⁾ᵀ do⁽ᵗ⁾",
            r"dL = (\nabla_{a^{(\lambda,t+1)}} L)^\top \, da^{(\lambda,t+1)} + (\nabla_{o^{(t)}} L)^\top \, do^{(t)}",
        ),
        (
            "da⁽λ,ᵗ⁺¹⁾ = W⁽λ⁾ dh⁽λ,ᵗ⁾, do⁽ᵗ⁾ = V dh⁽λ,ᵗ⁾",
            r"da^{(\lambda,t+1)} = W^{(\lambda)} \, dh^{(\lambda,t)}, \quad do^{(t)} = V \, dh^{(\lambda,t)}",
        ),
    ),
)
def grad_h_top(W: Layers, grad_a: Lattice, V: Array, grad_o: Series, depth: int, t: int) -> Array:
    return W[depth].T @ grad_a[depth, t + 1] + V.T @ grad_o[t]


@backward(
    "DEEP-9",
    gives="∇h⁽ˡ,ᵗ⁾",
    over="l = λ−1 … 1, t = τ … 1",
    title="how the loss feels a lower layer: through time and through the layer above",
    text="∇h⁽ˡ,ᵗ⁾ = W⁽ˡ⁾ᵀ ∇a⁽ˡ,ᵗ⁺¹⁾ + U⁽ˡ⁺¹⁾ᵀ ∇a⁽ˡ⁺¹,ᵗ⁾",
    latex=r"\nabla_{h^{(l,t)}} L = W^{(l)\top} \nabla_{a^{(l,t+1)}} L + U^{(l+1)\top} \nabla_{a^{(l+1,t)}} L",
    witnesses=("engine", "differences"),
    derivation=(
        (
            "dL = ∇a⁽ˡ,ᵗ⁺¹⁾ᵀ da⁽ˡ,ᵗ⁺¹⁾ + ∇a⁽ˡ⁺¹,ᵗ⁾ᵀ da⁽ˡ⁺¹,ᵗ⁾",
            r"dL = (\nabla_{a^{(l,t+1)}} L)^\top \, da^{(l,t+1)} + (\nabla_{a^{(l+1,t)}} L)^\top \, da^{(l+1,t)}",
        ),
        (
            "da⁽ˡ,ᵗ⁺¹⁾ = W⁽ˡ⁾ dh⁽ˡ,ᵗ⁾, da⁽ˡ⁺¹,ᵗ⁾ = U⁽ˡ⁺¹⁾ dh⁽ˡ,ᵗ⁾",
            r"da^{(l,t+1)} = W^{(l)} \, dh^{(l,t)}, \quad da^{(l+1,t)} = U^{(l+1)} \, dh^{(l,t)}",
        ),
    ),
)
def grad_h(W: Layers, grad_a: Lattice, U: Layers, l: int, t: int) -> Array:  # noqa: E741
    return W[l].T @ grad_a[l, t + 1] + U[l + 1].T @ grad_a[l + 1, t]


@backward(
    "DEEP-10",
    gives="∇a⁽ˡ,ᵗ⁾",
    over="l = λ … 1, t = τ … 1",
    title="back through the tanh of a layer",
    text="∇a⁽ˡ,ᵗ⁾ = (1 − (h⁽ˡ,ᵗ⁾)²) ⊙ ∇h⁽ˡ,ᵗ⁾",
    latex=r"\nabla_{a^{(l,t)}} L = (1 - (h^{(l,t)})^2) \odot \nabla_{h^{(l,t)}} L",
    witnesses=("engine", "differences"),
    derivation=(
        ("dL = ∇h⁽ˡ,ᵗ⁾ᵀ dh⁽ˡ,ᵗ⁾", r"dL = (\nabla_{h^{(l,t)}} L)^\top \, dh^{(l,t)}"),
        ("dh⁽ˡ,ᵗ⁾ = (1 − (h⁽ˡ,ᵗ⁾)²) ⊙ da⁽ˡ,ᵗ⁾", r"dh^{(l,t)} = (1 - (h^{(l,t)})^2) \odot da^{(l,t)}"),
    ),
)
def grad_a(h: Lattice, grad_h: Lattice, l: int, t: int) -> Array:  # noqa: E741
    return (1 - h[l, t] ** 2) * grad_h[l, t]


again("DEEP-11", of="21", family="deep", kernel=True)


@backward(
    "DEEP-12",
    gives="∇V",
    title="top layer to output",
    text="∇V = Σₜ ∇o⁽ᵗ⁾ h⁽λ,ᵗ⁾ᵀ",
    latex=r"\nabla_V L = \sum_t \nabla_{o^{(t)}} L \, h^{(\lambda,t)\top}",
    derivation=(
        ("do⁽ᵗ⁾ = dV h⁽λ,ᵗ⁾", r"do^{(t)} = dV \, h^{(\lambda,t)}"),
        ("∇V[i, j] = Σₜ ∇o⁽ᵗ⁾[i] h⁽λ,ᵗ⁾[j]", r"\nabla_V L[i, j] = \sum_t \nabla_{o^{(t)}} L[i] \, h^{(\lambda,t)}[j]"),
    ),
)
def grad_V(grad_o: Series, h: Lattice, depth: int, tau: int) -> Array:
    return sum(grad_o[t] @ h[depth, t].T for t in steps(tau))


@backward(
    "DEEP-13",
    gives="∇b⁽ˡ⁾",
    over="l = λ … 1",
    title="the bias of a layer",
    text="∇b⁽ˡ⁾ = Σₜ ∇a⁽ˡ,ᵗ⁾",
    latex=r"\nabla_{b^{(l)}} L = \sum_t \nabla_{a^{(l,t)}} L",
    derivation=(
        ("da⁽ˡ,ᵗ⁾ = db⁽ˡ⁾", r"da^{(l,t)} = db^{(l)}"),
        ("dL = Σₜ ∇a⁽ˡ,ᵗ⁾ᵀ db⁽ˡ⁾", r"dL = \sum_t (\nabla_{a^{(l,t)}} L)^\top \, db^{(l)}"),
    ),
)
def grad_b(grad_a: Lattice, l: int, tau: int) -> Array:  # noqa: E741
    return sum(grad_a[l, t] for t in steps(tau))


@backward(
    "DEEP-14",
    gives="∇W⁽ˡ⁾",
    over="l = λ … 1",
    title="a layer to itself, a step later",
    text="∇W⁽ˡ⁾ = Σₜ ∇a⁽ˡ,ᵗ⁾ h⁽ˡ,ᵗ⁻¹⁾ᵀ",
    latex=r"\nabla_{W^{(l)}} L = \sum_t \nabla_{a^{(l,t)}} L \, h^{(l,t-1)\top}",
    derivation=(
        ("da⁽ˡ,ᵗ⁾ = dW⁽ˡ⁾ h⁽ˡ,ᵗ⁻¹⁾", r"da^{(l,t)} = dW^{(l)} \, h^{(l,t-1)}"),
        (
            "∇W⁽ˡ⁾[i, j] = Σₜ ∇a⁽ˡ,ᵗ⁾[i] h⁽ˡ,ᵗ⁻¹⁾[j]",
            r"\nabla_{W^{(l)}} L[i, j] = \sum_t \nabla_{a^{(l,t)}} L[i] \, h^{(l,t-1)}[j]",
        ),
    ),
)
def grad_W(grad_a: Lattice, h: Lattice, l: int, tau: int) -> Array:  # noqa: E741
    return sum(grad_a[l, t] @ h[l, t - 1].T for t in steps(tau))


@backward(
    "DEEP-15",
    gives="∇U⁽ˡ⁾",
    over="l = λ … 1",
    title="a layer to the one above it",
    text="∇U⁽ˡ⁾ = Σₜ ∇a⁽ˡ,ᵗ⁾ h⁽ˡ⁻¹,ᵗ⁾ᵀ",
    latex=r"\nabla_{U^{(l)}} L = \sum_t \nabla_{a^{(l,t)}} L \, h^{(l-1,t)\top}",
    note="U⁽¹⁾ reads the input, so it has a column for each of its entries",
    derivation=(
        ("da⁽ˡ,ᵗ⁾ = dU⁽ˡ⁾ h⁽ˡ⁻¹,ᵗ⁾", r"da^{(l,t)} = dU^{(l)} \, h^{(l-1,t)}"),
        (
            "∇U⁽ˡ⁾[i, j] = Σₜ ∇a⁽ˡ,ᵗ⁾[i] h⁽ˡ⁻¹,ᵗ⁾[j]",
            r"\nabla_{U^{(l)}} L[i, j] = \sum_t \nabla_{a^{(l,t)}} L[i] \, h^{(l-1,t)}[j]",
        ),
    ),
)
def grad_U(grad_a: Lattice, h: Lattice, l: int, tau: int) -> Array:  # noqa: E741
    return sum(grad_a[l, t] @ h[l - 1, t].T for t in steps(tau))


@backward(
    "DEEP-16",
    gives="∇h⁽ˡ,⁰⁾",
    over="l = λ … 1",
    title="how the loss feels the state that a layer starts from",
    text="∇h⁽ˡ,⁰⁾ = W⁽ˡ⁾ᵀ ∇a⁽ˡ,¹⁾",
    latex=r"\nabla_{h^{(l,0)}} L = W^{(l)\top} \nabla_{a^{(l,1)}} L",
    note="at 0 nothing is passed upwards: the only way is through time",
    derivation=(
        ("dL = ∇a⁽ˡ,¹⁾ᵀ da⁽ˡ,¹⁾", r"dL = (\nabla_{a^{(l,1)}} L)^\top \, da^{(l,1)}"),
        ("da⁽ˡ,¹⁾ = W⁽ˡ⁾ dh⁽ˡ,⁰⁾", r"da^{(l,1)} = W^{(l)} \, dh^{(l,0)}"),
    ),
)
def grad_h_first(W: Layers, grad_a: Lattice, l: int) -> Array:  # noqa: E741
    return W[l].T @ grad_a[l, 1]


@backward(
    "DEEP-17",
    gives="∇x⁽ᵗ⁾",
    over="t = τ … 1",
    title="how the loss feels an input",
    text="∇x⁽ᵗ⁾ = U⁽¹⁾ᵀ ∇a⁽¹,ᵗ⁾",
    latex=r"\nabla_{x^{(t)}} L = U^{(1)\top} \nabla_{a^{(1,t)}} L",
    derivation=(
        ("dL = ∇a⁽¹,ᵗ⁾ᵀ da⁽¹,ᵗ⁾", r"dL = (\nabla_{a^{(1,t)}} L)^\top \, da^{(1,t)}"),
        ("da⁽¹,ᵗ⁾ = U⁽¹⁾ dx⁽ᵗ⁾", r"da^{(1,t)} = U^{(1)} \, dx^{(t)}"),
    ),
)
def grad_x(U: Layers, grad_a: Lattice, t: int) -> Array:
    return U[1].T @ grad_a[1, t]
