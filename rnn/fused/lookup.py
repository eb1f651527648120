"""Integer inputs: a one-hot vector times W_ih is a column of it, so rows of a table are looked up instead."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minigrad.graph import Array
from minigrad.kernels.workspace import plain
from rnn.stepwise import real

WHOLE = 1024  # of a greater vocabulary only the ids that occur are in the table


class LookedUp(NamedTuple):
    """The table's row that each position reads, (T·B,); which ids the rows are of, None for all; how many there are."""

    places: Array
    ids: Array | None
    rows: int

    @classmethod
    def of(cls, ids: Array, vocabulary: int, lengths: Array | None) -> LookedUp:
        """From ids (T, B). What stands after a row's end may be anything, and is never read."""
        if vocabulary <= WHOLE:
            return cls(plain(ids, np.int64), None, vocabulary)
        within = ids if lengths is None else np.where(real(lengths, len(ids)), ids, 0)
        distinct, index = np.unique(within, return_inverse=True)
        return cls(plain(index, np.int64), distinct, len(distinct))

    def table(self, w_ih: Array, bias: Array) -> Array:
        """The rows, one after the other: W_ih's columns with the bias added."""
        columns = w_ih if self.ids is None else w_ih[:, self.ids]
        found: Array = np.add(columns.T, bias, order="C").reshape(-1)
        return found

    def gradient(self, table: Array, w_ih: Array) -> Array:
        """That of W_ih, from that of the table."""
        if self.ids is None:
            return np.ascontiguousarray(table.T)
        found: Array = np.zeros_like(w_ih, order="C")
        found[:, self.ids] = table.T
        return found
