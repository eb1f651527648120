"""Counted language models with Laplace smoothing, and perplexity. [D2L 8.3.1, 8.4.4; seed 004]

A text of N tokens, of which m are different, has been counted: n (m, 1) has n(x) in row x, C (m, m) has n(x, x′) in row
x, column x′, and D (m², m) has n(x, x′, x″) in row x m + x′, column x″. u (m, 1) is ones. p (m, 1) is P̂(x); Q and R are
the tables P̂(x′ | x) and P̂(x″ | x, x′), made as C and D are.

As in NumPy, a row that is added to a table is added to each of its rows, and a table divided by a column has each row
divided by its entry. The perplexity G is that of another text: y⁽ᵗ⁾ (m, 1), t = 1 … τ, is 1 in the row of its token t,
and y⁽⁰⁾ is the token before it.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from rnn.formulas.registry import equation, family
from rnn.formulas.words import Array, entry, kron, steps, sum, vec

Series = dict[int, Array]

family("smoothing", "Laplace smoothing and perplexity [D2L 8.3.1, 8.4.4]")
printed = partial(equation, family="smoothing", source="D2L 8.3.1", witnesses=("engine",))
chained = partial(equation, family="smoothing", source="derived; D2L 8.3.1", witnesses=("engine",))
measured = partial(equation, family="smoothing", source="D2L 8.4.4", witnesses=("engine",))


@printed(
    "SMOOTHING-1",
    gives="p",
    title="one token: counts, drawn towards 1/m",
    text="p = (n + ε_1/m)/(N + ε_1)",
    latex=r"p = (n + \epsilon_1/m)/(N + \epsilon_1)",
    note="ε_1 = 0 leaves the counts as they are; as ε_1 grows, p goes to 1/m",
)
def p(n: Array, epsilon_1: float, m: float, N: float) -> Array:
    return (n + epsilon_1 / m) / (N + epsilon_1)


@printed(
    "SMOOTHING-2",
    gives="Q",
    title="a token after another: counts, drawn towards p",
    text="Q = (C + ε_2 pᵀ)/(n + ε_2)",
    latex=r"Q = (C + \epsilon_2 p^\top)/(n + \epsilon_2)",
    note="n counts the token that ends the text, after which none comes: its row sums to 1 − 1/(n(x) + ε_2)",
)
def Q(C: Array, epsilon_2: float, p: Array, n: Array) -> Array:
    return (C + epsilon_2 * p.T) / (n + epsilon_2)


@printed(
    "SMOOTHING-3",
    gives="R",
    title="a token after two others: counts, drawn towards p",
    text="R = (D + ε_3 pᵀ)/(vec(Cᵀ) + ε_3)",
    latex=r"R = (D + \epsilon_3 p^\top)/(\operatorname{vec}(C^\top) + \epsilon_3)",
    note="as printed it leans on p, past the smoothed Q; row x m + x′ of vec(Cᵀ) is n(x, x′)",
)
def R(D: Array, epsilon_3: float, p: Array, C: Array) -> Array:
    return (D + epsilon_3 * p.T) / (vec(C.T) + epsilon_3)


@chained(
    "SMOOTHING-4",
    gives="f",
    title="how often some token follows each one",
    text="f = C u",
    latex=r"f = C u",
    note="one less than n for the token that ends the text, otherwise n",
)
def f(C: Array, u: Array) -> Array:
    return C @ u


@chained(
    "SMOOTHING-5",
    gives="Q_c",
    title="the same, divided by what follows: rows sum to 1",
    text="Q_c = (C + ε_2 pᵀ)/(f + ε_2)",
    latex=r"Q_c = (C + \epsilon_2 p^\top)/(f + \epsilon_2)",
    note="changed: SMOOTHING-2 divides by n + ε_2",
)
def Q_c(C: Array, epsilon_2: float, p: Array, f: Array) -> Array:
    return (C + epsilon_2 * p.T) / (f + epsilon_2)


@chained(
    "SMOOTHING-6",
    gives="R_c",
    title="each order drawn towards the one below: rows sum to 1",
    text="R_c = (D + ε_3 u ⊗ Q_c)/(D u + ε_3)",
    latex=r"R_c = (D + \epsilon_3 u \otimes Q_c)/(D u + \epsilon_3)",
    note="changed: u ⊗ Q_c repeats Q_c, so that the row of x, x′ leans on P̂(x″ | x′)",
)
def R_c(D: Array, epsilon_3: float, u: Array, Q_c: Array) -> Array:
    return (D + epsilon_3 * kron(u, Q_c)) / (D @ u + epsilon_3)


@measured(
    "SMOOTHING-7",
    gives="s⁽ᵗ⁾",
    over="t = 1 … τ",
    title="how probable each token of a text was",
    text="s⁽ᵗ⁾ = y⁽ᵗ⁻¹⁾ᵀ Q y⁽ᵗ⁾",
    latex=r"s^{(t)} = y^{(t-1)\top} Q y^{(t)}",
    note="y⁽ᵗ⁻¹⁾ takes out a row of Q and y⁽ᵗ⁾ one entry of it",
)
def s(y: Series, Q: Array, t: int) -> float:
    return entry(y[t - 1].T @ Q @ y[t], 0)


@measured(
    "SMOOTHING-8",
    gives="L",
    title="the mean loss of a token, in nats",
    text="L = −(1/τ) Σₜ log s⁽ᵗ⁾",
    latex=r"L = -(1/\tau) \sum_t \log s^{(t)}",
)
def loss(s: dict[int, float], tau: int) -> float:
    return -(1 / tau) * sum(np.log(s[t]) for t in steps(tau))


@measured(
    "SMOOTHING-9",
    gives="G",
    title="the perplexity",
    text="G = exp(L)",
    latex=r"G = \exp(L)",
    note="the geometric mean of 1/s⁽ᵗ⁾: 1 at best, m for a model that knows nothing, no largest one",
)
def perplexity(L: float) -> float:
    return np.exp(L)
