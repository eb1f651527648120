"""The gated recurrent unit with the reset before the product, from the input to the loss. [D2L 9.1, seed 000]

U_r, U_z, U_n (H, I), W_r, W_z, W_n (H, H), b_r, b_z, b_n (H, 1), V (V, H), c (V, 1); x (I, 1), the gates r and z, the
candidate n, what they receive a_r, a_z, a_n, the state that the reset lets through q, and the state h (H, 1), each at
t = 1 … τ, h also at 0. D2L prints the same with samples as rows, the candidate as H̃, its parameters with the
subscript h.

The way back is in `gru_backward`, its ends at parameters, first state and inputs in `gru_gradients`; the form with
the reset after the product in `gru_after`.
"""

from __future__ import annotations

from functools import partial

import numpy as np

import rnn.formulas.elman_forward  # noqa: F401  # enters what is entered here again
from rnn.formulas.again import again
from rnn.formulas.registry import equation, family
from rnn.formulas.words import Array, sigmoid

Series = dict[int, Array]

family("gru", "Gated recurrent unit [D2L 9.1]")
forward = partial(equation, over="t = 1 … τ", witnesses=("engine",))
step = partial(forward, family="gru", source="D2L 9.1")
kept = partial(step, witnesses=("engine", "fused"))  # what the kernel keeps of a step


@step(
    "GRU-1",
    gives="a_r⁽ᵗ⁾",
    title="what the reset gate receives",
    text="a_r⁽ᵗ⁾ = b_r + W_r h⁽ᵗ⁻¹⁾ + U_r x⁽ᵗ⁾",
    latex=r"a_r^{(t)} = b_r + W_r h^{(t-1)} + U_r x^{(t)}",
)
def a_r(b_r: Array, W_r: Array, h: Series, U_r: Array, x: Series, t: int) -> Array:
    return b_r + W_r @ h[t - 1] + U_r @ x[t]


@kept(
    "GRU-2",
    gives="r⁽ᵗ⁾",
    title="the reset gate: how much of the old state the candidate sees",
    text="r⁽ᵗ⁾ = σ(a_r⁽ᵗ⁾)",
    latex=r"r^{(t)} = \sigma(a_r^{(t)})",
)
def r(a_r: Series, t: int) -> Array:
    return sigmoid(a_r[t])


@step(
    "GRU-3",
    gives="a_z⁽ᵗ⁾",
    title="what the update gate receives",
    text="a_z⁽ᵗ⁾ = b_z + W_z h⁽ᵗ⁻¹⁾ + U_z x⁽ᵗ⁾",
    latex=r"a_z^{(t)} = b_z + W_z h^{(t-1)} + U_z x^{(t)}",
)
def a_z(b_z: Array, W_z: Array, h: Series, U_z: Array, x: Series, t: int) -> Array:
    return b_z + W_z @ h[t - 1] + U_z @ x[t]


@kept(
    "GRU-4",
    gives="z⁽ᵗ⁾",
    title="the update gate: how much of the old state stays",
    text="z⁽ᵗ⁾ = σ(a_z⁽ᵗ⁾)",
    latex=r"z^{(t)} = \sigma(a_z^{(t)})",
)
def z(a_z: Series, t: int) -> Array:
    return sigmoid(a_z[t])


@kept(
    "GRU-5",
    gives="q⁽ᵗ⁾",
    title="what the reset lets through of the old state",
    text="q⁽ᵗ⁾ = r⁽ᵗ⁾ ⊙ h⁽ᵗ⁻¹⁾",
    latex=r"q^{(t)} = r^{(t)} \odot h^{(t-1)}",
)
def q(r: Series, h: Series, t: int) -> Array:
    return r[t] * h[t - 1]


@step(
    "GRU-6",
    gives="a_n⁽ᵗ⁾",
    title="what the candidate receives",
    text="a_n⁽ᵗ⁾ = b_n + W_n q⁽ᵗ⁾ + U_n x⁽ᵗ⁾",
    latex=r"a_n^{(t)} = b_n + W_n q^{(t)} + U_n x^{(t)}",
)
def a_n(b_n: Array, W_n: Array, q: Series, U_n: Array, x: Series, t: int) -> Array:
    return b_n + W_n @ q[t] + U_n @ x[t]


@kept(
    "GRU-7",
    gives="n⁽ᵗ⁾",
    title="the candidate for the new state",
    text="n⁽ᵗ⁾ = tanh(a_n⁽ᵗ⁾)",
    latex=r"n^{(t)} = \tanh(a_n^{(t)})",
)
def n(a_n: Series, t: int) -> Array:
    return np.tanh(a_n[t])


@kept(
    "GRU-8",
    gives="h⁽ᵗ⁾",
    title="the new state, between the candidate and the old one",
    text="h⁽ᵗ⁾ = (1 − z⁽ᵗ⁾) ⊙ n⁽ᵗ⁾ + z⁽ᵗ⁾ ⊙ h⁽ᵗ⁻¹⁾",
    latex=r"h^{(t)} = (1 - z^{(t)}) \odot n^{(t)} + z^{(t)} \odot h^{(t-1)}",
)
def h(z: Series, n: Series, h: Series, t: int) -> Array:
    return (1 - z[t]) * n[t] + z[t] * h[t - 1]


# The output layer and the loss are the Elman network's.
again("GRU-9", of="9", family="gru", kernel=True)
again("GRU-10", of="10", family="gru", kernel=True)
again("GRU-11", of="13", family="gru", kernel=True)
