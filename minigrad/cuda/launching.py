"""How a kernel is compiled and with how many threads it is launched.

A kernel runs over its work with a stride of all its threads, `for i in range(cuda.grid(1), n, cuda.gridsize(1))`, so it
is right for any number of them. In Numba's simulator a thread is a Python thread: there, few do.
All launches go to the default stream, in the order they were asked for; nothing here waits for them.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numba import cuda

from minigrad.cuda.simulated import make_safe
from minigrad.remote import Found

_cuda: Any = cuda  # without annotations of its own
SIMULATED = "simulator" in _cuda.jit.__module__
BLOCK = 4 if SIMULATED else 256  # threads of a block, in kernels that do not say otherwise
BLOCKS = 1 if SIMULATED else 132 * 16  # blocks at most: enough to fill every GPU there is

if SIMULATED:
    make_safe()
else:  # a small launch is meant to be small: numba need not warn of it
    import_module("numba.cuda.dispatcher").config.CUDA_LOW_OCCUPANCY_WARNINGS = 0


def kernel(function: Callable[..., Any]) -> Any:
    """A kernel, compiled for the types of its arguments when it is first launched: `f[blocks, threads](...)`."""
    return _cuda.jit(function)


def device_function(function: Callable[..., Any]) -> Any:
    """A function that kernels call."""
    return _cuda.jit(function, device=True)


def spread(n: int) -> tuple[int, int]:
    """(blocks, threads) for n things to do, one each while there are threads."""
    return min(max(-(-n // BLOCK), 1), BLOCKS), BLOCK


def wait() -> None:
    """Return when all that was launched is done. For measurements: nothing here needs it."""
    _cuda.synchronize()


def looked(package: str) -> Found:
    """The driver and the device, or whatever the driver raises."""
    if SIMULATED:
        return Found(f"{package}, simulated", True, "none: Numba's simulator", "a simulated GPU")
    context = _cuda.current_context()
    device = context.device
    name = device.name.decode() if isinstance(device.name, bytes) else str(device.name)
    driver = ".".join(map(str, _cuda.cudadrv.driver.driver.get_version()))
    capability = tuple(map(int, device.compute_capability))
    return Found(package, False, f"CUDA {driver}", name, (capability[0], capability[1]), context.get_memory_info()[1])


def scalar(value: Any, dtype: np.dtype[Any]) -> Any:
    """A number as a kernel takes it: of just this type, so that no arithmetic is done in another."""
    return bool(value) if dtype.kind == "b" else dtype.type(value)
