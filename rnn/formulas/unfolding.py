"""One function applied again and again: systems, their unfolding, and samples as rows. [DLB 10.1; D2L 8.4]

Numbers 1 to 4 are seed 001's. There f is any function, s or h a column (H, 1), x (I, 1), and θ all parameters in
one column. D2L's are seed 004's: Xₜ (n, d), Hₜ (n, h), Oₜ (n, q) have a sample in each row, and φ is any function
applied entry by entry. t runs from 1 to τ, with a start at 0.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rnn.formulas.registry import equation, family
from rnn.formulas.words import Array

Series = dict[int, Array]

family("system", "A system left to itself [DLB 10.1]")
family("driven", "A system driven by a signal [DLB 10.1]")
family("rows", "Samples as rows [D2L 8.4]")


@equation(
    "1",
    family="system",
    gives="s⁽ᵗ⁾",
    over="t = 1 … τ",
    source="DLB 10.1 eq. 10.1",
    title="a system left to itself",
    text="s⁽ᵗ⁾ = f(s⁽ᵗ⁻¹⁾; θ)",
    latex=r"s^{(t)} = f(s^{(t-1)}; \theta)",
    witnesses=("engine", "fused"),
)
def s(f: Callable[..., Array], s: Series, theta: Array, t: int) -> Array:
    return f(s[t - 1], theta)


@equation(
    "2",
    family="system",
    gives="s⁽³⁾",
    source="DLB 10.1 eq. 10.3",
    title="the same, unfolded for three steps",
    text="s⁽³⁾ = f(f(s⁽¹⁾; θ); θ)",
    latex=r"s^{(3)} = f(f(s^{(1)}; \theta); \theta)",
    witnesses=("engine", "fused"),
)
def s_unfolded(f: Callable[..., Array], s: Series, theta: Array) -> Array:
    return f(f(s[1], theta), theta)


@equation(
    "3",
    family="driven",
    gives="s⁽ᵗ⁾",
    over="t = 1 … τ",
    source="DLB 10.1 eq. 10.4",
    title="a system driven by a signal",
    text="s⁽ᵗ⁾ = f(s⁽ᵗ⁻¹⁾, x⁽ᵗ⁾; θ)",
    latex=r"s^{(t)} = f(s^{(t-1)}, x^{(t)}; \theta)",
    witnesses=("engine", "fused"),
)
def s_driven(f: Callable[..., Array], s: Series, x: Series, theta: Array, t: int) -> Array:
    return f(s[t - 1], x[t], theta)


@equation(
    "4",
    family="driven",
    gives="h⁽ᵗ⁾",
    over="t = 1 … τ",
    source="DLB 10.1 eq. 10.5",
    title="the same, where the state is a network's hidden units",
    text="h⁽ᵗ⁾ = f(h⁽ᵗ⁻¹⁾, x⁽ᵗ⁾; θ)",
    latex=r"h^{(t)} = f(h^{(t-1)}, x^{(t)}; \theta)",
    witnesses=("engine", "fused"),
)
def h(f: Callable[..., Array], h: Series, x: Series, theta: Array, t: int) -> Array:
    return f(h[t - 1], x[t], theta)


@equation(
    "D2L-8.4-4",
    family="rows",
    gives="Hₜ",
    over="t = 1 … τ",
    source="D2L 8.4, seed 004 eq. 4",
    title="the hidden state of a batch",
    text="Hₜ = φ(Xₜ W_xh + Hₜ₋₁ W_hh + b_h)",
    latex=r"H_t = \phi(X_t W_{xh} + H_{t-1} W_{hh} + b_h)",
    witnesses=("engine", "fused"),
)
def H(phi: Callable[[Array], Array], X: Series, W_xh: Array, H: Series, W_hh: Array, b_h: Array, t: int) -> Array:
    return phi(X[t] @ W_xh + H[t - 1] @ W_hh + b_h)


@equation(
    "D2L-8.4-5",
    family="rows",
    gives="Oₜ",
    over="t = 1 … τ",
    source="D2L 8.4, seed 004 eq. 5",
    title="the scores of a batch",
    text="Oₜ = Hₜ W_hq + b_q",
    latex=r"O_t = H_t W_{hq} + b_q",
    witnesses=("engine", "fused"),
)
def O(H: Series, W_hq: Array, b_q: Array, t: int) -> Array:  # noqa: E743  # the book's letter
    return H[t] @ W_hq + b_q


def f(h: Array, x: Array, theta: Array) -> Array:
    """One function to stand for f: tanh(b + W h + U x), with θ = b, W and U below each other in a column."""
    n, m = len(h), len(x)
    b, W, U = np.split(theta, [n, n + n * n])
    return np.tanh(b + W.reshape(n, n) @ h + U.reshape(n, m) @ x)


def f_alone(s: Array, theta: Array) -> Array:
    """The same without a signal: tanh(b + W s). What U would multiply is not there."""
    return f(s, np.zeros((0, 1)), theta)


def g(start: Array, theta: Array, *newest_first: Array) -> Array:
    """g⁽ᵗ⁾(x⁽ᵗ⁾, …, x⁽¹⁾): the state after a whole past, which is f applied t times. [DLB 10.1 eq. 10.6–10.7]

    Seed 001's equations 5 and 6. The number of arguments is t, so each t has a g of its own; f serves them all.
    """
    h = start
    for x in reversed(newest_first):
        h = f(h, x, theta)
    return h
