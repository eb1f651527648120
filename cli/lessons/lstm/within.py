"""The page inside a trained LSTM: what an input gate does at a mark, and what its answer feels."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Plot, Result, Table, Traces, at_least, at_most, curve
from cli.lessons.lstm.adding import KNOBS, UNITS, Adder, both, sums
from minigrad import Tensor, grad, no_grad
from minigrad.graph import Array
from rnn.cells import unroll
from rnn.cells.lstm import LSTMState
from rnn.layers import LSTM, RNN
from rnn.stepwise import project

SEQUENCES = 400


def gates_and_cells(layer: RNN | LSTM, x: Array) -> tuple[Array, Array]:
    """The input gates and the cells of every step, (T, B, H) each."""
    weights, zero = layer.weights(), Tensor(np.zeros((x.shape[1], layer.hidden_size), layer.dtype))
    with no_grad():
        steps = unroll(
            layer.cell, project(weights, Tensor(x)), LSTMState(zero, zero), weights["weight_hh"], weights["bias_hh"]
        )
    return np.stack([s.i.data for s in steps]), np.stack([s.c.data for s in steps])


@experiment(**KNOBS)
def inside(length: int = 20, bias: float = 2.0, *, seed: int) -> Result:
    """The trained LSTM on a fresh sequence: an input gate, its cell, and how much the answer feels each number."""
    runs = {name: run.network for name, run in both(length, bias, seed).items()}
    x, _ = sums(length, SEQUENCES, np.random.default_rng([seed, 3]))
    i, c = gates_and_cells(runs["LSTM"].layer, x)
    marked = x[..., 1] > 0
    difference = i[marked].mean(axis=0) - i[~marked].mean(axis=0)
    unit = int(difference.argmax())
    slopes = {name: felt(network, x) for name, network in runs.items()}
    means = {name: (float(s[marked].mean()), float(np.abs(s[~marked]).mean())) for name, s in slopes.items()}
    columns: tuple[Column, ...] = (
        ("∂answer/∂number", "text"),
        ("where marked", "number"),
        ("size elsewhere", "number"),
    )
    drawn = (("input gate", tuple(i[:, 0, unit])), ("∂answer", tuple(slopes["LSTM"][:, 0])))
    cell = curve("cell", range(1, length + 1), list(c[:, 0, unit]))
    rows = (("to add", 1.0, 0.0), *((name, *means[name]) for name in runs))
    return Result(
        (
            Traces("".join("·●"[int(m)] for m in marked[:, 0]), drawn, "● marked"),
            Plot(f"the cell behind that gate, unit {unit + 1} of {UNITS['LSTM']}", (cell,), "step"),
            Table(columns, rows, f"means over {SEQUENCES} fresh sequences"),
        ),
        (
            at_least("a gate that opens at marks (mean there, less that elsewhere)", difference[unit], 0.15),
            at_least("a marked number moves the answer: mean slope", means["LSTM"][0], 0.65),
            at_most("all others hardly do: mean size of their slopes", means["LSTM"][1], 0.1),
            at_most("the RNN's answer feels the marked ones far less: mean slope", means["RNN"][0], 0.5),
        ),
    )  # fmt: skip


def felt(network: Adder, x: Array) -> Array:
    """∂(answer)/∂(number) at each step (T, B)."""
    read = Tensor(x, requires_grad=True)
    answers = network.head(network.layer(read)[0][-1])
    slopes: Array = grad(answers.sum(), read).data[..., 0]
    return slopes
