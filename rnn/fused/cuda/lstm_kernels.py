"""Long short-term memory over a whole sequence, in one direction, on a GPU. [D2L 9.2, seed 000]

A block is one part of the units for one group of rows, for all stages from `begin` to `end`; block, rows and flags are
explained in `block` and `rows`. FORM: with peepholes. Kept for backward: h⁽ᵗ⁻¹⁾ in `before`, and i, f, g, o, c⁽ᵗ⁻¹⁾
side by side (5H) in `kept`.
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
    x: Any, ids: Any, w: Any, b_ih: Any, b_hh: Any, p: Any, lengths: Any, start: Any, start_c: Any, before: Any,
    kept: Any, y: Any, final: Any, spare: Any, counters: Any, begin: int, end: int, steps: int, batch: int, n: int,
    own: int, parts: int, rows: int, vocabulary: int, slots: int, ldy: int, y_at: int, flags: int,
) -> None:  # fmt: skip
    """x (T, B, 4H), or W_ih (4H, V) of which ids pick columns; w = W_hh. final: h, then c, each (B, H)."""
    shared = cuda.shared.array(0, w.dtype)
    places = cuda.shared.array(ROWS, np.int64)
    inputs = cuda.shared.array(ROWS, np.int64)
    me, threads, block = cuda.threadIdx.x, cuda.blockDim.x, cuda.blockIdx.x
    group, part = block // parts, block % parts
    first, last, u0 = group * rows, min(group * rows + rows, batch), part * own
    columns, room, last_c = 4 * own, 5 * n, batch * n
    plane = n * own  # a gate each
    beside, size = block * PLANES * plane, PLANES * plane if flags & RESIDENT else 0
    sums, space = shared[size : size + ROWS * columns], shared[size + ROWS * columns :]
    alone, lost, waiting, target = parts == 1 or flags & ALONE != 0, False, False, 0
    fetch(w, shared, 0, spare, beside, own, u0, n, 0, columns, own, n, n, 1, flags)
    if begin == 0:
        begin_rows(start, before, n, 0, final, 0, lengths, first, last, steps, batch, own, u0, n, slots, flags)
        begin_rows(
            start_c, kept, room, 4 * n, final, last_c, lengths, first, last, steps, batch, own, u0, n, slots, flags
        )
        target, waiting = arrive(counters, group, parts, alone), True
    for stage in range(begin, end):
        t = time_of(stage, steps, flags)
        for r0 in range(first, last, ROWS):
            look(t, t % slots, r0, last, batch, steps, n, 4 * n, ids, lengths, flags, places, inputs)
            receive(x, inputs, b_ih, b_hh, sums, 0, columns, own, u0, n, vocabulary if flags & LOOK_UP else 1, flags)
            if waiting:
                lost, waiting = wait(counters, group, target, alone, lost), False
            product(before, places, n, 0, shared, 0, spare, beside, plane, own, columns, space, sums, flags)
            for item in range(me, ROWS * own, threads):
                r, row, unit = item % ROWS, r0 + item % ROWS, u0 + item // ROWS
                if row < last and unit < n:
                    out = ZERO
                    if inputs[r] >= 0:
                        at = (t % slots * batch + row) * room + unit
                        c = kept[UINT(at + 4 * n)]
                        a_i, a_f = sums[UINT(item)], sums[UINT(item + ROWS * own)]  # LSTM-1, 3
                        a_g, a_o = sums[UINT(item + 2 * ROWS * own)], sums[UINT(item + 3 * ROWS * own)]  # 5, 8
                        if flags & FORM:
                            a_i += p[UINT(unit)] * c  # PEEPHOLE-1, 3
                            a_f += p[UINT(n + unit)] * c
                        i, f, g = sigmoid(a_i), sigmoid(a_f), math.tanh(a_g)
                        now = f * c + i * g  # LSTM-7
                        if flags & FORM:
                            a_o += p[UINT(2 * n + unit)] * now
                        o = sigmoid(a_o)
                        out = o * math.tanh(now)  # LSTM-10
                        kept[UINT(at)], kept[UINT(at + n)], kept[UINT(at + 2 * n)], kept[UINT(at + 3 * n)] = i, f, g, o
                        pass_on(out, before, n, 0, final, 0, lengths, t, row, unit, steps, batch, n, slots, flags)
                        pass_on(
                            now, kept, room, 4 * n, final, last_c, lengths, t, row, unit, steps, batch, n, slots, flags
                        )
                    elif slots == steps:
                        before[UINT((t * batch + row) * n + unit)] = out
                    y[UINT((t * batch + row) * ldy + y_at + unit)] = out
            cuda.syncthreads()
        target, waiting = arrive(counters, group, parts, alone), True
    if lost and me == 0:
        y[first * ldy + y_at + u0] = math.nan


@kernel
def backward(
    w: Any, p: Any, lengths: Any, kept: Any, dy: Any, d_final: Any, d_final_c: Any, d: Any, d_start: Any, spare: Any,
    counters: Any, begin: int, end: int, steps: int, batch: int, n: int, own: int, parts: int, rows: int, ldy: int,
    y_at: int, flags: int,
) -> None:  # fmt: skip
    """d (T, B, 4H): ∂L/∂(what i, f, g, o receive); d_start: ∂L/∂h, then ∂L/∂c before the first step, each (B, H).

    Stage s takes the products of step T − s, which ran before it, and then goes back through step T − 1 − s.
    """
    shared = cuda.shared.array(0, w.dtype)
    places = cuda.shared.array(ROWS, np.int64)
    inputs = cuda.shared.array(ROWS, np.int64)
    me, threads, block = cuda.threadIdx.x, cuda.blockDim.x, cuda.blockIdx.x
    group, part = block // parts, block % parts
    first, last, u0 = group * rows, min(group * rows + rows, batch), part * own
    quads, room, depth = (own + PLANES - 1) // PLANES, 5 * n, 4 * n
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
                product(d, places, depth, 0, shared, 0, spare, beside, plane, quads, own, space, sums, flags)  # LSTM-15
            else:
                cuda.syncthreads()
            for item in range(me, ROWS * own, threads):
                r, row, unit = item % ROWS, r0 + item % ROWS, u0 + item // ROWS
                if row < last and unit < n:
                    state, state_c = UINT(row * n + unit), UINT((batch + row) * n + unit)
                    dh = sums[UINT(item)] + (d_start[state] if stage > 0 else d_final[state])
                    dc = d_start[state_c] if stage > 0 else d_final_c[state]
                    if stage < steps:
                        d_i, d_f, d_g, d_o = ZERO, ZERO, ZERO, ZERO
                        if inputs[r] >= 0:
                            at = (t * batch + row) * room + unit
                            i, f = kept[UINT(at)], kept[UINT(at + n)]
                            g, o, c = kept[UINT(at + 2 * n)], kept[UINT(at + 3 * n)], kept[UINT(at + 4 * n)]
                            u = math.tanh(f * c + i * g)
                            dh += dy[UINT((t * batch + row) * ldy + y_at + unit)]
                            d_o = dh * u * o * (ONE - o)  # LSTM-16, 17
                            dc += dh * o * (ONE - u * u)  # LSTM-18
                            if flags & FORM:
                                dc += d_o * p[UINT(2 * n + unit)]
                            d_i = dc * g * i * (ONE - i)  # LSTM-21, 22
                            d_f = dc * c * f * (ONE - f)  # LSTM-19, 20
                            d_g = dc * i * (ONE - g * g)  # LSTM-23, 24
                            dc, dh = dc * f, ZERO
                            if flags & FORM:
                                dc += d_i * p[UINT(unit)] + d_f * p[UINT(n + unit)]
                        at = (t * batch + row) * depth + unit
                        d[UINT(at)], d[UINT(at + n)], d[UINT(at + 2 * n)], d[UINT(at + 3 * n)] = d_i, d_f, d_g, d_o
                    d_start[state], d_start[state_c] = dh, dc
            cuda.syncthreads()
        target, waiting = arrive(counters, group, parts, alone), True
    if lost and me == 0:
        d[first * depth + u0] = math.nan
