"""Many entries to one, along any axes, in an order that depends on the shape alone: the same bits every time.

A block has `width` results at a time and its other threads share the entries of each; partial results meet in shared
memory, in pairs. Few results of many entries are cut into parts first, and the parts are reduced in their turn.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import cuda

from minigrad.cuda import scalars
from minigrad.cuda.array import UFUNCS, DeviceArray, answers, normal
from minigrad.cuda.elementwise import call, copy_into, raw
from minigrad.cuda.launching import BLOCK, BLOCKS, SIMULATED, device_function, kernel, scalar
from minigrad.cuda.layout import Ints, merged, row_major
from minigrad.cuda.memory import empty
from minigrad.errors import DeviceError

WIDE = 2 if SIMULATED else 32  # results side by side in a block, where neighbours lie side by side
PART = 64 if SIMULATED else 1 << 14  # entries of one result that are worth a part of their own
PARTS = 4 if SIMULATED else 256
Axis = int | tuple[int, ...] | None


class Plan(NamedTuple):
    """Which axes stay and which go, merged, with their strides; the shape of the result and both numbers of entries."""

    shape: Ints
    kept: Ints
    kept_steps: Ints
    gone: Ints
    gone_steps: Ints
    results: int
    entries: int


@lru_cache(maxsize=4096)
def plan(shape: Ints, strides: Ints, axes: Ints, keepdims: bool) -> Plan:
    """For the reduction of such an array along these axes (counted from the front)."""
    stay = [i for i in range(len(shape)) if i not in axes]
    kept, (kept_steps,) = merged(tuple(shape[i] for i in stay), tuple(strides[i] for i in stay))
    gone, (gone_steps,) = merged(tuple(shape[i] for i in axes), tuple(strides[i] for i in axes))
    final = tuple(1 if i in axes else n for i, n in enumerate(shape) if keepdims or i not in axes)
    counts = math.prod(shape[i] for i in stay), math.prod(shape[i] for i in axes)
    return Plan(final, kept, kept_steps, gone, gone_steps, *counts)


@cache
def _kernel(load: Callable[..., Any], combine: Callable[..., Any], dtype: Any) -> Any:
    load, combine = device_function(load), device_function(combine)

    @kernel
    def reduce(
        x: Any, out: Any, start: Any, scale: Any, offset: int, counts: Ints, kept: Ints, kept_steps: Ints,
        gone: Ints, gone_steps: Ints,
    ) -> None:  # fmt: skip
        shared = cuda.shared.array(BLOCK, dtype)
        results, entries, width, part = counts
        me = cuda.threadIdx.x
        column, row, rows = me % width, me // width, BLOCK // width
        first = cuda.blockIdx.y * part
        last = min(first + part, entries)
        for group in range(cuda.blockIdx.x, (results + width - 1) // width, cuda.gridDim.x):
            o = group * width + column
            total = start
            if o < results:
                rest, base = o, offset
                for d in range(len(kept) - 1, 0, -1):
                    base += rest % kept[d] * kept_steps[d]
                    rest //= kept[d]
                base += rest * kept_steps[0]
                for j in range(first + row, last, rows):
                    rest, at = j, base
                    for d in range(len(gone) - 1, 0, -1):
                        at += rest % gone[d] * gone_steps[d]
                        rest //= gone[d]
                    total = combine(total, load(x[at + rest * gone_steps[0]]))
            shared[me] = total
            cuda.syncthreads()
            half = rows // 2
            while half > 0:
                if row < half:
                    shared[me] = combine(shared[me], shared[me + half * width])
                cuda.syncthreads()
                half //= 2
            if row == 0 and o < results:
                out[cuda.blockIdx.y * results + o] = shared[me] * scale
            cuda.syncthreads()

    return reduce


def add(x: Any, y: Any) -> Any:
    """x + y."""
    return x + y


def reduced(
    x: DeviceArray,
    axis: Axis,
    keepdims: bool,
    dtype: np.dtype[Any],
    *,
    load: Callable[..., Any] = scalars.same,
    combine: Callable[..., Any] = add,
    start: Any = 0,
    scale: float = 1,
    out: DeviceArray | None = None,
) -> DeviceArray:
    """scale · combine(start, load(x₀), load(x₁), …) along the axes, computed in `dtype`; `out` is in order."""
    axes = tuple(range(x.ndim)) if axis is None else normal(axis, x.ndim)
    p = plan(x.shape, x.strides, axes, bool(keepdims))
    out = empty(p.shape, dtype) if out is None else out
    if not p.results:
        return out
    width = 1 if p.gone_steps[-1] == 1 or p.results == 1 else WIDE
    parts = min(PARTS, -(-p.entries // PART)) if p.results <= BLOCKS else 1
    part = -(-p.entries // max(parts, 1))
    target = out if parts <= 1 else empty((parts, p.results), dtype)
    to = raw(target)
    grid = min(-(-p.results // width), BLOCKS), max(parts, 1)
    run = _kernel(load, combine, _numba_type(dtype))
    last = 1 if parts > 1 else scale
    run[grid, BLOCK](
        x.buffer, to, scalar(start, dtype), scalar(last, dtype), x.offset,
        (p.results, p.entries, width, part), p.kept, p.kept_steps, p.gone, p.gone_steps,
    )  # fmt: skip
    if parts <= 1:
        return out
    reduced(target, 0, False, dtype, combine=combine, start=start, scale=scale, out=out.reshape(p.results))
    return out


@cache
def _numba_type(dtype: np.dtype[Any]) -> Any:
    """What a kernel calls the dtype."""
    return numba.from_dtype(dtype)  # type: ignore[no-untyped-call,attr-defined,unused-ignore]  # numba has none


@cache
def _sum_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.add.reduce(np.zeros(1, dtype)).dtype


@answers(np.sum)
def total(
    x: DeviceArray, axis: Axis = None, dtype: Any = None, out: Any = None, keepdims: bool = False, scale: float = 1
) -> DeviceArray:
    """Sums along axes."""
    made = reduced(x, axis, keepdims, _sum_dtype(x.dtype) if dtype is None else np.dtype(dtype), scale=scale)
    if out is None:
        return made
    copy_into(out, made)
    return out


def entries(shape: Ints, axis: Axis) -> int:
    """How many become one."""
    return math.prod(shape[i] for i in (range(len(shape)) if axis is None else normal(axis, len(shape))))


def divided(n: float) -> float:
    """1/n, with NumPy's answer for 0."""
    return 1 / n if n else math.nan


