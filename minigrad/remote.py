"""What the engine knows of an array that is not NumPy's, and of the device it lies on, without asking for either."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.errors import DeviceError


class Remote:
    """An array that lies on a device. `minigrad.cuda.array.DeviceArray` is the one there is; see there.

    It speaks NumPy's protocols, so that the ops' own functions and rules run on it; NumPy never gets its numbers
    unless `numpy()` is called.
    """

    __slots__ = ()

    if TYPE_CHECKING:  # whatever an array has

        def __getattr__(self, name: str) -> Any: ...


def device_of(data: Any) -> str:
    """The device that an array lies on."""
    return "cuda" if isinstance(data, Remote) else "cpu"


def mixed(what: str, *arrays: Any) -> DeviceError:
    """The refusal of arrays on several devices, naming each."""
    places = [f"{device_of(a)} {np.shape(a)}" for a in arrays if isinstance(a, Remote | np.ndarray)]
    return DeviceError(f"{what}: arrays on {' and '.join(places)} do not mix; move one with .to('cuda') or .to('cpu')")


@dataclass(frozen=True)
class Found:
    """What there is of CUDA: the package that compiles, the driver and the device; `missing` is "" if all is there."""

    package: str
    simulated: bool
    driver: str = ""
    device: str = ""
    capability: tuple[int, int] = (0, 0)
    memory: int = 0  # bytes
    missing: str = ""
