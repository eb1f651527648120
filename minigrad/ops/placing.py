"""From one device to another, recorded: the gradient goes the way back."""

from __future__ import annotations

from typing import Any

from minigrad.devices import to as moved
from minigrad.graph import Op
from minigrad.remote import device_of


def _to(x: Any, device: str) -> tuple[Any, str]:
    return moved(x, device), device_of(x)


# A copy on `device`, "cpu" or "cuda"; x itself where it is there already. Not in the table: what it does to numbers is
# nothing.
to: Op = Op("to", _to, lambda g, kept: to(g, kept), keeps=True, view=True)
