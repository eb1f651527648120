"""Weights packed by several threads, while those that need them wait.

Packing is a share of a sequence's time that one thread should not have alone. A `Packing` collects what is to be
packed; its jobs come first among the jobs of `threads.run`, and whoever reads the panels calls `wait_for_all` before.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from minigrad.graph import Array
from minigrad.kernels.compiling import kernel
from minigrad.kernels.gemm import pack, panel_width, panels_size
from minigrad.kernels.simd import signal, wait_for
from minigrad.kernels.workspace import plain, scratch

NUMBERS = 1 << 16  # of a job


@kernel
def _pack(
    source: Array, at: int, row: int, col: int, k: int, n: int, panels: Array, p_at: int, depth: int, ready: Array,
    job: int,
) -> None:  # fmt: skip
    pack(source, at, row, col, k, n, panels, p_at, depth)
    signal(ready, job)


@kernel
def wait_for_all(ready: Array) -> None:
    """Until every job has signalled that its panels are done."""
    for job in range(ready.size):
        wait_for(ready, job)


class Packing:
    """Panels to be filled. `jobs` fill them; `ready` has a flag for each job."""

    def __init__(self) -> None:
        self._parts: list[tuple[Any, ...]] = []

    def add(self, weight: Array, name: str, *, transposed: bool, first: int = 0) -> Array:
        """Panels of W for g W, from W (K, N), or of Wᵀ for x Wᵀ, from W (N, K); in scratch memory of that name.

        W's rows from `first` on come before the others.
        """
        rows, columns = weight.shape
        source, dtype = plain(weight), weight.dtype
        if not transposed:
            panels = self._memory(name, panels_size(rows, columns, dtype), dtype)
            self._split(source, first * columns, columns, 1, rows - first, columns, panels, 0, rows)
            if first:
                self._split(source, 0, columns, 1, first, columns, panels, (rows - first) * panel_width(dtype), rows)
            return panels
        front, back = panels_size(columns, rows - first, dtype), panels_size(columns, first, dtype)
        panels = self._memory(name, front + back, dtype)
        self._split(source, first * columns, 1, columns, columns, rows - first, panels, 0, columns)
        if first:
            self._split(source, 0, 1, columns, columns, first, panels, front, columns)
        return panels

    @property
    def ready(self) -> Array:
        """A flag for each job, not yet set."""
        return np.zeros(len(self._parts), np.int64)

    def jobs(self, ready: Array) -> list[Callable[[], Any]]:
        """What fills the panels, and then sets the flags."""
        return [partial(_pack, *part, ready, job) for job, part in enumerate(self._parts)]

    @staticmethod
    def _memory(name: str, size: int, dtype: Any) -> Array:
        return scratch(name, size, dtype)[:size]

    def _split(
        self, source: Array, at: int, row: int, col: int, k: int, n: int, panels: Array, p_at: int, depth: int
    ) -> None:
        """By panels, so that no job has many more numbers than NUMBERS."""
        width = panel_width(source.dtype)
        step = max(1, NUMBERS // (k * width)) * width
        for j in range(0, n, step):
            self._parts.append((source, at + j * col, row, col, k, min(step, n - j), panels, p_at + j * depth, depth))
