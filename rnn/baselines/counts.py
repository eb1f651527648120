"""Counts of k-grams, and the view of them that a smoothing gets.

A k-gram x₁ … x_k is one integer key, its digits in base V: x₁ V^(k−1) + … + x_k. Sorted keys make a look-up
a binary search, and the followers of one context lie side by side.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rnn.metrics import Floats, Ints


class Table(NamedTuple):
    """The counts of one order k; a context c is the k−1 tokens before a token w."""

    grams: Ints  # (K,) sorted keys of the distinct k-grams (c, w)
    counts: Ints  # (K,) n(c, w)
    contexts: Ints  # (C,) sorted keys of the contexts that something follows
    totals: Ints  # (C,) n(c, ·) = Σ_w n(c, w)
    last: int  # key of the text's last k−1 tokens, which nothing follows; −1 for k = 1


def tabulate(grams: Ints, vocabulary: int, last: int) -> Table:
    """Count the keys of all k-grams of a text, in any order, (N−k+1,)."""
    distinct, counts = np.unique(grams, return_counts=True)
    contexts = distinct // vocabulary
    starts = np.flatnonzero(np.diff(contexts, prepend=-1))
    return Table(distinct, counts, contexts[starts], np.add.reduceat(counts, starts), last)


def preceding(ids: Ints, vocabulary: int, longest: int) -> Iterator[Ints]:
    """For k = 0, 1 … `longest` the keys of the k tokens before each of ids[k:], shape (N−k,), while N > k."""
    keys = np.zeros(ids.size, np.int64)
    for k in range(min(longest + 1, ids.size)):
        if k:
            keys = keys[1:] + ids[:-k] * vocabulary ** (k - 1)
        yield keys


def look_up(keys: Ints, values: Ints, wanted: Ints) -> Ints:
    """values[i] where keys[i] == wanted, else 0; `keys` sorted and not empty."""
    place = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
    return np.where(keys[place] == wanted, values[place], 0)


@dataclass(frozen=True)
class Seen:
    """What one order has counted at N events (context c, token w).

    `contexts` (N,) or (1,) and `tokens` (N,) broadcast, so that a whole row P(· | c) needs its context once.
    """

    table: Table
    contexts: Ints
    tokens: Ints
    vocabulary: int
    epsilon: float
    unigram: Floats  # (N,) the smoothed P(w) of order 1; at order 1 itself 1/V

    @property
    def joint(self) -> Ints:
        """n(c, w), (N,)."""
        return look_up(self.table.grams, self.table.counts, self.contexts * self.vocabulary + self.tokens)

    @property
    def total(self) -> Ints:
        """n(c, ·): how often something follows c. For the empty context the length of the text."""
        return look_up(self.table.contexts, self.table.totals, self.contexts)

    @property
    def occurrences(self) -> Ints:
        """n(c): how often c stands in the text, one more than n(c, ·) for the context that ends it."""
        return self.total + np.equal(self.contexts, self.table.last).astype(np.int64)
