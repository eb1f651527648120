"""The Elman network, from the loss back through its states. [DLB 10.2.2; numbers are seed 001's]

The letters are those of `rnn.formulas.elman_forward`. Derivations are written in differentials: where dL = gᵀ dz,
the gradient ∇z is g.
"""

from __future__ import annotations

from rnn.formulas.elman_forward import Series
from rnn.formulas.registry import equation
from rnn.formulas.words import Array, diag, onehot


@equation(
    "16",
    family="elman",
    gives="∂L/∂L⁽ᵗ⁾",
    over="t = 1 … τ",
    source="DLB 10.2.2 eq. 10.17",
    title="where the walk back begins",
    text="∂L/∂L⁽ᵗ⁾ = 1",
    latex=r"\frac{\partial L}{\partial L^{(t)}} = 1",
    witnesses=("engine", "differences"),
    derivation=(
        ("L = Σₜ L⁽ᵗ⁾", r"L = \sum_t L^{(t)}"),
        ("dL = Σₜ 1 dL⁽ᵗ⁾", r"dL = \sum_t 1 \, dL^{(t)}"),
    ),
)
def dL_dL(t: int) -> float:
    return 1.0


@equation(
    "17",
    family="elman",
    gives="∇o⁽ᵗ⁾",
    over="t = 1 … τ",
    source="DLB 10.2.2 eq. 10.18",
    title="how the loss feels the scores",
    text="∇o⁽ᵗ⁾ = ŷ⁽ᵗ⁾ − onehot(y⁽ᵗ⁾)",
    latex=r"\nabla_{o^{(t)}} L = \hat{y}^{(t)} - \operatorname{onehot}(y^{(t)})",
    witnesses=("engine", "differences"),
    derivation=(
        (
            "L⁽ᵗ⁾ = log Σₖ exp(o⁽ᵗ⁾[k]) − o⁽ᵗ⁾[y⁽ᵗ⁾]",
            r"L^{(t)} = \log \sum_k \operatorname{exp}(o^{(t)}[k]) - o^{(t)}[y^{(t)}]",
        ),
        (
            "dL⁽ᵗ⁾ = softmax(o⁽ᵗ⁾)ᵀ do⁽ᵗ⁾ − onehot(y⁽ᵗ⁾)ᵀ do⁽ᵗ⁾",
            r"dL^{(t)} = \operatorname{softmax}(o^{(t)})^\top \, do^{(t)} - \operatorname{onehot}(y^{(t)})^\top"
            r" \, do^{(t)}",
        ),
    ),
)
def grad_o(y_hat: Series, y: dict[int, int], t: int) -> Array:
    return y_hat[t] - onehot(y[t], y_hat[t])


@equation(
    "18",
    family="elman",
    gives="∇h⁽τ⁾",
    source="DLB 10.2.2 eq. 10.19",
    title="how the loss feels the last state",
    text="∇h⁽τ⁾ = Vᵀ ∇o⁽τ⁾",
    latex=r"\nabla_{h^{(\tau)}} L = V^\top \nabla_{o^{(\tau)}} L",
    derivation=(
        ("do⁽τ⁾ = V dh⁽τ⁾", r"do^{(\tau)} = V \, dh^{(\tau)}"),
        (
            "dL = ∇o⁽τ⁾ᵀ do⁽τ⁾ = ∇o⁽τ⁾ᵀ V dh⁽τ⁾ = (Vᵀ ∇o⁽τ⁾)ᵀ dh⁽τ⁾",
            r"dL = (\nabla_{o^{(\tau)}} L)^\top \, do^{(\tau)} = (\nabla_{o^{(\tau)}} L)^\top V \, dh^{(\tau)} ="
            r" (V^\top \nabla_{o^{(\tau)}} L)^\top \, dh^{(\tau)}",
        ),
    ),
)
def grad_h_last(V: Array, grad_o: Series, tau: int) -> Array:
    return V.T @ grad_o[tau]


