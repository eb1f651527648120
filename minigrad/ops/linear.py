"""Matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.graph import Array
from minigrad.kernels import ROWS_WORTH_A_KERNEL, WORTH_A_KERNEL, affine, affine_gradients, suited
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


def _affine(x: Array, w: Array, b: Array | None) -> Array:
    rows = x.reshape(-1, x.shape[-1])
    fits = w.ndim == 2 and x.shape[-1] == w.shape[1] and (b is None or b.shape == w.shape[:1])
    if fits and _worth(x, w, b):
        return affine(rows, w, b).reshape(*x.shape[:-1], len(w))
    y = rows @ w.T
    return (y if b is None else y + b).reshape(*x.shape[:-1], len(w))


def _affine_gradients(
    g: Array, x: Array, w: Array, b: Array | None, wanted: tuple[bool, ...]
) -> tuple[Array | None, ...]:
    rows, received = x.reshape(-1, x.shape[-1]), g.reshape(-1, len(w))
    if _worth(x, w, b):
        dx, dw, db = affine_gradients(received, rows, w, b is not None, wanted[0])
    else:
        dx = received @ w if wanted[0] else None
        dw, db = received.T @ rows, None if b is None else received.sum(axis=0)
    return None if dx is None else dx.reshape(x.shape), dw, db


def _worth(x: Array, w: Array, b: Array | None) -> bool:
    """Whether packing pays: not for a few numbers, nor for a row or two."""
    many = x.size >= ROWS_WORTH_A_KERNEL * x.shape[-1] and x.size * len(w) >= 32 * WORTH_A_KERNEL
    return many and suited(x, w, b)


def _by_matmul(x: Any, w: Any, b: Any) -> Any:
    y = x.reshape(-1, x.shape[-1]) @ w.T
    return (y if b is None else y + b).reshape(*x.shape[:-1], w.shape[0])


# x Wᵀ + b over the last axis of x (…, K), for W (N, K) and b (N,) or None: (…, N).
linear = op(
    "linear",
    _affine,
    joint=_affine_gradients,
    fresh=True,
    inputs=3,
    definition=_by_matmul,
    samples=[
        shapes((2, 3), (4, 3), (4,)),
        shapes((3,), (1, 3), (1,)),
        shapes((2, 2, 3), (4, 3), (4,)),
    ],
)
