"""Long short-term memory, from the input to the loss. [D2L 9.2, in torch's letters; the head and the loss DLB 10.2]

The gates i, f, o and the candidate g have U (H, I), W (H, H) and b (H, 1) each, as U_i, W_i, b_i; V (V, H) and
d (V, 1) are the head's. x (I, 1); a_i … a_o, i, f, g, o, the cell state c and the hidden state h (H, 1); the scores
s and ŷ (V, 1); y an id; each at t = 1 … τ, h and c also at 0. L is the sum of the losses of all steps, in nats.

The way back is in `lstm_backward`, its ends at parameters, first states and inputs in `lstm_gradients`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from rnn.formulas.registry import equation, family
from rnn.formulas.words import Array, entry, sigmoid, softmax, steps, sum

Series = dict[int, Array]
Enter = Callable[[Callable[..., Any]], Callable[..., Any]]

GATES = {"i": "the input gate", "f": "the forget gate", "g": "the candidate", "o": "the output gate"}
"""What each letter is."""

family("lstm", "LSTM [D2L 9.2]")

forward = partial(equation, family="lstm", source="D2L 9.2", witnesses=("engine",))
each_step = partial(forward, over="t = 1 … τ")
kept = partial(each_step, witnesses=("engine", "fused"))  # what the kernel keeps of a step, and what follows from it


def received(id: str, gate: str) -> Enter:
    """Enter what a gate receives; the four are alike but for their letter."""
    return each_step(
        id,
        gives=f"a_{gate}⁽ᵗ⁾",
        title=f"what {GATES[gate]} receives",
        text=f"a_{gate}⁽ᵗ⁾ = b_{gate} + W_{gate} h⁽ᵗ⁻¹⁾ + U_{gate} x⁽ᵗ⁾",
        latex=rf"a_{gate}^{{(t)}} = b_{gate} + W_{gate} h^{{(t-1)}} + U_{gate} x^{{(t)}}",
    )


def opened(id: str, gate: str) -> Enter:
    """Enter how far a gate is open, between 0 and 1."""
    return kept(
        id,
        gives=f"{gate}⁽ᵗ⁾",
        title=GATES[gate],
        text=f"{gate}⁽ᵗ⁾ = σ(a_{gate}⁽ᵗ⁾)",
        latex=rf"{gate}^{{(t)}} = \sigma(a_{gate}^{{(t)}})",
    )


@received("LSTM-1", "i")
def a_i(b_i: Array, W_i: Array, h: Series, U_i: Array, x: Series, t: int) -> Array:
    return b_i + W_i @ h[t - 1] + U_i @ x[t]


@opened("LSTM-2", "i")
def i(a_i: Series, t: int) -> Array:
    return sigmoid(a_i[t])


@received("LSTM-3", "f")
def a_f(b_f: Array, W_f: Array, h: Series, U_f: Array, x: Series, t: int) -> Array:
    return b_f + W_f @ h[t - 1] + U_f @ x[t]


@opened("LSTM-4", "f")
def f(a_f: Series, t: int) -> Array:
    return sigmoid(a_f[t])


@received("LSTM-5", "g")
def a_g(b_g: Array, W_g: Array, h: Series, U_g: Array, x: Series, t: int) -> Array:
    return b_g + W_g @ h[t - 1] + U_g @ x[t]


@kept(
    "LSTM-6",
    gives="g⁽ᵗ⁾",
    title="the candidate: what may be written to the cell",
    text="g⁽ᵗ⁾ = tanh(a_g⁽ᵗ⁾)",
    latex=r"g^{(t)} = \tanh(a_g^{(t)})",
)
def g(a_g: Series, t: int) -> Array:
    return np.tanh(a_g[t])


@kept(
    "LSTM-7",
    gives="c⁽ᵗ⁾",
    title="the cell state: what is kept, and what is written",
    text="c⁽ᵗ⁾ = f⁽ᵗ⁾ ⊙ c⁽ᵗ⁻¹⁾ + i⁽ᵗ⁾ ⊙ g⁽ᵗ⁾",
    latex=r"c^{(t)} = f^{(t)} \odot c^{(t-1)} + i^{(t)} \odot g^{(t)}",
)
def c(f: Series, c: Series, i: Series, g: Series, t: int) -> Array:
    return f[t] * c[t - 1] + i[t] * g[t]


@received("LSTM-8", "o")
def a_o(b_o: Array, W_o: Array, h: Series, U_o: Array, x: Series, t: int) -> Array:
    return b_o + W_o @ h[t - 1] + U_o @ x[t]


@opened("LSTM-9", "o")
def o(a_o: Series, t: int) -> Array:
    return sigmoid(a_o[t])


@kept(
    "LSTM-10",
    gives="h⁽ᵗ⁾",
    title="the hidden state: what the cell shows",
    text="h⁽ᵗ⁾ = o⁽ᵗ⁾ ⊙ tanh(c⁽ᵗ⁾)",
    latex=r"h^{(t)} = o^{(t)} \odot \tanh(c^{(t)})",
)
def h(o: Series, c: Series, t: int) -> Array:
    return o[t] * np.tanh(c[t])


@kept(
    "LSTM-11",
    gives="s⁽ᵗ⁾",
    source="DLB 10.2 eq. 10.10",
    title="the scores",
    text="s⁽ᵗ⁾ = d + V h⁽ᵗ⁾",
    latex=r"s^{(t)} = d + V h^{(t)}",
    note="s and d where the Elman network has o and c, which are a gate and the cell state here",
)
def s(d: Array, V: Array, h: Series, t: int) -> Array:
    return d + V @ h[t]


@kept(
    "LSTM-12",
    gives="ŷ⁽ᵗ⁾",
    source="DLB 10.2 eq. 10.11",
    title="the probabilities",
    text="ŷ⁽ᵗ⁾ = softmax(s⁽ᵗ⁾)",
    latex=r"\hat{y}^{(t)} = \operatorname{softmax}(s^{(t)})",
)
def y_hat(s: Series, t: int) -> Array:
    return softmax(s[t])


@forward(
    "LSTM-13",
    gives="L",
    source="DLB 10.2 eq. 10.12–10.14",
    title="the loss of the whole sequence",
    text="L = −Σₜ log ŷ⁽ᵗ⁾[y⁽ᵗ⁾]",
    latex=r"L = -\sum_t \log \hat{y}^{(t)}[y^{(t)}]",
    witnesses=("engine", "fused"),
)
def loss(y_hat: Series, y: dict[int, int], tau: int) -> float:
    return -sum(np.log(entry(y_hat[t], y[t])) for t in steps(tau))