@answers(np.mean)
def mean(x: DeviceArray, axis: Axis = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> DeviceArray:
    """Means along axes."""
    kind = np.dtype(dtype) if dtype is not None else x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
    return reduced(x, axis, keepdims, kind, scale=divided(entries(x.shape, axis)))


def squares(x: DeviceArray, axis: Axis = None, keepdims: bool = False, scale: float = 1) -> DeviceArray:
    """Sums of x²."""
    return reduced(x, axis, keepdims, x.dtype, load=scalars.square, scale=scale)


@answers(np.var)
def var(x: DeviceArray, axis: Axis = None, keepdims: bool = False, ddof: int = 0) -> DeviceArray:
    """The mean squared distance from the mean, divided by n − ddof."""
    return squares(x - mean(x, axis, keepdims=True), axis, keepdims, divided(entries(x.shape, axis) - ddof))


def _least(dtype: np.dtype[Any]) -> Any:
    return -np.inf if dtype.kind == "f" else False if dtype.kind == "b" else np.iinfo(dtype).min


def _greatest(dtype: np.dtype[Any]) -> Any:
    return np.inf if dtype.kind == "f" else True if dtype.kind == "b" else np.iinfo(dtype).max


def _some(x: DeviceArray, axis: Axis, what: str) -> None:
    if not entries(x.shape, axis):
        raise ValueError(f"zero-size array to reduction operation {what} which has no identity")


@answers(np.max, np.amax)
def greatest(x: DeviceArray, axis: Axis = None, out: Any = None, keepdims: bool = False) -> DeviceArray:
    """The largest along axes; NaN if there is one."""
    _some(x, axis, "maximum")
    return reduced(x, axis, keepdims, x.dtype, combine=scalars.larger, start=_least(x.dtype))


@answers(np.min, np.amin)
def least(x: DeviceArray, axis: Axis = None, out: Any = None, keepdims: bool = False) -> DeviceArray:
    """The smallest along axes; NaN if there is one."""
    _some(x, axis, "minimum")
    return reduced(x, axis, keepdims, x.dtype, combine=scalars.smaller, start=_greatest(x.dtype))


@answers(np.all)
def every(x: DeviceArray, axis: Axis = None, out: Any = None, keepdims: bool = False) -> DeviceArray:
    """Whether all are true."""
    return call(np.equal, total(call(np.equal, x, 0), axis, keepdims=keepdims), 0)


@answers(np.any)
def some(x: DeviceArray, axis: Axis = None, out: Any = None, keepdims: bool = False) -> DeviceArray:
    """Whether any is true."""
    return call(np.greater, total(call(np.not_equal, x, 0), axis, keepdims=keepdims), 0)


@answers(np.vdot)
def vdot(a: DeviceArray, b: DeviceArray) -> DeviceArray:
    """Σ a b over all entries."""
    return total(call(np.multiply, a, b))


@answers(np.cumsum)
def cumsum(x: DeviceArray, axis: int | None = None, dtype: Any = None, out: Any = None) -> DeviceArray:
    """Sums of the first 1, 2, 3, … entries along an axis; of all in a row for None. One thread walks each line."""
    if axis is None:
        return cumsum(x.ravel(), 0)
    (along,) = normal(axis, x.ndim)
    made = empty(x.shape, _sum_dtype(x.dtype))
    rest = tuple(i for i in range(x.ndim) if i != along)
    lines, (steps, steps_out) = merged(*(tuple(s[i] for i in rest) for s in (x.shape, x.strides, row_major(x.shape))))
    if made.size:
        count = made.size // x.shape[along]
        _running[(-(-count // BLOCK)), BLOCK](
            x.buffer, made.buffer, x.offset, (count, x.shape[along], x.strides[along], made.strides[along]),
            lines, steps, steps_out,
        )  # fmt: skip
    return made


@kernel
def _running(x: Any, out: Any, offset: int, sizes: Ints, lines: Ints, steps: Ints, steps_out: Ints) -> None:
    count, length, step, step_out = sizes
    for i in range(cuda.grid(1), count, cuda.gridsize(1)):
        rest, at, to = i, offset, 0
        for d in range(len(lines) - 1, 0, -1):
            k = rest % lines[d]
            rest //= lines[d]
            at += k * steps[d]
            to += k * steps_out[d]
        at += rest * steps[0]
        to += rest * steps_out[0]
        out[to] = x[at]
        for k in range(1, length):
            out[to + k * step_out] = out[to + (k - 1) * step_out] + x[at + k * step]


_REDUCE: dict[np.ufunc, Callable[..., DeviceArray]] = {np.add: total, np.maximum: greatest, np.minimum: least}


def _ufunc_reduce(ufunc: np.ufunc, x: Any, axis: Axis = 0, keepdims: bool = False, **keywords: Any) -> DeviceArray:
    if ufunc not in _REDUCE or keywords.get("where", True) is not True or keywords.get("out"):
        raise DeviceError(f"{ufunc.__name__}.reduce: has no launcher on cuda; use device='cpu' for it")
    return _REDUCE[ufunc](x, axis, keepdims=keepdims)


UFUNCS["reduce"] = _ufunc_reduce
