"""Many numbers to one. `axis` is None (all), one axis or a tuple; negative axes count from the end."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.graph import Array, Op
from minigrad.ops.elementwise import exp
from minigrad.ops.samples import shapes, unary
from minigrad.ops.shape import Axis, broadcast_to, flip
from minigrad.ops.table import constant, op

_AXES = [(None, True), (0, False), (0, True), (-1, False), ((0, 2), False)]
_SHAPES = [shapes((2, 3, 4), constants=along) for along in _AXES]
_FULL = [shapes((4,)), shapes((2, 3)), shapes(()), *_SHAPES]


def _reduced(shape: tuple[int, ...], axis: Axis) -> set[int]:
    """The axes that go away."""
    axes = range(len(shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return {a % len(shape) for a in axes} if shape else set()


def _kept(g: Any, shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Any:
    """`g` with the reduced axes back, as axes of length 1."""
    if keepdims or not shape:
        return g
    reduced = _reduced(shape, axis)
    return g.reshape(tuple(1 if i in reduced else n for i, n in enumerate(shape)))


def _entries(shape: tuple[int, ...], axis: Axis) -> int:
    """How many numbers become one."""
    return math.prod(shape[i] for i in _reduced(shape, axis))


def _sum(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    return np.sum(x, axis=axis, keepdims=keepdims)


def _mean(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    return np.mean(x, axis=axis, keepdims=keepdims)


sum: Op = op(
    "sum",
    _sum,
    lambda g, shape, axis, keepdims: broadcast_to(_kept(g, shape, axis, keepdims), shape),
    samples=[*_FULL, shapes((0, 2)), shapes((0, 2), constants=(0,))],
)
mean: Op = op(
    "mean",
    _mean,
    lambda g, shape, axis, keepdims: broadcast_to(_kept(g, shape, axis, keepdims) / _entries(shape, axis), shape),
    samples=[*_FULL, shapes((0, 2), constants=(1,))],
)


def _var(x: Array, axis: Axis = None, keepdims: bool = False, ddof: int = 0) -> Array:
    n = _entries(np.shape(x), axis)
    if n <= ddof:
        raise ValueError(f"the variance of {n} numbers with ddof={ddof} is 0/0; give more")
    return np.var(x, axis=axis, keepdims=keepdims, ddof=ddof)


def _var_back(g: Any, x: Any, shape: tuple[int, ...], axis: Axis, keepdims: bool, ddof: int) -> Any:
    return _kept(g, shape, axis, keepdims) * (x - mean(x, axis, True)) * (2 / (_entries(shape, axis) - ddof))


# The mean squared distance from the mean; with ddof=1 the sum is divided by n − 1.
var = op("var", _var, _var_back, samples=[*_SHAPES, shapes((3, 2), constants=(0, False, 1)), shapes((4,))])


def _norm(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    return np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))


def _norm_back(g: Any, x: Any, y: Any, shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Any:
    length = _kept(y, shape, axis, keepdims)
    return _kept(g, shape, axis, keepdims) * (x / (length + (constant(length) == 0)))


# √Σx², over all entries or along axes. At x = 0, where the cone has its tip, the gradient is 0.
norm = op("norm", _norm, _norm_back, samples=_FULL)


def _max(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    return np.max(x, axis=axis, keepdims=keepdims)


def _min(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    return np.min(x, axis=axis, keepdims=keepdims)


def _extreme_back(g: Any, x: Any, y: Any, shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Any:
    """Entries that tie for the extreme share its gradient equally."""
    x = constant(x)
    tied = x == _kept(constant(y), shape, axis, keepdims)
    kept = tuple(_reduced(shape, axis))
    return _kept(g, shape, axis, keepdims) * (tied / np.sum(tied, axis=kept, keepdims=True, dtype=x.dtype))


max = op("max", _max, _extreme_back, samples=_FULL)
min = op("min", _min, _extreme_back, samples=_FULL)


def _cumsum(x: Array, axis: int | None = None) -> Array:
    return np.cumsum(x, axis)


def _cumsum_back(g: Any, shape: tuple[int, ...], axis: int | None) -> Any:
    """Entry i is in every sum from the i-th on: sums from the end."""
    along = 0 if axis is None else axis
    return flip(cumsum(flip(g, along), along), along).reshape(shape)


# Sums of the first 1, 2, 3, … entries along an axis; of all entries in a row for None, as NumPy.
cumsum: Op = op(
    "cumsum",
    _cumsum,
    _cumsum_back,
    samples=[*unary(-2, 2), *(shapes((2, 3, 2), constants=(axis,)) for axis in (0, 1, -1))],
)


def _logsumexp(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    peak = np.max(x, axis=axis, keepdims=True, initial=np.finfo(x.dtype).min)
    total = np.log(np.sum(np.exp(x - peak), axis=axis, keepdims=True)) + peak
    return total if keepdims else total.reshape(np.sum(x, axis=axis).shape)


logsumexp = op(
    "logsumexp",
    _logsumexp,
    lambda g, y, x, shape, axis, keepdims: _kept(g, shape, axis, keepdims) * exp(x - _kept(y, shape, axis, keepdims)),
    samples=_FULL,
)
