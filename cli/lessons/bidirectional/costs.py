"""The page on what a second direction costs: arithmetic, and waiting."""

from __future__ import annotations

import numpy as np

from cli.lab.costs import cost, growth
from cli.lab.experiments import experiment
from cli.lab.figures import Column, Result, Table, at_least, at_most
from minigrad import Tensor, grad
from rnn.layers import RNN

UNITS = 8


@experiment()
def costs(*, rng: np.random.Generator) -> Result:
    """Operations of one pass, and how many inputs must have been read before the first state is known."""
    length = int(rng.integers(10, 20))
    kinds = {
        "one direction": {},
        "both": {"bidirectional": True},
        "two layers, one": {"num_layers": 2},
        "two layers, both": {"num_layers": 2, "bidirectional": True},
    }
    found, waits = {}, {}
    for name, options in kinds.items():
        layer = RNN(UNITS, UNITS, dtype=np.float64, rng=rng, implementation="stepwise", **options)  # type: ignore[arg-type]  # of several types
        found[name] = [cost(_output(layer, n, rng)[1]).operations for n in (length, 2 * length)]
        waits[name] = _felt_by_first(layer, length, rng)
    columns: tuple[Column, ...] = (
        ("", "text"), ("operations", "text"), ("of one", "number"), ("waits for", "text"),
    )  # fmt: skip
    one = found["one direction"][0]
    rows = tuple((name, f"{n:,}", n / one, f"{waits[name]} of {length}") for name, (n, _) in found.items())
    twice = found["both"][0] / one / 2
    deep = found["two layers, both"][0] / found["two layers, one"][0]
    return Result(
        (Table(columns, rows, f"{UNITS} units a direction; “of one”: in multiples of the first row"),),
        (
            at_most("both directions: operations off from twice one direction's (share)", abs(twice - 1), 0.02),
            at_least("two layers, both, as a multiple of two layers in one direction", deep, 2.1),
            at_most("operations grow no faster than T (p in Tᵖ)", growth(found["both"], [length, 2 * length]), 1.05),
            at_most("one direction: inputs that the first state waits for", waits["one direction"], 1),
            at_least("both: inputs that the first state waits for, as a share of all", waits["both"] / length, 1),
        ),
    )  # fmt: skip


def _output(layer: RNN, length: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    x = Tensor(rng.standard_normal((length, 1, UNITS)), requires_grad=True)
    return x, layer(x)[0]


def _felt_by_first(layer: RNN, length: int, rng: np.random.Generator) -> int:
    """How many inputs the first output depends on, by its gradient."""
    x, output = _output(layer, length, rng)
    return int((grad(output[0].sum(), x).data != 0).any(axis=(1, 2)).sum())
