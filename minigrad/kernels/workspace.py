"""Memory for kernels: aligned as vectors want it, and used again instead of being asked for anew.

A training step needs the same large arrays every time. Fresh memory costs a page fault for every 4 KiB of it; so what
is let go of is kept for the next who asks for as much.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from typing import Any

import numpy as np

from minigrad.graph import Array

LINE = 64  # bytes of a cache line, and of the widest vector
SMALL = 1 << 16  # bytes up to which fresh memory is no dearer
SPARE = 256 << 20  # bytes that are kept for later at most


class _Held(threading.local):
    """A thread's own arrays."""

    def __init__(self) -> None:
        self.arrays: dict[tuple[str, str], Array] = {}


_held = _Held()


class _Spare:
    """Blocks of memory that nobody uses, by their size; the ones that have waited longest go first."""

    def __init__(self) -> None:
        self._blocks: OrderedDict[int, list[Array]] = OrderedDict()
        self._lock, self._total = threading.Lock(), 0

    def take(self, size: int) -> Array:
        with self._lock:
            waiting = self._blocks.get(size)
            if waiting:
                self._total -= size
                return waiting.pop()
        return np.empty(size + LINE, np.uint8)

    def give(self, size: int, block: Array) -> None:
        # A finaliser may run anywhere, even within `take` on this thread: then the block is simply let go of.
        if not self._lock.acquire(blocking=False):
            return
        try:
            self._blocks.setdefault(size, []).append(block)
            self._blocks.move_to_end(size)
            self._total += size
            while self._total > SPARE:
                oldest = next(iter(self._blocks))
                if self._blocks[oldest]:
                    self._blocks[oldest].pop()
                    self._total -= oldest
                else:
                    del self._blocks[oldest]
        finally:
            self._lock.release()


_spare = _Spare()


class _Lease:
    """Memory lent to an array, and to all views of it; it goes back when the last of them is gone."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], size: int):
        self.size, self.block = size, _spare.take(size)
        start = _address(self.block)
        self.__array_interface__ = {
            "data": (start + -start % LINE, False), "shape": shape, "typestr": dtype.str, "version": 3,
        }  # fmt: skip

    def __del__(self) -> None:
        _spare.give(self.size, self.block)


def aligned(shape: tuple[int, ...], dtype: Any) -> Array:
    """An uninitialised C-contiguous array whose first number starts a cache line."""
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    if size > SMALL:
        return np.asarray(_Lease(shape, dtype, size))
    memory = np.empty(size + LINE, np.uint8)
    start = -_address(memory) % LINE
    found: Array = memory[start : start + size].view(dtype).reshape(shape)
    return found


def plain(x: Array, dtype: Any = None) -> Array:
    """x flat as a kernel takes it: in order, aligned and writable; a copy only where it is not.

    Read-only arrays are other types to Numba, for which it would compile everything once more.
    """
    if not x.flags.carray or (dtype is not None and x.dtype != dtype):
        x = np.array(x, dtype=dtype, order="C")
    return x.reshape(-1)


def copied(x: Array) -> Array:
    """A copy in memory of its own, laid out as x is where that is cheap to do."""
    if x.nbytes <= SMALL or not x.flags.c_contiguous:
        return np.array(x)
    found = aligned(x.shape, x.dtype)
    found[...] = x
    return found


def _address(array: Array) -> int:
    address: int = array.__array_interface__["data"][0]
    return address


def scratch(name: str, size: int, dtype: np.dtype[Any]) -> Array:
    """A flat aligned array of at least that many numbers: this thread's own under that name, overwritten by the next.

    Only for what a call is done with when it returns.
    """
    arrays, key = _held.arrays, (name, dtype.char)
    found = arrays.get(key)
    if found is None or found.size < size:
        found = arrays[key] = aligned((size,), dtype)
    return found


def carved(memory: Array, *sizes: int) -> list[Array]:
    """Flat arrays of these sizes from one, each starting a cache line; see `room_for`."""
    pieces, at = [], 0
    for size in sizes:
        pieces.append(memory[at : at + size])
        at += _rounded(size)
    return pieces


def room_for(*sizes: int) -> int:
    """How many numbers `carved` needs."""
    return sum(map(_rounded, sizes))


def _rounded(size: int) -> int:
    return size + -size % LINE  # in numbers, which is in bytes too
