"""A small network of letters for lessons, its gates set where they would be computed, and layers with gates set."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from cli.lab.experiments import between
from cli.lab.figures import Column, Table
from minigrad.graph import Array
from rnn.formulas import Equation, evaluate, find
from rnn.formulas.registry import Values
from rnn.recurrent import Recurrent
from rnn.witnesses import Network, random_network

ALPHABET = "abc"
SURE = 100.0  # σ(100) is 1 in float64, and σ(−100) too small to change a sum
TINY = {"hidden": between(1, 4), "steps": between(3, 5)}


@cache
def tiny(family: str, hidden: int, steps: int, seed: int) -> Network:
    """A network of a family that reads letters and is asked for the next one, its numbers to two decimals."""
    rng = np.random.default_rng(seed)
    problem = random_network(family, rng, steps=steps, inputs=len(ALPHABET), hidden=hidden, vocabulary=len(ALPHABET))
    for p in (*problem.layer.parameters(), *problem.head.parameters()):
        p.assign(np.round(p.data, 2))
    ids = rng.integers(0, len(ALPHABET), steps + 1)
    start = tuple(np.round(0.5 * part, 1) for part in problem.start)
    return replace(problem, x=np.eye(len(ALPHABET))[ids[:-1]], start=start, targets=ids[1:])


def letters(problem: Network) -> list[str]:
    """What is read at each step."""
    return [ALPHABET[int(x.argmax())] for x in problem.x]


def with_gates(problem: Network, **gates: float) -> Values:
    """All values, with gates that are set: the equations that compute these gates are left out."""

    def computed(e: Equation) -> bool:
        return e.quantity not in gates

    known = problem.given()
    one = np.ones((problem.layer.hidden_size, 1))
    times = range(1, problem.tau + 2)  # τ + 1 is read on the way back
    for gate, value in gates.items():
        known[gate] = dict.fromkeys(times, value * one)
    chain = filter(computed, find(problem.family))
    return evaluate(chain, known)


def fix(layer: Recurrent, **biases: float) -> None:
    """Make a gate σ(bias) whatever is read: no weights, and this bias."""
    width = layer.hidden_size
    for gate, bias in biases.items():
        k = layer.cell.gates.index(gate)
        for name, p in layer.weights().items():
            assert p is not None  # layers here have all their biases
            changed = p.data.copy()
            changed[k * width : (k + 1) * width] = bias if name == "bias_ih" else 0
            p.assign(changed)


def states(problem: Network, caption: str, **series: dict[int, Array]) -> Table:
    """Quantities of each step, unit by unit, beside the letter that is read."""
    below = "₁₂₃₄"
    columns: list[Column] = [("", "text"), ("reads", "text")]
    columns += [(f"{name}{below[k]}", "number") for name, q in series.items() for k in range(len(q[0]))]
    rows = [(f"t = {t}", read, *(v for q in series.values() for v in q[t].ravel()))
            for t, read in enumerate(["", *letters(problem)])]  # fmt: skip
    return Table(tuple(columns), tuple(rows), caption)


def gap(a: Array | float, b: Array | float) -> float:
    """The largest difference of any two entries; not relative, so that 0 means: the same numbers."""
    return float(np.abs(np.asarray(a) - np.asarray(b)).max())
