"""The pages on the two implementations: one answer, and how long each takes for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from cli.lab.bench.workloads import Workload
from cli.lab.experiments import experiment
from cli.lab.figures import Claim, Column, Result, Table, at_least, at_most
from cli.lessons.speed.clock import in_turn, ms, us
from cli.lessons.speed.networks import CELLS, NAMES, SIZES, WIDTHS, Network, network, workload
from cli.lessons.speed.tally import Tally
from minigrad import Tensor, relative_error
from minigrad.graph import observe
from rnn.sequence import Implementation

TWO: tuple[Implementation, Implementation] = ("stepwise", "fused")
BOUNDS = {np.float32: 1e-5, np.float64: 1e-12}
SMALL = workload("rnn", 16, 600, 1)  # so that an op has little to compute, and the claim holds on any machine
FASTER = 2.0


@experiment(**SIZES)
def two_ways(units: int = 32, steps: int = 35, batch: int = 32, *, seed: int) -> Result:
    """The loss and all gradients of one network, op by op and by kernels, with the time that they take."""
    columns: tuple[Column, ...] = (
        ("steps", "text"), ("rows", "count"), ("loss", "number"), ("stepwise, ms", "text"), ("fused, ms", "text"),
        ("times", "text"),
    )  # fmt: skip
    sizes = [(T, B) for T in (steps, 5 * steps) for B in sorted({1, batch})]
    found = [_both(workload("rnn", units, T, B), seed) for T, B in sizes]
    rows, apart = zip(*found, strict=True)
    return Result(
        (Table(columns, rows, f"RNN of {units} units, float32; forwards and back"),),
        (at_most("largest difference of the two losses, relatively", max(apart), 1e-5), faster(seed)),
    )


def _both(of: Workload, seed: int) -> tuple[tuple[Any, ...], float]:
    """A row of the table, and how far the losses are apart."""
    works = {str(name): network(of, seed, name).gradients for name in TWO}
    one, other = (work()["loss"] for work in works.values())
    times = in_turn(works, seconds=0.15, least=2, cold=False)
    shown = (ms(times.seconds("stepwise")), ms(times.seconds("fused")), f"{times.ratio('stepwise', 'fused'):.3g}")
    return (str(of.steps), of.batch, float(other), *shown), relative_error(other, one)


def faster(seed: int) -> Claim:
    """The one claim on time: of a small network, where what is saved is many times the bound."""
    works = {str(name): network(SMALL, seed, name).gradients for name in TWO}
    ratio = in_turn(works, seconds=0.3, least=5).ratio("stepwise", "fused")
    said = f"{SMALL.hidden} units, {SMALL.steps} steps, one row: stepwise takes so many times as long"
    return at_least(said, ratio, FASTER)


@experiment(**SIZES)
def same_answer(units: int = 32, steps: int = 35, batch: int = 8, *, seed: int) -> Result:
    """The loss and the gradient by every parameter, fused against stepwise, in both precisions."""
    found = {(cell, dtype): _off(cell, dtype, units, steps, batch, seed) for cell in CELLS for dtype in BOUNDS}
    rows = tuple((NAMES[cell], *(found[cell, dtype] for dtype in BOUNDS)) for cell in CELLS)
    columns: tuple[Column, ...] = (("", "text"), ("float32", "error"), ("float64", "error"))
    return Result(
        (Table(columns, rows, "worst relative error, over the loss and the gradient of each parameter"),),
        tuple(
            at_most(f"{np.dtype(dtype)}: every cell's fused answer, off from stepwise by",
                    max(found[cell, dtype] for cell in CELLS), bound)
            for dtype, bound in BOUNDS.items()
        ),
    )  # fmt: skip


def _off(cell: str, dtype: Any, units: int, steps: int, batch: int, seed: int) -> float:
    of = workload(cell, units, steps, batch)
    one, other = (network(of, seed, name, dtype).gradients() for name in TWO)
    return max(relative_error(other[name], one[name]) for name in one)


@experiment(**WIDTHS)
def recorded(units: int = 32, batch: int = 32, *, seed: int) -> Result:
    """How many ops each implementation applies, and how many numbers it writes, as the sequence gets longer."""
    found = {(n, T): _applied(network(workload("rnn", units, T, batch), seed, n)) for n in TWO for T in (10, 20)}
    more = {n: _more(found[n, 10], found[n, 20], 10) for n in TWO}
    handed_on = {n: numbers / (units * batch) for n, (_, numbers) in more.items()}
    rows = tuple((f"{n}, T = {T}", tally.ops.total(), tally.rules) for (n, T), tally in found.items())
    columns: tuple[Column, ...] = (("", "text"), ("ops", "count"), ("rules, on the way back", "count"))
    return Result(
        (Table(columns, rows, "what the engine does for a recurrent layer"),),
        (
            at_least("stepwise: ops and rules for each further step", more["stepwise"][0], 8),
            at_most("fused: ops and rules for each further step", more["fused"][0], 0),
            at_least("stepwise: numbers that ops hand on, for each unit of a step", handed_on["stepwise"], 4),
            at_most("fused: the same", handed_on["fused"], 1),
        ),
    )  # fmt: skip


def _applied(net: Network) -> Tally:
    """The layer alone, with a sum for a loss."""
    tally = Tally()
    with observe(tally):
        net.layer(net.ids)[0].sum().backward()
    return tally


def _more(short: Tally, long: Tally, steps: int) -> tuple[float, float]:
    """What one more step costs: ops and rules, and numbers written."""
    done = (long.ops.total() + long.rules) - (short.ops.total() + short.rules)
    return done / steps, (long.written - short.written) / steps


@experiment()
def per_op(*, rng: np.random.Generator) -> Result:
    """A recorded addition of more and more numbers: what it takes, and what that is for each number."""
    sizes = [4**k for k in range(1, 10)]
    works = {str(n): _additions(rng.standard_normal(n, np.float32)) for n in sizes}
    times = in_turn(works, seconds=0.3)
    each = {n: times.seconds(str(n)) / REPEATS for n in sizes}
    columns: tuple[Column, ...] = (("numbers", "text"), ("an op, µs", "text"), ("a number, ns", "text"))
    rows = tuple((f"{n:,}", us(t), us(1e3 * t / n)) for n, t in each.items())
    return Result((Table(columns, rows, "x + x, recorded, float32"),))


REPEATS = 100


def _additions(numbers: Any) -> Any:
    x = Tensor(numbers, requires_grad=True)

    def work() -> None:
        for _ in range(REPEATS):
            x + x

    return work
