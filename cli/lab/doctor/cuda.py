"""The way to an NVIDIA GPU. The driver is asked directly: that needs no package, and takes no memory on the device."""

from __future__ import annotations

import ctypes
import os
import sys
from importlib.util import find_spec
from typing import Any

from cli.lab.doctor.machine import versions
from cli.lab.doctor.results import Cuda

_LIBRARY = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
_MAJOR, _MINOR = 75, 76  # the driver's numbers for the two parts of the compute capability
SIMULATOR = "NUMBA_ENABLE_CUDASIM"


class _Refused(Exception):
    """The driver said no; the message is its own."""


def cuda() -> Cuda:
    """What there is of it."""
    package, simulated = versions(("numba-cuda",))["numba-cuda"], _simulated()
    driver, devices, missing = _driver()
    remedy = "on a machine with an NVIDIA GPU install its driver, then `pip install numba-cuda`" if missing else None
    if not missing and package is None:
        missing, remedy = "Numba's package for CUDA is not installed", "`pip install numba-cuda`"
    if simulated:
        missing, remedy = f"{SIMULATOR} is set: kernels would be simulated, which is slow", f"unset {SIMULATOR}"
    ours = find_spec("minigrad.kernels.cuda") is not None
    return Cuda(ours, package, driver, devices, simulated, missing, remedy)


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
