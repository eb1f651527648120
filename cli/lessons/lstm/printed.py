"""The page on a misprint: the candidate as it stands in [DLB 10.10.1]."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Plot, Result, at_least, at_most, curve
from minigrad.graph import Array
from rnn.formulas import Equation, evaluate, find
from rnn.formulas.registry import Values
from rnn.formulas.words import sigmoid
from rnn.witnesses import random_network

LONG, UNITS = 40, 16
FORWARD = ("a_i", "i", "a_f", "f", "a_g", "g", "a_o", "o", "c", "h")


def forward(printed: bool) -> list[Equation]:
    """LSTM-1 to LSTM-10, the candidate with tanh or, as printed, with σ."""
    usual = [e for e in find("lstm") if e.quantity in FORWARD]
    return [replace(e, function=squashed) if printed and e.quantity == "g" else e for e in usual]


def squashed(a_g: dict[int, Array], t: int) -> Array:
    """g⁽ᵗ⁾ = σ(a_g⁽ᵗ⁾)."""
    return sigmoid(a_g[t])


@experiment()
def only_upwards(*, seed: int) -> Result:
    """The same network with either candidate, from a cell of zeros."""
    problem = random_network("lstm", np.random.default_rng(seed), steps=LONG, inputs=3, hidden=UNITS, vocabulary=2)
    given = problem.given()
    given["c"] = {**given["c"], 0: np.zeros((UNITS, 1))}
    cells = {name: _cells(evaluate(forward(name == "σ"), given)) for name in ("tanh", "σ")}
    means = (curve(f"with {name}", range(LONG + 1), c.mean(axis=1)) for name, c in cells.items())
    return Result(
        (Plot("mean of all cells", tuple(means), "step"),),
        (
            at_least("with σ: the least entry of any cell", cells["σ"].min(), 0),
            at_most("with tanh it goes below zero", cells["tanh"].min(), -0.1),
            at_least(
                "with σ the cells are larger (mean, less that with tanh)",
                cells["σ"].mean() - cells["tanh"].mean(),
                0.05,
            ),
        ),
    )


def _cells(known: Values) -> Array:
    """c⁽⁰⁾ … c⁽ᵀ⁾, (T + 1, H)."""
    return np.stack([known["c"][t].ravel() for t in range(LONG + 1)])
