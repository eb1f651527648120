"""What Numba's simulator lacks: its threads are Python's, may be stopped anywhere, and share things without a lock.

Two that ask for the same array in shared memory at once would get one each, and a function of the device that returns
takes `cuda` away from those that are still in it. Both happen once in some thousand launches.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from threading import current_thread
from typing import Any

import numpy as np
from numba import cuda


def make_safe() -> None:
    """Put better ones in the place of the two, and let threads take turns more often, as barriers wait for that."""
    kernel: Any = import_module("numba.cuda.simulator.kernel")
    memory: Any = import_module("numba.cuda.simulator.kernelapi").FakeCUDAShared
    dynamic, taken = memory.array, []

    def array(self: Any, shape: Any, dtype: Any) -> Any:
        if shape == 0:
            return dynamic(self, shape, dtype)
        caller = sys._getframe(1)
        place = caller.f_code.co_filename, caller.f_lineno
        return self._allocations.setdefault(
            place, np.empty(shape, dtype if isinstance(dtype, np.dtype | type) else str(dtype))
        )

    @contextmanager
    def swapped(function: Any, simulated: Any) -> Iterator[None]:
        names = function.__globals__
        for name, value in list(names.items()):
            if value is cuda:
                names[name] = simulated
                taken.append((names, name))
        try:
            yield
        finally:
            while taken and not isinstance(current_thread(), kernel.BlockThread):  # given back after the whole launch
                names, name = taken.pop()
                names[name] = cuda

    memory.array, kernel.swapped_cuda_module = array, swapped
    sys.setswitchinterval(1e-3)
