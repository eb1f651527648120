"""Kernels of this lesson alone: products and tanh with nothing around them, to be timed."""

from __future__ import annotations

import math

from minigrad.graph import Array
from minigrad.kernels.compiling import kernel
from minigrad.kernels.gemm import multiply
from minigrad.kernels.simd import widest
from minigrad.kernels.vector import tanh


@kernel
def through_time(
    first: int, last: int, times: int, m: int, left: Array, out: Array, k: int, n: int, panels: Array
) -> None:
    """Rows first … last of `times` products (m, k) by (k, n), one after the other, as a sequence has them."""
    for t in range(times):
        row = t * m + first
        multiply(left, row * k, k, k, 1, panels, 0, k, out, row * n, n, last - first, n, k, False)


@kernel(noalias=True)
def in_vectors(x: Array, y: Array) -> None:
    """tanh by this project's formula, which the compiler turns into vectors."""
    widest()
    for j in range(x.size):
        y[j] = tanh(x[j])


@kernel(noalias=True)
def one_by_one(x: Array, y: Array) -> None:
    """tanh by the mathematics library, a call for each number."""
    for j in range(x.size):
        y[j] = math.tanh(x[j])
