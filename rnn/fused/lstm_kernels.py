"""Long short-term memory over a whole sequence, for some rows of a batch in one direction. [D2L 9.2, seed 000]

Kept for backward, a row and step: i, f, g, o and c, side by side (5H). h is the output.
"""

from __future__ import annotations

from minigrad.graph import Array
from minigrad.kernels.compiling import kernel
from minigrad.kernels.gemm import ROWS, UINT, multiply, pack_left
from minigrad.kernels.packing import wait_for_all
from minigrad.kernels.simd import widest
from minigrad.kernels.vector import ONE, sigmoid, tanh
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
def _step(
    a: Array, at: int, table: Array, entry: int, p: Array, c: Array, h: Array, state: int, y: Array, y_at: int, n: int
) -> None:  # fmt: skip
    """One row: what the gates receive, but for table[entry …], the input's part, becomes i, f, g, o, c."""
    widest()
    n, i_at, w_i, s_at, out_at = UINT(n), UINT(at), UINT(entry), UINT(state), UINT(y_at)
    f_at, g_at, w_f, w_g = i_at + n, i_at + n + n, w_i + n, w_i + n + n
    o_at, c_at, w_o = g_at + n, g_at + n + n, w_g + n
    for j in range(n):
        # LSTM-1, 2 (PEEPHOLE-1, 2), and so on: what each gate receives, and the gate
        i = sigmoid(a[i_at + j] + table[w_i + j] + p[j] * c[s_at + j])
        f = sigmoid(a[f_at + j] + table[w_f + j] + p[n + j] * c[s_at + j])
        g = tanh(a[g_at + j] + table[w_g + j])
        now = f * c[s_at + j] + i * g  # LSTM-7
        o = sigmoid(a[o_at + j] + table[w_o + j] + p[n + n + j] * now)
        out = o * tanh(now)  # LSTM-10
        a[i_at + j], a[f_at + j], a[g_at + j], a[o_at + j], a[c_at + j] = i, f, g, o, now
        c[s_at + j], h[s_at + j], y[out_at + j] = now, out, out


@kernel
def forward(
    first: int, last: int, ready: Array, started: bool,
    steps: int, batch: int, n: int, reverse: bool, flag: bool,
    x: Array, width: int, ids: Array, table: Array, extra: Array, lengths: Array, w_x: Array, w_h: Array,
    start: Array, kept: Array, slots: int, y: Array, ldy: int, y_at: int, final: Array, scratch: Array, span: int,
) -> None:  # fmt: skip
    """Rows first … last of the batch through all steps. start and final: h, then c, each (B, H)."""
    widest()
    wait_for_all(ready)
    m, row, dense = last - first, 5 * n, width > 0
    h, c = scratch[: m * n], scratch[m * n : 2 * m * n]
    load_state(start, first * n, h, m * n)
    load_state(start, (batch + first) * n, c, m * n)
    for s in range(steps):
        t = time_of(s, steps, reverse)
        if dense and s % span == 0:
            end = min(s + span, steps)
            input_products(x, width, w_x, kept, slots, row, 0, 4 * n, s, end, steps, batch, first, m, reverse)
        at = ((t % slots) * batch + first) * row
        recurrent_products(h, w_h, 0, kept, at, row, m, 4 * n, n, dense, started or s > 0)
        for r in range(m):
            place = (t * batch + first + r) * ldy + y_at
            if t < lengths[first + r]:
                entry = 0 if dense else ids[t * batch + first + r] * 4 * n
                _step(kept, at + r * row, table, entry, extra, c, h, r * n, y, place, n)
            else:
                silence(y, place, n)
    for j in range(m * n):
        final[first * n + j] = h[j]
        final[(batch + first) * n + j] = c[j]


@kernel(noalias=True)
def _step_back(
    a: Array, at: int, p: Array, before: Array, dy: Array, y_at: int, dh: Array, dc: Array, state: int, d: Array,
    d_at: int, n: int,
) -> None:  # fmt: skip
    """One row: ∂L/∂(what the gates receive) into d, f's part of ∂L/∂c⁽ᵗ⁻¹⁾ into dc; dh is used up."""
    widest()
    n, i_at, di_at, s_at, out_at = UINT(n), UINT(at), UINT(d_at), UINT(state), UINT(y_at)
    f_at, g_at, df_at, dg_at = i_at + n, i_at + n + n, di_at + n, di_at + n + n
    o_at, c_at, do_at = g_at + n, g_at + n + n, dg_at + n
    for j in range(n):
        i, f, g, o, u = a[i_at + j], a[f_at + j], a[g_at + j], a[o_at + j], tanh(a[c_at + j])
        dh_t = dh[s_at + j] + dy[out_at + j]
        d_o = dh_t * u * o * (ONE - o)  # LSTM-16, 17
        dc_t = dc[s_at + j] + dh_t * o * (ONE - u * u) + d_o * p[n + n + j]  # LSTM-18
        d_i = dc_t * g * i * (ONE - i)  # LSTM-21, 22
        d_f = dc_t * before[j] * f * (ONE - f)  # LSTM-19, 20
        d[di_at + j], d[df_at + j], d[dg_at + j], d[do_at + j] = d_i, d_f, dc_t * i * (ONE - g * g), d_o  # 23, 24
        dc[s_at + j] = dc_t * f + d_i * p[j] + d_f * p[n + j]
        dh[s_at + j] = 0


