"""The pages on gates that are set to one end: a conveyor, and the four things a cell can do."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Matrices, Result, Table, at_least, at_most
from cli.lab.gates import SURE, TINY, fix, gap, states, tiny, with_gates
from minigrad.graph import Array
from rnn.formulas.notation import superscript
from rnn.witnesses import Network, random_network
from rnn.witnesses.base import jacobian

LONG = 300


@experiment(**TINY)
def conveyor(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """F = 1 and I = 0: by the equations with the gates set, and in a layer whose biases set them."""
    problem = tiny("lstm", hidden, steps, seed)
    known = with_gates(problem, f=1, i=0)
    long = conveying(hidden, seed)
    cells, shown = long.graph.tensors["c"], long.graph.value("h")
    felt = jacobian(cells[LONG], cells[0])
    name = f"∂c{superscript(LONG)}/∂c⁽⁰⁾"
    return Result(
        (states(problem, "F = 1, I = 0", c=known["c"], h=known["h"]), Matrices(((name, felt),))),
        (
            at_most(
                "by the equations: how far the cell moves", max(gap(c, known["c"][0]) for c in known["c"].values()), 0
            ),
            at_most(f"as a layer, {LONG} random inputs: how far", gap(cells[LONG].data, cells[0].data), 0),
            at_most("∂c of the last by the first: how far from the identity", gap(felt, np.eye(hidden)), 0),
            at_least("the hidden state does move", max(gap(shown[t], shown[1]) for t in range(2, LONG + 1)), 1e-3),
        ),
    )


def conveying(hidden: int, seed: int) -> Network:
    """A random network over many steps, its forget gate held open and its input gate shut."""
    problem = random_network("lstm", np.random.default_rng(seed), steps=LONG, inputs=3, hidden=hidden, vocabulary=2)
    fix(problem.layer, f=SURE, i=-SURE)
    return problem


@experiment(**TINY)
def four_settings(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """The cell under each setting of two gates, and what the output gate has to do with it."""
    problem = tiny("lstm", hidden, steps, seed)
    known = {(f, i): with_gates(problem, f=f, i=i) for f in (1, 0) for i in (0, 1)}
    cells = {which: [k["c"][t] for t in range(steps + 1)] for which, k in known.items()}
    rows = tuple((f"t = {t}", *(cells[which][t][0, 0] + 0.0 for which in cells)) for t in range(steps + 1))  # no −0
    columns: tuple[Column, ...] = (
        ("c₁", "text"), ("kept", "number"), ("added to", "number"), ("cleared", "number"), ("replaced", "number"),
    )  # fmt: skip
    added, replaced, hidden_away = known[1, 1], known[0, 1], with_gates(problem, o=0, f=1, i=0)
    off = gap(added["c"][steps], _summed(added)), max(gap(replaced["c"][t], replaced["g"][t]) for t in replaced["g"])
    left = max(gap(c, 0) for c in cells[0, 0][1:])
    shows = max(gap(hidden_away["h"][t], 0) for t in range(1, steps + 1))
    return Result(
        (Table(columns, rows, "kept: F = 1, I = 0 · added to: 1, 1 · cleared: 0, 0 · replaced: 0, 1"),),
        (
            at_most("F = 1, I = 1 adds up: how far from the sum of all candidates", off[0], 1e-12),
            at_most("F = 0, I = 1 replaces: how far from the candidate", off[1], 0),
            at_most("F = 0, I = 0 clears: what is left", left, 0),
            at_most("O = 0: what shows of the cell", shows, 0),
            at_most("and how far the cell moves", gap(hidden_away["c"][steps], hidden_away["c"][0]), 0),
        ),
    )  # fmt: skip


def _summed(known: dict[str, dict[int, Array]]) -> Array:
    """The first cell state and every candidate after it, added."""
    total: Array = known["c"][0] + np.sum([g for t, g in known["g"].items() if t], axis=0)
    return total
