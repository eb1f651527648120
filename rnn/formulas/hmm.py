"""The hidden Markov model by dynamic programming, where D2L begins its way to two directions. [D2L 9.4.1]

A (H, H) has P(h′ | h) in row h, column h′; B (H, V) has P(x | h) in row h, column x: all rows sum to 1. p (H, 1) is the
first state's distribution. x⁽ᵗ⁾ (V, 1), at t = 1 … τ, is 1 for what is seen and 0 elsewhere, so that e⁽ᵗ⁾ (H, 1) is how
probable it is in each state. P is the probability of all that is seen.

D2L's sums leave out what is seen at t on both sides: π⁽ᵗ⁾ stops before it, and ρ⁽ᵗ⁾ starts behind it. That ρ is the
usual β, and is named β here. The usual α has what is seen at t: α⁽ᵗ⁾ = e⁽ᵗ⁾ ⊙ π⁽ᵗ⁾. [Rabiner 1989] u (H, 1) is ones.
"""

from __future__ import annotations

from functools import partial

from rnn.formulas.registry import equation, family
from rnn.formulas.words import Array, entry

Series = dict[int, Array]

family("hmm", "Hidden Markov model, forward and backward [D2L 9.4.1]")
printed = partial(equation, family="hmm", source="D2L 9.4.1", witnesses=("engine",))
usual = partial(equation, family="hmm", source="Rabiner 1989", witnesses=("engine",))


@printed(
    "HMM-1",
    gives="e⁽ᵗ⁾",
    over="t = 1 … τ",
    title="how probable it is to see this, in each state",
    text="e⁽ᵗ⁾ = B x⁽ᵗ⁾",
    latex=r"e^{(t)} = B x^{(t)}",
    note="x⁽ᵗ⁾ takes one column out of B: P(xₜ | hₜ)",
)
def e(B: Array, x: Series, t: int) -> Array:
    return B @ x[t]


@printed(
    "HMM-2",
    gives="π⁽¹⁾",
    title="the first state, before anything is seen",
    text="π⁽¹⁾ = p",
    latex=r"\pi^{(1)} = p",
)
def pi_first(p: Array) -> Array:
    return p


@printed(
    "HMM-3",
    gives="π⁽ᵗ⁺¹⁾",
    over="t = 1 … τ−1",
    title="the next state and all that was seen before it",
    text="π⁽ᵗ⁺¹⁾ = Aᵀ (e⁽ᵗ⁾ ⊙ π⁽ᵗ⁾)",
    latex=r"\pi^{(t+1)} = A^\top (e^{(t)} \odot \pi^{(t)})",
    note="D2L sums out hₜ: of row h′ it is Σ π⁽ᵗ⁾(h) P(xₜ | h) P(h′ | h)",
)
def pi(A: Array, e: Series, pi: Series, t: int) -> Array:
    return A.T @ (e[t] * pi[t])


@printed(
    "HMM-4",
    gives="P",
    title="the probability of all that is seen, forwards",
    text="P = e⁽τ⁾ᵀ π⁽τ⁾",
    latex=r"P = e^{(\tau)\top} \pi^{(\tau)}",
)
def likelihood_forwards(e: Series, pi: Series, tau: int) -> float:
    return entry(e[tau].T @ pi[tau], 0)


@printed(
    "HMM-5",
    gives="β⁽τ⁾",
    title="after the end nothing is seen, whatever the state",
    text="β⁽τ⁾ = u",
    latex=r"\beta^{(\tau)} = u",
)
def beta_last(u: Array) -> Array:
    return u


@printed(
    "HMM-6",
    gives="β⁽ᵗ⁻¹⁾",
    over="t = τ … 2",
    title="all that is seen later, from each state",
    text="β⁽ᵗ⁻¹⁾ = A (e⁽ᵗ⁾ ⊙ β⁽ᵗ⁾)",
    latex=r"\beta^{(t-1)} = A (e^{(t)} \odot \beta^{(t)})",
    note="D2L's ρ. A stands without ᵀ: it sums over where the way goes, not over where it comes from",
)
def beta(A: Array, e: Series, beta: Series, t: int) -> Array:
    return A @ (e[t] * beta[t])


@printed(
    "HMM-7",
    gives="P",
    title="the same probability, backwards",
    text="P = pᵀ (e⁽¹⁾ ⊙ β⁽¹⁾)",
    latex=r"P = p^\top (e^{(1)} \odot \beta^{(1)})",
)
def likelihood_backwards(p: Array, e: Series, beta: Series) -> float:
    return entry(p.T @ (e[1] * beta[1]), 0)


@printed(
    "HMM-8",
    gives="s⁽ᵗ⁾",
    over="t = 1 … τ",
    title="what might be seen at one step, with all the others",
    text="s⁽ᵗ⁾ = Bᵀ (π⁽ᵗ⁾ ⊙ β⁽ᵗ⁾)",
    latex=r"s^{(t)} = B^\top (\pi^{(t)} \odot \beta^{(t)})",
    note="divided by its sum it is D2L's P(xⱼ | x₋ⱼ), for which it has the two directions",
)
def s(B: Array, pi: Series, beta: Series, t: int) -> Array:
    return B.T @ (pi[t] * beta[t])


@usual(
    "HMM-9",
    gives="α⁽¹⁾",
    title="the first state and what is seen in it",
    text="α⁽¹⁾ = e⁽¹⁾ ⊙ p",
    latex=r"\alpha^{(1)} = e^{(1)} \odot p",
)
def alpha_first(e: Series, p: Array) -> Array:
    return e[1] * p


@usual(
    "HMM-10",
    gives="α⁽ᵗ⁺¹⁾",
    over="t = 1 … τ−1",
    title="the next state and all that is seen up to it",
    text="α⁽ᵗ⁺¹⁾ = e⁽ᵗ⁺¹⁾ ⊙ (Aᵀ α⁽ᵗ⁾)",
    latex=r"\alpha^{(t+1)} = e^{(t+1)} \odot (A^\top \alpha^{(t)})",
    note="α⁽ᵗ⁾ = e⁽ᵗ⁾ ⊙ π⁽ᵗ⁾: equation HMM-3 with what is seen taken in a step earlier",
)
def alpha(e: Series, A: Array, alpha: Series, t: int) -> Array:
    return e[t + 1] * (A.T @ alpha[t])


@usual(
    "HMM-11",
    gives="P",
    title="the same probability: the sum of the last α",
    text="P = uᵀ α⁽τ⁾",
    latex=r"P = u^\top \alpha^{(\tau)}",
    note="β⁽ᵗ⁾ᵀ α⁽ᵗ⁾ is the same number at every t",
)
def likelihood(u: Array, alpha: Series, tau: int) -> float:
    return entry(u.T @ alpha[tau], 0)


@equation(
    "HMM-12",
    family="hmm",
    gives="γ⁽ᵗ⁾",
    over="t = 1 … τ",
    source="Rabiner 1989",
    title="the state, told by all that is seen",
    text="γ⁽ᵗ⁾ = (α⁽ᵗ⁾ ⊙ β⁽ᵗ⁾)/P",
    latex=r"\gamma^{(t)} = (\alpha^{(t)} \odot \beta^{(t)})/P",
    witnesses=("engine", "differences"),
    note="it is also the derivative of log P by log e⁽ᵗ⁾, which is how it is checked",
)
def gamma(alpha: Series, beta: Series, P: float, t: int) -> Array:
    return (alpha[t] * beta[t]) / P
