"""Running the CUDA room without a GPU and without the simulator: kernels are compiled for what they are launched with.

Memory is a stand-in that holds nothing, and a launch compiles the kernel to PTX for compute capability 9.0 instead. So
everything that the ops launch is seen by the compiler, with the very types it would get.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np


class Stand:
    """In the place of a flat device array."""

    def __init__(self, count: int, dtype: Any):
        from numba.cuda import types
        from numba.cuda.np.numpy_support import from_dtype

        self.count, self.dtype = count, np.dtype(dtype)
        self._numba_type_ = types.Array(from_dtype(self.dtype), 1, "C")

    def __getitem__(self, part: slice) -> Stand:
        return Stand(len(range(*part.indices(self.count))), self.dtype)

    def copy_to_device(self, array: Any) -> None:
        """Nothing is held."""

    def copy_to_host(self) -> Any:
        """Ones: no sum of them is refused."""
        return np.ones(self.count, self.dtype)


class Compiled:
    """What was compiled: (the kernel's name, its types), in order."""

    def __init__(self) -> None:
        self.seen: dict[Any, str] = {}
        self.launches = 0

    def launch(self, kernel: Any, args: tuple[Any, ...]) -> None:
        """Compile, unless it was for these types."""
        from numba import cuda
        from numba.cuda.typing.typeof import typeof

        self.launches += 1
        types = tuple(map(typeof, args))
        key = (kernel.py_func, types)
        if key not in self.seen:
            ptx, _ = cuda.compile_ptx(kernel.py_func, types, cc=(9, 0))
            self.seen[key] = ptx


@contextmanager
def compiling() -> Iterator[Compiled]:
    """Within, device arrays hold nothing and launches compile."""
    from numba.cuda import dispatcher

    from minigrad import devices
    from minigrad.cuda import memory

    done = Compiled()
    kernels = dispatcher.CUDADispatcher
    before = kernels.__getitem__, dispatcher.get_current_device, memory.allocate, devices.found
    kernels.__getitem__ = lambda self, how: lambda *args: done.launch(self, args)
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=(9, 0))
    memory.allocate = Stand
    devices.found = lambda: devices.Found("numba-cuda", False)
    try:
        yield done
    finally:
        kernels.__getitem__, dispatcher.get_current_device, memory.allocate, devices.found = before
        memory.pool.flush()
