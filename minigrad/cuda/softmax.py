"""Rows of scores: softmax, its logarithm, the logarithm of the sum, and cross-entropy; a block has a row at a time."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numba
import numpy as np
from numba import cuda

from minigrad.cuda.array import DeviceArray, normal
from minigrad.cuda.elementwise import call, plain, raw
from minigrad.cuda.indexing import checked
from minigrad.cuda.launching import BLOCK, BLOCKS, SIMULATED, device_function, kernel, scalar, spread
from minigrad.cuda.layout import Ints
from minigrad.cuda.memory import empty
from minigrad.cuda.reduce import divided, entries, reduced
from minigrad.cuda.scalars import exp, log
from minigrad.errors import DtypeError
from minigrad.remote import Remote

WARP = 2 if SIMULATED else 32  # threads of a block for short rows
SOFTMAX, LOG_SOFTMAX, LOGSUMEXP = 0, 1, 2


@device_function
def peak_of(x: Any, at: int, width: int, shared: Any, least: Any) -> Any:
    """The largest of a row, NaN if there is one, for all threads of the block."""
    me = cuda.threadIdx.x
    shared[me] = least
    for j in range(me, width, cuda.blockDim.x):
        if x[at + j] > shared[me] or x[at + j] != x[at + j]:
            shared[me] = x[at + j]
    cuda.syncthreads()
    half = cuda.blockDim.x // 2
    while half > 0:
        if me < half and (shared[me + half] > shared[me] or shared[me + half] != shared[me + half]):
            shared[me] = shared[me + half]
        cuda.syncthreads()
        half //= 2
    peak = shared[0]
    cuda.syncthreads()
    return peak


@device_function
def total_of(x: Any, at: int, width: int, shared: Any, peak: Any) -> Any:
    """Σ exp(x − peak) over a row, for all threads of the block."""
    me = cuda.threadIdx.x
    shared[me] = 0
    for j in range(me, width, cuda.blockDim.x):
        shared[me] += exp(x[at + j] - peak)
    cuda.syncthreads()
    half = cuda.blockDim.x // 2
    while half > 0:
        if me < half:
            shared[me] += shared[me + half]
        cuda.syncthreads()
        half //= 2
    total = shared[0]
    cuda.syncthreads()
    return total


@cache
def _rows_kernel(dtype: Any) -> Any:
    """Softmax of each row, or its logarithm, or the one number log Σ exp x."""

    @kernel
    def rows_of(x: Any, out: Any, least: Any, sizes: Ints, what: int) -> None:
        shared = cuda.shared.array(BLOCK, dtype)
        rows, width = sizes
        for row in range(cuda.blockIdx.x, rows, cuda.gridDim.x):
            at = row * width
            peak = peak_of(x, at, width, shared, least)
            total = total_of(x, at, width, shared, peak)
            if what == LOGSUMEXP:
                if cuda.threadIdx.x == 0:
                    out[row] = log(total) + peak
            elif what == LOG_SOFTMAX:
                shift = peak + log(total)
                for j in range(cuda.threadIdx.x, width, cuda.blockDim.x):
                    out[at + j] = x[at + j] - shift
            else:
                for j in range(cuda.threadIdx.x, width, cuda.blockDim.x):
                    out[at + j] = exp(x[at + j] - peak) / total

    return rows_of


@cache
def _loss_kernel(dtype: Any) -> Any:
    """Softmax of each row, and −log of its entry at the row's id; NaN for an id out of range."""

    @kernel
    def losses_of(x: Any, ids: Any, p: Any, losses: Any, least: Any, bad: Any, sizes: Ints) -> None:
        shared = cuda.shared.array(BLOCK, dtype)
        rows, width = sizes
        for row in range(cuda.blockIdx.x, rows, cuda.gridDim.x):
            at = row * width
            peak = peak_of(x, at, width, shared, least)
            total = total_of(x, at, width, shared, peak)
            for j in range(cuda.threadIdx.x, width, cuda.blockDim.x):
                p[at + j] = exp(x[at + j] - peak) / total
            if cuda.threadIdx.x == 0:
                if 0 <= ids[row] < width:
                    losses[row] = log(total) + (peak - x[at + ids[row]])
                else:
                    losses[row] = bad

    return losses_of


