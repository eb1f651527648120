"""x Wᵀ + b over many rows, and its gradients, by packed products; rows are divided among threads."""

from __future__ import annotations

from functools import partial

import numpy as np

from minigrad.graph import Array
from minigrad.kernels import threads
from minigrad.kernels.compiling import kernel
from minigrad.kernels.gemm import ROWS, UINT, multiply, pack, pack_left, panels_size, tiles_size
from minigrad.kernels.packing import Packing, wait_for_all
from minigrad.kernels.workspace import aligned, plain, scratch

BLOCK = 280  # rows of a job: enough to share what is packed, and few enough that their parts stay in the cache
PARTS = 64  # jobs at most, since each sums up gradients for itself


@kernel
def _forward(
    first: int, last: int, x: Array, k: int, panels: Array, bias: Array, y: Array, n: int, ready: Array
) -> None:
    wait_for_all(ready)
    for i in range(first, last):
        place = UINT(i * n)
        for j in range(UINT(bias.size)):
            y[place + j] = bias[j]
    multiply(x, first * k, k, k, 1, panels, 0, k, y, first * n, n, last - first, n, k, bias.size > 0)


@kernel
def _backward(
    first: int, last: int, g: Array, n: int, x: Array, k: int, panels: Array, dx: Array, dw: Array, db: Array,
    tiles: Array, columns: Array, ready: Array,
) -> None:  # fmt: skip
    m = last - first
    wait_for_all(ready)
    if dx.size:
        multiply(g, first * n, n, n, 1, panels, 0, n, dx, first * k, k, m, k, n, False)
    pack_left(g, first * n, n, m, n, tiles, 0, m)
    pack(x, first * k, k, 1, m, k, columns, 0, m)
    multiply(tiles, 0, 1, m, ROWS, columns, 0, m, dw, 0, k, n, k, m, False)
    for j in range(UINT(db.size)):
        db[j] = 0
    for i in range(first, last):
        place = UINT(i * n)
        for j in range(UINT(db.size)):
            db[j] += g[place + j]


def affine(x: Array, w: Array, b: Array | None) -> Array:
    """y (M, N) = x Wᵀ + b from x (M, K), W (N, K) and b (N,)."""
    (m, k), n = x.shape, len(w)
    x, y, packing = plain(x), aligned((m, n), x.dtype), Packing()
    panels, ready = packing.add(w, "affine", transposed=True), packing.ready
    bias, flat = np.empty(0, x.dtype) if b is None else plain(b), y.reshape(-1)
    jobs = [partial(_forward, *block, x, k, panels, bias, flat, n, ready) for block in _blocks(m)]
    threads.run([*packing.jobs(ready), *jobs], m * n * k, ready)
    return y


def affine_gradients(g: Array, x: Array, w: Array, bias: bool, wide: bool) -> tuple[Array | None, Array, Array | None]:
    """The cotangents of x (where wanted), W and b (where there is one), from that of y (M, N)."""
    (m, k), n, dtype = x.shape, len(w), x.dtype
    x, g, blocks = plain(x), plain(g), _blocks(m)
    dx, count = aligned((m * k if wide else 0,), dtype), len(blocks)
    dw, db = scratch("dw", count * n * k, dtype), scratch("db", count * n, dtype)
    packing = Packing()
    panels = packing.add(w, "affine", transposed=False) if wide else dx
    ready = packing.ready

    def job(i: int) -> None:
        first, last = blocks[i]
        tiles = scratch("tiles", tiles_size(n, last - first), dtype)
        columns = scratch("columns", panels_size(last - first, k, dtype), dtype)
        mine = dw[i * n * k : (i + 1) * n * k], db[i * n : (i + 1) * n if bias else i * n]
        _backward(first, last, g, n, x, k, panels, dx, *mine, tiles, columns, ready)

    threads.run([*packing.jobs(ready), *(partial(job, i) for i in range(count))], 2 * m * n * k, ready)
    total_w = np.add.reduce(dw[: count * n * k].reshape(count, n, k), axis=0)
    total_b = np.add.reduce(db[: count * n].reshape(count, n), axis=0) if bias else None
    return dx.reshape(m, k) if wide else None, total_w, total_b


def _blocks(rows: int) -> list[tuple[int, int]]:
    """(first, last) row of each job, whole register tiles but for the last."""
    size = max(BLOCK, -(-rows // PARTS))
    size += -size % ROWS
    return [(first, min(first + size, rows)) for first in range(0, rows, size)]
