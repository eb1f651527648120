"""Picking entries by arrays of indices, and adding entries up where indices say; the same bits every time.

Indices of the host are data of the call, as Python's numbers are: they are checked there and sent along. Those on the
device cannot be looked at without waiting. Where they came from the host their limits are known and checked; other ids
out of range give NaN.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
from numba import cuda

from minigrad.cuda.array import DeviceArray, answers
from minigrad.cuda.elementwise import copy_into, plain, raw, where
from minigrad.cuda.launching import BLOCK, BLOCKS, SIMULATED, kernel, scalar, spread
from minigrad.cuda.layout import Ints, basic
from minigrad.cuda.memory import empty, from_numpy, full, zeros
from minigrad.errors import DeviceError
from minigrad.remote import Remote

COLUMNS = 2 if SIMULATED else 32  # columns that a block adds up side by side


@kernel
def _rows(x: Any, ids: Any, out: Any, n: int, sizes: Ints, bad: Any) -> None:
    rows, columns = sizes
    for i in range(cuda.grid(1), n, cuda.gridsize(1)):
        row = ids[i // columns]
        if row < 0:
            row += rows
        if 0 <= row < rows:
            out[i] = x[row * columns + i % columns]
        else:
            out[i] = bad


def checked(what: str, ids: Any, n: int) -> DeviceArray:
    """Ids from −n to n − 1 on the device; IndexError or TypeError for others, as far as that is known."""
    if not isinstance(ids, Remote):
        ids = np.asarray(ids)
        if not ids.size and ids.dtype.kind == "f":
            ids = ids.astype(np.int64)
    if ids.dtype.kind not in "iu":
        raise TypeError(f"{what}: indices are {ids.dtype}; give integers")
    ids = ids if isinstance(ids, DeviceArray) else from_numpy(ids)
    if ids.limits is not None and ids.size:
        for i in ids.limits:
            if not -n <= i < n:
                raise IndexError(f"index {i} is out of bounds for axis 0 with size {n}")
    return plain(ids)


@answers(np.take)
def take(x: DeviceArray, ids: Any, axis: int | None = None, **_: Any) -> DeviceArray:
    """Rows of x: x[ids]."""
    if axis is None:
        x = x.reshape(-1)
    elif axis % max(x.ndim, 1):
        raise DeviceError("take: only rows (axis 0) have a launcher on cuda; transpose first")
    ids = checked("take", ids, x.shape[0])
    return _rows_of(x, ids)


def _rows_of(x: DeviceArray, ids: DeviceArray) -> DeviceArray:
    x, columns = plain(x), math.prod(x.shape[1:])
    out = empty((*ids.shape, *x.shape[1:]), x.dtype)
    if out.size:
        bad = scalar(np.nan if x.dtype.kind == "f" else 0, x.dtype)
        _rows[spread(out.size)](raw(x), raw(ids), out.buffer, out.size, (x.shape[0], columns), bad)
    return out


@kernel
def _added(g: Any, ids: Any, out: Any, sizes: Ints) -> None:
    """Row r of out: the sum of g's rows whose id is r, in their order. A block has a row, a thread a column of it."""
    n, rows, columns = sizes
    for r in range(cuda.blockIdx.x, rows, cuda.gridDim.x):
        for c in range(cuda.threadIdx.x + cuda.blockIdx.y * cuda.blockDim.x, columns, cuda.blockDim.x * cuda.gridDim.y):
            total = out[r * columns + c]
            for i in range(n):
                row = ids[i]
                if row < 0:
                    row += rows
                if row == r:
                    total += g[i * columns + c]
            out[r * columns + c] = total


