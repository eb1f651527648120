"""The floor: the products of a training step alone, each by the better of BLAS and our kernel over packed panels.

Operands lie in memory as a training step has them: a recurrent product reads rows of its own and writes rows of its own
at every step, while the weights stay. What packing costs is not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from time import perf_counter
from typing import Any

import numpy as np

from cli.lab.bench.packed import repeated
from cli.lab.bench.products import Product, products
from cli.lab.bench.workloads import Workload
from minigrad.graph import Array
from minigrad.kernels import threads
from minigrad.kernels.gemm import pack, panels_size
from minigrad.kernels.workspace import aligned

F = np.float32


def start(threads: int, variant: str) -> str:
    """The number of threads was set from outside, before anything was imported."""
    return np.__version__


def load(workload: Mapping[str, Any], problem: dict[str, Array]) -> Floor:
    """The weights of the problem are not needed: products take as long with any numbers."""
    return Floor(products(Workload(**workload)))


class Floor:
    """Every product of the workload, once."""

    def __init__(self, wanted: tuple[Product, ...]):
        rng = np.random.default_rng(0)
        self.kernels = [_kernel(product, rng) for product in wanted]

    def step(self) -> None:
        """All of them, one after the other."""
        for run in self.kernels:
            run()

    def check(self) -> list[float]:
        """Nothing that others compute."""
        return []


def _kernel(product: Product, rng: np.random.Generator) -> Callable[[], None]:
    """What does `product.times` products (m, k) @ (k, n) when it is called, its operands ready."""
    m, k, n, times = product.m, product.k, product.n, product.times
    left, right, out = aligned((times, m, k), F), aligned((k, n), F), aligned((times, m, n), F)
    left[...], right[...] = rng.standard_normal(left.shape, F), rng.standard_normal(right.shape, F)
    return min(_blas(left, right, out), _packed(left, right, out), key=_seconds)


def _blas(left: Array, right: Array, out: Array) -> Callable[[], None]:
    def run() -> None:
        for t in range(len(left)):
            np.matmul(left[t], right, out=out[t])

    return run


def _packed(left: Array, right: Array, out: Array) -> Callable[[], None]:
    """Rows are divided among threads, each of which runs through all times by itself, as in a sequence."""
    (times, m, k), n = left.shape, right.shape[1]
    panels = aligned((panels_size(k, n, F),), F)
    pack(right.reshape(-1), 0, n, 1, k, n, panels, 0, k)
    parts = threads.num_threads()
    rows = [m * part // parts for part in range(parts + 1)]
    flat = left.reshape(-1), out.reshape(-1)
    jobs = [partial(repeated, a, b, times, m, *flat, k, n, panels) for a, b in pairwise(rows) if a < b]
    return partial(threads.run, jobs)


def _seconds(run: Callable[[], None]) -> float:
    """The best of a few, after one that may compile."""
    run()
    taken = []
    for _ in range(3):
        start = perf_counter()
        run()
        taken.append(perf_counter() - start)
    return min(taken)
