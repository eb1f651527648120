"""The pages on size: cost and memory as sequences get longer and batches larger."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cli.lab.bench.products import flops
from cli.lab.bench.workloads import BATCHES, LENGTHS, Workload
from cli.lab.costs import growth, held
from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Result, Table, at_least, at_most
from cli.lessons.speed.clock import in_turn, ms, us
from cli.lessons.speed.networks import CELLS, NAMES, WIDTHS, network, workload
from cli.lessons.speed.same import TWO
from cli.lessons.speed.sharing import in_threads
from rnn.fused.inside import KEPT
from rnn.layers import LAYERS
from rnn.sequence import Implementation


@experiment(longest=between(128, 4096, full=4096))
def lengths(longest: int = 1024, *, seed: int) -> Result:
    """A training step as T grows, and as B grows: operations counted, time looked at."""
    of = workload("rnn", 64, 64, 16)
    by_T = [replace(of, steps=T) for T in LENGTHS if longest >= T]
    by_B = [replace(of, batch=B) for B in BATCHES]
    tables = (
        _table(f"{of.hidden} units, B = {of.batch}, one thread", {f"T = {one.steps:,}": one for one in by_T}, seed),
        _table(f"{of.hidden} units, T = {of.steps}, one thread", {f"B = {one.batch:,}": one for one in by_B}, seed),
    )
    grown = growth([flops(one) for one in by_T], [one.steps for one in by_T])
    off = max(abs(flops(one) - one.batch * flops(by_B[0])) for one in by_B)
    return Result(
        tables,
        (
            at_most("operations grow no faster than T (p in Tᵖ)", grown, 1.02),
            at_least("and no slower", grown, 0.98),
            at_most("operations of B rows, less B times those of one", off, 0),
        ),
    )


def _table(caption: str, works: dict[str, Workload], seed: int) -> Table:
    columns: tuple[Column, ...] = (("", "text"), ("10⁶ ops", "text"), ("ms", "text"), ("a token, ns", "text"))
    return Table(columns, tuple(_timed(name, of, seed) for name, of in works.items()), caption)


def _timed(name: str, of: Workload, seed: int) -> tuple[str, ...]:
    with in_threads(1):
        taken = in_turn({"": network(of, seed).gradients}, seconds=0.06).seconds("")
    return name, f"{flops(of) / 1e6:,.1f}", ms(taken), us(1e3 * taken / (of.steps * of.batch))


@experiment(**WIDTHS)
def kept(units: int = 32, batch: int = 8, *, rng: np.random.Generator) -> Result:
    """Bytes that a forward pass keeps for the way back, at two lengths: what one more step costs."""
    found = {(cell, n): _per_step(cell, n, units, batch, rng) for cell in CELLS for n in TWO}
    block = 4 * units * batch  # bytes of a float32 for each unit of each row
    rows = tuple((NAMES[cell], *(found[cell, n] / block for n in TWO), which) for cell, which in KEPT_BY.items())
    columns: tuple[Column, ...] = (("", "text"), ("stepwise", "number"), ("fused", "number"), ("which", "text"))
    least = min(found[cell, "stepwise"] / found[cell, "fused"] for cell in CELLS)
    off = {cell: abs(found[cell, "fused"] / block - len(which.split(", "))) for cell, which in KEPT_BY.items()}
    return Result(
        (Table(columns, rows, "numbers kept for each unit, row and step, beside the input"),),
        (
            *(at_most(f"{NAMES[cell]}, fused: numbers kept beside {KEPT_BY[cell]}", off[cell], 0) for cell in CELLS),
            at_least("stepwise keeps so many times as much, where they are closest", least, 2),
        ),
    )


KEPT_BY = {
    cell: ", ".join(("h", *KEPT[family])) for cell, family in (("rnn", "elman"), ("gru", "gru"), ("lstm", "lstm"))
}


def _per_step(cell: str, name: Implementation, units: int, batch: int, rng: np.random.Generator) -> float:
    layer = LAYERS[cell](5, units, implementation=name, rng=rng)
    short, long = (held(layer(rng.standard_normal((T, batch, 5), np.float32))[0]) for T in (40, 60))
    return (long - short) / 20
