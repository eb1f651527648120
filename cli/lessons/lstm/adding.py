"""The pages on the adding problem: two marked numbers in a long row, and their sum at the end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Curve, Plot, Result, Table, Traces, at_least, at_most, curve
from minigrad import Tensor, mse_loss, no_grad
from minigrad.graph import Array
from minigrad.nn import Linear, Module
from minigrad.optim import Adam, clip_grad_norm
from rnn.layers import LSTM, RNN

GUESS = 1 / 6  # what always saying 1 costs: twice the variance of a number drawn evenly from 0 to 1
SOLVED, ROWS, MEAN = 0.01, 32, 20  # a run ends when the mean loss of the last updates is below the first of these
UNITS = {"RNN": 32, "LSTM": 16}  # so that both learn about as many numbers
PATIENCE = 35  # updates for each step of the rows, at most
RATE = {"RNN": 0.01, "LSTM": 0.03}
KNOBS = {
    "length": between(20, 24, full=60),
    "bias": between(0.0, 3.0),
}


def sums(steps: int, rows: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """x (T, B, 2), a number and whether it is marked, and the sum of the two that are (B, 1): one in each half."""
    drawn, marked = rng.uniform(0, 1, (steps, rows)), np.zeros((steps, rows))
    half, each = steps // 2, np.arange(rows)
    marked[rng.integers(0, half, rows), each] = 1
    marked[rng.integers(half, steps, rows), each] = 1
    x = np.stack([drawn, marked], axis=-1).astype(np.float32)
    return x, x.prod(axis=-1).sum(axis=0)[:, None]


class Adder(Module):
    """A layer and one output, which is read after the last step."""

    def __init__(self, kind: type[RNN] | type[LSTM], rng: np.random.Generator):
        units = UNITS[kind.__name__]
        self.layer, self.head = kind(2, units, rng=rng), Linear(units, 1, rng=rng)

    def __call__(self, x: Array) -> Tensor:
        """The sum (B, 1) of x (T, B, 2)."""
        return self.head(self.layer(Tensor(x))[0][-1])


def open_forget_gates(layer: RNN | LSTM, bias: float) -> None:
    """Give all forget gates this bias."""
    width = layer.hidden_size
    for name, value in (("bias_ih", bias), ("bias_hh", 0.0)):
        p = layer.weights()[name]
        assert p is not None  # a layer has both biases unless it is told otherwise
        changed = p.data.copy()
        changed[width : 2 * width] = value
        p.assign(changed)


@dataclass(frozen=True)
class Run:
    """A network after training, its loss before each update, and its mean square error on fresh sequences."""

    network: Adder
    losses: tuple[float, ...]
    error: float


@cache
def trained(kind: type[RNN] | type[LSTM], length: int, bias: float | None, seed: int) -> Run:
    """Train on new sequences at every update, the same ones for every network, until it can add.

    The bias is that of the forget gates; None where there are none.
    """
    network = Adder(kind, np.random.default_rng(seed))
    if bias is not None:
        open_forget_gates(network.layer, bias)
    losses = fit(network, RATE[kind.__name__], length, np.random.default_rng([seed, 1]))
    x, right = sums(length, 1000, np.random.default_rng([seed, 2]))
    with no_grad():
        return Run(network, tuple(losses), float(np.mean((network(x).data - right) ** 2)))


def fit(network: Adder, rate: float, length: int, rng: np.random.Generator) -> list[float]:
    """Adam with clipping."""
    losses: list[float] = []
    optimizer = Adam(network.parameters(), rate)
    while len(losses) < PATIENCE * length and not solved(losses):
        x, right = sums(length, ROWS, rng)
        loss = mse_loss(network(x), right)
        optimizer.zero_grad()
        loss.backward()
        clip_grad_norm(optimizer.params, 1.0)
        optimizer.step()
        losses.append(loss.item())
    return losses


def both(length: int, bias: float, seed: int) -> dict[str, Run]:
    """The run of each network by its name."""
    return {"RNN": trained(RNN, length, None, seed), "LSTM": trained(LSTM, length, bias, seed)}


def solved(losses: list[float]) -> bool:
    """Whether the last updates were all easy."""
    return len(losses) >= MEAN and float(np.mean(losses[-MEAN:])) < SOLVED


@experiment(length=KNOBS["length"])
def task(length: int = 20, *, rng: np.random.Generator) -> Result:
    """One sequence, and what guessing costs."""
    x, right = sums(length, 1, rng)
    numbers, marked = x[:, 0, 0], x[:, 0, 1]
    found = Traces("".join("·●"[int(m)] for m in marked), (("number", tuple(numbers)),), "● to be added")
    many = sums(length, 20_000, rng)[1]
    costs = tuple((f"always {g:g}", float(np.mean((many - g) ** 2))) for g in (0.5, 1.0, 1.5))
    added = " + ".join(f"{n:.2f}" for n in numbers[marked > 0])
    columns: tuple[Column, ...] = (("say", "text"), ("mean square error", "number"))
    return Result(
        (found, Table(columns, costs, f"here the answer is {added} = {right.item():.2f}")),
        (
            at_most("always 1: how far its error is from 1/6", abs(costs[1][1] - GUESS), 0.006),
            at_least("of these three the best is to say 1 (next best, less that)", costs[0][1] - costs[1][1], 0.2),
            at_least("a published .1767 is not the error of a guess (difference)", 0.1767 - costs[1][1], 0.004),
        ),
    )


@experiment(**KNOBS)
def adding(length: int = 20, bias: float = 2.0, *, seed: int) -> Result:
    """Both networks on the adding problem."""
    runs = both(length, bias, seed)
    curves = tuple(_smooth(name, run.losses) for name, run in runs.items())
    rows = (("always 1", None, None, GUESS), *(_row(name, run) for name, run in runs.items()))
    columns: tuple[Column, ...] = (("", "text"), ("learns", "text"), ("updates", "text"), ("error", "number"))
    said = f"{length} steps; how many numbers it learns, and its mean square error on fresh sequences"
    return Result(
        (Plot("loss", curves, "updates"), Table(columns, rows, said)),
        (
            at_most("the LSTM can add: its error", runs["LSTM"].error, 0.04),
            at_least("the RNN is still near 1/6: its error", runs["RNN"].error, 0.1),
            at_least("the RNN's error, to the LSTM's", runs["RNN"].error / runs["LSTM"].error, 4),
        ),
    )


def _row(name: str, run: Run) -> tuple[str, str, str, float]:
    return name, f"{sum(p.size for p in run.network.parameters()):,}", str(len(run.losses)), run.error


def _smooth(name: str, losses: tuple[float, ...]) -> Curve:
    """The loss, each the mean over some updates."""
    mean = np.convolve(losses, np.ones(MEAN) / MEAN, "valid")
    return curve(name, range(MEAN, len(losses) + 1), list(mean))
