"""The Elman network over a whole sequence, in one direction, on a GPU. [DLB 10.2, seed 001; D2L 8.4]

A block is one part of the units for one group of rows, for all stages from `begin` to `end`; block, rows and flags are
explained in `block` and `rows`. FORM: φ is relu, else tanh. Kept for backward is h⁽ᵗ⁻¹⁾ alone, in `before`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import cuda

from minigrad.cuda.launching import kernel
from rnn.fused.cuda.block import ONE, PLANES, ROWS, UINT, ZERO, arrive, wait
from rnn.fused.cuda.rows import (
    ALONE,
    FORM,
    LOOK_UP,
    RESIDENT,
    UNEVEN,
    begin_rows,
    clear,
    fetch,
    look,
    pass_on,
    product,
    receive,
    time_of,
)  # fmt: skip


@kernel
def forward(
    x: Any, ids: Any, w: Any, b_ih: Any, b_hh: Any, lengths: Any, start: Any, before: Any, y: Any, final: Any,
    spare: Any, counters: Any, begin: int, end: int, steps: int, batch: int, n: int, own: int, parts: int, rows: int,
    vocabulary: int, slots: int, ldy: int, y_at: int, flags: int,
) -> None:  # fmt: skip
    """x (T, B, H), or W_ih (H, V) of which ids pick columns; w = W_hh. start and final (B, H)."""
    shared = cuda.shared.array(0, w.dtype)
    places = cuda.shared.array(ROWS, np.int64)
    inputs = cuda.shared.array(ROWS, np.int64)
    me, threads, block = cuda.threadIdx.x, cuda.blockDim.x, cuda.blockIdx.x
    group, part = block // parts, block % parts
    first, last, u0 = group * rows, min(group * rows + rows, batch), part * own
    quads = (own + PLANES - 1) // PLANES
    plane = n * quads
    beside, size = block * PLANES * plane, PLANES * plane if flags & RESIDENT else 0
    sums, space = shared[size : size + ROWS * own], shared[size + ROWS * own :]
    alone, lost, waiting, target = parts == 1 or flags & ALONE != 0, False, False, 0
    fetch(w, shared, 0, spare, beside, own, u0, n, 0, own, quads, n, n, 1, flags)
    if begin == 0:
        begin_rows(start, before, n, 0, final, 0, lengths, first, last, steps, batch, own, u0, n, slots, flags)
        target, waiting = arrive(counters, group, parts, alone), True
    for stage in range(begin, end):
        t = time_of(stage, steps, flags)
        for r0 in range(first, last, ROWS):
            look(t, t % slots, r0, last, batch, steps, n, n, ids, lengths, flags, places, inputs)
            receive(x, inputs, b_ih, b_hh, sums, 0, own, own, u0, n, vocabulary if flags & LOOK_UP else 1, flags)
            if waiting:
                lost, waiting = wait(counters, group, target, alone, lost), False
            product(before, places, n, 0, shared, 0, spare, beside, plane, quads, own, space, sums, flags)
            for item in range(me, ROWS * own, threads):
                r, row, unit = item % ROWS, r0 + item % ROWS, u0 + item // ROWS
                if row < last and unit < n:
                    out = ZERO
                    if inputs[r] >= 0:
                        a = sums[UINT(item)]  # 7
                        out = (ZERO if a < 0 else a) if flags & FORM else math.tanh(a)  # 8; of relu NaN stays
                        pass_on(out, before, n, 0, final, 0, lengths, t, row, unit, steps, batch, n, slots, flags)
                    elif slots == steps:
                        before[UINT((t * batch + row) * n + unit)] = out
                    y[UINT((t * batch + row) * ldy + y_at + unit)] = out
            cuda.syncthreads()
        target, waiting = arrive(counters, group, parts, alone), True
    if lost and me == 0:
        y[(first * ldy) + y_at + u0] = math.nan


@kernel
def backward(
    w: Any, lengths: Any, y: Any, dy: Any, d_final: Any, d: Any, d_start: Any, spare: Any, counters: Any, begin: int,
    end: int, steps: int, batch: int, n: int, own: int, parts: int, rows: int, ldy: int, y_at: int, flags: int,
) -> None:  # fmt: skip
    """d (T, B, H): ∂L/∂a; d_final and d_start (B, H): ∂L/∂h after the last step and before the first.  [20, 21]

    Stage s takes the products of step T − s, which ran before it, and then goes back through step T − 1 − s.
    """
    shared = cuda.shared.array(0, w.dtype)
    places = cuda.shared.array(ROWS, np.int64)
    inputs = cuda.shared.array(ROWS, np.int64)
    me, threads, block = cuda.threadIdx.x, cuda.blockDim.x, cuda.blockIdx.x
    group, part = block // parts, block % parts
    first, last, u0 = group * rows, min(group * rows + rows, batch), part * own
    quads = (own + PLANES - 1) // PLANES
    plane = n * quads
    beside, size = block * PLANES * plane, PLANES * plane if flags & RESIDENT else 0
    sums, space = shared[size : size + ROWS * own], shared[size + ROWS * own :]
    alone, lost, waiting, target = parts == 1 or flags & ALONE != 0, False, False, 0
    fetch(w, shared, 0, spare, beside, own, u0, n, 0, own, quads, n, 1, n, flags)
    for stage in range(begin, end):
        t = time_of(steps - 1 - stage, steps, flags)  # beyond all times in the last stage
        after = time_of(steps - stage, steps, flags) if stage > 0 else 0
        for r0 in range(first, last, ROWS):
            look(t, after, r0, last, batch, steps, n, 0, lengths, lengths, flags & UNEVEN, places, inputs)
            clear(sums, ROWS * own)
            if waiting:
                lost, waiting = wait(counters, group, target, alone, lost), False
            if stage > 0:
                product(d, places, n, 0, shared, 0, spare, beside, plane, quads, own, space, sums, flags)
            else:
                cuda.syncthreads()
            for item in range(me, ROWS * own, threads):
                r, row, unit = item % ROWS, r0 + item % ROWS, u0 + item // ROWS
                if row < last and unit < n:
                    state = UINT(row * n + unit)
                    g = sums[UINT(item)] + (d_start[state] if stage > 0 else d_final[state])
                    if stage < steps:
                        da, left = ZERO, g
                        if inputs[r] >= 0:
                            place = UINT((t * batch + row) * ldy + y_at + unit)
                            h = y[place]
                            g += dy[place]
                            da = (g if h > 0 else ZERO) if flags & FORM else (ONE - h * h) * g
                            left = ZERO
                        d[UINT((t * batch + row) * n + unit)] = da
                        g = left
                    d_start[state] = g
            cuda.syncthreads()
        target, waiting = arrive(counters, group, parts, alone), True
    if lost and me == 0:
        d[first * n + u0] = math.nan
