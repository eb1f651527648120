"""The way to an NVIDIA GPU, and what is computed there.

The driver is asked directly: that needs no package, and takes no memory on the device. Only where all is there is the
engine asked too, in whose words the last thing that may be missing is said.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from cli.lab.doctor.machine import versions
from cli.lab.doctor.results import Cuda, CudaKernels
from minigrad.devices import found

_LIBRARY = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
_MAJOR, _MINOR = 75, 76  # the driver's numbers for the two parts of the compute capability
_OLDEST = 12  # of the driver's major versions for which NVIDIA's compiler comes in a package
SIMULATOR = "NUMBA_ENABLE_CUDASIM"


class _Refused(Exception):
    """The driver said no; the message is its own."""


def cuda() -> Cuda:
    """What there is of it."""
    known = versions(("numba-cuda", "numba"))
    name = next((name for name, version in known.items() if version), None)
    driver, devices, absent = _driver()
    kernels, broken = _kernels()
    missing, remedy = next(_lacking(absent, name, driver, broken), (None, None))
    return Cuda(
        package=name and f"{name} {known[name]}", deprecated=name == "numba", driver=driver, devices=devices,
        simulated=_simulated(), kernels=kernels, missing=missing, remedy=remedy,
    )  # fmt: skip


def _lacking(
    absent: str | None, package: str | None, driver: str | None, broken: str | None
) -> Iterator[tuple[str, str]]:
    """What is in the way, the first thing first, and what helps."""
    install = f'`pip install "numba-cuda[cu{max(int((driver or "0").partition(".")[0]), _OLDEST)}]"`'
    if _simulated():
        yield f"the simulator is on by {SIMULATOR}: slow, for tests", "unset it"
    elif absent:
        yield absent, f"on a machine with an NVIDIA GPU install its driver, then {install}"
    elif package is None:
        yield "no package compiles for it", install
    elif broken:
        yield broken, install
    elif why := _no_compiler():
        yield f"NVIDIA's compiler is not found ({why})", install
    elif why := found().missing:
        yield why, f"{install}, and see that the driver is not older than that"


def _no_compiler() -> str | None:
    """Why kernels cannot be compiled; None if they can."""
    try:
        import_module("numba.cuda.cudadrv.nvvm").NVVM()
    except Exception as error:  # each version has its own for what is missing
        return " ".join(str(error).split()) or type(error).__name__
    return None


def _kernels() -> tuple[CudaKernels | None, str | None]:
    """Which layers and ops have some, asked of the tables themselves; or why those cannot be imported."""
    try:
        cells = import_module("cli.lab.doctor.choices").CELLS
        families = import_module("rnn.fused.cuda").FAMILIES
        launchers = import_module("minigrad.cuda").LAUNCHERS
        ops = import_module("minigrad.ops").TABLE
    except Exception as error:  # of a Numba whose CUDA part is broken
        return None, f"{type(error).__name__}: {' '.join(str(error).split())}"
    fused = [cell for cell, family in cells.items() if family in families]
    stepwise = [cell for cell in cells if cell not in fused]
    lacking = [name for name in ops if name not in launchers]
    return CudaKernels(tuple(fused), tuple(stepwise), len(ops) - len(lacking), tuple(lacking)), None


def _simulated() -> bool:
    return os.environ.get(SIMULATOR, "0") not in ("", "0")


def _driver() -> tuple[str | None, tuple[str, ...], str | None]:
    """Its version, the devices, and what is missing."""
    try:
        driver = ctypes.CDLL(_LIBRARY)
    except OSError:
        return None, (), f"there is no NVIDIA driver ({_LIBRARY})"
    try:
        number = _asked(driver, "cuDriverGetVersion")
        known = f"{number // 1000}.{number % 1000 // 10}"
    except _Refused as error:
        return None, (), str(error)
    try:
        _call(driver, "cuInit", ctypes.c_uint(0))
        devices = tuple(_device(driver, n) for n in range(_asked(driver, "cuDeviceGetCount")))
    except _Refused as error:
        return known, (), str(error)
    return known, devices, None if devices else "the driver finds no device"


def _device(driver: Any, number: int) -> str:
    """Its name, memory and compute capability."""
    name, total = ctypes.create_string_buffer(100), ctypes.c_size_t()
    _call(driver, "cuDeviceGetName", name, ctypes.c_int(len(name)), ctypes.c_int(number))
    _call(driver, "cuDeviceTotalMem_v2", ctypes.byref(total), ctypes.c_int(number))
    major, minor = (
        _asked(driver, "cuDeviceGetAttribute", ctypes.c_int(which), ctypes.c_int(number)) for which in (_MAJOR, _MINOR)
    )
    said = name.value.decode(errors="replace")
    return f"{said}, {total.value / 2**30:.0f} GiB, compute capability {major}.{minor}"


def _asked(driver: Any, function: str, *args: Any) -> int:
    """A whole number that a function gives through its first argument."""
    found = ctypes.c_int()
    _call(driver, function, ctypes.byref(found), *args)
    return found.value


def _call(driver: Any, function: str, *args: Any) -> None:
    if (status := driver[function](*args)) != 0:
        said = ctypes.c_char_p()
        driver.cuGetErrorString(ctypes.c_int(status), ctypes.byref(said))
        why = (said.value or b"").decode(errors="replace") or f"error {status}"
        raise _Refused(f"the driver says: {why}")
