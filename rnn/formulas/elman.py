"""The Elman network, from its states back to parameters, inputs and first state. [DLB 10.2.2; numbers are seed 001's]

The letters are those of `rnn.formulas.elman_forward`. Derivations are written in differentials: where dL = gᵀ dz,
the gradient ∇z is g.
"""

from __future__ import annotations

import rnn.formulas.elman_backward  # noqa: F401  # enters the equations before these
from rnn.formulas.registry import equation
from rnn.formulas.words import Array, diag, steps, sum

Series = dict[int, Array]


@equation(
    "21",
    family="elman",
    gives="∇c",
    source="DLB 10.2.2 eq. 10.22",
    title="the bias of the scores",
    text="∇c = Σₜ ∇o⁽ᵗ⁾",
    latex=r"\nabla_c L = \sum_t \nabla_{o^{(t)}} L",
    derivation=(
        ("do⁽ᵗ⁾ = dc", r"do^{(t)} = dc"),
        ("dL = Σₜ ∇o⁽ᵗ⁾ᵀ dc", r"dL = \sum_t (\nabla_{o^{(t)}} L)^\top \, dc"),
    ),
)
def grad_c(grad_o: Series, tau: int) -> Array:
    return sum(grad_o[t] for t in steps(tau))


@equation(
    "22",
    family="elman",
    gives="∇b",
    source="DLB 10.2.2 eq. 10.23",
    title="the bias of the hidden units",
    text="∇b = Σₜ diag(1 − (h⁽ᵗ⁾)²) ∇h⁽ᵗ⁾",
    latex=r"\nabla_b L = \sum_t \operatorname{diag}(1 - (h^{(t)})^2) \nabla_{h^{(t)}} L",
    derivation=(
        (
            "dh⁽ᵗ⁾ = diag(1 − (h⁽ᵗ⁾)²) da⁽ᵗ⁾, da⁽ᵗ⁾ = db",
            r"dh^{(t)} = \operatorname{diag}(1 - (h^{(t)})^2) \, da^{(t)}, \quad da^{(t)} = db",
        ),
        (
            "dL = Σₜ ∇h⁽ᵗ⁾ᵀ diag(1 − (h⁽ᵗ⁾)²) db",
            r"dL = \sum_t (\nabla_{h^{(t)}} L)^\top \operatorname{diag}(1 - (h^{(t)})^2) \, db",
        ),
    ),
)
def grad_b(h: Series, grad_h: Series, tau: int) -> Array:
    return sum(diag(1 - h[t] ** 2) @ grad_h[t] for t in steps(tau))


@equation(
    "23",
    family="elman",
    gives="∇V",
    source="DLB 10.2.2 eq. 10.24",
    title="hidden to output",
    text="∇V = Σₜ ∇o⁽ᵗ⁾ h⁽ᵗ⁾ᵀ",
    latex=r"\nabla_V L = \sum_t \nabla_{o^{(t)}} L \, h^{(t)\top}",
    derivation=(
        ("do⁽ᵗ⁾ = dV h⁽ᵗ⁾", r"do^{(t)} = dV \, h^{(t)}"),
        ("dL = Σₜ ∇o⁽ᵗ⁾ᵀ dV h⁽ᵗ⁾", r"dL = \sum_t (\nabla_{o^{(t)}} L)^\top \, dV \, h^{(t)}"),
        ("∇V[i, j] = Σₜ ∇o⁽ᵗ⁾[i] h⁽ᵗ⁾[j]", r"\nabla_V L[i, j] = \sum_t \nabla_{o^{(t)}} L[i] \, h^{(t)}[j]"),
    ),
)
def grad_V(grad_o: Series, h: Series, tau: int) -> Array:
    return sum(grad_o[t] @ h[t].T for t in steps(tau))


@equation(
    "24",
    family="elman",
    gives="∇W",
    source="DLB 10.2.2 eq. 10.26",
    title="hidden to hidden",
    text="∇W = Σₜ diag(1 − (h⁽ᵗ⁾)²) ∇h⁽ᵗ⁾ h⁽ᵗ⁻¹⁾ᵀ",
    latex=r"\nabla_W L = \sum_t \operatorname{diag}(1 - (h^{(t)})^2) \nabla_{h^{(t)}} L \, h^{(t-1)\top}",
    derivation=(
        (
            "dh⁽ᵗ⁾ = diag(1 − (h⁽ᵗ⁾)²) da⁽ᵗ⁾, da⁽ᵗ⁾ = dW h⁽ᵗ⁻¹⁾",
            r"dh^{(t)} = \operatorname{diag}(1 - (h^{(t)})^2) \, da^{(t)}, \quad da^{(t)} = dW \, h^{(t-1)}",
        ),
        (
            "∇W[i, j] = Σₜ (1 − (h⁽ᵗ⁾[i])²) ∇h⁽ᵗ⁾[i] h⁽ᵗ⁻¹⁾[j]",
            r"\nabla_W L[i, j] = \sum_t (1 - (h^{(t)}[i])^2) \nabla_{h^{(t)}} L[i] \, h^{(t-1)}[j]",
        ),
    ),
)
def grad_W(h: Series, grad_h: Series, tau: int) -> Array:
    return sum(diag(1 - h[t] ** 2) @ grad_h[t] @ h[t - 1].T for t in steps(tau))


