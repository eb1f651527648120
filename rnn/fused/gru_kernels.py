"""Gated recurrent units over a whole sequence, for some rows of a batch in one direction. [D2L 9.1; torch.nn.GRU]

`flag`: the reset comes after the product with W_n (torch's form), else before it (D2L's). Kept for backward, a row and
step: q, r, z, n side by side (4H), where q is W_n h⁽ᵗ⁻¹⁾ + d after, and r ⊙ h⁽ᵗ⁻¹⁾ before. The blocks of W_hh are
packed in the order n, r, z.
"""

from __future__ import annotations

from minigrad.graph import Array
from minigrad.kernels.compiling import kernel
from minigrad.kernels.gemm import PANEL_BYTES, ROWS, UINT, multiply, pack_left
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
def _step_after(
    a: Array, at: int, table: Array, entry: int, extra: Array, h: Array, state: int, y: Array, y_at: int, n: int
) -> None:
    """One row: q, and what the gates receive (but for table[entry …], the input's part), becomes q, r, z, n."""
    widest()
    n, q_at, w_r, state, y_at = UINT(n), UINT(at), UINT(entry), UINT(state), UINT(y_at)
    r_at, z_at, n_at, w_z, w_n = q_at + n, q_at + n + n, q_at + n + n + n, w_r + n, w_r + n + n
    for j in range(n):
        q = a[q_at + j] + extra[j]  # GRU-AFTER-5
        r = sigmoid(a[r_at + j] + table[w_r + j])
        z = sigmoid(a[z_at + j] + table[w_z + j])
        new = tanh(a[n_at + j] + table[w_n + j] + r * q)  # GRU-AFTER-6, 7
        out = new + z * (h[state + j] - new)  # GRU-8
        a[q_at + j], a[r_at + j], a[z_at + j], a[n_at + j] = q, r, z, new
        h[state + j], y[y_at + j] = out, out


@kernel(noalias=True)
def _gates(a: Array, at: int, table: Array, entry: int, h: Array, state: int, rh: Array, n: int) -> None:
    """One row: what the gates receive becomes r, z, and r ⊙ h⁽ᵗ⁻¹⁾."""
    widest()
    n, q_at, w_r, state = UINT(n), UINT(at), UINT(entry), UINT(state)
    r_at, z_at, w_z = q_at + n, q_at + n + n, w_r + n
    for j in range(n):
        r = sigmoid(a[r_at + j] + table[w_r + j])
        a[z_at + j] = sigmoid(a[z_at + j] + table[w_z + j])
        a[r_at + j] = r
        product = r * h[state + j]  # GRU-5
        a[q_at + j], rh[state + j] = product, product


@kernel(noalias=True)
def _new(a: Array, at: int, table: Array, entry: int, h: Array, state: int, y: Array, y_at: int, n: int) -> None:
    """One row: what the candidate receives becomes n, and h⁽ᵗ⁾."""
    widest()
    n, q_at, w_r, state, y_at = UINT(n), UINT(at), UINT(entry), UINT(state), UINT(y_at)
    z_at, n_at, w_n = q_at + n + n, q_at + n + n + n, w_r + n + n
    for j in range(n):
        new = tanh(a[n_at + j] + table[w_n + j])  # GRU-6, 7
        out = new + a[z_at + j] * (h[state + j] - new)
        a[n_at + j], h[state + j], y[y_at + j] = new, out, out


