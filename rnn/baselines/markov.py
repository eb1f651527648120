"""Markov chains of order τ: what a table of probabilities foretells, exactly and without listing sequences.

[D2L 8.1; seed 004 8.1.3–8.1.4]
"""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from rnn.baselines.markov_checks import (
    check_length,
    check_size,
    checked_epsilon,
    checked_order,
    checked_start,
    checked_transition,
)
from rnn.baselines.markov_classes import ClosedClass
from rnn.baselines.markov_law import Law, normalised, numbers
from rnn.errors import RnnError
from rnn.metrics import Context, Floats, Ids, Ints, check_ids, context_length, whole_number


class MarkovChain:
    """P(xₜ | xₜ₋τ … xₜ₋₁): order τ looks back τ tokens, as an n-gram of order τ + 1 does [seed 004 8.1.3].

    `epsilon` is added to every count: P(w | c) = (n(c, w) + ε) / (n(c, ·) + ε V). 0/0, a context that nothing
    follows, is its limit, the uniform distribution. The first τ tokens have a joint distribution of their own, `start`.

    Raises RnnError for an order below 1 or above 32, and an epsilon that is neither 0 nor from 1e-100 to 1e100.
    """

    def __init__(self, order: int = 1, *, epsilon: float = 0.0) -> None:
        self.order = checked_order(order)
        self.epsilon = checked_epsilon(epsilon)
        self._known: Law | None = None

    @classmethod
    def of(cls, transition: ArrayLike, start: ArrayLike | None = None) -> Self:
        """The chain with these probabilities: `transition` (V, …, V), its last axis the next token, τ axes before it.

        `start` (V, …, V) with τ axes is the distribution of the first τ tokens; left out, the stationary one.
        Raises RnnError for other shapes, and where what should be a distribution has entries below 0, or its sum is
        not 1 (by more than 1e-6; rounding below that is divided out).
        """
        table = checked_transition(transition)
        chain = cls(table.ndim - 1)
        given = None if start is None else checked_start(start, table.shape[:-1])
        chain._known = Law(table.reshape(-1, table.shape[-1]), chain.order, given)
        return chain

    def fit(self, ids: Ids, *, vocabulary: int) -> Self:
        """Count what follows each context in `ids` (N,), and forget what was counted before.

        `start` becomes how often each run of τ tokens stands in the text. Raises RnnError for ids outside 0 … V−1, a
        text of τ tokens or fewer, and a table V^(τ+1) above 1 GiB.
        """
        V, length = whole_number(vocabulary, "vocabulary", least=1), self.order + 1
        text = check_ids(ids, V)
        check_length(text, self.order)
        check_size(V, length, "MarkovChain.fit")
        first, counts = (self._counts(text, V, tokens) for tokens in (self.order, length))
        self._known = Law(normalised(counts.reshape(-1, V)), self.order, normalised(first))
        return self

    @property
    def vocabulary(self) -> int:
        """The number V of tokens."""
        return self._law.vocabulary

    @property
    def size(self) -> int:
        """How many probabilities are stored, V^(τ+1)."""
        return self._law.rows.size

    @property
    def transition(self) -> Floats:
        """P(next token | context), (V, …, V) with τ + 1 axes: the oldest token first, the next one last. A copy."""
        return self._shaped(self._law.rows, self.order + 1)

    @property
    def start(self) -> Floats:
        """The distribution of the first τ tokens, (V, …, V). A copy."""
        return self._shaped(self._law.start, self.order)

    def log_probs(self, ids: Ids, context: Context = "carry") -> Floats:
        """log P of every token of `ids`, (N,), nats; −inf where P = 0.

        A token that sees fewer than τ others, as the first ones do, or all under a small `context`, is predicted as
        if the text began with those.
        """
        text = check_ids(ids, self.vocabulary)
        law, back = self._law, context_length(context, self.order)
        p = np.empty(text.size)
        for k in range(min(back, text.size)):
            p[k] = law.table(k)[_number(text[:k], self.vocabulary), text[k]]
        if text.size > back:
            p[back:] = law.table(back)[numbers(text[:-1], back, self.vocabulary), text[back:]]
        return _logs(p)

    def next_distribution(self, context: Ids) -> Floats:
        """P(· | the last τ tokens of `context`), (V,); of fewer tokens, as if the text began with them."""
        recent = check_ids(context[max(len(context) - self.order, 0) :], self.vocabulary)
        return self._law.table(recent.size)[_number(recent, self.vocabulary)].copy()

    def log_probs_backwards(self, ids: Ids) -> Floats:
        """log P(xₜ | xₜ₊₁ … x_N), (N,), nats: the factors of the same joint, taken from the end [seed 004 8.1.4].

        Found by Bayes from the distribution at every t, so `start` need not be stationary. −inf given what cannot be.
        """
        return _logs(self._law.backwards(check_ids(ids, self.vocabulary)))

    def log_joint(self, ids: Ids, direction: Literal["forwards", "backwards"] = "forwards") -> float:
        """log P(x₁ … x_N), nats, as the sum over either factorisation; both are one number up to rounding."""
        if direction not in ("forwards", "backwards"):
            raise RnnError(f"direction is {direction!r}", "MarkovChain.log_joint", "give forwards or backwards")
        return float((self.log_probs if direction == "forwards" else self.log_probs_backwards)(ids).sum())

    def k_step(self, k: int) -> Floats:
        """P(xₜ₊ₖ | the τ tokens up to t), (V, …, V), all that lies between summed out [seed 004 eq. 3].

        For τ = 1 the matrix Pᵏ; k = 0 gives the last token itself. O(k V^(τ+2)), or by squaring where that is less.
        """
        return self._shaped(self._law.ahead(whole_number(k, "k", least=0)), self.order + 1)

    def classes(self) -> list[ClosedClass]:
        """The closed classes of contexts: which ones, their period, their stationary distribution.

        One class of period 1: P(xₜ₊ₖ | anything) goes to `stationary()` as k grows. A longer period: it goes round
        instead. Several classes: where it goes depends on where it began.
        """
        shape = (self.vocabulary,) * self.order
        return [ClosedClass(np.stack(np.unravel_index(c, shape), axis=1), n, p.copy()) for c, n, p in self._law.classes]

    def stationary(self) -> Floats:
        """The distribution of contexts that the next token leaves as it is, (V, …, V) with τ axes: π = π P.

        It exists whatever the period, with 0 for contexts to which nothing returns. Raises RnnError where several
        closed classes leave it open.
        """
        return self._shaped(self._law.stationary, self.order)

    def entropy_rate(self) -> float:
        """−Σ_c π(c) Σ_w P(w | c) log P(w | c), nats: the mean loss that no predictor of a long sample gets below.

        Raises RnnError as `stationary` does.
        """
        rows = self._law.rows
        surprise = -(rows * np.log(np.where(rows > 0, rows, 1))).sum(axis=1)
        return float(self._law.stationary @ surprise)

    def reversed(self) -> MarkovChain:
        """The stationary chain from right to left, by Bayes: for τ = 1, P(xₜ | xₜ₊₁) = π(xₜ) P(xₜ₊₁ | xₜ) / π(xₜ₊₁).

        What never comes after anything has no row of its own, and gets the uniform one. Raises RnnError as
        `stationary` does.
        """
        law, V = self._law, self.vocabulary
        joint = self._shaped(law.stationary[:, None] * law.rows, self.order + 1)
        rows = normalised(joint.T.reshape(-1, V))
        return MarkovChain.of(self._shaped(rows, self.order + 1), self.stationary().T)

    def lifted(self) -> MarkovChain:
        """The same chain as one of order 1 whose tokens are contexts, numbered in base V, the oldest token first.

        Raises RnnError where its V^(2τ) probabilities take more than 1 GiB.
        """
        return MarkovChain.of(self._law.lifted(), self._law.given)

    def sample(self, length: int, *, rng: np.random.Generator, context: Ids = ()) -> Ints:
        """`length` tokens that go on from `context`, (length,); without one, from the start distribution."""
        draws = rng.random(whole_number(length, "length", least=0))
        V, recent = self.vocabulary, check_ids(context[max(len(context) - self.order, 0) :], self.vocabulary)
        known, place, ids = recent.size, _number(recent, V), np.empty(draws.size, np.int64)
        rising = {k: _cumulative(self._law.table(k)) for k in range(known, self.order + 1)}
        for k, draw in enumerate(draws):
            ids[k] = token = int(rising[known][place].searchsorted(draw, side="right"))
            place = (place * V + token) % V**self.order
            known = min(known + 1, self.order)
        return ids

    def _counts(self, ids: Ints, vocabulary: int, tokens: int) -> Floats:
        """n + ε of every run of so many tokens, (V^tokens,)."""
        counts = np.bincount(numbers(ids, tokens, vocabulary), minlength=vocabulary**tokens)
        return counts.astype(np.float64) + self.epsilon

    @property
    def _law(self) -> Law:
        if self._known is None:
            raise RnnError("the chain has counted nothing yet", "MarkovChain", "call fit(ids, vocabulary=V) first")
        return self._known

    def _shaped(self, table: Floats, axes: int) -> Floats:
        """A copy with an axis for each token."""
        return table.reshape((self.vocabulary,) * axes).copy()


def _number(ids: Ints, vocabulary: int) -> int:
    """A context of any length as a number in base V."""
    return int(numbers(ids, ids.size, vocabulary)[0])


def _logs(p: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.log(p)


def _cumulative(table: Floats) -> Floats:
    """Each row summed up to every token. Its end is 1 exactly, so that no draw falls on a token of probability 0."""
    rising = table.cumsum(axis=1)
    return rising / rising[:, -1:]
