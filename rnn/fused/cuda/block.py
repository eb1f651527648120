"""What a block of threads does in every kernel here: products with its part of the weights, and waiting for others.

Letters: n hidden units, of which a part has `own`; C columns, the outputs of a product that are a part's; K its depth.
Rows of the batch are taken ROWS at a time. Each thread sums ROWS × PLANES results at once, over a slice of the depth:
of K·(ROWS + PLANES) numbers that it reads it makes K·ROWS·PLANES multiplications. The columns lie in PLANES planes of
`quads`, so that threads side by side read numbers side by side.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import cuda

from minigrad.cuda.launching import SIMULATED, device_function

ROWS = 2 if SIMULATED else 8  # a power of 2
PLANES = 4
SUMS = ROWS * PLANES
BATCHED, AHEAD = 2 * PLANES, 2 * ROWS  # numbers that a thread asks for before it waits for the first of them
PATIENCE = 1 << 24  # looks at a counter, a second or more, after which the others are held to be lost

# What is written as a number in a kernel is 64 bits wide and draws the arithmetic with it; these do not. In the
# simulator functions give Python's floats, which NumPy's float32 would round.
ZERO: Any = 0.0 if SIMULATED else np.float32(0)
ONE: Any = 1.0 if SIMULATED else np.float32(1)
NAN: Any = math.nan if SIMULATED else np.float32(math.nan)
UINT: Any = int if SIMULATED else np.uint32  # a place that needs no look at whether it counts from the end


@device_function
def sigmoid(x: Any) -> Any:
    """1/(1 + e⁻ˣ), to the last digits on both sides."""
    e = math.exp(-abs(x))
    s = ONE / (ONE + e)
    return s if x >= 0 else e * s


@device_function
def load(
    w: Any, into: Any, at: int, own: int, u0: int, n: int, first: int, columns: int, quads: int, depth: int,
    by_column: int, by_depth: int,
) -> None:  # fmt: skip
    """A part's columns of the weights into `into` from `at`: column c (gate g, unit u) at depth k is at

    (first + g n + u0 + u) by_column + k by_depth in w. What is beyond the last unit is zero.
    """
    values = cuda.local.array(BATCHED, w.dtype)
    for quad in range(0, quads, 2):
        for k in range(cuda.threadIdx.x, depth, cuda.blockDim.x):
            for j in range(BATCHED):
                c = (j & 3) * quads + quad + (j >> 2)
                g = (c >= own) + (c >= 2 * own) + (c >= 3 * own)
                unit = u0 + c - g * own
                values[j] = ZERO
                if quad + (j >> 2) < quads and c < columns and unit < n:
                    values[j] = w[UINT((first + g * n + unit) * by_column + k * by_depth)]
            for j in range(BATCHED):
                if quad + (j >> 2) < quads:
                    into[UINT(at + ((j & 3) * depth + k) * quads + quad + (j >> 2))] = values[j]


@device_function
def multiply(
    v: Any, places: Any, depth: int, skip: int, weights: Any, at: int, stride: int, quads: int, slices: int,
    columns: int, space: Any, sums: Any,
) -> None:  # fmt: skip
    """sums[c·ROWS + r] += Σ_k v[places[r] + k] w[k, c] for ROWS rows, all columns and k from skip to skip + depth.

    `stride` is a plane's size in the weights. Begins with whatever the threads wrote to `places` and `sums` behind a
    barrier, and ends with one.
    """
    me, threads = cuda.threadIdx.x, cuda.blockDim.x
    mine, chunk = me // quads, PLANES * threads
    quad = me - mine * quads
    total = cuda.local.array(SUMS, v.dtype)
    ahead = cuda.local.array(AHEAD, v.dtype)
    for j in range(SUMS):
        total[j] = ZERO
    for begin in range(0, depth, chunk):
        count = min(chunk, depth - begin)
        for k in range(me, count, 2 * threads):
            more = min(k + threads, count - 1)
            for r in range(ROWS):
                place = places[r] + skip + begin
                ahead[r], ahead[ROWS + r] = v[UINT(place + k)], v[UINT(place + more)]
            for r in range(ROWS):
                space[UINT(r * chunk + k)] = ahead[r]
                if k + threads < count:
                    space[UINT(r * chunk + k + threads)] = ahead[ROWS + r]
        cuda.syncthreads()
        if mine < slices:
            for k in range(mine, count, slices):
                place = at + (skip + begin + k) * quads + quad
                w_0, w_1 = weights[UINT(place)], weights[UINT(place + stride)]
                w_2, w_3 = weights[UINT(place + 2 * stride)], weights[UINT(place + 3 * stride)]
                for r in range(ROWS):
                    x = space[UINT(r * chunk + k)]
                    total[r] += w_0 * x
                    total[ROWS + r] += w_1 * x
                    total[2 * ROWS + r] += w_2 * x
                    total[3 * ROWS + r] += w_3 * x
        cuda.syncthreads()
    if mine < slices:
        for j in range(SUMS):
            space[UINT(j * (threads + 1) + me)] = total[j]
    cuda.syncthreads()
    for o in range(me, SUMS * quads, threads):
        j, q = o % SUMS, o // SUMS
        c = j // ROWS * quads + q
        if c < columns:
            place = j * (threads + 1) + q
            found = ZERO
            for _ in range(slices):
                found += space[UINT(place)]
                place += quads
            sums[UINT(c * ROWS + j % ROWS)] += found
    cuda.syncthreads()


@device_function
def arrive(counters: Any, group: int, parts: int, alone: bool) -> int:
    """Say that this block has written what others read; what `wait` is to be given. Holds the block's threads up."""
    cuda.syncthreads()
    target = 0
    if not alone and cuda.threadIdx.x == 0:
        cuda.threadfence()
        ticket = cuda.atomic.add(counters, group, 1)
        target = (ticket // parts + 1) * parts
    return target


@device_function
def wait(counters: Any, group: int, target: int, alone: bool, lost: bool) -> bool:
    """Hold all threads up until all parts of the group have arrived; whether they are lost, by the first thread."""
    if not alone:
        if cuda.threadIdx.x == 0:
            looks = 0
            while not lost and cuda.atomic.add(counters, group, 0) < target:
                looks += 1
                lost = looks > PATIENCE
            cuda.threadfence()
        cuda.syncthreads()
    return lost
