"""The first page: a unit that adds what comes in to what it has, and never loses anything, alas."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Result, Table, at_least, at_most
from minigrad import Tensor, grad
from minigrad.graph import Array

STEPS, KEPT, ROWS = 50, 0.7, 500


def adder(w: float, x: Array, c: Tensor) -> Tensor:
    """c ← w c + x, again and again: the last c."""
    for x_t in x:
        c = c * w + x_t
    return c


@experiment()
def carousel(*, rng: np.random.Generator) -> Result:
    """One number goes in first and others follow: what is left of it, and of the gradient."""
    x = rng.uniform(-1, 1, (STEPS + 1, ROWS))
    x[0] = KEPT
    settings = {"w = 0.9": (0.9, 1.0), "w = 1": (1.0, 1.0), "w = 1.1": (1.1, 1.0), "w = 1, gate": (1.0, 0.0)}
    found = {name: _after(x, *how) for name, how in settings.items()}
    rows = tuple((name, slope, KEPT, last[0], _spread(last)) for name, (last, slope) in found.items())
    columns: tuple[Column, ...] = (
        ("", "text"), ("gradient", "error"), ("put in", "number"), ("found", "number"), ("off, typically", "number"),
    )  # fmt: skip
    return Result(
        (Table(columns, rows, f"after {STEPS} more inputs; gradient: of the last c by the first"),),
        (
            at_most("w = 1: how far the gradient is from 1", abs(found["w = 1"][1] - 1), 0),
            at_most("w = 0.9: what is left of the gradient", found["w = 0.9"][1], 0.01),
            at_least("w = 1.1: what it has become", found["w = 1.1"][1], 100),
            at_least("w = 1: how far later inputs push the number, typically", _spread(found["w = 1"][0]), 2),
            at_most("w = 1, later inputs shut out: how far", _spread(found["w = 1, gate"][0]), 0),
        ),
    )


def _after(x: Array, w: float, gate: float) -> tuple[Array, float]:
    """The last c of each row, and how much it feels the first; all inputs but the first enter times the gate."""
    first = Tensor(x[0], requires_grad=True)
    last = adder(w, gate * x[1:], first)
    return last.data, float(grad(last.sum(), first).data[0])


def _spread(last: Array) -> float:
    """The root of the mean square distance from what was put in."""
    return float(np.sqrt(np.mean((last - KEPT) ** 2)))
