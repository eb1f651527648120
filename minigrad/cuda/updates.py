"""Clipping, and what it shares with `optimisers`: many parameters in one launch, which costs more than most updates.

A kernel takes tuples of arrays, as many as fit into what a launch may be given. Parameters, gradients and what is kept
lie in order, and entry i of one belongs to entry i of the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numba import cuda, float64

from minigrad.cuda.array import DeviceArray
from minigrad.cuda.elementwise import plain, raw
from minigrad.cuda.launching import BLOCK, BLOCKS, SIMULATED, kernel, scalar, spread
from minigrad.cuda.layout import Ints
from minigrad.cuda.memory import empty, to_numpy

Arrays = tuple[Any, ...]
TOGETHER = 12  # parameters in one launch: four arrays of each are 48 · 56 bytes of the 4 KiB that arguments may take
PARTIAL = 2 if SIMULATED else 64  # blocks that add up squares; their sums go to the host


def grouped(entries: Iterable[tuple[DeviceArray, ...]]) -> Iterator[list[tuple[DeviceArray, ...]]]:
    """Entries of one precision together, at most as many as a launch takes."""
    for _, same in groupby(sorted(entries, key=lambda e: e[0].dtype.char), key=lambda e: e[0].dtype):
        group = list(same)
        for first in range(0, len(group), TOGETHER):
            yield group[first : first + TOGETHER]


def flat(group: Sequence[tuple[DeviceArray, ...]]) -> list[Arrays]:
    """A tuple of all first arrays, one of all second ones, and so on, as kernels take them."""
    return [tuple(raw(a) for a in column) for column in zip(*group, strict=True)]


def sizes_of(group: Sequence[tuple[DeviceArray, ...]]) -> Ints:
    """How many entries each has."""
    return tuple(entry[0].size for entry in group)


@kernel
def _squares(gs: Arrays, sizes: Ints, out: Any) -> None:
    """Block b: the sum of g² over its share of the entries."""
    shared = cuda.shared.array(BLOCK, float64)
    me = cuda.threadIdx.x
    shared[me] = 0
    for k in range(len(sizes)):
        g = gs[k]
        for i in range(cuda.grid(1), sizes[k], cuda.gridsize(1)):
            shared[me] += float64(g[i]) * float64(g[i])
    cuda.syncthreads()
    half = BLOCK // 2
    while half > 0:
        if me < half:
            shared[me] += shared[me + half]
        cuda.syncthreads()
        half //= 2
    if me == 0:
        out[cuda.blockIdx.x] = shared[0]


def squares(gradients: Sequence[DeviceArray]) -> float:
    """Σ g² over all entries of all: a few numbers come to the host, once."""
    groups = list(grouped((plain(g),) for g in gradients if g.size))
    sums = empty((len(groups), PARTIAL), np.float64)
    for k, group in enumerate(groups):
        _squares[PARTIAL, BLOCK](*flat(group), sizes_of(group), raw(sums[k]))
    return float(to_numpy(sums).sum())


@kernel
def _scaled(gs: Arrays, outs: Arrays, sizes: Ints, factor: Any) -> None:
    for k in range(len(sizes)):
        g, out = gs[k], outs[k]
        for i in range(cuda.grid(1), sizes[k], cuda.gridsize(1)):
            out[i] = g[i] * factor


@kernel
def _clipped(gs: Arrays, outs: Arrays, sizes: Ints, bound: Any) -> None:
    for k in range(len(sizes)):
        g, out = gs[k], outs[k]
        for i in range(cuda.grid(1), sizes[k], cuda.gridsize(1)):
            x = g[i]
            if x > bound:
                x = bound
            if x < -bound:
                x = -bound
            out[i] = x


def scaled(gradients: Sequence[DeviceArray], factor: float) -> list[DeviceArray]:
    """New arrays: factor · g."""
    return _mapped(_scaled, gradients, factor)


def clipped(gradients: Sequence[DeviceArray], bound: float) -> list[DeviceArray]:
    """New arrays: each entry between −bound and bound. NaN stays."""
    return _mapped(_clipped, gradients, bound)


def _mapped(run: Any, gradients: Sequence[DeviceArray], number: float) -> list[DeviceArray]:
    pairs = [(plain(g), empty(g.shape, g.dtype)) for g in gradients]
    for group in grouped(pairs):
        run[wide(group)](*flat(group), sizes_of(group), scalar(number, group[0][0].dtype))
    return [out for _, out in pairs]


def wide(group: Sequence[tuple[DeviceArray, ...]]) -> tuple[int, int]:
    """(blocks, threads) for the largest of them."""
    return min(spread(max(sizes_of(group)))[0], BLOCKS), BLOCK
