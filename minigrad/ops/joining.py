"""Several arrays made one, and one made several: stack and unstack, concat and split, pad."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index as integer
from typing import Any

import numpy as np

from minigrad.graph import Array, Op
from minigrad.ops.indexing import index
from minigrad.ops.samples import sequence, shapes
from minigrad.ops.table import op


def _stack(xs: Sequence[Array], axis: int = 0) -> Array:
    return np.stack(xs, axis)


def _unstack(x: Array, axis: int = 0) -> tuple[Array, ...]:
    return tuple(x if axis == 0 and x.ndim else np.moveaxis(x, axis, 0))


stack = op(
    "stack",
    _stack,
    joint=lambda g, axis: unstack(g, axis),
    variadic=True,
    samples=[sequence((2, 3), (2, 3)), sequence((2,), (2,), (2,), constants=(-1,)), sequence((), ())],
)
unstack: Op = op(
    "unstack",
    _unstack,
    lambda g, axis: stack(g, axis),
    many=True,
    view=True,
    samples=[shapes((3, 2)), shapes((2, 3), constants=(1,)), shapes((2, 3, 2), constants=(-1,)), shapes((1, 2))],
)


def _concat(xs: Sequence[Array], axis: int = 0) -> Array:
    return np.concatenate(xs, axis)


def _split(x: Array, sections: int | Sequence[int], axis: int = 0) -> tuple[Array, ...]:
    if np.ndim(sections) == 0 and sections < 1:  # type: ignore[operator]  # it is a number
        raise ValueError("give at least one section")
    return tuple(np.split(x, sections, axis))


def _ends(xs: Sequence[Any], axis: int) -> tuple[int, ...]:
    """Where in the whole each part but the last ends."""
    return tuple(np.cumsum([x.shape[axis] for x in xs[:-1]]).tolist())


concat = op(
    "concat",
    _concat,
    joint=lambda g, xs, axis: split(g, _ends(xs, axis), axis),
    variadic=True,
    samples=[
        sequence((2, 3), (1, 3)),
        sequence((2, 1), (2, 3), (2, 0), (2, 2), constants=(-1,)),
        sequence((2,)),
        sequence((0,), (0,)),
    ],
)
split: Op = op(
    "split",
    _split,
    lambda g, axis: concat(g, axis),
    many=True,
    view=True,
    samples=[
        shapes((4, 2), constants=(2,)),
        shapes((2, 5), constants=((1, 4), -1)),
        shapes((3, 2), constants=((2, 2),)),
        shapes((2, 3), constants=(1, 1)),
    ],
)


def _pairs(widths: Any, ndim: int) -> list[tuple[int, int]]:
    """NumPy's ways of saying how much: one number, one pair, or a pair for each axis."""
    return [(integer(before), integer(after)) for before, after in np.broadcast_to(widths, (ndim, 2))]


def _pad(x: Array, widths: Any) -> Array:
    pairs = _pairs(widths, x.ndim)
    if any(n < 0 for pair in pairs for n in pair):
        raise ValueError("give widths of at least 0; to cut entries off, index")
    out = np.zeros([n + sum(pair) for n, pair in zip(x.shape, pairs, strict=True)], x.dtype)
    out[_middle(x.shape, widths)] = x
    return out


def _middle(shape: tuple[int, ...], widths: Any) -> tuple[slice, ...]:
    pairs = _pairs(widths, len(shape))
    return tuple(slice(before, before + n) for n, (before, _) in zip(shape, pairs, strict=True))


# Zeros around: `widths` as in np.pad.
pad = op(
    "pad",
    _pad,
    lambda g, shape, widths: index(g, _middle(shape, widths)),
    samples=[
        shapes((3,), constants=(2,)),
        shapes((2, 3), constants=(((1, 0), (0, 2)),)),
        shapes((2, 2), constants=((1, 2),)),
        shapes((), constants=(1,)),
        shapes((0, 2), constants=(((1, 1), (0, 0)),)),
    ],
)
