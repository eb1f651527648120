"""The page on a misprint: the GRU as it stands in [DLB 10.10.2]."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Claim, Column, Result, Table, at_least, at_most
from cli.lab.gates import TINY, gap, letters, tiny
from minigrad.graph import Array
from rnn.formulas import evaluate, find
from rnn.formulas.registry import Values
from rnn.formulas.words import sigmoid
from rnn.witnesses import random_network

Series = dict[int, Array]


def printed(p: Values, x: Series, squash: Callable[[Array], Array]) -> Series:
    """The states as the book has them: all of step t reads x⁽ᵗ⁻¹⁾, and the candidate is squashed by σ."""
    h = {0: p["h"][0]}
    for t in range(1, p["tau"] + 1):
        u = sigmoid(p["b_z"] + p["W_z"] @ h[t - 1] + p["U_z"] @ x[t - 1])
        r = sigmoid(p["b_r"] + p["W_r"] @ h[t - 1] + p["U_r"] @ x[t - 1])
        n = squash(p["b_n"] + p["W_n"] @ (r * h[t - 1]) + p["U_n"] @ x[t - 1])
        h[t] = u * h[t - 1] + (1 - u) * n
    return h


def usual(p: Values, x: Series) -> Values:
    """All quantities by equations GRU-1 and on."""
    return evaluate(find("gru"), {**p, "x": x})


@experiment(**TINY)
def as_printed(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """The small network as usual, as printed, and as printed but for the σ; then the signs in a larger one."""
    problem = tiny("gru", hidden, steps, seed)
    p, read = problem.given(), letters(problem)
    x = {0: p["x"][steps], **p["x"]}  # a letter before the first, which the printed form asks for
    right, wrong, late = usual(p, x)["h"], printed(p, x, sigmoid), printed(p, x, np.tanh)
    earlier = usual(p, {t: x[t - 1] for t in range(1, steps + 1)})["h"]
    other = {**x, steps: np.roll(x[steps], 1, axis=0)}
    moved = _apart(printed(p, other, sigmoid), wrong)
    rows = tuple((f"t = {t}", read[t - 1], right[t][0, 0], late[t][0, 0], wrong[t][0, 0]) for t in range(1, steps + 1))
    columns: tuple[Column, ...] = (
        ("h₁", "text"), ("letter", "text"), ("as usual", "number"), ("one late", "number"), ("late, and σ", "number"),
    )  # fmt: skip
    return Result(
        (Table(columns, rows, "the state beside each letter"),),
        (
            at_most("with tanh put back it is the usual GRU, read one letter late", _apart(late, earlier), 1e-12),
            at_most("as printed: change the last letter, and h⁽τ⁾ moves by", moved, 0),
            at_least("as usual it moves by", _apart(usual(p, other)["h"], right), 1e-6),
            *_signs(seed),
        ),
    )


def _apart(a: Series, b: Series) -> float:
    return max(gap(a[t], b[t]) for t in a)


def _signs(seed: int) -> tuple[Claim, ...]:
    """The sign of the states in a network with more units, from a first state of zeros."""
    p = random_network("gru", np.random.default_rng(seed), steps=30, inputs=3, hidden=16, vocabulary=3).given()
    p["h"][0] = np.zeros_like(p["h"][0])
    x = {0: p["x"][1], **p["x"]}
    h = printed(p, x, sigmoid)
    return (
        at_least("with σ and a first state of zeros no state is ever negative (the least)", _all(h).min(), 0),
        at_most("with tanh states are (the least)", _all(usual(p, x)["h"]).min(), -0.1),
    )


def _all(series: Series) -> Array:
    return np.stack(list(series.values()))
