"""Counts of k-grams, k = 1 … n, as a tree: a gram's children are the tokens that follow it.

Grams of one order stand sorted by their tokens, so those that share a context (c, ·) lie side by side, in the order of
their contexts. A gram is known by its place among those of its order, never by a number made of its tokens: any order
fits. Building sorts once for as many orders as fit 63 bits, then numbers the grams anew and goes on: O(N log N).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rnn.baselines.ngram_kernels import suffixes
from rnn.errors import RnnError
from rnn.metrics import Ints

LARGEST_KEY = 2**63 - 1


class Level(NamedTuple):
    """The K distinct k-grams (c, w) of one order k; C is the number of (k−1)-grams c."""

    contexts: Ints  # (K,) the place of c among the (k−1)-grams
    tokens: Ints  # (K,) w
    counts: Ints  # (K,) n(c, w)
    starts: Ints  # (C+1,) the grams of the context i are starts[i] … starts[i+1] − 1
    links: Ints  # (K,) the place of the gram without its oldest token among the (k−1)-grams


class Counts(NamedTuple):
    """How often each k-gram, k = 1 … n, stands in a text of `length` tokens."""

    vocabulary: int
    length: int
    levels: tuple[Level, ...]  # order 1 first
    head: Ints  # the text's first n−1 tokens, or all where there are fewer
    tail: Ints  # its last n−1 tokens

    @property
    def order(self) -> int:
        """n."""
        return len(self.levels)

    @property
    def size(self) -> int:
        """How many counts there are."""
        return sum(level.tokens.size for level in self.levels)

    def up_to(self, order: int) -> Counts:
        """The counts of the same text by a model of this order, which may not be above n; nothing is counted again."""
        tail = self.tail[max(self.tail.size - order + 1, 0) :]
        return Counts(self.vocabulary, self.length, self.levels[:order], self.head[: order - 1], tail)

    def place(self, gram: Ints) -> int:
        """Where a gram stands among those of its order, −1 where it was not counted."""
        place = 0
        for level, token in zip(self.levels, gram, strict=False):
            begin, end = level.starts[place], level.starts[place + 1]
            place = int(begin + np.searchsorted(level.tokens[begin:end], token))
            if place == end or level.tokens[place] != token:
                return -1
        return place


class _Grams(NamedTuple):
    """The distinct grams of one order, without links."""

    contexts: Ints
    tokens: Ints
    counts: Ints


def count(ids: Ints, vocabulary: int, order: int) -> Counts:
    """Count the k-grams of `ids` (N,), tokens 0 … V−1; orders above N have none."""
    text = np.append(ids, np.full(order, vocabulary))  # the token V stands behind the end and nowhere else
    grams: list[_Grams] = []
    ranks, distinct = np.zeros(ids.size, np.int64), 1
    while len(grams) < order:
        span = _span(distinct, vocabulary + 1, order - len(grams))
        keys = _keys(ranks, text[len(grams) :], span, vocabulary + 1)
        more = len(grams) + span < order
        found, times, ranks = _distinct(keys, ranks_too=more)
        grams += _orders_of(found, times, span, vocabulary + 1)
        distinct = found.size
    levels = _linked(_without_padding(grams, vocabulary))
    return Counts(vocabulary, ids.size, levels, ids[: order - 1].copy(), ids[max(ids.size - order + 1, 0) :].copy())


def join(first: Counts, second: Counts) -> Counts:
    """The counts of the first text followed by the second, those of the grams across the seam included."""
    vocabulary, order = first.vocabulary, first.order
    seam = np.append(first.tail, second.head)
    both = [(first, 1), (second, 1), (count(seam, vocabulary, order), 1)]
    both += [(count(part, vocabulary, order), -1) for part in (first.tail, second.head)]  # counted twice by now
    head = np.append(first.head, second.head)[: order - 1]
    tail = np.append(first.tail, second.tail)
    length = first.length + second.length
    return Counts(vocabulary, length, _sum(both), head, tail[max(tail.size - order + 1, 0) :])


def level_from(contexts: Ints, tokens: Ints, counts: Ints, below: Level | None) -> Level:
    """A level above `below` from grams that are sorted; RnnError unless each one's suffix is in `below`."""
    size = 1 if below is None else below.tokens.size
    starts = np.append(0, np.cumsum(np.bincount(contexts, minlength=size)))
    links = np.zeros(tokens.size, np.int64)
    if below is not None and not suffixes(starts, tokens, below.starts, below.tokens, below.links, links):
        raise RnnError("a gram is there without its last tokens", "n-gram counts", "count the text again")
    return Level(contexts, tokens, counts, starts, links)


