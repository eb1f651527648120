"""Matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.samples import shapes
from minigrad.ops.table import op


def _left(g: Any, b: Any) -> Any:
    """The cotangent of a in a @ b: g bᵀ. A vector b is a column; a vector a leaves its row out of g."""
    if b.ndim == 1:
        return g[..., None] * b
    return (g if g.ndim >= b.ndim else g[..., None, :]) @ b.mT


def _right(g: Any, a: Any) -> Any:
    """The cotangent of b in a @ b: aᵀ g. A vector a is a row; a vector b leaves its column out of g."""
    if a.ndim == 1:
        return a * g if g.ndim == 0 else a[:, None] * g[..., None, :]
    return a.mT @ g if g.ndim >= a.ndim else (a.mT @ g[..., None])[..., 0]


# As NumPy has it: the last two axes are matrices, the others broadcast, a vector is a row or a column.
matmul = op(
    "matmul",
    np.matmul,
    (_left, _right),
    samples=[
        shapes((2, 3), (3, 4)),
        shapes((1, 2), (2, 1)),
        shapes((5, 2, 3), (3, 2)),
        shapes((2, 1, 2, 3), (4, 3, 2)),
        shapes((3,), (3,)),
        shapes((3,), (3, 2)),
        shapes((2, 3), (3,)),
        shapes((3,), (4, 3, 2)),
        shapes((4, 2, 3), (3,)),
        shapes((1,), (1, 1)),
    ],
)
