"""The Elman network, forwards. [DLB 10.2; numbers are seed 001's]

U (H, I), W (H, H), V (V, H), b (H, 1), c (V, 1); x (I, 1), a and h (H, 1), o and ŷ (V, 1), y an id, each at
t = 1 … τ, h also at 0. L is the sum of the losses of all steps, in nats; ∇z is its gradient by z.
"""

from __future__ import annotations

import numpy as np

from rnn.formulas.registry import equation, family
from rnn.formulas.words import Array, entry, softmax, steps, sum

Series = dict[int, Array]

family("elman", "Elman network [DLB 10.2, 10.2.2]")


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
