"""Sums, and what is made of them. `axis` is None (all), one axis or a tuple; negative axes count from the end."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.graph import Array
from minigrad.ops.elementwise import exp
from minigrad.ops.samples import shapes, unary
from minigrad.ops.shape import broadcast_to
from minigrad.ops.table import op

Axis = int | tuple[int, ...] | None

_REDUCTIONS = [
    *unary(-2, 2),
    *(shapes((2, 3, 4), constants=(axis, keep)) for axis in (None, 0, -1, (0, 2)) for keep in (False, True)),
]


def _kept(g: Any, shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Any:
    """`g` with the reduced axes back, as axes of length 1."""
    if keepdims or not shape:
        return g
    axes = range(len(shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
    reduced = {a % len(shape) for a in axes}
    return g.reshape(tuple(1 if i in reduced else n for i, n in enumerate(shape)))


def _sum(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    return np.sum(x, axis=axis, keepdims=keepdims)


sum = op(
    "sum",
    _sum,
    lambda g, shape, axis, keepdims: broadcast_to(_kept(g, shape, axis, keepdims), shape),
    samples=_REDUCTIONS,
)


def _logsumexp(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    peak = np.max(x, axis=axis, keepdims=True, initial=np.finfo(x.dtype).min)
    total = np.log(np.sum(np.exp(x - peak), axis=axis, keepdims=True)) + peak
    return total if keepdims else total.reshape(np.sum(x, axis=axis).shape)


logsumexp = op(
    "logsumexp",
    _logsumexp,
    lambda g, y, x, shape, axis, keepdims: _kept(g, shape, axis, keepdims) * exp(x - _kept(y, shape, axis, keepdims)),
    samples=[s for s in _REDUCTIONS if s(np.random.default_rng(0))[0].size],
)


def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The sum divided by the number of entries summed."""
    total = sum(x, axis, keepdims)
    entries = int(np.prod(x.shape)) // max(1, int(np.prod(total.shape)))
    return total / entries