@kernel(noalias=True)
def _peepholes(dp: Array, d: Array, at: int, before: Array, a: Array, a_at: int, n: int) -> None:
    """What one row and step adds to the peepholes' gradients.  [PEEPHOLE-39, 40, 41]"""
    widest()
    n, i_at, c_at = UINT(n), UINT(at), UINT(a_at + 4 * n)
    f_at, o_at = i_at + n, i_at + n + n + n
    for j in range(n):
        dp[j] += d[i_at + j] * before[j]
        dp[n + j] += d[f_at + j] * before[j]
        dp[n + n + j] += d[o_at + j] * a[c_at + j]


@kernel
def backward(
    first: int, last: int, ready: Array, started: bool, wanted: bool,
    steps: int, batch: int, n: int, reverse: bool, flag: bool,
    x: Array, width: int, ids: Array, extra: Array, lengths: Array, w_x: Array, w_h: Array,
    start: Array, kept: Array, y: Array, ldy: int, y_at: int, dy: Array, d_start: Array,
    dx: Array, d_wx: Array, d_wh: Array, d_table: Array, d_extra: Array, d: Array, before: Array, tiles: Array,
    h_panels: Array, more: Array, x_panels: Array, depth: int,
) -> None:  # fmt: skip
    """The same rows back. d_start: ∂L/∂h, ∂L/∂c after the last step on entry, before the first on return."""
    widest()
    wait_for_all(ready)
    m, row, dense, gates = last - first, 5 * n, width > 0, 4 * n
    wide = dx.size > 0
    dh, dc = d_start[first * n : last * n], d_start[(batch + first) * n : (batch + last) * n]
    silence(d_table, 0, d_table.size)
    silence(d_extra, 0, d_extra.size)
    k, fresh = 0, True
    for s in range(steps - 1, -1, -1):
        t = time_of(s, steps, reverse)
        for r in range(m):
            b = first + r
            here = t * batch + b
            if t < lengths[b]:
                other = (t + 1 if reverse else t - 1) * batch + b
                if has_before(t, lengths[b], reverse):
                    load_state(kept, other * row + 4 * n, before, n)
                    pack_row(y, other * ldy + y_at, n, h_panels, depth, k + r)
                else:
                    load_state(start, (batch + b) * n, before, n)
                    pack_row(start, b * n, n, h_panels, depth, k + r)
                _step_back(kept, here * row, extra, before, dy, here * ldy + y_at, dh, dc, r * n, d, r * gates, n)
                if flag:
                    _peepholes(d_extra, d, r * gates, before, kept, here * row, n)
                add_to(d_table, 0 if dense else ids[here] * gates, d, r * gates, gates)
            else:
                silence(d, r * gates, gates)
                pack_row(y, here * ldy + y_at, n, h_panels, depth, k + r)  # zeros
            if dense:
                pack_row(x, here * width, width, x_panels, depth, k + r)
        if wanted or s > 0:
            multiply(d, 0, gates, gates, 1, w_h, 0, gates, dh, 0, n, m, n, gates, True)  # LSTM-15, 39
        if wide:
            multiply(
                d, 0, gates, gates, 1, w_x, 0, gates, dx, (t * batch + first) * width, width, m, width, gates, False
            )
        if started or s > 0 or dense:  # what the first step adds to ∂L/∂W_hh is nothing times h⁽⁰⁾ = 0
            pack_left(d, 0, gates, m, gates, tiles, k * ROWS, depth)
            k += m
        if s == 0 and k == 0 and fresh:
            silence(d_wh, 0, d_wh.size)
        elif k > 0 and (k + m > depth or s == 0):
            weight_products(tiles, 0, h_panels, depth, d_wh, 0, gates, n, k, fresh)  # LSTM-31 … 34
            if dense:
                weight_products(tiles, 0, x_panels, depth, d_wx, 0, gates, width, k, fresh)  # LSTM-35 … 38
            k, fresh = 0, False
