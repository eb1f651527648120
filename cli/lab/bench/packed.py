"""Products by our kernel, as many times as a sequence has steps."""

from __future__ import annotations

from minigrad.graph import Array
from minigrad.kernels.compiling import kernel
from minigrad.kernels.gemm import multiply


@kernel
def repeated(first: int, last: int, times: int, m: int, left: Array, out: Array, k: int, n: int, panels: Array) -> None:
    """Rows first … last of `times` products (m, k) @ (k, n), one after the other."""
    for t in range(times):
        row = t * m + first
        multiply(left, row * k, k, k, 1, panels, 0, k, out, row * n, n, last - first, n, k, False)
