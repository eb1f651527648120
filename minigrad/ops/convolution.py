"""Convolution along time. Three ops, each linear in both of its inputs, and each one's rule is the other two.

⟨g, conv1d(x, w)⟩ = ⟨conv1d_input(g, w), x⟩ = ⟨conv1d_weight(x, g), w⟩: one number, Σ over b, o, c, k and t of
g[b, o, t] w[o, c, k] x[b, c, stride·t + dilation·k − left], so whichever two are given, the third is one of these.
"""

from __future__ import annotations

import numpy as np

from minigrad.graph import Array, Op
from minigrad.ops.samples import shapes
from minigrad.ops.table import op
from minigrad.refusals import check_windows

Padding = tuple[int, int]


def _windows(x: Array, width: int, stride: int, dilation: int, padding: Padding) -> Array:
    """What each output sees: (B, C, T) → (B, C·K, L). The one copy that is made of the input."""
    if any(padding):
        padded = np.zeros((*x.shape[:2], x.shape[2] + sum(padding)), x.dtype)
        padded[:, :, padding[0] : padding[0] + x.shape[2]] = x
        x = padded
    span = dilation * (width - 1) + 1
    seen = np.lib.stride_tricks.sliding_window_view(x, span, axis=2)[:, :, ::stride, ::dilation]
    return seen.transpose(0, 1, 3, 2).reshape(len(x), x.shape[1] * width, seen.shape[2])


def _conv1d(x: Array, w: Array, stride: int = 1, dilation: int = 1, padding: Padding = (0, 0)) -> Array:
    check_windows(x, w, stride, dilation, padding)
    return w.reshape(len(w), w.shape[1] * w.shape[2]) @ _windows(x, w.shape[2], stride, dilation, padding)


def _conv1d_input(g: Array, w: Array, steps: int, stride: int, dilation: int, padding: Padding) -> Array:
    """g (B, O, L), w (O, C, K) → (B, C, T): every window's share, added where the windows overlap."""
    (channels, width), last = w.shape[1:], stride * g.shape[2]
    shares = (w.reshape(len(w), channels * width).T @ g).reshape(len(g), channels, width, g.shape[2])
    out = np.zeros((len(g), channels, steps + sum(padding)), shares.dtype)
    for k in range(width):
        out[:, :, k * dilation : k * dilation + last : stride] += shares[:, :, k]
    return out[:, :, padding[0] : padding[0] + steps]


def _conv1d_weight(x: Array, g: Array, width: int, stride: int, dilation: int, padding: Padding) -> Array:
    """x (B, C, T), g (B, O, L) → (O, C, K), as one product over all windows of all sequences."""
    seen = _windows(x, width, stride, dilation, padding)
    flat = np.tensordot(g, seen, axes=((0, 2), (0, 2)))
    return flat.reshape(g.shape[1], x.shape[1], width)


# x (B, C, T), w (O, C, K) → (B, O, L), L = ⌊(T + left + right − dilation·(K − 1) − 1)/stride⌋ + 1; x is 0 outside its
# T steps. What books and torch call convolution: the weight is not turned round, its first entry meets the earliest
# step. [DLB 9.1]
conv1d: Op = op(
    "conv1d",
    _conv1d,
    (
        lambda g, w, shape, stride, dilation, padding: conv1d_input(g, w, shape[2], stride, dilation, padding),
        lambda g, x, w, stride, dilation, padding: conv1d_weight(x, g, w.shape[2], stride, dilation, padding),
    ),
    samples=[
        shapes((2, 3, 5), (4, 3, 2)),
        shapes((1, 2, 7), (2, 2, 3), constants=(2, 1, (0, 0))),
        shapes((2, 1, 4), (1, 1, 2), constants=(1, 3, (3, 0))),
        shapes((2, 2, 6), (3, 2, 2), constants=(3, 2, (1, 2))),
    ],
)
conv1d_input: Op = op(
    "conv1d_input",
    _conv1d_input,
    (
        lambda g, w, stride, dilation, padding: conv1d(g, w, stride, dilation, padding),
        lambda h, g, w, stride, dilation, padding: conv1d_weight(h, g, w.shape[2], stride, dilation, padding),
    ),
    samples=[
        shapes((2, 3, 4), (3, 2, 2), constants=(5, 1, 1, (0, 0))),
        shapes((2, 2, 3), (2, 1, 2), constants=(6, 3, 2, (1, 2))),
    ],
)
conv1d_weight: Op = op(
    "conv1d_weight",
    _conv1d_weight,
    (
        lambda v, g, shape, stride, dilation, padding: conv1d_input(g, v, shape[2], stride, dilation, padding),
        lambda v, x, stride, dilation, padding: conv1d(x, v, stride, dilation, padding),
    ),
    samples=[
        shapes((2, 3, 5), (2, 2, 4), constants=(2, 1, 1, (0, 0))),
        shapes((2, 1, 6), (2, 2, 3), constants=(2, 3, 2, (1, 2))),
    ],
)
