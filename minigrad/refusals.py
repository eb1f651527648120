"""What NumPy says of arguments that do not fit, in the engine's words: the op, the shapes, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.errors import DtypeError, MinigradError, ShapeError
from minigrad.remote import Remote


def misfit(op: str, arrays: list[Any], constants: Iterable[Any], error: Exception) -> Exception:
    """NumPy's complaint in the engine's words: the op, the shapes, why, and what to do."""
    if isinstance(error, MinigradError):
        return error  # it is in those words already
    why = str(error).splitlines()[0].strip()
    if isinstance(error, TypeError):
        return DtypeError(f"{op}: {why}; give tensors, arrays or numbers")
    if "gufunc" in why:
        why = "the last axis of the first must be as long as the last but one of the second"
    if not arrays:
        return ShapeError(f"{op}: there is nothing to {op}; give at least one array")
    shapes = " and ".join(str(np.shape(a)) for a in arrays)
    written = ", ".join(map(_named, constants))
    detail = f" with {written}" if written else ""
    return ShapeError(f"{op}: shapes {shapes}{detail} do not fit; {why}; {_remedy(error, arrays)}")


def _named(constant: Any) -> str:
    return f"an array {constant.shape}" if isinstance(constant, np.ndarray | Remote) else repr(constant)


def _remedy(error: Exception, arrays: list[Any]) -> str:
    axes = np.ndim(arrays[0])
    if isinstance(error, np.exceptions.AxisError):
        return f"give an axis from {-axes} to {axes - 1}" if axes else "it has no axes"
    if isinstance(error, IndexError):
        return "give indices within the shape"
    return "reshape, transpose or broadcast_to what differs"


def check_precision(op: str, inputs: Iterable[Any]) -> None:
    """Arrays of different precision do not mix; Python's numbers take the precision of what they meet."""
    found = {a.dtype for a in inputs if isinstance(a, np.ndarray | np.generic | Remote)}
    floats = {d for d in found if d.kind == "f"}
    if len(floats) > 1 or (floats and len(found) > 1 and not _harmless(found - floats, floats)):
        names = " and ".join(sorted(map(str, found)))
        raise DtypeError(f"{op}: {names} do not mix; convert one with Tensor(x, dtype=...)")


def _harmless(others: set[np.dtype[Any]], floats: set[np.dtype[Any]]) -> bool:
    """Whether NumPy keeps the precision when these integers or booleans join."""
    (precision,) = floats
    return all(np.result_type(precision, d) == precision for d in others)


def check_windows(x: Any, w: Any, stride: int, dilation: int, padding: tuple[int, int]) -> None:
    """Refuse of a convolution of x (B, C, T) by w (O, C, K) what its products would misread."""
    if x.ndim != 3 or w.ndim != 3 or x.shape[1] != w.shape[1]:
        raise ValueError("give x as (B, C, T) and the weight as (O, C, K), with the same C")
    if stride < 1 or dilation < 1 or np.shape(padding) != (2,) or min(padding) < 0:
        raise ValueError("give a stride and a dilation of at least 1, and a padding (left, right) of at least 0")
    steps, needed = x.shape[2] + sum(padding), dilation * (w.shape[2] - 1) + 1
    if w.shape[2] < 1 or steps < needed:
        raise ValueError(f"{w.shape[2]} weights span {needed} steps of {steps}; give more steps or padding")
