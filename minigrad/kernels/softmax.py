"""Softmax and cross-entropy of many rows at once; rows are divided among threads."""

from __future__ import annotations

from functools import partial

import numpy as np

from minigrad.graph import Array
from minigrad.kernels import threads
from minigrad.kernels.compiling import kernel
from minigrad.kernels.gemm import UINT
from minigrad.kernels.simd import largest, total, widest
from minigrad.kernels.vector import ONE, exp
from minigrad.kernels.workspace import aligned, plain

NUMBERS = 1 << 14  # of a job


@kernel(noalias=True)
def _forward(first: int, last: int, scores: Array, v: int, ids: Array, p: Array, losses: Array, job: int) -> None:
    """p = softmax of each row; losses[job] = Σ over rows of log Σ exp(o − max o) − (o_y − max o), nats.

    exp runs over all rows as one. The logarithms of many sums are one logarithm of their product.
    """
    widest()
    loss, product = 0.0, 1.0
    for i in range(first, last):
        row, top = UINT(i * v), largest(scores, i * v, v)
        for j in range(UINT(v)):
            p[row + j] = scores[row + j] - top
        loss -= p[row + UINT(ids[i])]
    for j in range(UINT(first * v), UINT(last * v)):
        p[j] = exp(p[j])
    for i in range(first, last):
        row, sum_ = UINT(i * v), total(p, i * v, v)
        product *= sum_
        if product > 1e250:
            loss, product = loss + np.log(product), 1.0
        inverse = ONE / sum_
        for j in range(UINT(v)):
            p[row + j] *= inverse
    losses[job] = loss + np.log(product)


@kernel(noalias=True)
def _backward(first: int, last: int, p: Array, v: int, ids: Array, scale: Array, g: Array) -> None:
    widest()
    factor = scale[0]
    for j in range(UINT(first * v), UINT(last * v)):
        g[j] = p[j] * factor
    for i in range(first, last):
        g[UINT(i * v) + UINT(ids[i])] -= factor


def softmax_loss(scores: Array, ids: Array) -> tuple[Array, float]:
    """softmax of scores (N, V), and the sum over rows of −log of the probability of the row's id, nats."""
    (n, v), p = scores.shape, aligned(scores.shape, scores.dtype)
    blocks = _blocks(n, v)
    losses = np.empty(len(blocks))
    flat, ids, out = plain(scores), plain(ids, np.int64), p.reshape(-1)
    threads.run(
        [partial(_forward, *block, flat, v, ids, out, losses, k) for k, block in enumerate(blocks)], 40 * p.size
    )
    return p, float(losses.sum())


def softmax_loss_gradient(scale: Array, p: Array, ids: Array) -> Array:
    """scale (p − one-hot id) for each row of p (N, V): the cotangent of the scores when each loss has `scale`."""
    (n, v), g = p.shape, aligned(p.shape, p.dtype)
    flat, ids, out = plain(p), plain(ids, np.int64), g.reshape(-1)
    scale = np.full(1, scale, p.dtype)
    threads.run([partial(_backward, *block, flat, v, ids, scale, out) for block in _blocks(n, v)], 4 * p.size)
    return g


def _blocks(rows: int, width: int) -> list[tuple[int, int]]:
    size = max(1, NUMBERS // width)
    return [(first, min(first + size, rows)) for first in range(0, rows, size)]
