"""Convolution along time, made of windows (a view), products and additions: see `minigrad.ops.convolution`."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.cuda.arrange import padded
from minigrad.cuda.array import DeviceArray
from minigrad.cuda.memory import zeros
from minigrad.refusals import check_windows

Padding = tuple[int, int]


def _windows(x: DeviceArray, width: int, stride: int, dilation: int, padding: Padding) -> DeviceArray:
    """What each output sees: (B, C, T) → (B, C·K, L)."""
    x = padded(x, [(0, 0), (0, 0), padding]) if any(padding) else x
    batch, channels, steps = x.shape
    length = (steps - dilation * (width - 1) - 1) // stride + 1
    b, c, t = x.strides
    seen = x.view((batch, channels, width, length), (b, c, dilation * t, stride * t), x.offset)
    return seen.reshape(batch, channels * width, length)


def conv1d(
    x: DeviceArray, w: DeviceArray, stride: int = 1, dilation: int = 1, padding: Padding = (0, 0)
) -> DeviceArray:
    """(B, C, T), (O, C, K) → (B, O, L)."""
    check_windows(x, w, stride, dilation, padding)
    flat = w.reshape(len(w), w.shape[1] * w.shape[2])
    return np.matmul(flat, _windows(x, w.shape[2], stride, dilation, padding))


def conv1d_input(
    g: DeviceArray, w: DeviceArray, steps: int, stride: int, dilation: int, padding: Padding
) -> DeviceArray:
    """g (B, O, L), w (O, C, K) → (B, C, T)."""
    (channels, width), last = w.shape[1:], stride * g.shape[2]
    shares: Any = np.matmul(w.reshape(len(w), channels * width).T, g)
    shares = shares.reshape(len(g), channels, width, g.shape[2])
    out = zeros((len(g), channels, steps + sum(padding)), shares.dtype)
    for k in range(width):
        out[:, :, k * dilation : k * dilation + last : stride] += shares[:, :, k]
    return out[:, :, padding[0] : padding[0] + steps]


def conv1d_weight(
    x: DeviceArray, g: DeviceArray, width: int, stride: int, dilation: int, padding: Padding
) -> DeviceArray:
    """x (B, C, T), g (B, O, L) → (O, C, K)."""
    seen = _windows(x, width, stride, dilation, padding)
    flat = np.matmul(g, seen.mT).sum(axis=0)
    return flat.reshape(g.shape[1], x.shape[1], width)
