"""The page on what a long walk costs, and what arrives."""

from __future__ import annotations

import numpy as np

from cli.lab.costs import Cost, cost, growth
from cli.lab.experiments import experiment
from cli.lab.figures import Column, Result, Table, at_least, at_most
from cli.lessons.gradients.networks import listening, turning, walk_back
from minigrad import Tensor
from minigrad.graph import Array
from rnn.cells import unroll
from rnn.cells.elman import ElmanState
from rnn.layers import RNN
from rnn.stepwise import project

_UNITS, _RHO = 8, 0.95
_LENGTHS = (125, 250, 500, 1000)


@experiment()
def thousand(*, rng: np.random.Generator) -> Result:
    """Operations, bytes and what is left of the gradient, for lengths that double."""
    W = turning(_UNITS, _RHO, rng)
    found = [_cost_of(W, n) for n in _LENGTHS]
    nu = walk_back(W, listening(W, _LENGTHS[-1], 0.1, rng))[1]
    rows = tuple(
        (f"{n:,}", f"{c.operations:,}", f"{c.bytes:,}", nu[_LENGTHS[-1] - n])
        for n, c in zip(_LENGTHS, found, strict=True)
    )
    columns: tuple[Column, ...] = (("T", "text"), ("operations", "text"), ("bytes kept", "text"), ("ν⁽⁰⁾", "error"))
    operations, memory = (growth([getattr(c, k) for c in found], list(_LENGTHS)) for k in ("operations", "bytes"))
    return Result(
        (Table(columns, rows, f"{_UNITS} units, W turns and shrinks by {_RHO}"),),
        (
            at_most("operations grow as T (p in Tᵖ)", operations, 1.05),
            at_most("so does what is kept (p in Tᵖ)", memory, 1.05),
            at_most(f"after a thousand steps no more is left than {_RHO} to that power", nu[0], _RHO ** _LENGTHS[-1]),
            at_least("and in float64 it is still above zero", nu[0], 1e-300),
        ),
    )


def _cost_of(W: Array, length: int) -> Cost:
    rng = np.random.default_rng(length)
    layer = RNN(_UNITS, _UNITS, dtype=np.float64, rng=rng)
    layer.weight_hh_l0.assign(W)
    weights, x = layer.weights(), Tensor(rng.standard_normal((length, 1, _UNITS)))
    start = ElmanState(Tensor(np.zeros((1, _UNITS))))
    steps = unroll(layer.cell, project(weights, x), start, weights["weight_hh"], weights["bias_hh"])
    return cost(steps[-1].h.sum())
