"""n-gram models: the probability of a token from counts of the few tokens before it [D2L 8.3.1–8.3.2]."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from rnn.baselines import counts as counting
from rnn.baselines.backoff import Backoff
from rnn.baselines.climbing import climb
from rnn.baselines.counts import Counts
from rnn.baselines.discounts import Discount
from rnn.baselines.interpolation import learn_weights
from rnn.baselines.settings import Settings, discounts, epsilons, weights
from rnn.baselines.smoothing import SMOOTHINGS
from rnn.errors import RnnError
from rnn.metrics import Context, Floats, Ids, Ints, check_ids, whole_number

DEVELOPMENT = 9  # the last ninth of a text chooses what has to be chosen


class NGram:
    """P(xₜ | xₜ₋ₙ₊₁ … xₜ₋₁): order n looks back n−1 tokens; 1 is a unigram, 2 a Markov chain of order 1.

    A token with fewer than n−1 tokens before it is predicted by the lower order that fits, the first one by
    the unigram [seed 004 8.3.2]. `smoothing` names an entry of `SMOOTHINGS`.

    - `epsilon` is what `lidstone`, `d2l` and `d2l-chain` add: one number, or one per order, ε₁ … εₙ (0, or from 1e-100
      to 1e100). The others do not look at it.
    - `discount` is what `absolute` and `kneser-ney` take from a count: D in [0, 1), or one per order; for
      `modified-kneser-ney` D₁ < 1, D₂ < 2, D₃ < 3, or such a row per order. Left out, it is estimated (`discounts`).
    - `weight` is the λ of `jelinek-mercer` in [0, 1], or one per order. Left out, `fit` learns it (`weights`).

    Raises RnnError for an order below 1, a smoothing that does not exist, or such an epsilon, discount or weight.
    """

    def __init__(
        self,
        order: int,
        smoothing: str = "laplace",
        *,
        epsilon: float | Sequence[float] = 1.0,
        discount: float | Sequence[float] | Sequence[Sequence[float]] | None = None,
        weight: float | Sequence[float] | None = None,
    ) -> None:
        self.order = whole_number(order, "order", least=1)
        if smoothing not in SMOOTHINGS:
            raise RnnError(f"there is no smoothing {smoothing!r}", "NGram", f"choose one of {', '.join(SMOOTHINGS)}")
        self.smoothing = smoothing
        self.epsilon = epsilons(epsilon, self.order)
        self.discount = discounts(discount, smoothing, self.order)
        self.weight = weights(weight, smoothing, self.order)
        self.weights = self.weight or (0.5,) * self.order
        self._counts: Counts | None = None
        self._made: tuple[Backoff, tuple[Discount | None, ...]] | None = None

    def fit(self, ids: Ids, *, vocabulary: int, held_out: Ids | None = None) -> Self:
        """Count every k-gram of `ids` (N,), k = 1 … n, and forget what was counted before.

        `vocabulary` is V, the number of tokens that share the probability, seen or not. `jelinek-mercer` without a
        given weight learns it from `held_out`, or, where that is left out, from the last ninth of `ids` and counts of
        the rest (½ where there are fewer than nine); the model then counts all of `ids`. Raises RnnError for an
        empty text, one shorter than the order, and ids outside 0 … V−1.
        """
        size = whole_number(vocabulary, "vocabulary", least=1)
        text = check_ids(ids, size)
        _check_length(text, self.order)
        counts = counting.count(text, size, self.order)
        weights = self._learnt(text, counts, None if held_out is None else check_ids(held_out, size))
        self._counts, self._made, self.weights = counts, None, weights
        return self

    def refit(self, counts: Counts, *, weights: Sequence[float] | None = None) -> Self:
        """Take counts that were made before, of this order, by another model or from a file; nothing is counted again.

        `weights` are those of `jelinek-mercer`, ½ where none are given or learnt. Raises RnnError for another order.
        """
        if counts.order != self.order:
            what = f"the counts are of order {counts.order}, not {self.order}"
            raise RnnError(what, "NGram.refit", "give counts of the model's order")
        self.weights = self.weight or (tuple(weights) if weights else (0.5,) * self.order)
        return self._replace(counts)

    def partial_fit(self, ids: Ids) -> Self:
        """Go on counting: `ids` follows what was counted, as if both had been one text.

        Grams that reach across the seam count. Weights that were learnt stay. Raises RnnError before `fit`.
        """
        before = self.counts
        text = check_ids(ids, before.vocabulary)
        return self._replace(counting.join(before, counting.count(text, before.vocabulary, self.order)))

    def merge(self, other: NGram) -> Self:
        """Add the counts of another model of the same order and vocabulary, its text taken to follow this one's.

        The result is that of `fit` on both texts, one after the other: the grams across the seam count too, for each
        model remembers the n−1 tokens at either end of its text. The smoothing stays this model's.
        """
        mine, theirs = self.counts, other.counts
        if (mine.vocabulary, mine.order) != (theirs.vocabulary, theirs.order):
            what = f"order {theirs.order} and {theirs.vocabulary} tokens do not fit {mine.order} and {mine.vocabulary}"
            raise RnnError(what, "NGram.merge", "merge models of one order and one vocabulary")
        return self._replace(counting.join(mine, theirs))

    @property
    def counts(self) -> Counts:
        """What was counted."""
        if self._counts is None:
            raise RnnError("the model has counted nothing yet", "NGram", "call fit(ids, vocabulary=V) first")
        return self._counts

    @property
    def backoff(self) -> Backoff:
        """The probabilities, made when they are first asked for."""
        return self._model[0]

    @property
    def discounts(self) -> tuple[Discount | None, ...]:
        """What each order takes from its counts, and why where no estimate exists; None where it takes nothing."""
        return self._model[1]

    @property
    def vocabulary(self) -> int:
        """The number V of tokens."""
        return self.counts.vocabulary

    @property
    def size(self) -> int:
        """How many counts are stored: the distinct k-grams of all orders."""
        return self.counts.size

    def log_probs(self, ids: Ids, context: Context = "carry") -> Floats:
        """log P of every token of `ids`, (N,), nats; −inf where P = 0. A small `context` lowers the order.

        Raises RnnError for ids outside 0 … V−1, and for `stupid-backoff`, which has `log_scores`.
        """
        return self.backoff.log_probs(ids, context)

    def next_distribution(self, context: Ids | Sequence[Ids]) -> Floats:
        """P(· | the last n−1 tokens of `context`), (V,), or (B, V) for contexts (B, m); the unigram after none."""
        return self.backoff.next_distribution(context)

    def log_scores(self, ids: Ids, context: Context = "carry") -> Floats:
        """As `log_probs`, for the scores of `stupid-backoff` too; they sum to more than 1."""
        return self.backoff.log_scores(ids, context)

    def next_scores(self, context: Ids | Sequence[Ids]) -> Floats:
        """As `next_distribution`, for the scores of `stupid-backoff` too."""
        return self.backoff.next_scores(context)

    def sample(
        self,
        length: int,
        *,
        context: Ids = (),
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float = 1.0,
        rng: np.random.Generator,
    ) -> Ints:
        """`length` tokens after `context`; see `Backoff.sample`."""
        model = self.backoff
        return model.sample(length, context=context, temperature=temperature, top_k=top_k, top_p=top_p, rng=rng)

    @property
    def _model(self) -> tuple[Backoff, tuple[Discount | None, ...]]:
        if self._made is None:
            settings = Settings(self.smoothing, self.epsilon, self.weights, self.discount)
            self._made = climb(self.counts, settings)
        return self._made

    def _replace(self, counts: Counts) -> Self:
        self._counts, self._made = counts, None
        return self

    def _learnt(self, text: Ints, counts: Counts, held_out: Ints | None) -> tuple[float, ...]:
        if self.smoothing != "jelinek-mercer" or self.weight:
            return self.weights
        if held_out is not None:
            return learn_weights(counts, held_out)
        cut = text.size - text.size // DEVELOPMENT
        return learn_weights(counting.count(text[:cut], counts.vocabulary, self.order), text[cut:])


def _check_length(text: Ints, order: int) -> None:
    if text.size == 0:
        raise RnnError("the text is empty", "NGram.fit", "give at least one token")
    if order > text.size:
        raise RnnError(f"order {order} is above the text's {text.size} tokens", "NGram.fit", "lower the order")