def untake(g: DeviceArray, ids: Any, rows: int) -> DeviceArray:
    """Row i of the result is the sum of the rows of g whose id is i."""
    ids = checked("untake", ids, rows)
    out = zeros((rows, *g.shape[ids.ndim :]), g.dtype)
    columns = math.prod(out.shape[1:])
    if g.size:
        g = plain(g)
        threads = min(BLOCK, -(-columns // COLUMNS) * COLUMNS)
        grid = min(rows, BLOCKS), -(-columns // threads)
        _added[grid, threads](raw(g), raw(ids), out.buffer, (ids.size, rows, columns))
    return out


def places(shape: Ints, parts: tuple[Any, ...]) -> Any:
    """The places, in C order, of the entries that an index picks from an array of this shape; an array of the host."""
    known = []
    for p in parts:
        if isinstance(p, Remote):
            raise DeviceError(
                "index: an array on cuda can only pick rows, alone; give masks and indices among others as NumPy arrays"
            )
        known.append(p)
    if len(known) <= len(shape) and all(_whole(p) for p in known):
        lead = shape[: len(known)]
        index = np.broadcast_arrays(*(np.asarray(p) for p in known))
        for i, n in zip(index, lead, strict=True):
            if i.size and not -n <= i.min() <= i.max() < n:
                raise IndexError(f"an index is out of bounds for an axis with size {n}")
        first = np.ravel_multi_index([i % max(n, 1) for i, n in zip(index, lead, strict=True)], lead)
        rest = math.prod(shape[len(known) :])
        return (first[..., None] * rest + np.arange(rest)).reshape(*first.shape, *shape[len(known) :])
    return np.arange(math.prod(shape)).reshape(shape)[tuple(known)]


def _whole(part: Any) -> bool:
    return part is not None and part is not ... and not isinstance(part, slice) and np.asarray(part).dtype.kind in "iu"


@answers(operator.getitem)
def picked(x: DeviceArray, parts: tuple[Any, ...]) -> DeviceArray:
    """x[parts] for an index with arrays among its parts."""
    if len(parts) == 1 and _is_ids(parts[0]):
        if not x.ndim:
            raise IndexError("too many indices: the array has 0 axes, but 1 was indexed")
        return _rows_of(x, checked("index", parts[0], x.shape[0]))
    return _rows_of(x.reshape(-1), from_numpy(places(x.shape, parts)))


def _is_ids(part: Any) -> bool:
    if isinstance(part, Remote):
        return bool(part.dtype.kind in "iu")
    return np.asarray(part).dtype.kind in "iu"


@kernel
def _put(out: Any, at: Any, values: Any, which: Any, n: int, offset: int) -> None:
    for i in range(cuda.grid(1), n, cuda.gridsize(1)):
        out[offset + at[i]] = values[which[i]]


@answers(operator.setitem)
def put(x: DeviceArray, parts: tuple[Any, ...], value: Any) -> None:
    """x[parts] = value for an index with arrays among its parts. Of what goes to one place the last stays."""
    if len(parts) == 1 and isinstance(parts[0], DeviceArray) and parts[0].dtype.kind == "b" and np.ndim(value) == 0:
        copy_into(x, where(parts[0].reshape(parts[0].shape + (1,) * (x.ndim - parts[0].ndim)), value, x))
        return
    target = x if x.contiguous else x.copy()
    if len(parts) == 1 and isinstance(parts[0], DeviceArray):
        raise DeviceError("index: writing to rows named on cuda has no launcher; give the ids as a NumPy array")
    at = places(x.shape, parts)
    values = _values(value, at.shape, x.dtype)
    last, which = np.unique(at.reshape(-1)[::-1], return_index=True)
    if last.size:
        to, chosen = from_numpy(last), from_numpy(at.size - 1 - which)
        _put[spread(last.size)](target.buffer, to.buffer, raw(values), chosen.buffer, last.size, target.offset)
    if target is not x:
        copy_into(x, target)


def _values(value: Any, shape: Ints, dtype: np.dtype[Any]) -> DeviceArray:
    if isinstance(value, DeviceArray):
        return plain(value.broadcast_to(shape)).astype(dtype, copy=False)
    value = np.asarray(value, dtype=dtype)
    return full(shape, value.item(), dtype) if not value.ndim else from_numpy(np.broadcast_to(value, shape))


@kernel
def _summed(g: Any, order: Any, starts: Any, places: Any, out: Any, n: int) -> None:
    for i in range(cuda.grid(1), n, cuda.gridsize(1)):
        total = g[order[starts[i]]]
        for k in range(starts[i] + 1, starts[i + 1]):
            total += g[order[k]]
        out[places[i]] = total


def unindex(g: DeviceArray, shape: Ints, index: Any) -> DeviceArray:
    """Zeros of that shape, to which g is added where `index` picks; what is picked twice gets both."""
    parts = index if isinstance(index, tuple) else (index,)
    if basic(parts):
        out = zeros(shape, g.dtype)
        copy_into(out[parts], g)
        return out
    if len(parts) == 1 and isinstance(parts[0], Remote):
        return untake(g, parts[0], shape[0])
    at = places(shape, parts).reshape(-1)
    out = zeros(shape, g.dtype)
    if at.size:
        order = np.argsort(at, kind="stable")
        starts = np.flatnonzero(np.diff(at[order], prepend=-1))
        g, first, to = plain(g), from_numpy(np.append(starts, at.size)), from_numpy(at[order[starts]])
        sent = from_numpy(order)
        _summed[spread(starts.size)](raw(g), sent.buffer, first.buffer, to.buffer, out.buffer, starts.size)
    return out