@equation(
    "19-h",
    family="elman",
    gives="∂h⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾",
    over="t = τ−1 … 1",
    source="DLB 10.2.2 eq. 10.20",
    title="the next state by this one",
    text="∂h⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾ = diag(1 − (h⁽ᵗ⁺¹⁾)²) W",
    latex=r"\frac{\partial h^{(t+1)}}{\partial h^{(t)}} = \operatorname{diag}(1 - (h^{(t+1)})^2) W",
    witnesses=("engine", "differences"),
    note="the Jacobian that equation 19 names and does not print",
    derivation=(
        ("da⁽ᵗ⁺¹⁾ = W dh⁽ᵗ⁾", r"da^{(t+1)} = W \, dh^{(t)}"),
        ("dh⁽ᵗ⁺¹⁾ = diag(1 − (h⁽ᵗ⁺¹⁾)²) da⁽ᵗ⁺¹⁾", r"dh^{(t+1)} = \operatorname{diag}(1 - (h^{(t+1)})^2) \, da^{(t+1)}"),
    ),
)
def dh_dh(W: Array, h: Series, t: int) -> Array:
    return diag(1 - h[t + 1] ** 2) @ W


@equation(
    "19-o",
    family="elman",
    gives="∂o⁽ᵗ⁾/∂h⁽ᵗ⁾",
    over="t = 1 … τ",
    source="DLB 10.2.2 eq. 10.20",
    title="the scores by the state",
    text="∂o⁽ᵗ⁾/∂h⁽ᵗ⁾ = V",
    latex=r"\frac{\partial o^{(t)}}{\partial h^{(t)}} = V",
    witnesses=("engine", "differences"),
    note="the other Jacobian that equation 19 names",
    derivation=(
        ("o⁽ᵗ⁾ = c + V h⁽ᵗ⁾", r"o^{(t)} = c + V h^{(t)}"),
        ("do⁽ᵗ⁾ = V dh⁽ᵗ⁾", r"do^{(t)} = V \, dh^{(t)}"),
    ),
)
def do_dh(V: Array, t: int) -> Array:
    return V


@equation(
    "19",
    family="elman",
    gives="∇h⁽ᵗ⁾",
    over="t = τ−1 … 1",
    source="DLB 10.2.2 eq. 10.20",
    title="two ways from a state to the loss",
    text="∇h⁽ᵗ⁾ = (∂h⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾)ᵀ ∇h⁽ᵗ⁺¹⁾ + (∂o⁽ᵗ⁾/∂h⁽ᵗ⁾)ᵀ ∇o⁽ᵗ⁾",
    latex=r"\nabla_{h^{(t)}} L = \left(\frac{\partial h^{(t+1)}}{\partial h^{(t)}}\right)^\top \nabla_{h^{(t+1)}} L"
    r" + \left(\frac{\partial o^{(t)}}{\partial h^{(t)}}\right)^\top \nabla_{o^{(t)}} L",
    derivation=(
        (
            "dL = ∇h⁽ᵗ⁺¹⁾ᵀ dh⁽ᵗ⁺¹⁾ + ∇o⁽ᵗ⁾ᵀ do⁽ᵗ⁾",
            r"dL = (\nabla_{h^{(t+1)}} L)^\top \, dh^{(t+1)} + (\nabla_{o^{(t)}} L)^\top \, do^{(t)}",
        ),
        (
            "dh⁽ᵗ⁺¹⁾ = ∂h⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾ dh⁽ᵗ⁾, do⁽ᵗ⁾ = ∂o⁽ᵗ⁾/∂h⁽ᵗ⁾ dh⁽ᵗ⁾",
            r"dh^{(t+1)} = \frac{\partial h^{(t+1)}}{\partial h^{(t)}} \, dh^{(t)}, \quad do^{(t)} ="
            r" \frac{\partial o^{(t)}}{\partial h^{(t)}} \, dh^{(t)}",
        ),
    ),
)
def grad_h_jacobians(dh_dh: Series, grad_h: Series, do_dh: Series, grad_o: Series, t: int) -> Array:
    return dh_dh[t + 1].T @ grad_h[t + 1] + do_dh[t].T @ grad_o[t]


