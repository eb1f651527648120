"""The network whose only recurrence is from output to hidden units, forwards and backwards. [DLB 10.2 fig. 10.4]

Seed 001's pattern 2: the scores o⁽ᵗ⁻¹⁾ are fed back. U (H, I), W (H, V), V (V, H), b (H, 1), c (V, 1); x (I, 1), a
and h (H, 1), o and ŷ (V, 1), y an id, each at t = 1 … τ, o also at 0. L is the sum of the losses of all steps, in
nats; ∇z is its gradient by z. Derivations are written in differentials: where dL = gᵀ dz, the gradient ∇z is g.
"""

from __future__ import annotations

import rnn.formulas.jordan  # noqa: F401  # enters what is entered here again
from rnn.formulas.again import again
from rnn.formulas.registry import equation, family
from rnn.formulas.words import Array, onehot, steps, sum

Series = dict[int, Array]

family("output-recurrence", "Output recurrence only, scores fed back [DLB 10.2 fig. 10.4]")


@equation(
    "OUTPUT-1",
    family="output-recurrence",
    gives="a⁽ᵗ⁾",
    over="t = 1 … τ",
    source="DLB 10.2 fig. 10.4, seed 001 pattern 2",
    title="what the hidden units receive",
    text="a⁽ᵗ⁾ = b + W o⁽ᵗ⁻¹⁾ + U x⁽ᵗ⁾",
    latex=r"a^{(t)} = b + W o^{(t-1)} + U x^{(t)}",
    witnesses=("engine",),
    note="the hidden units see the last scores and not each other",
)
def a(b: Array, W: Array, U: Array, o: Series, x: Series, t: int) -> Array:
    return b + W @ o[t - 1] + U @ x[t]


again("OUTPUT-2", of="8", family="output-recurrence")
again("OUTPUT-3", of="9", family="output-recurrence")
again("OUTPUT-4", of="10", family="output-recurrence")
again("OUTPUT-5", of="13", family="output-recurrence")


@equation(
    "OUTPUT-6",
    family="output-recurrence",
    gives="∇o⁽ᵗ⁾",
    over="t = τ … 1",
    source="derived; forward DLB 10.2 fig. 10.4",
    title="how the loss feels the scores",
    text="∇o⁽ᵗ⁾ = ŷ⁽ᵗ⁾ − onehot(y⁽ᵗ⁾) + Wᵀ ∇a⁽ᵗ⁺¹⁾",
    latex=r"\nabla_{o^{(t)}} L = \hat{y}^{(t)} - \operatorname{onehot}(y^{(t)}) + W^\top \nabla_{a^{(t+1)}} L",
    witnesses=("engine", "differences"),
    note="two ways: this step's loss, which is that of equation 17, and the next step, which reads the scores"
    " themselves. Nothing comes from after the end: ∇a⁽τ⁺¹⁾ is 0",
    derivation=(
        (
            "dL = (ŷ⁽ᵗ⁾ − onehot(y⁽ᵗ⁾))ᵀ do⁽ᵗ⁾ + ∇a⁽ᵗ⁺¹⁾ᵀ da⁽ᵗ⁺¹⁾",
            r"dL = (\hat{y}^{(t)} - \operatorname{onehot}(y^{(t)}))^\top \, do^{(t)} + (\nabla_{a^{(t+1)}}"
            r" L)^\top \, da^{(t+1)}",
        ),
        ("da⁽ᵗ⁺¹⁾ = W do⁽ᵗ⁾", r"da^{(t+1)} = W \, do^{(t)}"),
    ),
)
def grad_o(y_hat: Series, y: dict[int, int], W: Array, grad_a: Series, t: int) -> Array:
    return y_hat[t] - onehot(y[t], y_hat[t]) + W.T @ grad_a[t + 1]


again("OUTPUT-7", of="JORDAN-8", family="output-recurrence")
again("OUTPUT-8", of="JORDAN-9", family="output-recurrence")
again("OUTPUT-9", of="21", family="output-recurrence")
again("OUTPUT-10", of="23", family="output-recurrence")
again("OUTPUT-11", of="JORDAN-12", family="output-recurrence")


@equation(
    "OUTPUT-12",
    family="output-recurrence",
    gives="∇W",
    source="derived; forward DLB 10.2 fig. 10.4",
    title="output to hidden",
    text="∇W = Σₜ ∇a⁽ᵗ⁾ o⁽ᵗ⁻¹⁾ᵀ",
    latex=r"\nabla_W L = \sum_t \nabla_{a^{(t)}} L \, o^{(t-1)\top}",
    witnesses=("engine", "differences"),
    derivation=(
        ("da⁽ᵗ⁾ = dW o⁽ᵗ⁻¹⁾", r"da^{(t)} = dW \, o^{(t-1)}"),
        ("∇W[i, j] = Σₜ ∇a⁽ᵗ⁾[i] o⁽ᵗ⁻¹⁾[j]", r"\nabla_W L[i, j] = \sum_t \nabla_{a^{(t)}} L[i] \, o^{(t-1)}[j]"),
    ),
)
def grad_W(grad_a: Series, o: Series, tau: int) -> Array:
    return sum(grad_a[t] @ o[t - 1].T for t in steps(tau))


again("OUTPUT-13", of="JORDAN-14", family="output-recurrence")


@equation(
    "OUTPUT-14",
    family="output-recurrence",
    gives="∇o⁽⁰⁾",
    source="derived; forward DLB 10.2 fig. 10.4",
    title="how the loss feels the scores it starts from",
    text="∇o⁽⁰⁾ = Wᵀ ∇a⁽¹⁾",
    latex=r"\nabla_{o^{(0)}} L = W^\top \nabla_{a^{(1)}} L",
    witnesses=("engine", "differences"),
    note="o⁽⁰⁾ is given and has no loss of its own, so there is one way only",
    derivation=(
        ("dL = ∇a⁽¹⁾ᵀ da⁽¹⁾", r"dL = (\nabla_{a^{(1)}} L)^\top \, da^{(1)}"),
        ("da⁽¹⁾ = W do⁽⁰⁾", r"da^{(1)} = W \, do^{(0)}"),
    ),
)
def grad_o_first(W: Array, grad_a: Series) -> Array:
    return W.T @ grad_a[1]


again("OUTPUT-15", of="JORDAN-16", family="output-recurrence")
