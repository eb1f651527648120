"""The page on peepholes: gates that see the cell, also where it does not show."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Result, Traces, at_least, at_most
from cli.lab.gates import SURE
from cli.lessons.lstm.back import checked
from cli.lessons.lstm.counting import steps_of, zeros
from minigrad import Tensor
from rnn.cells.lstm import LSTMState
from rnn.layers import LSTM
from rnn.stepwise import project

STEP = 0.01  # what one tick adds to the cell
SHARP = 10_000.0  # of the peephole: half a tick too early or too late is well beyond σ's slope


def alarm(every: int, peepholes: bool) -> LSTM:
    """One cell that adds a tick at each step, and whose output gate is to open at the `every`-th."""
    layer = LSTM(1, 1, peepholes=peepholes, dtype=np.float64)
    numbers = zeros(layer)
    numbers["bias_ih_l0"][:] = SURE, SURE, np.arctanh(STEP), -SHARP * STEP * (every - 0.5)
    if peepholes:
        numbers["bias_ih_l0"][1] = SHARP * STEP * (every - 0.5)  # forget all when the cell is full …
        numbers["weight_peephole_l0"][:] = 0, -SHARP, SHARP  # … and show it
    layer.load_state_dict(numbers)
    return layer


@experiment(every=between(2, 20), problems=between(1, 4, full=4))
def ticks(every: int = 7, problems: int = 1, *, rng: np.random.Generator) -> Result:
    """A bell that rings at every n-th step of a silent input, with peepholes and without."""
    steps = 5 * every + 2
    silence = Tensor(np.zeros((steps, 1, 1)))
    found = {name: steps_of(alarm(every, name == "with"), silence) for name in ("with", "without")}
    rows = (
        ("cell", tuple(found["with"]["c"].ravel() / (STEP * every))),
        *((f"o, {name}", tuple(f["o"].ravel())) for name, f in found.items()),
    )
    text = "".join("·●"[int(t % every == 0)] for t in range(1, steps + 1))
    rings = np.flatnonzero(found["with"]["h"].ravel() > 0) + 1
    wrong = np.setxor1d(rings, np.arange(every, steps + 1, every))
    worst = max(c.engine or 0.0 for c in checked("peephole", problems, rng))
    return Result(
        (Traces(text, rows, f"● when it should ring: every {every} steps"),),
        (
            at_most("with peepholes: steps at which it rings wrongly or not", len(wrong), 0),
            at_most("a cell that does not show: how much the next forget gates feel it", seen(False, rng), 0),
            at_least("with peepholes they do", seen(True, rng), 1e-3),
            at_most("all their equations equal autograd, on random networks", worst, 1e-10),
        ),
    )  # fmt: skip


def seen(peepholes: bool, rng: np.random.Generator) -> float:
    """How far random forget gates are apart for two different cells, one step after both were hidden."""
    layer = LSTM(2, 4, peepholes=peepholes, dtype=np.float64, rng=rng)
    h, x = Tensor(np.zeros((2, 4))), project(layer.weights(), Tensor(rng.standard_normal((1, 1, 2))))[0]
    cells = Tensor(rng.standard_normal((2, 4)))
    recurrent = [layer.weights()[name] for name in layer.cell.recurrent]
    f = layer.cell.step(x, LSTMState(h, cells), *recurrent).f.data
    return float(np.abs(f[0] - f[1]).max())