@equation(
    "25",
    family="elman",
    gives="∇U",
    source="DLB 10.2.2 eq. 10.28",
    title="input to hidden",
    text="∇U = Σₜ diag(1 − (h⁽ᵗ⁾)²) ∇h⁽ᵗ⁾ x⁽ᵗ⁾ᵀ",
    latex=r"\nabla_U L = \sum_t \operatorname{diag}(1 - (h^{(t)})^2) \nabla_{h^{(t)}} L \, x^{(t)\top}",
    derivation=(
        (
            "dh⁽ᵗ⁾ = diag(1 − (h⁽ᵗ⁾)²) da⁽ᵗ⁾, da⁽ᵗ⁾ = dU x⁽ᵗ⁾",
            r"dh^{(t)} = \operatorname{diag}(1 - (h^{(t)})^2) \, da^{(t)}, \quad da^{(t)} = dU \, x^{(t)}",
        ),
        (
            "∇U[i, j] = Σₜ (1 − (h⁽ᵗ⁾[i])²) ∇h⁽ᵗ⁾[i] x⁽ᵗ⁾[j]",
            r"\nabla_U L[i, j] = \sum_t (1 - (h^{(t)}[i])^2) \nabla_{h^{(t)}} L[i] \, x^{(t)}[j]",
        ),
    ),
)
def grad_U(h: Series, grad_h: Series, x: Series, tau: int) -> Array:
    return sum(diag(1 - h[t] ** 2) @ grad_h[t] @ x[t].T for t in steps(tau))


@equation(
    "ELMAN-1",
    family="elman",
    gives="∇a⁽ᵗ⁾",
    over="t = τ … 1",
    source="derived; forward DLB 10.2 eq. 10.9",
    title="how the loss feels what the hidden units receive",
    text="∇a⁽ᵗ⁾ = diag(1 − (h⁽ᵗ⁾)²) ∇h⁽ᵗ⁾",
    latex=r"\nabla_{a^{(t)}} L = \operatorname{diag}(1 - (h^{(t)})^2) \nabla_{h^{(t)}} L",
    note="the factor that equations 20, 22, 24 and 25 share",
    derivation=(
        ("dL = ∇h⁽ᵗ⁾ᵀ dh⁽ᵗ⁾", r"dL = (\nabla_{h^{(t)}} L)^\top \, dh^{(t)}"),
        ("dh⁽ᵗ⁾ = diag(1 − (h⁽ᵗ⁾)²) da⁽ᵗ⁾", r"dh^{(t)} = \operatorname{diag}(1 - (h^{(t)})^2) \, da^{(t)}"),
    ),
)
def grad_a(h: Series, grad_h: Series, t: int) -> Array:
    return diag(1 - h[t] ** 2) @ grad_h[t]


@equation(
    "ELMAN-2",
    family="elman",
    gives="∇h⁽⁰⁾",
    source="derived; forward DLB 10.2 eq. 10.8",
    title="how the loss feels the state it starts from",
    text="∇h⁽⁰⁾ = Wᵀ diag(1 − (h⁽¹⁾)²) ∇h⁽¹⁾",
    latex=r"\nabla_{h^{(0)}} L = W^\top \operatorname{diag}(1 - (h^{(1)})^2) \nabla_{h^{(1)}} L",
    note="as equation 20, but nothing is put out at 0",
    derivation=(
        ("dL = ∇h⁽¹⁾ᵀ dh⁽¹⁾", r"dL = (\nabla_{h^{(1)}} L)^\top \, dh^{(1)}"),
        (
            "dh⁽¹⁾ = diag(1 − (h⁽¹⁾)²) da⁽¹⁾, da⁽¹⁾ = W dh⁽⁰⁾",
            r"dh^{(1)} = \operatorname{diag}(1 - (h^{(1)})^2) \, da^{(1)}, \quad da^{(1)} = W \, dh^{(0)}",
        ),
    ),
)
def grad_h_first(W: Array, h: Series, grad_h: Series) -> Array:
    return W.T @ diag(1 - h[1] ** 2) @ grad_h[1]


@equation(
    "ELMAN-3",
    family="elman",
    gives="∇x⁽ᵗ⁾",
    over="t = τ … 1",
    source="derived; forward DLB 10.2 eq. 10.8",
    title="how the loss feels an input",
    text="∇x⁽ᵗ⁾ = Uᵀ diag(1 − (h⁽ᵗ⁾)²) ∇h⁽ᵗ⁾",
    latex=r"\nabla_{x^{(t)}} L = U^\top \operatorname{diag}(1 - (h^{(t)})^2) \nabla_{h^{(t)}} L",
    note="in a stack of layers the one below has this as its share of ∇h⁽ᵗ⁾ from above",
    derivation=(
        ("dL = ∇h⁽ᵗ⁾ᵀ dh⁽ᵗ⁾", r"dL = (\nabla_{h^{(t)}} L)^\top \, dh^{(t)}"),
        (
            "dh⁽ᵗ⁾ = diag(1 − (h⁽ᵗ⁾)²) da⁽ᵗ⁾, da⁽ᵗ⁾ = U dx⁽ᵗ⁾",
            r"dh^{(t)} = \operatorname{diag}(1 - (h^{(t)})^2) \, da^{(t)}, \quad da^{(t)} = U \, dx^{(t)}",
        ),
    ),
)
def grad_x(U: Array, h: Series, grad_h: Series, t: int) -> Array:
    return U.T @ diag(1 - h[t] ** 2) @ grad_h[t]
