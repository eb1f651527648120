"""The first pages: what a unit without gates does to a number, and one step of a GRU by hand."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Excerpt, Matrices, Result, Steps, Table, at_least, at_most
from cli.lab.gates import TINY, letters, states, tiny
from minigrad import relative_error
from minigrad.graph import Array
from rnn.formulas import REGISTRY, evaluate, find
from rnn.formulas.registry import Values
from rnn.formulas.worked import work
from rnn.verify import engine_values
from rnn.witnesses import Network

WAIT = 50


def wait(start: Array, weight: float) -> Array:
    """A tanh unit that reads nothing for a while: h ← tanh(w h), again and again."""
    h = start
    for _ in range(WAIT):
        h = np.tanh(weight * h)
    return h


@experiment()
def rewritten() -> Result:
    """Three numbers stored in a tanh unit, after some steps in which nothing is read."""
    start, weights = np.array([0.2, 0.5, 0.8]), (0.5, 0.9, 1.0, 1.1, 1.5, 2.0)
    after = {w: wait(start, w) for w in weights}
    left = max(float(np.ptp(h) / np.ptp(start)) for h in after.values())
    signs = float(np.ptp(wait(np.array([-0.5, 0.5]), 2.0)))
    rows = (("stored", *start), *((f"w = {w}", *h) for w, h in after.items()))
    columns: tuple[Column, ...] = (("", "text"), ("", "number"), ("", "number"), ("", "number"))
    return Result(
        (Table(columns, rows, f"after {WAIT} steps of h ← tanh(w h)"),),
        (
            at_most("the numbers have come together (share left of the distances)", left, 0.1),
            at_least("a sign can stay: how far 0.5 and −0.5 are apart with w = 2", signs, 1),
        ),
    )


def first_step(problem: Network, values: Values, *ids: str) -> Steps:
    """Equations worked at t = 1."""
    return Steps(tuple(work(REGISTRY[id], values, t=1) for id in ids))


@experiment(**TINY)
def gates(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """Both gates at the first step, one of them worked in full."""
    problem = tiny("gru", hidden, steps, seed)
    values = engine_values(problem)
    opened = [values[gate][t] for gate in ("r", "z") for t in range(1, steps + 1)]
    read = Excerpt(letters(problem)[0], "is read first")
    return Result(
        (read, first_step(problem, values, "GRU-3", "GRU-4"), Matrices((("r⁽¹⁾", values["r"][1]),))),
        (
            at_least("no gate is quite shut (the least of all)", np.min(opened), 1e-9),
            at_least("none is quite open (1 less the largest of all)", 1 - np.max(opened), 1e-9),
        ),
    )


@experiment(**TINY)
def mixture(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """Candidate and new state at the first step, and all states."""
    problem = tiny("gru", hidden, steps, seed)
    values = engine_values(problem)
    mine = evaluate(find("gru"), problem.given())["h"]
    off = max(relative_error(mine[t], values["h"][t]) for t in range(1, steps + 1))
    outside = max(_outside(values, t) for t in range(1, steps + 1))
    return Result(
        (first_step(problem, values, "GRU-5", "GRU-6", "GRU-7", "GRU-8"), states(problem, "all states", h=values["h"])),
        (
            at_most("equations 1 to 8, one after another, give the engine's states", off, 1e-12),
            at_most("each unit ends between its old state and its candidate (by how much outside)", outside, 1e-15),
        ),
    )


def _outside(values: Values, t: int) -> float:
    """How far any unit of h⁽ᵗ⁾ lies outside the interval from h⁽ᵗ⁻¹⁾ to n⁽ᵗ⁾."""
    before, n, h = values["h"][t - 1], values["n"][t], values["h"][t]
    return float(np.maximum(np.minimum(before, n) - h, h - np.maximum(before, n)).max())
