"""The page on threads: the batch is divided, always in the same way, so any number of threads gives the same bits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Result, Table, at_least, at_most
from cli.lessons.speed.clock import Work, in_turn, ms, us
from cli.lessons.speed.networks import CELLS, NAMES, network, workload
from minigrad.graph import Array
from minigrad.kernels import threads

NUMBERS = (1, 2, 3)
REPEATS = 20  # of what is too short to be timed once
UNITS, STEPS, BATCH = 128, 35, 50  # large enough for the work to be shared at all


@contextmanager
def in_threads(n: int) -> Iterator[None]:
    """Within, kernels run in n threads."""
    before = threads.num_threads()
    threads.set_num_threads(n)
    try:
        yield
    finally:
        threads.set_num_threads(before)


def answers(cell: str, seed: int, n: int) -> Array:
    """The loss and all gradients computed in n threads, one after the other."""
    with in_threads(n):
        found = network(workload(cell, UNITS, STEPS, BATCH), seed).gradients()
    return np.concatenate([np.ravel(a) for a in found.values()])


def differing(one: Array, other: Array) -> int:
    """How many numbers are not the same bit for bit."""
    return int((one.view(np.uint32) != other.view(np.uint32)).sum())


@experiment()
def any_threads(*, seed: int) -> Result:
    """Loss and gradients in one, two and three threads, compared bit by bit; and a sum divided as there are threads."""
    found = {cell: [answers(cell, seed, n) for n in NUMBERS] for cell in CELLS}
    apart = {cell: [differing(each[0], a) for a in each] for cell, each in found.items()}
    naive = [in_parts(seed, n) for n in NUMBERS]
    columns: tuple[Column, ...] = (("threads", "text"), *((str(n), "count") for n in NUMBERS))
    rows = (*((NAMES[cell], *counts) for cell, counts in apart.items()),
            ("a sum in as many parts", *(differing(naive[0], a) for a in naive)))  # fmt: skip
    return Result(
        (Table(columns, rows, "numbers of the loss and the gradients that are not those of one thread"),),
        (
            *(at_most(f"{NAMES[cell]}: of {found[cell][0].size:,} numbers, those with a bit that differs", max(each), 0)
              for cell, each in apart.items()),
            at_least("a sum in two parts and in three: numbers that differ", differing(naive[1], naive[2]), 1),
        ),
    )  # fmt: skip


def in_parts(seed: int, parts: int) -> Array:
    """A weight gradient, Σ over rows of ∇a hᵀ, each part of the rows summed for itself; then the parts."""
    rng = np.random.default_rng(seed)
    a, h = rng.standard_normal((2, 60, 64)).astype(np.float32)
    sums = [x.T @ y for x, y in zip(np.split(a, parts), np.split(h, parts), strict=True)]
    return sum(sums[1:], sums[0])


@experiment()
def waiting(*, seed: int) -> Result:
    """How long a step takes in so many threads, and how long it takes to give them work once."""
    net = network(workload("lstm", UNITS, STEPS, BATCH), seed)
    rows = [_in(n, net.gradients) for n in NUMBERS]
    columns: tuple[Column, ...] = (
        ("threads", "text"),
        ("a training step, ms", "text"),
        ("to share work once, µs", "text"),
    )
    return Result((Table(columns, tuple(rows), f"LSTM of {UNITS} units, T = {STEPS}, B = {BATCH}"),))


def _in(n: int, step: Work) -> tuple[str, str, str]:
    with in_threads(n):
        times = in_turn({"step": step, "share": partial(_share, n)}, seconds=0.15)
    return str(n), ms(times.seconds("step")), us(times.seconds("share") / REPEATS)


def _share(n: int) -> None:
    """n jobs that only have to be begun and waited for, a few times."""
    for _ in range(REPEATS):
        threads.run([_nothing] * n)


def _nothing() -> None:
    """Less cannot be done."""