@kernel
def _back(g: Any, p: Any, ids: Any, out: Any, scale: Any, n: int, width: int) -> None:
    """(p − one-hot) g/rows."""
    factor = g[0] * scale
    for i in range(cuda.grid(1), n, cuda.gridsize(1)):
        if ids[i // width] == i % width:
            out[i] = factor * p[i] - factor
        else:
            out[i] = factor * p[i]


def _dtype(x: DeviceArray) -> Any:
    if x.dtype.kind != "f":
        raise DtypeError(f"softmax: {x.dtype} scores; give float32 or float64")
    return numba.float32 if x.dtype == np.float32 else numba.float64


def _threads(width: int) -> int:
    return WARP if width <= 4 * WARP else BLOCK


def _run(x: DeviceArray, out: DeviceArray, rows: int, width: int, what: int) -> None:
    """`x` in order, rows × width."""
    if rows and width:
        least = scalar(np.finfo(x.dtype).min, x.dtype)
        _rows_kernel(_dtype(x))[min(rows, BLOCKS), _threads(width)](raw(x), out.buffer, least, (rows, width), what)


def _along(x: DeviceArray, axis: int, what: int) -> DeviceArray:
    (axis,) = normal(axis, x.ndim)
    order = (*(i for i in range(x.ndim) if i != axis), axis)
    rows = plain(x.transpose(order))
    width = x.shape[axis]
    if not width:
        raise ValueError("zero-size array to reduction operation maximum which has no identity")
    out = empty(rows.shape, x.dtype)
    _run(rows, out, out.size // width, width, what)
    return out.transpose(tuple(order.index(i) for i in range(x.ndim)))


def softmax(x: DeviceArray, axis: int = -1) -> DeviceArray:
    """exp x / Σ exp x along an axis."""
    return _along(x, axis, SOFTMAX)


def log_softmax(x: DeviceArray, axis: int = -1) -> DeviceArray:
    """x − log Σ exp x along an axis."""
    return _along(x, axis, LOG_SOFTMAX)


def logsumexp(x: DeviceArray, axis: Any = None, keepdims: bool = False) -> DeviceArray:
    """log Σ exp x along axes."""
    gone = tuple(range(x.ndim)) if axis is None else normal(axis, x.ndim)
    stay = tuple(i for i in range(x.ndim) if i not in gone)
    kept = tuple(1 if i in gone else n for i, n in enumerate(x.shape) if keepdims or i not in gone)
    width = entries(x.shape, gone)
    if not width:
        return call(np.log, reduced(x, gone, bool(keepdims), x.dtype))
    rows, out = plain(x.transpose((*stay, *gone))), empty(kept, x.dtype)
    _run(rows, out, out.size, width, LOGSUMEXP)
    return out


def softmax_gradient(g: DeviceArray, y: DeviceArray, axis: int) -> tuple[DeviceArray]:
    """y (g − Σ g y)."""
    return (y * (g - (g * y).sum(axis, keepdims=True)),)


def _ids_for(logits: DeviceArray, ids: Any) -> DeviceArray:
    shape, classes = logits.shape[:-1], logits.shape[-1]
    if not isinstance(ids, Remote):
        ids = np.asarray(ids)
    wrong = ids.shape != shape
    found = checked("cross_entropy", ids, classes) if not wrong else ids
    if wrong or (found.size and found.limits is not None and found.limits[0] < 0):
        raise ValueError(f"ids of shape {ids.shape} must be {shape}, and each from 0 to {classes - 1}")
    return found


def cross_entropy(logits: DeviceArray, ids: Any) -> tuple[DeviceArray, tuple[DeviceArray, DeviceArray]]:
    """The mean of −log softmax(logits)[id] in nats; and, for its gradient, the softmax and the ids."""
    ids, width = _ids_for(logits, ids), logits.shape[-1]
    n, dtype = math.prod(logits.shape[:-1]), logits.dtype
    p, losses = empty((n, width), dtype), empty((n,), dtype)
    if n:
        least, bad, x = scalar(np.finfo(dtype).min, dtype), scalar(np.nan, dtype), plain(logits)
        _loss_kernel(_dtype(logits))[min(n, BLOCKS), _threads(width)](
            raw(x), raw(ids), p.buffer, losses.buffer, least, bad, (n, width)
        )
    return reduced(losses, None, False, dtype, scale=divided(n)), (p, ids)


def cross_entropy_gradient(g: DeviceArray, kept: Any, shape: Ints) -> tuple[DeviceArray]:
    """(softmax − one-hot) g/rows."""
    p, ids = kept
    out = empty(shape, p.dtype)
    if out.size:
        scale, g = scalar(divided(ids.size), p.dtype), plain(g)
        _back[spread(out.size)](raw(g), p.buffer, raw(ids), out.buffer, scale, out.size, p.shape[-1])
    return (out,)
