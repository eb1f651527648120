"""Gated recurrent units whose reset comes after the product (torch's form), in one direction, on a GPU. [torch.nn.GRU]

A block is one part of the units for one group of rows, for all stages from `begin` to `end`; block, rows and flags are
explained in `block` and `rows`. Kept for backward: h⁽ᵗ⁻¹⁾ in `before`, q = W_n h⁽ᵗ⁻¹⁾ + d in `q`, and r, z, n side by
side (3H) in `kept`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import cuda

from minigrad.cuda.launching import device_function, kernel
from rnn.fused.cuda.block import ONE, PLANES, ROWS, UINT, ZERO, arrive, sigmoid, wait
from rnn.fused.cuda.rows import (
    ALONE,
    BIAS_H,
    BIAS_I,
    LOOK_UP,
    RESIDENT,
    UNEVEN,
    begin_rows,
    clear,
    fetch,
    look,
    part_of,
    pass_on,
    product,
    time_of,
)  # fmt: skip


@device_function
def _receive(
    x: Any, inputs: Any, b_ih: Any, b_hh: Any, sums: Any, own: int, u0: int, n: int, stride: int, flags: int
) -> None:
    """What r, z and q receive besides their products; and in a fourth block what n receives of the input."""
    for o in range(cuda.threadIdx.x, 4 * own * ROWS, cuda.blockDim.x):
        c, at = o // ROWS, inputs[o % ROWS]
        g = (c >= own) + (c >= 2 * own) + (c >= 3 * own)
        unit = u0 + c - g * own
        value = ZERO
        if at >= 0 and unit < n:
            column = min(g, 2) * n + unit
            if g != 2:
                value = part_of(x, at, column, stride, flags)
                if flags & BIAS_I:
                    value += b_ih[UINT(column)]
            if g != 3 and flags & BIAS_H:
                value += b_hh[UINT(column)]
        sums[UINT(o)] = value


@kernel
def forward(
    x: Any, ids: Any, w: Any, b_ih: Any, b_hh: Any, lengths: Any, start: Any, before: Any, q: Any, kept: Any, y: Any,
    final: Any, spare: Any, counters: Any, begin: int, end: int, steps: int, batch: int, n: int, own: int, parts: int,
    rows: int, vocabulary: int, slots: int, ldy: int, y_at: int, flags: int,
) -> None:  # fmt: skip
    """x (T, B, 3H), or W_ih (3H, V) of which ids pick columns; w = W_hh. start and final (B, H)."""
    shared = cuda.shared.array(0, w.dtype)
    places = cuda.shared.array(ROWS, np.int64)
    inputs = cuda.shared.array(ROWS, np.int64)
    me, threads, block = cuda.threadIdx.x, cuda.blockDim.x, cuda.blockIdx.x
    group, part = block // parts, block % parts
    first, last, u0 = group * rows, min(group * rows + rows, batch), part * own
    columns, room = 3 * own, 3 * n
    quads = (columns + PLANES - 1) // PLANES
    plane = n * quads
    beside, size = block * PLANES * plane, PLANES * plane if flags & RESIDENT else 0
    sums, space = shared[size : size + 4 * ROWS * own], shared[size + 4 * ROWS * own :]
    alone, lost, waiting, target = parts == 1 or flags & ALONE != 0, False, False, 0
    fetch(w, shared, 0, spare, beside, own, u0, n, 0, columns, quads, n, n, 1, flags)
    if begin == 0:
        begin_rows(start, before, n, 0, final, 0, lengths, first, last, steps, batch, own, u0, n, slots, flags)
        target, waiting = arrive(counters, group, parts, alone), True
    for stage in range(begin, end):
        t = time_of(stage, steps, flags)
        for r0 in range(first, last, ROWS):
            look(t, t % slots, r0, last, batch, steps, n, 3 * n, ids, lengths, flags, places, inputs)
            _receive(x, inputs, b_ih, b_hh, sums, own, u0, n, vocabulary if flags & LOOK_UP else 1, flags)
            if waiting:
                lost, waiting = wait(counters, group, target, alone, lost), False
            product(before, places, n, 0, shared, 0, spare, beside, plane, quads, columns, space, sums, flags)
            for item in range(me, ROWS * own, threads):
                j, row, unit = item % ROWS, r0 + item % ROWS, u0 + item // ROWS
                if row < last and unit < n:
                    out = ZERO
                    if inputs[j] >= 0:
                        place = (t % slots * batch + row) * n + unit
                        h = before[UINT(place)]
                        r, z = sigmoid(sums[UINT(item)]), sigmoid(sums[UINT(item + ROWS * own)])
                        product_n = sums[UINT(item + 2 * ROWS * own)]  # GRU-AFTER-5
                        new = math.tanh(sums[UINT(item + 3 * ROWS * own)] + r * product_n)  # GRU-AFTER-6, 7
                        out = new + z * (h - new)  # GRU-8
                        q[UINT(place)] = product_n
                        at = (t % slots * batch + row) * room + unit
                        kept[UINT(at)], kept[UINT(at + n)], kept[UINT(at + 2 * n)] = r, z, new
                        pass_on(out, before, n, 0, final, 0, lengths, t, row, unit, steps, batch, n, slots, flags)
                    elif slots == steps:
                        before[UINT((t * batch + row) * n + unit)] = out
                    y[UINT((t * batch + row) * ldy + y_at + unit)] = out
            cuda.syncthreads()
        target, waiting = arrive(counters, group, parts, alone), True
    if lost and me == 0:
        y[first * ldy + y_at + u0] = math.nan


@kernel
def backward(
    w: Any, lengths: Any, before: Any, q: Any, kept: Any, dy: Any, d_final: Any, d: Any, d_x: Any, d_start: Any,
    spare: Any, counters: Any, begin: int, end: int, steps: int, batch: int, n: int, own: int, parts: int, rows: int,
    ldy: int, y_at: int, flags: int,
) -> None:  # fmt: skip
    """d (T, B, 3H): ∂L/∂(what r, z, q receive), d_x the same for r, z, n; d_start (B, H).  [GRU-AFTER-14 … 20]

    Stage s takes the products of step T − s, which ran before it, and then goes back through step T − 1 − s.
    """
    shared = cuda.shared.array(0, w.dtype)
    places = cuda.shared.array(ROWS, np.int64)
    inputs = cuda.shared.array(ROWS, np.int64)
    me, threads, block = cuda.threadIdx.x, cuda.blockDim.x, cuda.blockIdx.x
    group, part = block // parts, block % parts
    first, last, u0 = group * rows, min(group * rows + rows, batch), part * own
    quads, depth = (own + PLANES - 1) // PLANES, 3 * n
    plane = depth * quads
    beside, size = block * PLANES * plane, PLANES * plane if flags & RESIDENT else 0
    sums, space = shared[size : size + ROWS * own], shared[size + ROWS * own :]
    alone, lost, waiting, target = parts == 1 or flags & ALONE != 0, False, False, 0
    fetch(w, shared, 0, spare, beside, own, u0, n, 0, own, quads, depth, 1, n, flags)
    for stage in range(begin, end):
        t = time_of(steps - 1 - stage, steps, flags)  # beyond all times in the last stage
        after = time_of(steps - stage, steps, flags) if stage > 0 else 0
        for r0 in range(first, last, ROWS):
            look(t, after, r0, last, batch, steps, depth, 0, lengths, lengths, flags & UNEVEN, places, inputs)
            clear(sums, ROWS * own)
            if waiting:
                lost, waiting = wait(counters, group, target, alone, lost), False
            if stage > 0:
                product(d, places, depth, 0, shared, 0, spare, beside, plane, quads, own, space, sums, flags)
            else:
                cuda.syncthreads()
            for item in range(me, ROWS * own, threads):
                row, unit = r0 + item % ROWS, u0 + item // ROWS
                if row < last and unit < n:
                    state = UINT(row * n + unit)
                    dh = sums[UINT(item)] + (d_start[state] if stage > 0 else d_final[state])
                    if stage < steps:
                        d_r, d_z, d_q, d_n = ZERO, ZERO, ZERO, ZERO
                        at = (t * batch + row) * depth + unit
                        if inputs[item % ROWS] >= 0:
                            r, z, new = kept[UINT(at)], kept[UINT(at + n)], kept[UINT(at + 2 * n)]
                            place = UINT((t * batch + row) * n + unit)
                            dh += dy[UINT((t * batch + row) * ldy + y_at + unit)]
                            d_z = dh * (before[place] - new) * z * (ONE - z)  # GRU-15, 19
                            d_n = dh * (ONE - z) * (ONE - new * new)  # GRU-14, 16
                            d_q = d_n * r
                            d_r = d_n * q[place] * r * (ONE - r)
                            dh = dh * z
                        d[UINT(at)], d[UINT(at + n)], d[UINT(at + 2 * n)] = d_r, d_z, d_q
                        d_x[UINT(at)], d_x[UINT(at + n)], d_x[UINT(at + 2 * n)] = d_r, d_z, d_n
                    d_start[state] = dh
            cuda.syncthreads()
        target, waiting = arrive(counters, group, parts, alone), True
    if lost and me == 0:
        d[first * depth + u0] = math.nan
