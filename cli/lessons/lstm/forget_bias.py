"""The page on the bias of the forget gates: how much a fresh layer keeps."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Plot, Result, Table, at_least, at_most, curve
from cli.lessons.lstm.adding import KNOBS, open_forget_gates, sums
from cli.lessons.lstm.counting import steps_of
from minigrad import Tensor
from minigrad.graph import Array
from rnn.formulas.words import sigmoid
from rnn.layers import LSTM

STEPS, UNITS, SEQUENCES = 100, 16, 4


@experiment(bias=KNOBS["bias"])
def forgetting(bias: float = 2.0, *, rng: np.random.Generator) -> Result:
    """The product of the forget gates of a layer as it is drawn, for several biases."""
    layer = LSTM(2, UNITS, dtype=np.float64, rng=rng)
    x = sums(STEPS, SEQUENCES, rng)[0].astype(np.float64)
    biases = sorted({0.0, 1.0, 3.0, bias})
    kept = {b: _kept(layer, b, x) for b in biases}
    rows = tuple((f"{b:g}", _per_step(kept[b]), _sigma(b), kept[b][20], kept[b][STEPS]) for b in biases)
    columns: tuple[Column, ...] = (
        ("bias", "text"), ("kept per step", "share"), ("σ(bias)", "share"), ("20 steps", "error"),
        (f"{STEPS} steps", "error"),
    )  # fmt: skip
    curves = tuple(curve(f"bias {b:g}", range(STEPS + 1), list(kept[b])) for b in reversed(biases))
    off = max(abs(_per_step(kept[b]) - _sigma(b)) for b in biases)
    return Result(
        (Plot("kept by the forget gates of a fresh layer", curves, "steps", log=True), Table(columns, rows)),
        (
            at_most("a fresh forget gate keeps about σ(bias) a step (largest difference)", off, 0.1),
            at_most(f"with bias 0: what is kept over {STEPS} steps", kept[0.0][STEPS], 1e-20),
            at_least("with bias 1 it is more by (ratio)", kept[1.0][STEPS] / kept[0.0][STEPS], 1e8),
        ),
    )


def _kept(layer: LSTM, bias: float, x: Array) -> Array:
    """The product of all forget gates after each step: the geometric mean over units and sequences."""
    open_forget_gates(layer, bias)
    logs = [np.log(steps_of(layer, Tensor(x[:, b : b + 1]))["f"]).mean(axis=1) for b in range(x.shape[1])]
    product: Array = np.exp(np.concatenate([[0.0], np.cumsum(np.mean(logs, axis=0))]))
    return product


def _sigma(bias: float) -> float:
    return float(sigmoid(np.array(bias)))


def _per_step(kept: Array) -> float:
    return float(kept[-1] ** (1 / STEPS))
