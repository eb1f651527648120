"""Memory on the GPU: used again instead of being asked for anew, since asking waits for everything that runs.

A block that its array has let go of waits for the next who asks for as much. All work is in the order of one stream,
so whoever gets the block writes to it after the last who read it. When the device has no more, what waits is given back
and it is tried once again; a DeviceError then names the size.
"""

from __future__ import annotations

import math
from sys import getrefcount
from typing import Any

import numpy as np
from numba import cuda

from minigrad.cuda.array import FUNCTIONS, DeviceArray
from minigrad.cuda.launching import SIMULATED, kernel, scalar, spread
from minigrad.errors import DeviceError

_cuda: Any = cuda
_list = [object()]
ALONE = getrefcount(_list[0])  # what it counts for something that only a list holds
GRAIN = 512  # bytes that sizes are rounded up to; more for large ones, so that nearly equal sizes share blocks


def allocate(count: int, dtype: np.dtype[Any]) -> Any:
    """A flat device array of new memory, or whatever the driver raises. Tests put another in its place."""
    return _cuda.device_array(count, dtype)


class Pool:
    """Blocks that nobody uses, by (dtype, entries), and how many bytes there are of them and in use."""

    def __init__(self) -> None:
        self.blocks: dict[tuple[str, int], list[Any]] = {}
        self.waiting = self.lent = 0

    def take(self, count: int, dtype: np.dtype[Any]) -> Any:
        """A block of that many entries."""
        size = count * dtype.itemsize
        block = self._spare(self.blocks.get((dtype.char, count), []))
        if block is None:
            block = self._new(count, dtype)
        else:
            self.waiting -= size
        self.lent += size
        return block

    def _spare(self, waiting: list[Any]) -> Any:
        """One that nobody holds: the arguments of a launch to come may outlive the array they were taken from."""
        for i in range(len(waiting) - 1, -1, -1):
            if getrefcount(waiting[i]) == ALONE:
                return waiting.pop(i)
        return None

    def _new(self, count: int, dtype: np.dtype[Any]) -> Any:
        try:
            return allocate(count, dtype)
        except Exception as error:
            if not _exhausted(error):
                raise
        self.flush()
        try:
            return allocate(count, dtype)
        except Exception as error:
            if not _exhausted(error):
                raise
            size, used = count * dtype.itemsize, self.lent
        raise DeviceError(
            f"cuda: out of memory; {size:,} bytes were asked for, {used:,} are in use here; "
            "take a smaller batch, window or model"
        )

    def give(self, count: int, dtype: np.dtype[Any], block: Any) -> None:
        """What `take` gave is free again."""
        size = count * dtype.itemsize
        self.lent -= size
        self.waiting += size
        self.blocks.setdefault((dtype.char, count), []).append(block)

    def flush(self) -> None:
        """Give back to the device all that waits."""
        self.blocks.clear()
        self.waiting = 0


pool = Pool()


class _Lease:
    """A block lent to an array and all views of it; it goes back when the last of them is gone."""

    __slots__ = ("block", "count", "dtype")

    def __init__(self, count: int, dtype: np.dtype[Any]):
        self.block = pool.take(count, dtype)
        self.count, self.dtype = count, dtype

    def __del__(self) -> None:
        try:
            pool.give(self.count, self.dtype, self.block)
        except (AttributeError, TypeError):  # there was no block to take, or Python is ending
            return


def _exhausted(error: Exception) -> bool:
    return isinstance(error, MemoryError) or "OUT_OF_MEMORY" in str(error).upper().replace(" ", "_")


def _rounded(count: int, itemsize: int) -> int:
    grain = GRAIN if count * itemsize < 1 << 20 else 1 << 17
    return -(-max(count, 1) * itemsize // grain) * grain // itemsize


def empty(shape: Any, dtype: Any) -> DeviceArray:
    """An array with whatever stood in its memory, in C order."""
    wanted = tuple(shape) if isinstance(shape, tuple | list) else (int(shape),)
    dtype = np.dtype(dtype)
    lease = _Lease(_rounded(math.prod(wanted), dtype.itemsize), dtype)
    return DeviceArray(lease.block, wanted, dtype, lease=lease)


@kernel
def _filled(out: Any, value: Any, n: int) -> None:
    for i in range(cuda.grid(1), n, cuda.gridsize(1)):
        out[i] = value


def full(shape: Any, value: Any, dtype: Any) -> DeviceArray:
    """An array of one number."""
    out = empty(shape, dtype)
    if out.size:
        _filled[spread(out.size)](out.buffer, scalar(value, out.dtype), out.size)
    return out


def zeros(shape: Any, dtype: Any) -> DeviceArray:
    """An array of zeros."""
    return full(shape, 0, dtype)


def from_numpy(array: Any) -> DeviceArray:
    """A copy of a NumPy array on the GPU, of the same dtype."""
    array = np.asarray(array)
    out = empty(array.shape, array.dtype.newbyteorder("="))
    if array.size:
        flat = np.ascontiguousarray(array, dtype=out.dtype).reshape(-1)
        out.buffer[: array.size].copy_to_device(flat)
        if flat.dtype.kind in "iu":
            out.limits = int(flat.min()), int(flat.max())
    return out


def to_numpy(a: DeviceArray) -> Any:
    """A copy on the host. Waits for all that was launched before."""
    if not a.size:
        return np.empty(a.shape, a.dtype)
    a = a if a.contiguous else a.copy()
    return a.buffer[a.offset : a.offset + a.size].copy_to_host().reshape(a.shape)


FUNCTIONS["numpy"] = to_numpy


def from_interface(given: Any) -> DeviceArray:
    """The memory of another library's array, through its `__cuda_array_interface__`; nothing is copied.

    The array keeps `given` alive. What that library has under way on other streams must be done before.
    """
    about = given.__cuda_array_interface__
    dtype, shape = np.dtype(about["typestr"]), tuple(map(int, about["shape"]))
    if dtype.kind not in "fiub" or dtype == np.float16 or not dtype.isnative:
        raise DeviceError(f"cuda: {dtype} is not supported there; give float32, float64, integers or truth values")
    given_strides = about.get("strides")
    steps = given_strides or tuple(s * dtype.itemsize for s in DeviceArray(None, shape, dtype).strides)
    if any(s % dtype.itemsize for s in steps):
        raise DeviceError(f"cuda: strides of {steps} bytes are no multiples of {dtype}; give a contiguous array")
    strides = tuple(s // dtype.itemsize for s in steps)
    if not math.prod(shape):
        return empty(shape, dtype)
    first = sum(min((n - 1) * s, 0) for n, s in zip(shape, strides, strict=True))
    last = sum(max((n - 1) * s, 0) for n, s in zip(shape, strides, strict=True))
    span = _Span(about["data"][0] + first * dtype.itemsize, last - first + 1, dtype)
    found = DeviceArray(span.mapped(), shape, dtype, strides, -first, lease=given)
    return found.copy() if about["data"][1] else found  # memory that must not be written to


class _Span:
    """Flat memory somewhere on the device."""

    def __init__(self, address: int, count: int, dtype: np.dtype[Any]):
        self.dtype = dtype
        self.__cuda_array_interface__ = {
            "shape": (count,), "strides": None, "typestr": dtype.str, "data": (address, False), "version": 3,
        }  # fmt: skip

    def mapped(self) -> Any:
        """As a numba device array."""
        if not SIMULATED:
            return _cuda.as_cuda_array(self)
        self.__array_interface__ = self.__cuda_array_interface__  # a simulated device's memory is the host's
        return type(_cuda.device_array(1))(np.asarray(self))