def _span(distinct: int, base: int, left: int) -> int:
    """How many more tokens a key has room for, beside the number of one of `distinct` grams."""
    span = 0
    while span < left and distinct * base ** (span + 1) <= LARGEST_KEY:
        span += 1
    if span == 0:
        what = f"{distinct:,} grams before {base - 1:,} tokens are too many to number in 63 bits"
        raise RnnError(what, "NGram.fit", "give a smaller vocabulary")
    return span


def _keys(ranks: Ints, text: Ints, span: int, base: int) -> Ints:
    """The gram that starts at each position, of known rank, with the `span` tokens after it as further digits."""
    keys = ranks * base + text[: ranks.size]
    for i in range(1, span):
        keys *= base
        keys += text[i : i + keys.size]
    return keys


def _distinct(keys: Ints, *, ranks_too: bool) -> tuple[Ints, Ints, Ints]:
    """The distinct keys in order, how often each occurs, and, if asked for, which of them each key is."""
    if ranks_too:
        found, ranks, times = np.unique(keys, return_inverse=True, return_counts=True)
        return found, times, ranks
    keys.sort()
    starts = _starts(keys)
    return keys[starts], np.diff(starts, append=keys.size), keys


def _starts(ordered: Ints) -> Ints:
    """Where each run of equals begins."""
    return np.append(0, np.flatnonzero(ordered[1:] != ordered[:-1]) + 1)[: ordered.size]


def _orders_of(grams: Ints, counts: Ints, span: int, base: int) -> list[_Grams]:
    """The orders that one key holds: take the last digit off, and those before it are the grams of one order less."""
    found = []
    for _ in range(span):
        before = grams // base
        starts = _starts(before)
        contexts = np.repeat(np.arange(starts.size), np.diff(starts, append=grams.size))
        found.append(_Grams(contexts, grams - before * base, counts))
        grams, counts = before[starts], np.add.reduceat(counts, starts) if starts.size else counts
    return found[::-1]


def _without_padding(grams: list[_Grams], vocabulary: int) -> list[_Grams]:
    """Leave out what reaches behind the end of the text, and number the rest."""
    kept = []
    places = np.zeros(1, np.int64)
    for contexts, tokens, counts in grams:
        inside = tokens < vocabulary
        kept.append(_Grams(places[contexts[inside]], tokens[inside], counts[inside]))
        places = np.cumsum(inside) - 1
    return kept


def _linked(grams: list[_Grams]) -> tuple[Level, ...]:
    levels: list[Level] = []
    for one in grams:
        levels.append(level_from(*one, levels[-1] if levels else None))
    return tuple(levels)


def _sum(parts: Sequence[tuple[Counts, int]]) -> tuple[Level, ...]:
    """Level by level: number the grams of all parts together, and add their counts times the part's factor."""
    vocabulary, order = parts[0][0].vocabulary, parts[0][0].order
    places = [np.zeros(1, np.int64)] * len(parts)
    grams = []
    for k in range(order):
        levels = [part.levels[k] for part, _ in parts]
        keys = [where[level.contexts] * vocabulary + level.tokens for where, level in zip(places, levels, strict=True)]
        found, inverse = np.unique(np.concatenate(keys), return_inverse=True)
        counts = np.concatenate([level.counts * factor for level, (_, factor) in zip(levels, parts, strict=True)])
        places = np.split(inverse, np.cumsum([key.size for key in keys])[:-1])
        total = np.zeros(found.size, np.int64)
        np.add.at(total, inverse, counts)
        grams.append(_Grams(found // vocabulary, found % vocabulary, total))
    return _linked(grams)
