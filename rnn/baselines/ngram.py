"""n-gram models: the probability of a token from counts of the few tokens before it [D2L 8.3.1–8.3.2]."""

from collections.abc import Iterable, Sequence
from typing import Self

import numpy as np

from rnn.baselines.counts import Seen, Table, preceding, tabulate
from rnn.baselines.smoothing import SMOOTHINGS, Smoothing
from rnn.errors import RnnError
from rnn.metrics import Context, Floats, Ids, Ints, check_ids, context_length, whole_number

LARGEST_KEY = 2**63 - 1


class NGram:
    """P(xₜ | xₜ₋ₙ₊₁ … xₜ₋₁): order n looks back n−1 tokens; 1 is a unigram, 2 a Markov chain of order 1.

    A token with fewer than n−1 tokens before it is predicted by the lower order that fits, the first one by
    the unigram [seed 004 8.3.2]. `smoothing` names an entry of `SMOOTHINGS`. `epsilon` is what `lidstone`,
    `d2l` and `d2l-chain` add: one number, or one per order, ε₁ … εₙ (0, or from 1e-100 to 1e100); `mle` and
    `laplace` do not look at it.

    Raises RnnError for an order below 1, a smoothing that does not exist, or such an epsilon.
    """

    def __init__(self, order: int, smoothing: str = "laplace", *, epsilon: float | Sequence[float] = 1.0) -> None:
        self.order = whole_number(order, "order", least=1)
        self.smoothing = smoothing
        self.epsilon = _epsilons(epsilon, self.order)
        self._smooth = _smoothing_named(smoothing)
        self._tables: tuple[Table, ...] = ()
        self._vocabulary = 0

    def fit(self, ids: Ids, *, vocabulary: int) -> Self:
        """Count every k-gram of `ids` (N,), k = 1 … n, and forget what was counted before.

        `vocabulary` is V, the number of tokens that share the probability, seen or not. Raises RnnError for
        an empty text, one shorter than the order, ids outside 0 … V−1, and Vⁿ beyond 63 bits.
        """
        size = whole_number(vocabulary, "vocabulary", least=1)
        text = check_ids(ids, size)
        self._check_fit(text, size)
        tables: list[Table] = []
        last = -1
        for k, contexts in enumerate(preceding(text, size, self.order - 1)):
            grams = contexts * size + text[k:]
            tables.append(tabulate(grams, size, last))
            last = int(grams[-1])
        self._tables, self._vocabulary = tuple(tables), size
        return self

    @property
    def vocabulary(self) -> int:
        """The number V of tokens."""
        self._check_fitted()
        return self._vocabulary

    @property
    def size(self) -> int:
        """How many counts are stored: the distinct k-grams of all orders."""
        self._check_fitted()
        return sum(table.grams.size for table in self._tables)

    def log_probs(self, ids: Ids, context: Context = "carry") -> Floats:
        """log P of every token of `ids`, (N,), nats; −inf where P = 0. A small `context` lowers the order."""
        text = check_ids(ids, self.vocabulary)
        back = context_length(context, self.order - 1)
        p = self._climb(text, enumerate(preceding(text, self.vocabulary, back)))
        with np.errstate(divide="ignore"):
            return np.log(p)

    def next_distribution(self, context: Ids) -> Floats:
        """P(· | the last n−1 tokens of `context`), (V,); an empty context gives the unigram."""
        recent = check_ids(context[max(len(context) - self.order + 1, 0) :], self.vocabulary)
        asked = np.append(recent, 0)
        rows = ((0, keys[-1:]) for keys in preceding(asked, self.vocabulary, self.order - 1))
        return self._climb(np.arange(self.vocabulary), rows)

    def _climb(self, tokens: Ints, contexts: Iterable[tuple[int, Ints]]) -> Floats:
        """The recursion over orders: from 1/V up, each order refines the tokens that have enough context.

        Each order's entry is (start, keys): the contexts of tokens[start:], as in `Seen`.
        """
        p = unigram = np.full(tokens.size, 1.0 / self.vocabulary)
        for k, (start, keys) in enumerate(contexts):
            seen = Seen(self._tables[k], keys, tokens[start:], self.vocabulary, self.epsilon[k], unigram[start:])
            p = np.concatenate((p[:start], self._smooth(seen, p[start:])))
            unigram = unigram if k else p
        return p

    def _check_fitted(self) -> None:
        if not self._tables:
            raise RnnError("the model has counted nothing yet", "NGram", "call fit(ids, vocabulary=V) first")

    def _check_fit(self, ids: Ints, vocabulary: int) -> None:
        if ids.size == 0:
            raise RnnError("the text is empty", "NGram.fit", "give at least one token")
        if self.order > ids.size:
            raise RnnError(f"order {self.order} is above the text's {ids.size} tokens", "NGram.fit", "lower the order")
        if vocabulary**self.order - 1 > LARGEST_KEY:
            raise RnnError(f"{vocabulary} ** {self.order} does not fit 63 bits", "NGram.fit", "lower the order")


def _smoothing_named(name: str) -> Smoothing:
    if name not in SMOOTHINGS:
        raise RnnError(f"there is no smoothing {name!r}", "NGram", f"choose one of {', '.join(SMOOTHINGS)}")
    return SMOOTHINGS[name]


def _epsilons(epsilon: float | Sequence[float], order: int) -> tuple[float, ...]:
    """One ε per order; the bounds keep n + ε V finite and ε P above underflow."""
    try:
        values = np.asarray(epsilon, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.array(np.nan)
    allowed = (values == 0) | (values >= 1e-100) & (values <= 1e100)
    if values.shape not in ((), (order,)) or not allowed.all():
        remedy = f"give 0 or a number from 1e-100 to 1e100, or {order} such numbers"
        raise RnnError(f"epsilon is {epsilon!r}", "NGram", remedy)
    return tuple(np.broadcast_to(values, order).tolist())
