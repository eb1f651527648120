"""The pages on products: weights packed once, and what a tile of registers saves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Excerpt, Matrices, Result, Table, at_least, at_most
from cli.lessons.speed.clock import in_turn, us
from cli.lessons.speed.compiled import through_time
from cli.lessons.speed.networks import WIDTHS
from minigrad import relative_error
from minigrad.graph import Array
from minigrad.kernels import gemm, threads
from minigrad.kernels.host import host
from minigrad.kernels.workspace import aligned

F = np.float32
FEW, MANY = 8, 70  # products in a row: where BLAS may be slow on a busy machine, and for a rate


def packed(B: Array, width: int) -> Array:
    """The panels of B (K, N), each `width` columns: (panels, K, width), the last filled up with zeros."""
    K, N = B.shape
    wide = np.zeros((K, N + -N % width), B.dtype)
    wide[:, :N] = B
    panels = wide.reshape(K, -1, width)
    return panels.transpose(1, 0, 2).copy()


def by_kernel(B: Array) -> Array:
    """The same by `minigrad.kernels.gemm`, as it lies in memory."""
    K, N = B.shape
    panels = aligned((gemm.panels_size(K, N, B.dtype),), B.dtype)
    gemm.pack(np.ascontiguousarray(B).reshape(-1), 0, N, 1, K, N, panels, 0, K)
    return panels


def multiplied(A: Array, panels: Array, N: int) -> Array:
    """A (M, K) times what was packed."""
    (M, K), C = A.shape, aligned((len(A), N), A.dtype)
    gemm.multiply(np.ascontiguousarray(A).reshape(-1), 0, K, K, 1, panels, 0, K, C.reshape(-1), 0, N, M, N, K, False)
    return C


@experiment(**WIDTHS)
def packing(units: int = 32, batch: int = 32, *, rng: np.random.Generator) -> Result:
    """A small matrix as it is packed; the kernel's own panels; and a product with them beside BLAS."""
    small = np.arange(1.0, 16).reshape(3, 5)
    order = "  ".join(" ".join(f"{v:.0f}" for v in panel.ravel()) for panel in packed(small, 2))
    B, A = rng.standard_normal((units, 3 * units + 1), F), rng.standard_normal((batch, units), F)
    ours, width = by_kernel(B), gemm.panel_width(F)
    exact = A.astype(np.float64) @ B
    error = relative_error(multiplied(A, ours, B.shape[1]), exact)
    caption = f"a product ({batch}, H) by (H, H), float32, in panels of {width}; ours in one thread"
    columns: tuple[Column, ...] = (("units", "text"), ("BLAS, µs", "text"), ("packed before, µs", "text"))
    rows = tuple((str(n), *_timed(n, batch)) for n in sorted({units, 128, 256}))
    return Result(
        (Matrices((("B", small),)), Excerpt(order, "packed in panels two columns wide, as it is read"),
         Table(columns, rows, caption)),
        (
            at_most("numbers that the kernel packs elsewhere", int((ours != packed(B, width).ravel()).sum()), 0),
            at_most("product with the panels, off from exact", error, 1e-5),
        ),
    )  # fmt: skip


def _timed(units: int, batch: int) -> tuple[str, str]:
    left, right, out = operands(FEW, batch, units)

    def blas() -> None:
        for t in range(FEW):
            np.matmul(left[t], right, out=out[t])

    found = in_turn({"blas": blas, "ours": packed_products(left, right, out, 1)}, seconds=0.1)
    return us(found.seconds("blas") / FEW), us(found.seconds("ours") / FEW)


def operands(times: int, batch: int, units: int) -> tuple[Array, Array, Array]:
    """(T, B, H), (H, H) and room for their products, drawn once: products take as long with any numbers."""
    rng = np.random.default_rng(0)
    left, right = aligned((times, batch, units), F), aligned((units, units), F)
    left[...], right[...] = rng.standard_normal(left.shape, F), rng.standard_normal(right.shape, F)
    return left, right, aligned(left.shape, F)


def packed_products(left: Array, right: Array, out: Array, in_threads: int) -> Callable[[], Any]:
    """What does all products, with panels that are ready; rows are divided among threads."""
    (times, m, k), n = left.shape, right.shape[1]
    rows = [m * part // in_threads for part in range(in_threads + 1)]
    flat, panels = (left.reshape(-1), out.reshape(-1)), by_kernel(right)
    jobs = [partial(through_time, a, b, times, m, *flat, k, n, panels) for a, b in pairwise(rows) if a < b]
    return partial(threads.run, jobs)


def rate(units: int, batch: int, in_threads: int) -> float:
    """Operations a second in such products: the best round."""
    left, right, out = operands(MANY, batch, units)
    rounds = in_turn({"": packed_products(left, right, out, in_threads)}, seconds=0.2, most=100).rounds[""]
    return 2 * left.size * units / min(rounds)


def by_tiles(A: Array, B: Array, rows: int, lanes: int) -> tuple[Array, Counter[str]]:
    """C = A B as the kernel goes about it, counting what a processor would do with vectors of `lanes` numbers."""
    panels, C = packed(B, 2 * lanes), []
    done: Counter[str] = Counter()
    for i in range(0, len(A), rows):
        across = []
        for panel in panels:
            tile = A[i : i + rows]
            sums = np.zeros((len(tile), 2 * lanes))
            for k, right in enumerate(panel):
                done["loads"] += 2
                for r, left in enumerate(tile[:, k]):
                    done["loads"] += 1
                    sums[r] += left * right
                    done["multiply-adds"] += 2
            across.append(sums)
        C.append(np.hstack(across)[:, : B.shape[1]])
    return np.vstack(C), done


@experiment(rows=between(1, 16))
def tiles(rows: int = 3, *, rng: np.random.Generator) -> Result:
    """A product by tiles of one row, of two, and so on: what is loaded for what is computed."""
    A, B = rng.standard_normal((16, 12)), rng.standard_normal((12, 20))
    found = {r: by_tiles(A, B, r, 4) for r in sorted({1, 2, 4, 8, rows, gemm.ROWS})}
    worst = max(relative_error(C, A @ B) for C, _ in found.values())
    loads, adds = ({r: done[what] for r, (_, done) in found.items()} for what in ("loads", "multiply-adds"))
    columns: tuple[Column, ...] = (
        ("rows", "text"), ("registers", "count"), ("loads", "count"), ("multiply-adds", "count"),
        ("per load", "number"),
    )  # fmt: skip
    shown = tuple((str(r), 2 * r + 3, loads[r], adds[r], adds[r] / loads[r]) for r in found)
    apart = max(adds.values()) - min(adds.values())
    here = f"on this processor, {host().vectors}, the kernel's tile has {gemm.ROWS} rows"
    return Result(
        (Table(columns, shown, f"(16, 12) by (12, 20) in vectors of 4; {here}"),),
        (
            at_most("by tiles of any height: off from the product", worst, 1e-12),
            at_most("the height changes no sum: multiply-adds, most less least", apart, 0),
            at_most("loads with four rows, to those with one", loads[4] / loads[1], 0.5),
            at_least("multiply-adds for each load in a tile as the kernel's", adds[gemm.ROWS] / loads[gemm.ROWS], 1.25),
        ),
    )  # fmt: skip
