"""The Elman network and its backpropagation through time. [DLB 10.2 and 10.2.2; numbers are seed 001's]

U (H, I), W (H, H), V (V, H), b (H, 1), c (V, 1); x (I, 1), a and h (H, 1), o and ŷ (V, 1), y an id, each at
t = 1 … τ, h also at 0. L is the sum of the losses of all steps, in nats; ∇z is its gradient by z.
"""

from __future__ import annotations

import numpy as np

from rnn.formulas.registry import equation
from rnn.formulas.words import Array, diag, entry, onehot, softmax, steps, sum

Series = dict[int, Array]


@equation(
    "7",
    family="elman",
    gives="a⁽ᵗ⁾",
    over="t = 1 … τ",
    source="DLB 10.2 eq. 10.8",
    title="what the hidden units receive",
    text="a⁽ᵗ⁾ = b + W h⁽ᵗ⁻¹⁾ + U x⁽ᵗ⁾",
    latex=r"a^{(t)} = b + W h^{(t-1)} + U x^{(t)}",
    witnesses=("engine",),
)
def a(b: Array, W: Array, U: Array, h: Series, x: Series, t: int) -> Array:
    return b + W @ h[t - 1] + U @ x[t]


@equation(
    "8",
    family="elman",
    gives="h⁽ᵗ⁾",
    over="t = 1 … τ",
    source="DLB 10.2 eq. 10.9",
    title="the hidden state",
    text="h⁽ᵗ⁾ = tanh(a⁽ᵗ⁾)",
    latex=r"h^{(t)} = \tanh(a^{(t)})",
    witnesses=("engine", "fused"),
)
def h(a: Series, t: int) -> Array:
    return np.tanh(a[t])


@equation(
    "9",
    family="elman",
    gives="o⁽ᵗ⁾",
    over="t = 1 … τ",
    source="DLB 10.2 eq. 10.10",
    title="the scores",
    text="o⁽ᵗ⁾ = c + V h⁽ᵗ⁾",
    latex=r"o^{(t)} = c + V h^{(t)}",
    witnesses=("engine", "fused"),
)
def o(c: Array, V: Array, h: Series, t: int) -> Array:
    return c + V @ h[t]


@equation(
    "10",
    family="elman",
    gives="ŷ⁽ᵗ⁾",
    over="t = 1 … τ",
    source="DLB 10.2 eq. 10.11",
    title="the probabilities",
    text="ŷ⁽ᵗ⁾ = softmax(o⁽ᵗ⁾)",
    latex=r"\hat{y}^{(t)} = \operatorname{softmax}(o^{(t)})",
    witnesses=("engine", "fused"),
)
def y_hat(o: Series, t: int) -> Array:
    return softmax(o[t])


@equation(
    "13",
    family="elman",
    gives="L",
    source="DLB 10.2 eq. 10.12–10.14",
    title="the loss of the whole sequence",
    text="L = −Σₜ log ŷ⁽ᵗ⁾[y⁽ᵗ⁾]",
    latex=r"L = -\sum_t \log \hat{y}^{(t)}[y^{(t)}]",
    witnesses=("engine", "fused"),
)
def loss(y_hat: Series, y: dict[int, int], tau: int) -> float:
    return -sum(np.log(entry(y_hat[t], y[t])) for t in steps(tau))


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
    note="read literally the shapes do not fit; read as (1 − h²) ⊙ Wᵀ∇h it computes, and is wrong unless H = 1",
)
def grad_h_printed(W: Array, h: Series, grad_h: Series, V: Array, grad_o: Series, t: int) -> Array:
    return (1 - h[t + 1] ** 2) * (W.T @ grad_h[t + 1]) + V.T @ grad_o[t]


@equation(
    "21",
    family="elman",
    gives="∇c",
    source="DLB 10.2.2 eq. 10.22",
    title="the bias of the scores",
    text="∇c = Σₜ ∇o⁽ᵗ⁾",
    latex=r"\nabla_c L = \sum_t \nabla_{o^{(t)}} L",
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
)
def grad_U(h: Series, grad_h: Series, x: Series, tau: int) -> Array:
    return sum(diag(1 - h[t] ** 2) @ grad_h[t] @ x[t].T for t in steps(tau))
