"""The Elman network over a whole sequence. Backward by equations 20, 22 and 24 [DLB 10.2.2, seed 001]."""

from __future__ import annotations

import numpy as np

from minigrad import Tensor, stack
from minigrad.graph import Array, Op
from minigrad.kernels.compiling import kernel
from minigrad.kernels.products import add_row_product
from rnn.cells import unroll
from rnn.cells.elman import ElmanCell, ElmanState


@kernel
def _forward(h: Array, h0: Array, w: Array) -> None:
    """On entry h (T, B, H) holds b + U x⁽ᵗ⁾; on return h⁽ᵗ⁾. w (H, H) is Wᵀ, so that its rows are read in order."""
    steps, batch, width = h.shape
    for t in range(steps):
        before = h0 if t == 0 else h[t - 1]
        for i in range(batch):
            add_row_product(h[t, i], before[i], w)
            for j in range(width):
                h[t, i, j] = np.tanh(h[t, i, j])


@kernel
def _backward(da: Array, dh: Array, h: Array, w: Array) -> None:
    """On entry da (T, B, H) holds ∂L/∂h⁽ᵗ⁾ from the outputs alone and dh (B, H) is zero; w is W itself.

    On return da is ∂L/∂a⁽ᵗ⁾ = diag(1 − (h⁽ᵗ⁾)²) ∇h⁽ᵗ⁾ and dh is ∂L/∂h⁽⁰⁾.
    """
    steps, batch, width = h.shape
    for t in range(steps - 1, -1, -1):
        for i in range(batch):
            for j in range(width):
                da[t, i, j] = (1 - h[t, i, j] ** 2) * (da[t, i, j] + dh[i, j])
                dh[i, j] = 0
            add_row_product(dh[i], da[t, i], w)


def _sequence(x: Array, h0: Array, w_hh: Array, b_hh: Array | None) -> Array:
    h = np.array(x if b_hh is None else x + b_hh, order="C")
    _forward(h, np.ascontiguousarray(h0), np.ascontiguousarray(w_hh.T))
    return h


def _gradients(
    g: Array, y: Array, h0: Array, w_hh: Array, b_hh: Array | None
) -> tuple[Array, Array, Array, Array | None]:
    """Cotangents of x, h⁽⁰⁾, W and b; the products over all steps at once, after the loop. [24, 22]"""
    da, dh = np.array(g, order="C"), np.zeros_like(h0, order="C")
    _backward(da, dh, y, np.ascontiguousarray(w_hh))
    before = np.concatenate([h0[None], y[:-1]])
    rows = da.reshape(-1, da.shape[-1])
    dw = rows.T @ before.reshape(rows.shape)
    return da, dh, dw, None if b_hh is None else rows.sum(axis=0)


def _stepwise(x: Tensor, h0: Tensor, w_hh: Tensor, b_hh: Tensor | None) -> Tensor:
    return stack([step.h for step in unroll(ElmanCell(), x, ElmanState(h0), w_hh, b_hh)])


elman_sequence = Op("elman_sequence", _sequence, joint=_gradients, inputs=4, definition=_stepwise)
"""h (T, B, H) from x = U x⁽ᵗ⁾ + b_ih (T, B, H), h⁽⁰⁾ (B, H), W (H, H) and b_hh (H,) or None."""
