"""The Elman network over a whole sequence, for some rows of a batch in one direction. [DLB 10.2, seed 001; D2L 8.4]

Backward needs nothing but the outputs h. `flag`: φ is relu, else tanh.
"""

from __future__ import annotations

from minigrad.graph import Array
from minigrad.kernels.compiling import kernel
from minigrad.kernels.gemm import ROWS, UINT, multiply, pack_left
from minigrad.kernels.packing import wait_for_all
from minigrad.kernels.simd import widest
from minigrad.kernels.vector import ONE, ZERO, tanh
from rnn.fused.rows import (
    add_to,
    has_before,
    input_products,
    load_state,
    pack_row,
    recurrent_products,
    silence,
    time_of,
    weight_products,
)  # fmt: skip


@kernel(noalias=True)
def _step(a: Array, at: int, table: Array, entry: int, h: Array, state: int, y: Array, y_at: int, n: int) -> None:
    """One row: h = tanh(a), where a is W h⁽ᵗ⁻¹⁾, but for table[entry …], the input's part and the bias.  [7, 8]"""
    widest()
    n, at, entry = UINT(n), UINT(at), UINT(entry)
    state, y_at = UINT(state), UINT(y_at)
    for j in range(n):
        out = tanh(a[at + j] + table[entry + j])
        h[state + j], y[y_at + j] = out, out


@kernel(noalias=True)
def _step_relu(a: Array, at: int, table: Array, entry: int, h: Array, state: int, y: Array, y_at: int, n: int) -> None:
    """The same with relu."""
    widest()
    n, at, entry = UINT(n), UINT(at), UINT(entry)
    state, y_at = UINT(state), UINT(y_at)
    for j in range(n):
        out = a[at + j] + table[entry + j]
        out = ZERO if out < 0 else out  # NaN stays
        h[state + j], y[y_at + j] = out, out


@kernel
def forward(
    first: int, last: int, ready: Array, started: bool,
    steps: int, batch: int, n: int, reverse: bool, flag: bool,
    x: Array, width: int, ids: Array, table: Array, extra: Array, lengths: Array, w_x: Array, w_h: Array,
    start: Array, kept: Array, slots: int, y: Array, ldy: int, y_at: int, final: Array, h: Array, span: int,
) -> None:  # fmt: skip
    """Rows first … last of the batch through all steps. start and final (B, H)."""
    widest()
    wait_for_all(ready)
    m, dense = last - first, width > 0
    load_state(start, first * n, h, m * n)
    for s in range(steps):
        t = time_of(s, steps, reverse)
        if dense and s % span == 0:
            end = min(s + span, steps)
            input_products(x, width, w_x, kept, slots, n, 0, n, s, end, steps, batch, first, m, reverse)
        at = ((t % slots) * batch + first) * n
        recurrent_products(h, w_h, 0, kept, at, n, m, n, n, dense, started or s > 0)
        for r in range(m):
            place = (t * batch + first + r) * ldy + y_at
            if t < lengths[first + r]:
                entry = 0 if dense else ids[t * batch + first + r] * n
                if flag:
                    _step_relu(kept, at + r * n, table, entry, h, r * n, y, place, n)
                else:
                    _step(kept, at + r * n, table, entry, h, r * n, y, place, n)
            else:
                silence(y, place, n)
    for j in range(m * n):
        final[first * n + j] = h[j]


@kernel(noalias=True)
def _step_back(y: Array, dy: Array, y_at: int, dh: Array, state: int, d: Array, d_at: int, n: int) -> None:
    """One row: ∇a = diag(1 − h²) ∇h into d; dh is used up.  [20, 21]"""
    widest()
    n, y_at, state, d_at = UINT(n), UINT(y_at), UINT(state), UINT(d_at)
    for j in range(n):
        h = y[y_at + j]
        d[d_at + j] = (ONE - h * h) * (dh[state + j] + dy[y_at + j])
        dh[state + j] = 0


@kernel(noalias=True)
def _step_back_relu(y: Array, dy: Array, y_at: int, dh: Array, state: int, d: Array, d_at: int, n: int) -> None:
    """The same with relu, whose derivative at 0 is 0."""
    widest()
    n, y_at, state, d_at = UINT(n), UINT(y_at), UINT(state), UINT(d_at)
    for j in range(n):
        g = dh[state + j] + dy[y_at + j]
        d[d_at + j] = g if y[y_at + j] > 0 else ZERO
        dh[state + j] = 0


@kernel
def backward(
    first: int, last: int, ready: Array, started: bool, wanted: bool,
    steps: int, batch: int, n: int, reverse: bool, flag: bool,
    x: Array, width: int, ids: Array, extra: Array, lengths: Array, w_x: Array, w_h: Array,
    start: Array, kept: Array, y: Array, ldy: int, y_at: int, dy: Array, d_start: Array,
    dx: Array, d_wx: Array, d_wh: Array, d_table: Array, d_extra: Array, d: Array, before: Array, tiles: Array,
    h_panels: Array, more: Array, x_panels: Array, depth: int,
) -> None:  # fmt: skip
    """The same rows back. d_start (B, H): ∂L/∂h after the last step on entry, before the first on return.  [20–25]"""
    widest()
    wait_for_all(ready)
    m, dense, wide = last - first, width > 0, dx.size > 0
    dh = d_start[first * n : last * n]
    silence(d_table, 0, d_table.size)
    k, fresh = 0, True
    for s in range(steps - 1, -1, -1):
        t = time_of(s, steps, reverse)
        for r in range(m):
            b = first + r
            here = t * batch + b
            if t < lengths[b]:
                if has_before(t, lengths[b], reverse):
                    pack_row(y, ((t + 1 if reverse else t - 1) * batch + b) * ldy + y_at, n, h_panels, depth, k + r)
                else:
                    pack_row(start, b * n, n, h_panels, depth, k + r)
                if flag:
                    _step_back_relu(y, dy, here * ldy + y_at, dh, r * n, d, r * n, n)
                else:
                    _step_back(y, dy, here * ldy + y_at, dh, r * n, d, r * n, n)
                add_to(d_table, 0 if dense else ids[here] * n, d, r * n, n)
            else:
                silence(d, r * n, n)
                pack_row(y, here * ldy + y_at, n, h_panels, depth, k + r)  # zeros
            if dense:
                pack_row(x, here * width, width, x_panels, depth, k + r)
        if wanted or s > 0:
            multiply(d, 0, n, n, 1, w_h, 0, n, dh, 0, n, m, n, n, True)
        if wide:
            multiply(d, 0, n, n, 1, w_x, 0, n, dx, (t * batch + first) * width, width, m, width, n, False)
        if started or s > 0 or dense:  # what the first step adds to ∂L/∂W is nothing times h⁽⁰⁾ = 0
            pack_left(d, 0, n, m, n, tiles, k * ROWS, depth)
            k += m
        if s == 0 and k == 0 and fresh:
            silence(d_wh, 0, d_wh.size)
        elif k > 0 and (k + m > depth or s == 0):
            weight_products(tiles, 0, h_panels, depth, d_wh, 0, n, n, k, fresh)
            if dense:
                weight_products(tiles, 0, x_panels, depth, d_wx, 0, n, width, k, fresh)
            k, fresh = 0, False
