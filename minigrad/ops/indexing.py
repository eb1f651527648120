"""Picking entries, and putting them back. Each pair of ops here is adjoint: the rule of one is the other."""

from __future__ import annotations

from types import EllipsisType
from typing import Any

import numpy as np

from minigrad.devices import settled
from minigrad.graph import Array, Op
from minigrad.ops.samples import shapes
from minigrad.ops.table import op

_IDS = np.array([[2, 0, 2], [3, 2, 0]])
_ONCE = int | np.integer | slice | EllipsisType | None  # these pick no entry twice

# x[where], as NumPy: numbers, slices, arrays of integers and masks, one or one for each axis. What is picked twice
# gets both gradients. Numbers and slices give a view, arrays a copy.
index = op(
    "index",
    lambda x, where: x[where],
    lambda g, shape, where: unindex(g, shape, where),
    view=True,
    samples=[
        shapes((4, 3), constants=(1,)),
        shapes((4, 3), constants=(slice(None, None, 2),)),
        shapes((4, 3), constants=((slice(1, 3), -1),)),
        shapes((4, 3), constants=((..., None, 2),)),
        shapes((4, 3), constants=(np.array([1, 1, -4]),)),
        shapes((4, 3), constants=((np.array([0, 0]), np.array([1, 1])),)),
        shapes((4,), constants=(np.array([True, False, True, True]),)),
        shapes((2, 3), constants=((slice(None), np.array([True, False, True])),)),
        shapes((0, 3), constants=(slice(None),)),
        shapes((), constants=((),)),
    ],
)


def _unindex(x: Array, full: tuple[int, ...], where: Any) -> Array:
    out = np.zeros(full, dtype=x.dtype)
    parts = where if isinstance(where, tuple) else (where,)
    if all(isinstance(p, _ONCE) or (isinstance(p, np.ndarray) and p.dtype.kind == "b") for p in parts):
        out[where] = x
    else:
        np.add.at(out, where, x)  # an array of integers may pick an entry more than once
    return out


unindex: Op = op(
    "unindex",
    _unindex,
    lambda g, where: g[where],
    samples=[
        shapes((3, 2), constants=((4, 2), np.array([1, 1, 0]))),
        shapes((2, 3), constants=((2, 4), (slice(None), slice(1, None)))),
        shapes((2,), constants=((3,), np.array([True, False, True]))),
    ],
)


def _take(x: Array, ids: Any) -> Array:
    ids = np.asarray(ids)  # of a list, NumPy would round the numbers
    if ids.dtype.kind == "b":
        raise TypeError("ids are truth values; give integers, or index with the mask")
    return np.take(x, ids, axis=0)


# Rows of a table: the common case of an index, and quicker in both directions.
take = op(
    "take",
    _take,
    lambda g, shape, ids: untake(g, settled(ids), shape[0]),
    samples=[
        shapes((4, 3), constants=(_IDS,)),
        shapes((4,), constants=(_IDS,)),
        shapes((4, 2), constants=(np.array(3),)),
        shapes((4, 2), constants=(np.array([-1, 3, -4]),)),
    ],
)


def _untake(x: Array, ids: Array, rows: int) -> Array:
    """Row i of the result is the sum of the rows of x whose id is i. Sorting first makes it one pass of additions."""
    flat = ids.ravel() % rows  # -1 is the last row, wherever it is written so
    out = np.zeros((rows, *x.shape[ids.ndim :]), dtype=x.dtype)
    if flat.size:
        order = np.argsort(flat, kind="stable")
        starts = np.flatnonzero(np.diff(flat[order], prepend=-1))
        entries = x.reshape(flat.size, -1)[order]
        out.reshape(rows, -1)[flat[order[starts]]] = np.add.reduceat(entries, starts, axis=0)
    return out


untake: Op = op("untake", _untake, lambda g, ids: take(g, ids), samples=[shapes((2, 3, 2), constants=(_IDS, 5))])
