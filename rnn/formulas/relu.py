"""The Elman network with relu in the place of tanh, forwards and backwards. [DLB 10.2; D2L 8.4, where φ is free]

The letters, the shapes and L are the Elman network's. Another slope is all that changes: `positive`, 1 where a > 0
and 0 elsewhere, in the place of 1 − h². Derivations are written in differentials: where dL = gᵀ dz, the gradient ∇z
is g.
"""

from __future__ import annotations

import rnn.formulas.elman  # noqa: F401  # enters what is entered here again
from rnn.formulas.again import again
from rnn.formulas.registry import equation, family
from rnn.formulas.words import Array, diag, positive, relu, steps, sum

Series = dict[int, Array]

family("relu", "Elman network with relu [DLB 10.2; D2L 8.4]")


again("RELU-1", of="7", family="relu", kernel=True)


@equation(
    "RELU-2",
    family="relu",
    gives="h⁽ᵗ⁾",
    over="t = 1 … τ",
    source="D2L 8.4, seed 004 eq. 4 with φ = relu",
    title="the hidden state",
    text="h⁽ᵗ⁾ = relu(a⁽ᵗ⁾)",
    latex=r"h^{(t)} = \operatorname{relu}(a^{(t)})",
    witnesses=("engine", "fused"),
)
def h(a: Series, t: int) -> Array:
    return relu(a[t])


again("RELU-3", of="9", family="relu", kernel=True)
again("RELU-4", of="10", family="relu", kernel=True)
again("RELU-5", of="13", family="relu", kernel=True)
again("RELU-6", of="17", family="relu", kernel=True)


@equation(
    "RELU-7",
    family="relu",
    gives="∂h⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾",
    over="t = τ−1 … 1",
    source="derived; forward D2L 8.4, seed 004 eq. 4 with φ = relu",
    title="the next state by this one",
    text="∂h⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾ = diag(positive(a⁽ᵗ⁺¹⁾)) W",
    latex=r"\frac{\partial h^{(t+1)}}{\partial h^{(t)}} = \operatorname{diag}(\operatorname{positive}(a^{(t+1)})) W",
    witnesses=("engine", "differences"),
    note="W with zeros in the rows of units that are off: along units that are on, W alone decides whether a"
    " gradient shrinks or grows",
    derivation=(
        ("da⁽ᵗ⁺¹⁾ = W dh⁽ᵗ⁾", r"da^{(t+1)} = W \, dh^{(t)}"),
        (
            "dh⁽ᵗ⁺¹⁾ = diag(positive(a⁽ᵗ⁺¹⁾)) da⁽ᵗ⁺¹⁾",
            r"dh^{(t+1)} = \operatorname{diag}(\operatorname{positive}(a^{(t+1)})) \, da^{(t+1)}",
        ),
    ),
)
def dh_dh(a: Series, W: Array, t: int) -> Array:
    return diag(positive(a[t + 1])) @ W


@equation(
    "RELU-8",
    family="relu",
    gives="∇h⁽ᵗ⁾",
    over="t = τ … 1",
    source="derived; forward DLB 10.2 eq. 10.8, 10.10",
    title="how the loss feels a state",
    text="∇h⁽ᵗ⁾ = Wᵀ ∇a⁽ᵗ⁺¹⁾ + Vᵀ ∇o⁽ᵗ⁾",
    latex=r"\nabla_{h^{(t)}} L = W^\top \nabla_{a^{(t+1)}} L + V^\top \nabla_{o^{(t)}} L",
    note="nothing comes from after the end: ∇a⁽τ⁺¹⁾ is 0",
    derivation=(
        (
            "dL = ∇a⁽ᵗ⁺¹⁾ᵀ da⁽ᵗ⁺¹⁾ + ∇o⁽ᵗ⁾ᵀ do⁽ᵗ⁾",
            r"dL = (\nabla_{a^{(t+1)}} L)^\top \, da^{(t+1)} + (\nabla_{o^{(t)}} L)^\top \, do^{(t)}",
        ),
        ("da⁽ᵗ⁺¹⁾ = W dh⁽ᵗ⁾, do⁽ᵗ⁾ = V dh⁽ᵗ⁾", r"da^{(t+1)} = W \, dh^{(t)}, \quad do^{(t)} = V \, dh^{(t)}"),
    ),
)
def grad_h(W: Array, grad_a: Series, V: Array, grad_o: Series, t: int) -> Array:
    return W.T @ grad_a[t + 1] + V.T @ grad_o[t]


@equation(
    "RELU-9",
    family="relu",
    gives="∇a⁽ᵗ⁾",
    over="t = τ … 1",
    source="derived; forward D2L 8.4, seed 004 eq. 4 with φ = relu",
    title="how the loss feels what the hidden units receive",
    text="∇a⁽ᵗ⁾ = positive(a⁽ᵗ⁾) ⊙ ∇h⁽ᵗ⁾",
    latex=r"\nabla_{a^{(t)}} L = \operatorname{positive}(a^{(t)}) \odot \nabla_{h^{(t)}} L",
    note="the slope is 1 where a > 0 and 0 elsewhere; at a = 0, where relu has a corner, 0 is the custom",
    derivation=(
        ("dL = ∇h⁽ᵗ⁾ᵀ dh⁽ᵗ⁾", r"dL = (\nabla_{h^{(t)}} L)^\top \, dh^{(t)}"),
        ("dh⁽ᵗ⁾ = positive(a⁽ᵗ⁾) ⊙ da⁽ᵗ⁾", r"dh^{(t)} = \operatorname{positive}(a^{(t)}) \odot da^{(t)}"),
    ),
)
def grad_a(a: Series, grad_h: Series, t: int) -> Array:
    return positive(a[t]) * grad_h[t]


