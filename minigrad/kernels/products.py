"""Small products inside a kernel, where a call to BLAS per time step would cost more than the product."""

from __future__ import annotations

from minigrad.graph import Array
from minigrad.kernels.compiling import kernel


@kernel
def add_row_product(out: Array, row: Array, w: Array) -> None:
    """out += row @ w, for out (N,), row (K,), w (K, N) with contiguous rows.

    Eight rows of w at a time: `out` is read and written once for eight multiply-adds, and the inner loop runs
    along memory, so that it becomes vector instructions.
    """
    rows, columns = w.shape
    whole = rows - rows % 8
    for k in range(0, whole, 8):
        r0, r1, r2, r3 = row[k], row[k + 1], row[k + 2], row[k + 3]
        r4, r5, r6, r7 = row[k + 4], row[k + 5], row[k + 6], row[k + 7]
        w0, w1, w2, w3 = w[k], w[k + 1], w[k + 2], w[k + 3]
        w4, w5, w6, w7 = w[k + 4], w[k + 5], w[k + 6], w[k + 7]
        for j in range(columns):
            near = r0 * w0[j] + r1 * w1[j] + r2 * w2[j] + r3 * w3[j]
            out[j] += near + (r4 * w4[j] + r5 * w5[j] + r6 * w6[j] + r7 * w7[j])
    for k in range(whole, rows):
        for j in range(columns):
            out[j] += row[k] * w[k, j]
