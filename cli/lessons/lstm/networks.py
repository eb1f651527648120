"""The small network of the first pages, gates that are set and not computed, and layers with gates set."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from cli.lab.experiments import between
from cli.lab.figures import Column, Table
from minigrad.graph import Array
from rnn.formulas import evaluate, find
from rnn.formulas.registry import Values
from rnn.recurrent import Recurrent
from rnn.witnesses import Network, random_network

ALPHABET = "abc"
SURE = 100.0  # σ(±100) is exactly 1 and 0 in float64
TINY = {"hidden": between(1, 4), "steps": between(3, 5)}


@cache
def tiny(hidden: int, steps: int, seed: int) -> Network:
    """A network that reads letters and is asked for the next one, its numbers to two decimals."""
    rng = np.random.default_rng(seed)
    problem = random_network("lstm", rng, steps=steps, inputs=len(ALPHABET), hidden=hidden, vocabulary=len(ALPHABET))
    for p in (*problem.layer.parameters(), *problem.head.parameters()):
        p.assign(np.round(p.data, 2))
    ids = rng.integers(0, len(ALPHABET), steps + 1)
    start = tuple(np.round(0.5 * part, 1) for part in problem.start)
    return replace(problem, x=np.eye(len(ALPHABET))[ids[:-1]], start=start, targets=ids[1:])


def letters(problem: Network) -> list[str]:
    """What is read at each step."""
    return [ALPHABET[int(x.argmax())] for x in problem.x]


def with_gates(problem: Network, **gates: float) -> Values:
    """Everything, with gates that are set: the equations that compute these gates are left out."""
    given, same = problem.given(), np.ones((problem.layer.hidden_size, 1))
    fixed = {gate: dict.fromkeys(range(1, problem.tau + 2), value * same) for gate, value in gates.items()}
    return evaluate([e for e in find(problem.family) if e.quantity not in fixed], {**given, **fixed})


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
