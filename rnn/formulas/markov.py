"""Markov chains: two steps at once by dynamic programming, and one joint from both ends. [D2L 8.1; seed 004 8.1.3]

A (m, m) has P(x′ | x) in row x, column x′: rows sum to 1. p (m, 1) is the first token's distribution, and π⁽ᵗ⁾ that of
token t. J (m, m) has P(x, x′) of the first two tokens, D (m², m) has P(x, x′, x″) of the first three in row x m + x′,
column x″, and K (m, m) has P(x, x″): the middle one is summed out. Q (m, m) is P(x″ | x). R⁽ᵗ⁾ (m, m) reads the chain
backwards: row x′, column x has P(xₜ = x | xₜ₊₁ = x′). u (m, 1) is ones, I (m, m) the identity.

y⁽ᵗ⁾ (m, 1), t = 1 … τ, is 1 in the row of token t of a text and 0 elsewhere. f⁽ᵗ⁾ is the probability of its tokens up
to t, g⁽ᵗ⁾ of those from t on, and P of them all. As in NumPy, a table divided by a column has each row divided by its
entry.
"""

from __future__ import annotations

from functools import partial

from rnn.formulas.registry import equation, family
from rnn.formulas.words import Array, diag, entry, kron, vec

Series = dict[int, Array]
Numbers = dict[int, float]

family("markov", "Markov chains: two steps at once, and both directions [D2L 8.1]")
printed = partial(equation, family="markov", source="D2L 8.1, seed 004 eq. 3", witnesses=("engine",))
joint = partial(equation, family="markov", source="D2L 8.1, seed 004 8.1.4", witnesses=("engine",))


@printed(
    "MARKOV-1",
    gives="J",
    title="two tokens in a row: the first, then what follows it",
    text="J = diag(p) A",
    latex=r"J = \operatorname{diag}(p) A",
)
def J(p: Array, A: Array) -> Array:
    return diag(p) @ A


@printed(
    "MARKOV-2",
    gives="D",
    title="three in a row: the last looks at the middle one only",
    text="D = diag(vec(Jᵀ)) (u ⊗ A)",
    latex=r"D = \operatorname{diag}(\operatorname{vec}(J^\top)) (u \otimes A)",
    note="u ⊗ A repeats A, so that P(x″ | x, x′) is P(x″ | x′): that is the Markov property",
)
def D(J: Array, u: Array, A: Array) -> Array:
    return diag(vec(J.T)) @ kron(u, A)


@printed(
    "MARKOV-3",
    gives="K",
    title="the first and the third, whatever stands between",
    text="K = (I ⊗ uᵀ) D",
    latex=r"K = (I \otimes u^\top) D",
    note="I ⊗ uᵀ sums the rows x m + x′ over x′",
)
def K(I: Array, u: Array, D: Array) -> Array:  # noqa: E741  # the identity's letter
    return kron(I, u.T) @ D


@printed(
    "MARKOV-4",
    gives="Q",
    title="two steps at once, as a ratio of joint probabilities",
    text="Q = K/p",
    latex=r"Q = K/p",
    note="m³ products, and sums that get longer with every further step",
)
def Q_from_joint(K: Array, p: Array) -> Array:
    return K / p


@printed(
    "MARKOV-5",
    gives="Q",
    title="the same by dynamic programming",
    text="Q = A A",
    latex=r"Q = A A",
    note="Σ P(x″ | x′) P(x′ | x) over x′; p is not needed, and k steps are Aᵏ, one product for each step",
)
def Q(A: Array) -> Array:
    return A @ A


@joint(
    "MARKOV-6",
    gives="π⁽¹⁾",
    title="the first token",
    text="π⁽¹⁾ = p",
    latex=r"\pi^{(1)} = p",
)
def pi_first(p: Array) -> Array:
    return p


@joint(
    "MARKOV-7",
    gives="π⁽ᵗ⁺¹⁾",
    over="t = 1 … τ−1",
    title="the next token, if nothing is known",
    text="π⁽ᵗ⁺¹⁾ = Aᵀ π⁽ᵗ⁾",
    latex=r"\pi^{(t+1)} = A^\top \pi^{(t)}",
    note="a distribution that this leaves as it is is called stationary",
)
def pi(A: Array, pi: Series, t: int) -> Array:
    return A.T @ pi[t]


@joint(
    "MARKOV-8",
    gives="f⁽¹⁾",
    title="the text begins",
    text="f⁽¹⁾ = pᵀ y⁽¹⁾",
    latex=r"f^{(1)} = p^\top y^{(1)}",
)
def f_first(p: Array, y: Series) -> float:
    return entry(p.T @ y[1], 0)


@joint(
    "MARKOV-9",
    gives="f⁽ᵗ⁺¹⁾",
    over="t = 1 … τ−1",
    title="forwards: each token after the one before it",
    text="f⁽ᵗ⁺¹⁾ = f⁽ᵗ⁾ (y⁽ᵗ⁾ᵀ A y⁽ᵗ⁺¹⁾)",
    latex=r"f^{(t+1)} = f^{(t)} (y^{(t)\top} A y^{(t+1)})",
)
def f(f: Numbers, y: Series, A: Array, t: int) -> float:
    return f[t] * entry(y[t].T @ A @ y[t + 1], 0)


@joint(
    "MARKOV-10",
    gives="P",
    title="the probability of the text, forwards",
    text="P = f⁽τ⁾",
    latex=r"P = f^{(\tau)}",
)
def joint_forwards(f: Numbers, tau: int) -> float:
    return f[tau]


@joint(
    "MARKOV-11",
    gives="R⁽ᵗ⁾",
    over="t = 1 … τ−1",
    title="what stood before, by Bayes",
    text="R⁽ᵗ⁾ = (Aᵀ diag(π⁽ᵗ⁾))/π⁽ᵗ⁺¹⁾",
    latex=r"R^{(t)} = (A^\top \operatorname{diag}(\pi^{(t)}))/\pi^{(t+1)}",
    note="unlike A it changes with t, unless π⁽ᵗ⁾ is stationary: the way back is not as simple",
)
def R(A: Array, pi: Series, t: int) -> Array:
    return (A.T @ diag(pi[t])) / pi[t + 1]


@joint(
    "MARKOV-12",
    gives="g⁽τ⁾",
    title="the text ends",
    text="g⁽τ⁾ = π⁽τ⁾ᵀ y⁽τ⁾",
    latex=r"g^{(\tau)} = \pi^{(\tau)\top} y^{(\tau)}",
)
def g_last(pi: Series, y: Series, tau: int) -> float:
    return entry(pi[tau].T @ y[tau], 0)


@joint(
    "MARKOV-13",
    gives="g⁽ᵗ⁾",
    over="t = τ−1 … 1",
    title="backwards: each token before the one after it",
    text="g⁽ᵗ⁾ = g⁽ᵗ⁺¹⁾ (y⁽ᵗ⁺¹⁾ᵀ R⁽ᵗ⁾ y⁽ᵗ⁾)",
    latex=r"g^{(t)} = g^{(t+1)} (y^{(t+1)\top} R^{(t)} y^{(t)})",
)
def g(g: Numbers, y: Series, R: Series, t: int) -> float:
    return g[t + 1] * entry(y[t + 1].T @ R[t] @ y[t], 0)


@joint(
    "MARKOV-14",
    gives="P",
    title="the same probability, backwards",
    text="P = g⁽¹⁾",
    latex=r"P = g^{(1)}",
    note="both factorisations are exact: probability has no direction, only f or g may be the simpler to describe",
)
def joint_backwards(g: Numbers) -> float:
    return g[1]
