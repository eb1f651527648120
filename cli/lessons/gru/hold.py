"""The page on a task that needs a gate: hold the last number that was shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Plot, Result, Table, Traces, at_least, at_most, curve
from cli.lessons.gru.marks import steps_of
from minigrad import Tensor, mse_loss, no_grad
from minigrad.graph import Array
from minigrad.nn import Linear, Module
from minigrad.optim import Adam
from rnn.layers import GRU, RNN

TRAINED, LONG, DRAWN, ROWS = 12, 60, 40, 32
SHOWN = 0.2  # the part of the steps at which a number is shown
UNITS = {"rnn": 8, "gru": 4}  # so that the RNN has no fewer numbers to learn
Layer = TypeVar("Layer", RNN, GRU)


class Holder(Module, Generic[Layer]):
    """A layer and one output."""

    def __init__(self, layer: Layer, rng: np.random.Generator):
        self.layer: Layer = layer
        self.head = Linear(layer.hidden_size, 1, dtype=np.float64, rng=rng)

    def __call__(self, x: Array) -> Tensor:
        """The number held at each step (T, B, 1) for x (T, B, 2): what there is to see, and whether it counts."""
        return self.head(self.layer(Tensor(x))[0])


def numbers(steps: int, rows: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """x (T, B, 2) and the last number shown (T, B, 1): at each step there is a number, at few it is shown."""
    there, shown = rng.uniform(-1, 1, (steps, rows)), rng.random((steps, rows)) < SHOWN
    shown[0] = True
    last = np.maximum.accumulate(np.where(shown, np.arange(steps)[:, None], 0), axis=0)
    held = np.take_along_axis(there, last, axis=0)
    return np.stack([there, shown], axis=-1), held[..., None]


@dataclass(frozen=True)
class Pair:
    """Both networks after the same updates."""

    rnn: Holder[RNN]
    gru: Holder[GRU]


@cache
def trained(updates: int, seed: int) -> Pair:
    """Train both on fresh sequences, the same for both."""
    rng = np.random.default_rng(seed)
    layers = RNN(2, UNITS["rnn"], dtype=np.float64, rng=rng), GRU(2, UNITS["gru"], dtype=np.float64, rng=rng)
    pair = Pair(Holder(layers[0], rng), Holder(layers[1], rng))
    for network in (pair.rnn, pair.gru):
        fit(network, updates, np.random.default_rng([seed, 1]))
    return pair


def fit(network: Holder[Any], updates: int, rng: np.random.Generator) -> None:
    """Adam on new sequences at every update."""
    optimizer = Adam(network.parameters(), 0.05)
    for _ in range(updates):
        x, held = numbers(TRAINED, ROWS, rng)
        optimizer.zero_grad()
        mse_loss(network(x), held).backward()
        optimizer.step()


def missed(network: Holder[Any], steps: int, rng: np.random.Generator) -> float:
    """The mean squared error as a part of what is there without any network: always saying 0 misses all of it."""
    x, held = numbers(steps, 300, rng)
    with no_grad():
        return float(np.mean((network(x).data - held) ** 2) / np.mean(held**2))


@experiment(updates=between(120, 300, full=300))
def held(updates: int = 150, *, seed: int) -> Result:
    """Both networks after training: on one sequence, and on many."""
    pair = trained(updates, seed)
    off = {name: _at_both_lengths(network, seed) for name, network in vars(pair).items()}
    x, right = numbers(DRAWN, 1, np.random.default_rng([seed, 2]))
    with no_grad():
        said = {name: network(x).data.ravel() for name, network in vars(pair).items()}
    z = steps_of(pair.gru.layer, Tensor(x), np.zeros(UNITS["gru"]))["z"]
    shown = x[:, 0, 1] > 0
    difference = z[~shown].mean(axis=0) - z[shown].mean(axis=0)
    curves = (("GRU", said["gru"]), ("right", right.ravel()), ("RNN", said["rnn"]))
    columns: tuple[Column, ...] = (("missed", "text"), (f"{TRAINED} steps", "share"), (f"{LONG} steps", "share"))
    return Result(
        (
            Plot("the number held", tuple(curve(name, range(DRAWN), y.tolist()) for name, y in curves), "step"),
            Traces(
                "".join("·●"[k] for k in shown.astype(int)),
                tuple((f"z{'₁₂₃₄'[k]}", tuple(z[:, k])) for k in range(UNITS["gru"])),
                "● a number is shown   · one is there, but does not count",
            ),
            Table(columns, tuple((name.upper(), *off[name]) for name in off), f"{updates} updates each"),
        ),
        (
            at_most("what the GRU misses", off["gru"][0], 0.1),
            at_most("on sequences longer than it was trained on", off["gru"][1], 0.2),
            at_least("the RNN, with no fewer numbers to learn, misses more (ratio)", off["rnn"][0] / off["gru"][0], 2),
            at_least("a gate keeps while nothing is shown (mean z, less that at ●)", difference.max(), 0.25),
        ),
    )


def _at_both_lengths(network: Holder[Any], seed: int) -> tuple[float, float]:
    one, other = (missed(network, steps, np.random.default_rng([seed, 3])) for steps in (TRAINED, LONG))
    return one, other
