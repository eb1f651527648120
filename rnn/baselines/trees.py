"""The tree that kernels walk through, from the levels of counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnn.baselines.counts import Level
from rnn.baselines.ngram_kernels import Tree
from rnn.errors import RnnError

LARGEST = 2**31 - 1


def tree_of(levels: Sequence[Level]) -> Tree:
    """All orders in one row of nodes, order 1 first, after the empty gram; each order leans on the one below.

    Raises RnnError for more grams than 31 bits can number.
    """
    ends = np.cumsum([1, *(level.tokens.size for level in levels)]).tolist()
    if ends[-1] > LARGEST:
        raise RnnError(f"{ends[-1]:,} grams are too many", "NGram", "lower the order, or shorten the text")
    tokens, links = np.full(ends[-1], -1, np.int32), np.zeros(ends[-1], np.int32)
    first = np.full(ends[-2] + 1, ends[-1], np.int32)
    begin = 0
    for level, end, after in zip(levels, ends, ends[1:], strict=False):
        tokens[end:after] = level.tokens
        links[end:after] = level.links + begin
        first[begin:end] = level.starts[:-1] + end
        begin = end
    return Tree(tokens, first, links, np.arange(-1, len(levels), dtype=np.int32), np.ones(len(ends)))
