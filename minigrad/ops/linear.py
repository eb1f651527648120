"""Matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.samples import shapes
from minigrad.ops.shape import matrix_transpose
from minigrad.ops.table import op

_matmul = op(
    "matmul",
    np.matmul,
    (lambda g, b: g @ matrix_transpose(b), lambda g, a: matrix_transpose(a) @ g),
    samples=[
        shapes((2, 3), (3, 4)),
        shapes((1, 2), (2, 1)),
        shapes((5, 2, 3), (3, 2)),
        shapes((2, 1, 2, 3), (4, 3, 2)),
    ],
)


def matmul(a: Any, b: Any) -> Any:
    """a @ b as NumPy has it: the last two axes are matrices, the others broadcast, a vector is a row or a column."""
    if a.ndim > 1 and b.ndim > 1:
        return _matmul(a, b)
    rows = a.reshape((1, *a.shape)) if a.ndim == 1 else a
    columns = b.reshape((*b.shape, 1)) if b.ndim == 1 else b
    product = _matmul(rows, columns)
    shape = product.shape[:-2] + product.shape[-2:-1] * (a.ndim > 1) + product.shape[-1:] * (b.ndim > 1)
    return product.reshape(shape)
