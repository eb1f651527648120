"""Large products by the vendor's library, where CuPy (extra `cuda-blas`) is installed. Nothing needs it."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from minigrad.cuda.array import DeviceArray
from minigrad.cuda.launching import SIMULATED

WORTH_IT = 1 << 24  # multiplications from which its launch, which takes longer to prepare, is paid for


@cache
def library() -> Any:
    """CuPy, or None."""
    if SIMULATED:
        return None
    try:
        return import_module("cupy")
    except ImportError:
        return None


def wanted(rows: int, columns: int, depth: int) -> bool:
    """Whether the product is large enough, and the library there."""
    return rows * columns * depth >= WORTH_IT and library() is not None


def multiply(a: DeviceArray, b: DeviceArray, out: DeviceArray) -> None:
    """out = a @ b, in the memory of all three."""
    cupy = library()
    left, right, target = (_borrowed(cupy, x) for x in (a, b, out))
    if out.contiguous:
        cupy.matmul(left, right, out=target)
    else:
        target[...] = cupy.matmul(left, right)


def _borrowed(cupy: Any, x: DeviceArray) -> Any:
    """The same memory as CuPy's array. Through the interface CuPy would wait for the stream; it is its own too."""
    about, item = x.__cuda_array_interface__, x.dtype.itemsize
    memory = cupy.cuda.UnownedMemory(about["data"][0], x.nbytes, x)
    strides = tuple(s * item for s in x.strides)
    return cupy.ndarray(x.shape, x.dtype, cupy.cuda.MemoryPointer(memory, 0), strides)
