"""The small network of the first pages, gates that are set and not computed, and layers with gates set."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

import rnn.formulas.gru_after  # noqa: F401  # enters the equations of both forms
from cli.lab.experiments import between
from cli.lab.figures import Column, Table
from minigrad.graph import Array
from rnn.formulas import find
from rnn.formulas.registry import Values, evaluate
from rnn.layers import GRU
from rnn.recurrent import Recurrent
from rnn.witnesses import Network, random_network

ALPHABET = "abc"
SURE = 100.0  # σ(100) is 1 in float64, and σ(−100) too small to change a sum
TINY = {"hidden": between(1, 4), "steps": between(3, 5)}


@cache
def tiny(hidden: int, steps: int, seed: int) -> Network:
    """A network of D2L's form that reads letters and is asked for the next one, its numbers to two decimals."""
    rng = np.random.default_rng(seed)
    problem = random_network("gru", rng, steps=steps, inputs=len(ALPHABET), hidden=hidden, vocabulary=len(ALPHABET))
    for p in (*problem.layer.parameters(), *problem.head.parameters()):
        p.assign(np.round(p.data, 2))
    ids = rng.integers(0, len(ALPHABET), steps + 1)
    start = np.round(0.5 * problem.h0, 1)
    return replace(problem, x=np.eye(len(ALPHABET))[ids[:-1]], start=(start,), targets=ids[1:])


def letters(problem: Network) -> list[str]:
    """What is read at each step."""
    return [ALPHABET[int(x.argmax())] for x in problem.x]


def with_gates(problem: Network, r: float, z: float) -> Values:
    """All values, the gates set and not computed."""
    values = problem.given()
    same = np.ones_like(values["h"][0])
    times = range(1, problem.tau + 2)  # τ + 1 is read on the way back
    values["r"] = dict.fromkeys(times, r * same)
    values["z"] = dict.fromkeys(times, z * same)
    chain = {e.id: e for e in find("gru")}
    del chain["GRU-2"], chain["GRU-4"]
    return evaluate(chain.values(), values)


def fix(layer: Recurrent, gate: str, bias: float) -> None:
    """Make σ(bias) of a gate, whatever is read: no weights, and this bias."""
    width, k = layer.hidden_size, layer.cell.gates.index(gate)
    rows = slice(k * width, (k + 1) * width)
    for name, p in layer.weights().items():
        assert p is not None  # layers here have all their biases
        changed = p.data.copy()
        changed[rows] = bias if name == "bias_ih" else 0
        p.assign(changed)


def gru(inputs: int, hidden: int, rng: np.random.Generator, *, reset_after: bool) -> GRU:
    """A layer in float64 that runs op by op, with normal weights."""
    layer = GRU(inputs, hidden, reset_after=reset_after, dtype=np.float64, rng=rng, implementation="stepwise")
    for p in layer.parameters():
        p.assign(0.8 * rng.standard_normal(p.shape))
    return layer


def states(problem: Network, h: dict[int, Array], caption: str) -> Table:
    """The first state, and the state after each letter."""
    below = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
    names: list[Column] = [(f"h{i}".translate(below), "number") for i in range(1, len(h[0]) + 1)]
    rows = tuple((f"t = {t}", read, *h[t].ravel()) for t, read in enumerate(["", *letters(problem)]))
    return Table((("", "text"), ("reads", "text"), *names), rows, caption)


def gap(a: Array, b: Array) -> float:
    """The largest difference of any two entries; not relative, so that 0 means: the same numbers."""
    return float(np.abs(np.asarray(a) - np.asarray(b)).max())