again("RELU-10", of="21", family="relu", kernel=True)
again("RELU-11", of="23", family="relu", kernel=True)


@equation(
    "RELU-12",
    family="relu",
    gives="∇b",
    source="derived; forward DLB 10.2 eq. 10.8",
    title="the bias of the hidden units",
    text="∇b = Σₜ ∇a⁽ᵗ⁾",
    latex=r"\nabla_b L = \sum_t \nabla_{a^{(t)}} L",
    derivation=(
        ("da⁽ᵗ⁾ = db", r"da^{(t)} = db"),
        ("dL = Σₜ ∇a⁽ᵗ⁾ᵀ db", r"dL = \sum_t (\nabla_{a^{(t)}} L)^\top \, db"),
    ),
)
def grad_b(grad_a: Series, tau: int) -> Array:
    return sum(grad_a[t] for t in steps(tau))


@equation(
    "RELU-13",
    family="relu",
    gives="∇W",
    source="derived; forward DLB 10.2 eq. 10.8",
    title="hidden to hidden",
    text="∇W = Σₜ ∇a⁽ᵗ⁾ h⁽ᵗ⁻¹⁾ᵀ",
    latex=r"\nabla_W L = \sum_t \nabla_{a^{(t)}} L \, h^{(t-1)\top}",
    derivation=(
        ("da⁽ᵗ⁾ = dW h⁽ᵗ⁻¹⁾", r"da^{(t)} = dW \, h^{(t-1)}"),
        ("∇W[i, j] = Σₜ ∇a⁽ᵗ⁾[i] h⁽ᵗ⁻¹⁾[j]", r"\nabla_W L[i, j] = \sum_t \nabla_{a^{(t)}} L[i] \, h^{(t-1)}[j]"),
    ),
)
def grad_W(grad_a: Series, h: Series, tau: int) -> Array:
    return sum(grad_a[t] @ h[t - 1].T for t in steps(tau))


@equation(
    "RELU-14",
    family="relu",
    gives="∇U",
    source="derived; forward DLB 10.2 eq. 10.8",
    title="input to hidden",
    text="∇U = Σₜ ∇a⁽ᵗ⁾ x⁽ᵗ⁾ᵀ",
    latex=r"\nabla_U L = \sum_t \nabla_{a^{(t)}} L \, x^{(t)\top}",
    derivation=(
        ("da⁽ᵗ⁾ = dU x⁽ᵗ⁾", r"da^{(t)} = dU \, x^{(t)}"),
        ("∇U[i, j] = Σₜ ∇a⁽ᵗ⁾[i] x⁽ᵗ⁾[j]", r"\nabla_U L[i, j] = \sum_t \nabla_{a^{(t)}} L[i] \, x^{(t)}[j]"),
    ),
)
def grad_U(grad_a: Series, x: Series, tau: int) -> Array:
    return sum(grad_a[t] @ x[t].T for t in steps(tau))


@equation(
    "RELU-15",
    family="relu",
    gives="∇h⁽⁰⁾",
    source="derived; forward DLB 10.2 eq. 10.8",
    title="how the loss feels the state it starts from",
    text="∇h⁽⁰⁾ = Wᵀ ∇a⁽¹⁾",
    latex=r"\nabla_{h^{(0)}} L = W^\top \nabla_{a^{(1)}} L",
    note="nothing is put out at 0, so there is one way only",
    derivation=(
        ("dL = ∇a⁽¹⁾ᵀ da⁽¹⁾", r"dL = (\nabla_{a^{(1)}} L)^\top \, da^{(1)}"),
        ("da⁽¹⁾ = W dh⁽⁰⁾", r"da^{(1)} = W \, dh^{(0)}"),
    ),
)
def grad_h_first(W: Array, grad_a: Series) -> Array:
    return W.T @ grad_a[1]


@equation(
    "RELU-16",
    family="relu",
    gives="∇x⁽ᵗ⁾",
    over="t = τ … 1",
    source="derived; forward DLB 10.2 eq. 10.8",
    title="how the loss feels an input",
    text="∇x⁽ᵗ⁾ = Uᵀ ∇a⁽ᵗ⁾",
    latex=r"\nabla_{x^{(t)}} L = U^\top \nabla_{a^{(t)}} L",
    derivation=(
        ("dL = ∇a⁽ᵗ⁾ᵀ da⁽ᵗ⁾", r"dL = (\nabla_{a^{(t)}} L)^\top \, da^{(t)}"),
        ("da⁽ᵗ⁾ = U dx⁽ᵗ⁾", r"da^{(t)} = U \, dx^{(t)}"),
    ),
)
def grad_x(U: Array, grad_a: Series, t: int) -> Array:
    return U.T @ grad_a[t]