@equation(
    "20",
    family="elman",
    gives="∇h⁽ᵗ⁾",
    over="t = τ−1 … 1",
    source="DLB 10.2.2 eq. 10.21",
    title="how the loss feels a state",
    text="∇h⁽ᵗ⁾ = Wᵀ diag(1 − (h⁽ᵗ⁺¹⁾)²) ∇h⁽ᵗ⁺¹⁾ + Vᵀ ∇o⁽ᵗ⁾",
    latex=r"\nabla_{h^{(t)}} L = W^\top \operatorname{diag}(1 - (h^{(t+1)})^2) \nabla_{h^{(t+1)}} L"
    r" + V^\top \nabla_{o^{(t)}} L",
    note="with the diagonal where it belongs; see 20-printed",
    derivation=(
        (
            "dL = ∇h⁽ᵗ⁺¹⁾ᵀ dh⁽ᵗ⁺¹⁾ + ∇o⁽ᵗ⁾ᵀ do⁽ᵗ⁾",
            r"dL = (\nabla_{h^{(t+1)}} L)^\top \, dh^{(t+1)} + (\nabla_{o^{(t)}} L)^\top \, do^{(t)}",
        ),
        (
            "dh⁽ᵗ⁺¹⁾ = diag(1 − (h⁽ᵗ⁺¹⁾)²) W dh⁽ᵗ⁾, do⁽ᵗ⁾ = V dh⁽ᵗ⁾",
            r"dh^{(t+1)} = \operatorname{diag}(1 - (h^{(t+1)})^2) W \, dh^{(t)}, \quad do^{(t)} = V \, dh^{(t)}",
        ),
        (
            "(diag(1 − (h⁽ᵗ⁺¹⁾)²) W)ᵀ = Wᵀ diag(1 − (h⁽ᵗ⁺¹⁾)²)",
            r"(\operatorname{diag}(1 - (h^{(t+1)})^2) W)^\top = W^\top \operatorname{diag}(1 - (h^{(t+1)})^2)",
        ),
    ),
)
def grad_h(W: Array, h: Series, grad_h: Series, V: Array, grad_o: Series, t: int) -> Array:
    return W.T @ diag(1 - h[t + 1] ** 2) @ grad_h[t + 1] + V.T @ grad_o[t]


@equation(
    "20-printed",
    family="elman",
    gives="∇h⁽ᵗ⁾",
    over="t = τ−1 … 1",
    source="DLB 10.2.2 eq. 10.21, as printed",
    title="equation 20 with the diagonal in the wrong place",
    text="∇h⁽ᵗ⁾ = Wᵀ ∇h⁽ᵗ⁺¹⁾ diag(1 − (h⁽ᵗ⁺¹⁾)²) + Vᵀ ∇o⁽ᵗ⁾",
    latex=r"\nabla_{h^{(t)}} L = W^\top \nabla_{h^{(t+1)}} L \operatorname{diag}(1 - (h^{(t+1)})^2)"
    r" + V^\top \nabla_{o^{(t)}} L",
    expected_to_fail=True,
    note="read literally the shapes do not fit; read as (1 − h²) ⊙ Wᵀ∇h it computes, and is wrong unless H = 1: it"
    " takes the slope of the unit i that a gradient goes to, in place of that of the unit k that it comes from",
    derivation=(
        (
            "D = diag(1 − (h⁽ᵗ⁺¹⁾)²), dh⁽ᵗ⁺¹⁾ = D W dh⁽ᵗ⁾, (D W)ᵀ = Wᵀ D",
            r"D = \operatorname{diag}(1 - (h^{(t+1)})^2), \quad dh^{(t+1)} = D W \, dh^{(t)}, \quad (D W)^\top ="
            r" W^\top D",
        ),
        (
            "(Wᵀ D − D Wᵀ)[i, k] = W[k, i] (D[k, k] − D[i, i])",
            r"(W^\top D - D W^\top)[i, k] = W[k, i] (D[k, k] - D[i, i])",
        ),
    ),
)
def grad_h_printed(W: Array, h: Series, grad_h: Series, V: Array, grad_o: Series, t: int) -> Array:
    return (1 - h[t + 1] ** 2) * (W.T @ grad_h[t + 1]) + V.T @ grad_o[t]
