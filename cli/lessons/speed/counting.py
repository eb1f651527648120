"""The pages that count: the operations of a training step, and how fast they could be done here."""

from __future__ import annotations

import numpy as np

from cli.lab.bench.products import flops, products
from cli.lab.bench.workloads import GATES, Workload
from cli.lab.experiments import experiment
from cli.lab.figures import Column, Excerpt, Result, Table, at_least, at_most
from cli.lessons.speed.clock import in_turn, ms
from cli.lessons.speed.networks import CELLS, NAMES, SIZES, Network, network, workload
from cli.lessons.speed.packing import rate
from cli.lessons.speed.tally import Tally
from minigrad import Tensor, cross_entropy, grad
from minigrad.graph import observe
from minigrad.kernels import threads

MILLIONS = "10⁶ ops"
HIDDEN = (32, 128, 256)  # units of the networks whose floor is shown


@experiment(**SIZES)
def operations(units: int = 32, steps: int = 35, batch: int = 32, *, rng: np.random.Generator) -> Result:
    """The products of a training step by formula, and the same counted in the engine's own record."""
    of = workload("rnn", units, steps, batch)
    rows = tuple((p.what, f"{p.m:,}×{p.k:,}×{p.n:,}", p.times, f"{p.flops / 1e6:,.2f}") for p in products(of))
    total = ("all of them", "", sum(p.times for p in products(of)), f"{flops(of) / 1e6:,.2f}")
    columns: tuple[Column, ...] = (
        ("product", "text"), ("m×k×n", "text"), ("times", "count"), (MILLIONS, "text"),
    )  # fmt: skip
    found = {cell: _counted(_small(cell, rng)) for cell in CELLS}
    same = [_recurrent(workload(cell, units, steps, batch)) / _recurrent(of) for cell in CELLS]
    return Result(
        (Table(columns, (*rows, total), f"RNN of {units} units, T = {steps}, B = {batch}"),),
        (
            *(
                at_most(f"{NAMES[cell]}: operations found in the record, less the formula's", off, 0)
                for cell, off in found.items()
            ),
            at_most("a GRU has three times these operations from state to state, an LSTM four: off by",
                    max(abs(a - GATES[cell]) for a, cell in zip(same, CELLS, strict=True)), 0),
        ),
    )  # fmt: skip


def _small(cell: str, rng: np.random.Generator) -> Workload:
    units, steps, batch = (int(rng.integers(low, high)) for low, high in ((3, 9), (2, 7), (1, 5)))
    return workload(cell, units, steps, batch)


def _counted(of: Workload) -> int:
    """By how much the record and the formula differ; what a step from zeros costs the record alone is left out."""
    net, tally = network(of, 0, "stepwise"), Tally()
    with observe(tally):
        grad(by_products(net), [*net.layer.parameters(), *net.head.parameters()], create_graph=True)
    from_zeros = 2 * 2 * of.batch * of.hidden * GATES[of.cell] * of.hidden
    return abs(tally.products - from_zeros - flops(of))


def by_products(net: Network) -> Tensor:
    """The loss with the head as a product of its own, so that every product stands in the record as one."""
    h = net.layer(net.ids)[0]
    scores = h.reshape(-1, h.shape[-1]) @ net.head.weight.T + net.head.bias
    return cross_entropy(scores, net.targets.reshape(-1))


def _recurrent(of: Workload) -> int:
    return sum(p.flops for p in products(of) if p.what.startswith("state"))


@experiment()
def floor(*, seed: int) -> Result:
    """How long the products of a step would take at the best rate measured here, beside the whole step."""
    workers = threads.num_threads()
    best = rate(256, 32, workers)
    nets = {units: workload("rnn", units, 35, 32) for units in HIDDEN}
    rows = tuple(_beside(of, best, seed) for of in nets.values())
    columns: tuple[Column, ...] = (
        ("units", "text"), (MILLIONS, "text"), ("floor, ms", "text"), ("step, ms", "text"), ("share", "text"),
    )  # fmt: skip
    grown = flops(nets[256]) / flops(nets[128])
    here = f"{best / 1e9:,.0f} billion operations a second in {workers} thread{'s' * (workers > 1)}"
    return Result(
        (Excerpt(here, "products with nothing around them, the best of some rounds"),
         Table(columns, rows, "T = 35, B = 32; best rounds; the share of a step that the floor is")),
        (
            at_most("twice the units: so many times the operations", grown, 4),
            at_least("and not many fewer", grown, 3.5),
        ),
    )  # fmt: skip


def _beside(of: Workload, best: float, seed: int) -> tuple[str, ...]:
    step = min(in_turn({"": network(of, seed).gradients}, seconds=0.15, most=30).rounds[""])
    least = flops(of) / best
    return str(of.hidden), f"{flops(of) / 1e6:,.1f}", ms(least), ms(step), f"{least / step:.0%}"