@kernel
def forward(
    first: int, last: int, ready: Array, started: bool,
    steps: int, batch: int, n: int, reverse: bool, flag: bool,
    x: Array, width: int, ids: Array, table: Array, extra: Array, lengths: Array, w_x: Array, w_h: Array,
    start: Array, kept: Array, slots: int, y: Array, ldy: int, y_at: int, final: Array, space: Array, span: int,
) -> None:  # fmt: skip
    """Rows first … last of the batch through all steps. start and final (B, H)."""
    widest()
    wait_for_all(ready)
    m, row, dense = last - first, 4 * n, width > 0
    h, rh = space[: m * n], space[m * n : 2 * m * n]
    gates = n * ((n * h.itemsize + PANEL_BYTES - 1) // PANEL_BYTES) * (PANEL_BYTES // h.itemsize)  # after W_n's panels
    load_state(start, first * n, h, m * n)
    for s in range(steps):
        t = time_of(s, steps, reverse)
        if dense and s % span == 0:
            end = min(s + span, steps)
            input_products(x, width, w_x, kept, slots, row, n, 3 * n, s, end, steps, batch, first, m, reverse)
        at = ((t % slots) * batch + first) * row
        moving = started or s > 0
        recurrent_products(h, w_h, gates, kept, at + n, row, m, 2 * n, n, dense, moving)
        if flag:
            recurrent_products(h, w_h, 0, kept, at, row, m, n, n, False, moving)
        else:
            for r in range(m):
                if t < lengths[first + r]:
                    entry = 0 if dense else ids[t * batch + first + r] * 3 * n
                    _gates(kept, at + r * row, table, entry, h, r * n, rh, n)
                else:
                    silence(rh, r * n, n)
            recurrent_products(rh, w_h, 0, kept, at + 3 * n, row, m, n, n, dense, moving)
        for r in range(m):
            place = (t * batch + first + r) * ldy + y_at
            if t < lengths[first + r]:
                entry = 0 if dense else ids[t * batch + first + r] * 3 * n
                if flag:
                    if not dense:  # what n receives of a looked-up input is in the table alone
                        silence(kept, at + r * row + 3 * n, n)
                    _step_after(kept, at + r * row, table, entry, extra, h, r * n, y, place, n)
                else:
                    _new(kept, at + r * row, table, entry, h, r * n, y, place, n)
            else:
                silence(y, place, n)
    for j in range(m * n):
        final[first * n + j] = h[j]


@kernel(noalias=True)
def _step_back(
    a: Array, at: int, before: Array, dy: Array, y_at: int, dh: Array, state: int, d: Array, d_at: int, n: int,
) -> None:  # fmt: skip
    """One row: ∂L/∂(what z and n receive) into d, z's share of ∂L/∂h⁽ᵗ⁻¹⁾ into dh."""
    widest()
    n, q_at, dq_at, state, y_at = UINT(n), UINT(at), UINT(d_at), UINT(state), UINT(y_at)
    z_at, n_at, dz_at, dn_at = q_at + n + n, q_at + n + n + n, dq_at + n + n, dq_at + n + n + n
    for j in range(n):
        z, new = a[z_at + j], a[n_at + j]
        g = dh[state + j] + dy[y_at + j]
        d[dz_at + j] = g * (before[j] - new) * z * (ONE - z)  # GRU-15, 19
        d[dn_at + j] = g * (ONE - z) * (ONE - new * new)  # GRU-14, 16
        dh[state + j] = g * z


@kernel(noalias=True)
def _reset_after(a: Array, at: int, d: Array, d_at: int, d_extra: Array, n: int) -> None:
    """One row: ∂L/∂q and ∂L/∂(what r receives), from that of n; d's part of the gradient.  [GRU-AFTER-17 … 20, 32]"""
    widest()
    n, q_at, dq_at = UINT(n), UINT(at), UINT(d_at)
    r_at, dr_at, dn_at = q_at + n, dq_at + n, dq_at + n + n + n
    for j in range(n):
        q, r, dn = a[q_at + j], a[r_at + j], d[dn_at + j]
        dq = dn * r
        d[dq_at + j], d[dr_at + j] = dq, dn * q * r * (ONE - r)
        d_extra[j] += dq


@kernel(noalias=True)
def _reset_before(
    a: Array, at: int, before: Array, drh: Array, state: int, dh: Array, d: Array, d_at: int, n: int
) -> None:
    """One row: ∂L/∂(what r receives), and r's share of ∂L/∂h⁽ᵗ⁻¹⁾, from ∂L/∂(r ⊙ h⁽ᵗ⁻¹⁾).  [GRU-13, 17, 18, 20]"""
    widest()
    n, r_at, dr_at, b_at, state = UINT(n), UINT(at + n), UINT(d_at + n), UINT(state), UINT(state)
    for j in range(n):
        r, g = a[r_at + j], drh[state + j]
        d[dr_at + j] = g * before[b_at + j] * r * (ONE - r)
        dh[state + j] += g * r


@kernel
def backward(
    first: int, last: int, ready: Array, started: bool, wanted: bool,
    steps: int, batch: int, n: int, reverse: bool, flag: bool,
    x: Array, width: int, ids: Array, extra: Array, lengths: Array, w_x: Array, w_h: Array,
    start: Array, kept: Array, y: Array, ldy: int, y_at: int, dy: Array, d_start: Array,
    dx: Array, d_wx: Array, d_wh: Array, d_table: Array, d_extra: Array, d: Array, space: Array, tiles: Array,
    h_panels: Array, q_panels: Array, x_panels: Array, depth: int,
) -> None:  # fmt: skip
    """The same rows back. d_start (B, H): ∂L/∂h after the last step on entry, before the first on return.

    d holds, row by row, ∂L/∂q (where q is a product), ∂L/∂(what r, z, n receive). The sums in d_wh stand in the order
    n, r, z.
    """
    widest()
    wait_for_all(ready)
    m, row, dense, wide = last - first, 4 * n, width > 0, dx.size > 0
    dh, before, drh = d_start[first * n : last * n], space[: m * n], space[m * n : 2 * m * n]
    block = (n + ROWS - 1) // ROWS * ROWS * depth  # where the tiles of each of d's four blocks begin
    silence(d_table, 0, d_table.size)
    silence(d_extra, 0, d_extra.size)
    k, fresh = 0, True
    for s in range(steps - 1, -1, -1):
        t = time_of(s, steps, reverse)
        for r in range(m):
            b = first + r
            here = t * batch + b
            if t < lengths[b]:
                if has_before(t, lengths[b], reverse):
                    source = ((t + 1 if reverse else t - 1) * batch + b) * ldy + y_at
                    load_state(y, source, before[r * n :], n)
                else:
                    load_state(start, b * n, before[r * n :], n)
                _step_back(kept, here * row, before[r * n :], dy, here * ldy + y_at, dh, r * n, d, r * row, n)
                if flag:
                    _reset_after(kept, here * row, d, r * row, d_extra, n)
            else:
                silence(before, r * n, n)
                silence(d, r * row, row)
            pack_row(before, r * n, n, h_panels, depth, k + r)
        if not flag:
            multiply(d, 3 * n, row, row, 1, w_h, 0, 3 * n, drh, 0, n, m, n, n, False)
            for r in range(m):
                here = t * batch + first + r
                if t < lengths[first + r]:
                    _reset_before(kept, here * row, before, drh, r * n, dh, d, r * row, n)
                    pack_row(kept, here * row, n, q_panels, depth, k + r)
                else:
                    pack_row(before, r * n, n, q_panels, depth, k + r)  # zeros
        for r in range(m):
            here = t * batch + first + r
            if t < lengths[first + r]:
                add_to(d_table, 0 if dense else ids[here] * 3 * n, d, r * row + n, 3 * n)
            if dense:
                pack_row(x, here * width, width, x_panels, depth, k + r)
        if flag and (wanted or s > 0):
            multiply(d, 0, row, row, 1, w_h, 0, 3 * n, dh, 0, n, m, n, 3 * n, True)
        elif wanted or s > 0:
            skipped = n * (PANEL_BYTES // d.itemsize)  # the n rows of each panel that belong to W_n
            multiply(d, n, row, row, 1, w_h, skipped, 3 * n, dh, 0, n, m, n, 2 * n, True)
        if wide:
            place = (t * batch + first) * width
            multiply(d, n, row, row, 1, w_x, 0, 3 * n, dx, place, width, m, width, 3 * n, False)
        if started or s > 0 or dense:  # what the first step adds to ∂L/∂W_hh is nothing times h⁽⁰⁾ = 0
            for q in range(4):
                pack_left(d, q * n, row, m, n, tiles, q * block + k * ROWS, depth)
            k += m
        if s == 0 and k == 0 and fresh:
            silence(d_wh, 0, d_wh.size)
        elif k > 0 and (k + m > depth or s == 0):
            if flag:
                weight_products(tiles, 0, h_panels, depth, d_wh, 0, n, n, k, fresh)
            else:
                weight_products(tiles, 3 * block, q_panels, depth, d_wh, 0, n, n, k, fresh)
            for q in range(1, 4):
                if q < 3:
                    weight_products(tiles, q * block, h_panels, depth, d_wh, q * n * n, n, n, k, fresh)
                if dense:
                    place = (q - 1) * n * width
                    weight_products(tiles, q * block, x_panels, depth, d_wx, place, n, width, k, fresh)
            k, fresh = 0, False
