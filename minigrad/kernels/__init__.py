"""Compiled kernels, and where their machine code is kept between runs.

What ops call of them is here; the kernels themselves, and Numba, are imported when they are first called.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from numpy import float32, float64

if TYPE_CHECKING:
    from minigrad.graph import Array

WORTH_A_KERNEL = 1 << 12  # numbers below which NumPy is quick enough, and needs no compiling
ROWS_WORTH_A_KERNEL = 8


def suited(*arrays: Array | None) -> bool:
    """Whether all are numbers of the one precision that a kernel computes in, in the machine's own byte order."""
    given = [x.dtype for x in arrays if x is not None]
    return given[0] in (float32, float64) and all(dtype == given[0] for dtype in given)


def _call(module: str, name: str, *args: Any) -> Any:
    return getattr(import_module(f"minigrad.kernels.{module}"), name)(*args)


def affine(x: Array, w: Array, b: Array | None) -> Array:
    """See `minigrad.kernels.linear`."""
    found: Array = _call("linear", "affine", x, w, b)
    return found


def affine_gradients(g: Array, x: Array, w: Array, bias: bool, wide: bool) -> tuple[Array | None, Array, Array | None]:
    """See `minigrad.kernels.linear`."""
    found: tuple[Array | None, Array, Array | None] = _call("linear", "affine_gradients", g, x, w, bias, wide)
    return found


def softmax_loss(scores: Array, ids: Array) -> tuple[Array, float]:
    """See `minigrad.kernels.softmax`."""
    found: tuple[Array, float] = _call("softmax", "softmax_loss", scores, ids)
    return found


def softmax_loss_gradient(scale: Array, p: Array, ids: Array) -> Array:
    """See `minigrad.kernels.softmax`."""
    found: Array = _call("softmax", "softmax_loss_gradient", scale, p, ids)
    return found
