"""Where arrays lie: `cpu` (NumPy's) or `cuda` (the first GPU). Light: the room of CUDA is imported when asked for."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from minigrad.errors import DeviceError, DtypeError
from minigrad.remote import Found, Remote, device_of

DEVICES = ("cpu", "cuda")
REMEDY = "use device='cpu', or see `rnn-lab doctor`"


def check_device(name: str, what: str = "Tensor") -> str:
    """`name`, if there is such a device and it can be used now; DeviceError in one line otherwise."""
    if name not in DEVICES:
        raise DeviceError(f"{what}: there is no device {name!r}; use 'cpu' or 'cuda'")
    if name == "cuda":
        missing = found().missing
        if missing:
            raise DeviceError(f"{what}: cuda cannot be used here; {missing}; {REMEDY}")
    return name


def to(data: Any, device: str) -> Any:
    """The array on that device: itself if it is there already, otherwise a copy."""
    if device_of(data) == check_device(device, "to"):
        return data
    return data.numpy() if device == "cpu" else uploaded(data)


def uploaded(data: Any) -> Any:
    """A copy of a NumPy array on the GPU."""
    if data.dtype.kind not in "fiub" or data.dtype.itemsize > 8 or data.dtype == np.float16:
        raise DtypeError(f"cuda: {data.dtype} is not supported there; give float32, float64, integers or truth values")
    from minigrad.cuda import from_numpy

    return from_numpy(data)


def beside(data: Any, other: Any) -> Any:
    """An array of the other's dtype that lies where it does. NumPy's and Python's numbers are sent along."""
    if not isinstance(other, Remote):
        return np.asarray(data, dtype=other.dtype)
    if isinstance(data, Remote):
        return data.astype(other.dtype, copy=False)
    return uploaded(np.asarray(data, dtype=other.dtype))


def placed(data: Any, dtype: Any, device: str | None) -> Any:
    """What a tensor holds of `data`: a copy on the device, or the memory itself of another library's device array."""
    if isinstance(data, Remote):
        copy = data.copy() if dtype is None else data.astype(dtype)
        return to(copy, device or "cuda")
    if device != "cuda" and getattr(data, "__cuda_array_interface__", None) is None:
        return np.array(data, dtype=dtype)
    check_device("cuda")
    if getattr(data, "__cuda_array_interface__", None) is None:
        return uploaded(np.asarray(data, dtype=dtype))
    from minigrad.cuda import from_interface

    there = from_interface(data)
    return to(there if dtype is None else there.astype(dtype, copy=False), device or "cuda")


def host(data: Any) -> Any:
    """A copy on the host."""
    return data.numpy() if isinstance(data, Remote) else data.copy()


def on_host(data: Any) -> Any:
    """The numbers, to be looked at: from a device they are copied."""
    return data.numpy() if isinstance(data, Remote) else data


def least_known(ids: Any) -> int | None:
    """The smallest of an array of integers, if there is one and it can be told without waiting for a device."""
    if isinstance(ids, Remote):
        limits = ids.limits
        return None if limits is None else limits[0]
    return int(ids.min()) if ids.size else None


def settled(data: Any) -> Any:
    """What an op gave, as an array: NumPy's numbers without axes become arrays."""
    return data if isinstance(data, Remote) else np.asarray(data)


def launcher(op: str) -> Any:
    """What computes the op on the GPU, or None if the table there has no line for it."""
    from minigrad.cuda.table import LAUNCHERS

    return LAUNCHERS.get(op)


def backward_launcher(op: str) -> Any:
    """What computes the joint backward of the op on the GPU, or None where its rule does so as it stands."""
    from minigrad.cuda.table import BACKWARDS

    return BACKWARDS.get(op)


def updated(optimiser: Any, entries: Any) -> bool:
    """Whether the parameters of these entries were updated by a kernel of the GPU; see `minigrad.cuda.optimisers`."""
    from minigrad.cuda import optimisers

    return optimisers.updated(optimiser, entries)


def gradients() -> Any:
    """What clips gradients on the GPU: `minigrad.cuda.updates`."""
    from minigrad.cuda import updates

    return updates


@cache
def found() -> Found:
    """Look once. Never raises: what is missing is said in words."""
    package, simulated = _package(), os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0")
    if not package:
        return Found("", simulated, missing="no package compiles for it: install rnn-lab[cuda]")
    try:
        return import_module("minigrad.cuda.launching").looked(package)
    except Exception as error:  # of a driver that is not there, each version says something else
        why = " ".join(str(error).split()).split(". ")[0].rstrip(".: ") or type(error).__name__
        return Found(package, simulated, missing=why.replace(";", ","))


def _package() -> str:
    for name in ("numba-cuda", "numba"):
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
    return ""
