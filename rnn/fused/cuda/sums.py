"""Gradients that are sums over steps and rows: of W_ih where ids picked its columns, of biases, of peepholes.

Each number is summed up by one block in one order, so the same bits come out every time. With d of vectors W_ih's
gradient is a product instead.
"""

from __future__ import annotations

from typing import Any

from numba import cuda

from minigrad.cuda.launching import SIMULATED, kernel
from rnn.fused.cuda.block import UINT, ZERO

WIDE = 2 if SIMULATED else 32  # columns of a block, side by side
DEEP = 2 if SIMULATED else 16  # threads that share a column's sum
THREADS = WIDE * DEEP
FIRST, SECOND = 1, 2  # which of the two biases are wanted


@kernel
def by_input(
    d: Any, ids: Any, dw: Any, db_1: Any, db_2: Any, total: int, width: int, vocabulary: int, wanted: int
) -> None:
    """dw[c, v] = Σ d[i, c] over i with ids[i] = v, and db[c] = Σ d[i, c]; d (N, width). A block sums for one v or all.

    Blocks: ⌈width / WIDE⌉ for each v, then as many for the biases, if any are wanted.
    """
    shared = cuda.shared.array(THREADS, d.dtype)
    me = cuda.threadIdx.x
    tiles = (width + WIDE - 1) // WIDE
    v, column = cuda.blockIdx.x // tiles, cuda.blockIdx.x % tiles * WIDE + me % WIDE
    found = ZERO
    if column < width:
        for i in range(me // WIDE, total, DEEP):
            if v == vocabulary or ids[UINT(i)] == v:
                found += d[UINT(i * width + column)]
    shared[me] = found
    cuda.syncthreads()
    if me < WIDE and column < width:
        for k in range(1, DEEP):
            found += shared[UINT(k * WIDE + me)]
        if v < vocabulary:
            dw[UINT(column * vocabulary + v)] = found
        else:
            if wanted & FIRST:
                db_1[UINT(column)] = found
            if wanted & SECOND:
                db_2[UINT(column)] = found


@kernel
def by_peepholes(d: Any, kept: Any, dp: Any, total: int, n: int) -> None:
    """dp (3H): Σ d_i c⁽ᵗ⁻¹⁾, Σ d_f c⁽ᵗ⁻¹⁾, Σ d_o c⁽ᵗ⁾. d (N, 4H), kept (N, 5H) as of the LSTM.  [PEEPHOLE-39, 40, 41]

    Blocks: ⌈H / WIDE⌉ for each of the three. What stands in `kept` where d is zero is never used.
    """
    shared = cuda.shared.array(THREADS, d.dtype)
    me = cuda.threadIdx.x
    tiles = (n + WIDE - 1) // WIDE
    gate, unit = cuda.blockIdx.x // tiles, cuda.blockIdx.x % tiles * WIDE + me % WIDE
    block = 3 if gate == 2 else gate
    found = ZERO
    if unit < n:
        for i in range(me // WIDE, total, DEEP):
            g = d[UINT((4 * i + block) * n + unit)]
            if g != 0:
                at = 5 * i * n + unit
                c = kept[UINT(at + 4 * n)]
                if gate == 2:
                    c = kept[UINT(at + n)] * c + kept[UINT(at)] * kept[UINT(at + 2 * n)]
                found += g * c
    shared[me] = found
    cuda.syncthreads()
    if me < WIDE and unit < n:
        for k in range(1, DEEP):
            found += shared[UINT(k * WIDE + me)]
        dp[UINT(gate * n + unit)] = found
