"""Gated recurrent units whose reset comes before the product (D2L's form), in one direction, on a GPU. [D2L 9.1]

A block is one part of the units for one group of rows, for all stages from `begin` to `end`; block, rows and flags are
explained in `block` and `rows`. The candidate needs r ⊙ h⁽ᵗ⁻¹⁾ of all units, so a step has two stages. Kept for
backward: h⁽ᵗ⁻¹⁾ in `before`, r ⊙ h⁽ᵗ⁻¹⁾ in `q`, and r, z, n side by side (3H) in `kept`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import cuda

from minigrad.cuda.launching import kernel
from rnn.fused.cuda.block import ONE, PLANES, ROWS, UINT, ZERO, arrive, sigmoid, wait
from rnn.fused.cuda.rows import (
    ALONE,
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
    x: Any, ids: Any, w: Any, b_ih: Any, b_hh: Any, lengths: Any, start: Any, before: Any, q: Any, kept: Any, y: Any,
    final: Any, spare: Any, counters: Any, begin: int, end: int, steps: int, batch: int, n: int, own: int, parts: int,
    rows: int, vocabulary: int, slots: int, ldy: int, y_at: int, flags: int,
) -> None:  # fmt: skip
    """x (T, B, 3H), or W_ih (3H, V) of which ids pick columns; w = W_hh. start and final (B, H).

    Stage 2s computes the gates of step s, stage 2s + 1 its candidate and h.
    """
    shared = cuda.shared.array(0, w.dtype)
    places = cuda.shared.array(ROWS, np.int64)
    inputs = cuda.shared.array(ROWS, np.int64)
    me, threads, block = cuda.threadIdx.x, cuda.blockDim.x, cuda.blockIdx.x
    group, part = block // parts, block % parts
    first, last, u0 = group * rows, min(group * rows + rows, batch), part * own
    gates, quads, room = (2 * own + PLANES - 1) // PLANES, (own + PLANES - 1) // PLANES, 3 * n
    candidate = PLANES * n * gates  # where its columns begin
    whole = candidate + PLANES * n * quads
    beside, size = block * whole, whole if flags & RESIDENT else 0
    sums, space = shared[size : size + 2 * ROWS * own], shared[size + 2 * ROWS * own :]
    stride = vocabulary if flags & LOOK_UP else 1
    alone, lost, waiting, target = parts == 1 or flags & ALONE != 0, False, False, 0
    fetch(w, shared, 0, spare, beside, own, u0, n, 0, 2 * own, gates, n, n, 1, flags)
    fetch(w, shared, candidate, spare, beside, own, u0, n, 2 * n, own, quads, n, n, 1, flags)
    if begin == 0:
        begin_rows(start, before, n, 0, final, 0, lengths, first, last, steps, batch, own, u0, n, slots, flags)
        target, waiting = arrive(counters, group, parts, alone), True
    for stage in range(begin, end):
        t = time_of(stage // 2, steps, flags)
        for r0 in range(first, last, ROWS):
            look(t, t % slots, r0, last, batch, steps, n, room, ids, lengths, flags, places, inputs)
            if stage % 2 == 0:
                receive(x, inputs, b_ih, b_hh, sums, 0, 2 * own, own, u0, n, stride, flags)
            else:
                receive(x, inputs, b_ih, b_hh, sums, 2 * n, own, own, u0, n, stride, flags)
            if waiting:
                lost, waiting = wait(counters, group, target, alone, lost), False
            if stage % 2 == 0:
                product(before, places, n, 0, shared, 0, spare, beside, n * gates, gates, 2 * own, space, sums, flags)
            else:
                product(q, places, n, 0, shared, candidate, spare, beside, n * quads, quads, own, space, sums, flags)
            for item in range(me, ROWS * own, threads):
                row, unit = r0 + item % ROWS, u0 + item // ROWS
                if row < last and unit < n:
                    live = inputs[item % ROWS] >= 0
                    place = UINT((t % slots * batch + row) * n + unit)
                    at = (t % slots * batch + row) * room + unit
                    out = ZERO
                    if stage % 2 == 0:
                        if live:
                            r = sigmoid(sums[UINT(item)])
                            q[place] = r * before[place]  # GRU-5
                            kept[UINT(at)], kept[UINT(at + n)] = r, sigmoid(sums[UINT(item + ROWS * own)])
                        elif slots == steps:
                            before[place], q[place] = out, out
                    else:
                        if live:
                            new = math.tanh(sums[UINT(item)])  # GRU-6, 7
                            out = new + kept[UINT(at + n)] * (before[place] - new)  # GRU-8
                            kept[UINT(at + 2 * n)] = new
                            pass_on(out, before, n, 0, final, 0, lengths, t, row, unit, steps, batch, n, slots, flags)
                        y[UINT((t * batch + row) * ldy + y_at + unit)] = out
            cuda.syncthreads()
        target, waiting = arrive(counters, group, parts, alone), True
    if lost and me == 0:
        y[first * ldy + y_at + u0] = math.nan


@kernel
def backward(
    w: Any, lengths: Any, before: Any, kept: Any, dy: Any, d_final: Any, d: Any, d_start: Any, spare: Any,
    counters: Any, begin: int, end: int, steps: int, batch: int, n: int, own: int, parts: int, rows: int, ldy: int,
    y_at: int, flags: int,
) -> None:  # fmt: skip
    """d (T, B, 3H): ∂L/∂(what r, z, n receive); d_start (B, H): ∂L/∂h before the first step.  [GRU-13 … 20]

    Stage 2s takes the products of step T − s with r and z, which ran before it, and then goes back through step
    T − 1 − s as far as n and z; stage 2s + 1 takes its product with n and goes on to r.
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
        half, step = stage % 2, steps - 1 - stage // 2
        t = time_of(step, steps, flags)  # beyond all times in the last stage
        read = 0 if stage == 0 else t if half == 1 else time_of(step + 1, steps, flags)
        for r0 in range(first, last, ROWS):
            look(t, read, r0, last, batch, steps, depth, 0, lengths, lengths, flags & UNEVEN, places, inputs)
            clear(sums, ROWS * own)
            if waiting:
                lost, waiting = wait(counters, group, target, alone, lost), False
            if stage > 0:
                skip, deep = (2 * n, n) if half == 1 else (0, 2 * n)
                product(d, places, deep, skip, shared, 0, spare, beside, plane, quads, own, space, sums, flags)
            else:
                cuda.syncthreads()
            for item in range(me, ROWS * own, threads):
                row, unit = r0 + item % ROWS, u0 + item // ROWS
                if row < last and unit < n:
                    live = inputs[item % ROWS] >= 0
                    state, place = UINT(row * n + unit), UINT((t * batch + row) * n + unit)
                    at = (t * batch + row) * depth + unit
                    g = sums[UINT(item)]
                    if half == 1:
                        d_r = ZERO
                        if live:
                            r = kept[UINT(at)]
                            d_r = g * before[place] * r * (ONE - r)  # GRU-13, 17, 18
                            d_start[state] += g * r  # GRU-20
                        d[UINT(at)] = d_r
                    else:
                        g += d_start[state] if stage > 0 else d_final[state]
                        if step >= 0:
                            d_z, d_n = ZERO, ZERO
                            if live:
                                z, new = kept[UINT(at + n)], kept[UINT(at + 2 * n)]
                                g += dy[UINT((t * batch + row) * ldy + y_at + unit)]
                                d_z = g * (before[place] - new) * z * (ONE - z)  # GRU-15, 19
                                d_n = g * (ONE - z) * (ONE - new * new)  # GRU-14, 16
                                g = g * z
                            d[UINT(at + n)], d[UINT(at + 2 * n)] = d_z, d_n
                        d_start[state] = g
            cuda.syncthreads()
        target, waiting = arrive(counters, group, parts, alone), True
    if lost and me == 0:
        d[first * depth + u0] = math.nan
