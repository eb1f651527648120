"""The page on a network that is given the time as a second number."""

from __future__ import annotations

from functools import cache

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Plot, Result, Table, at_least, at_most, curve
from data.series import SwitchedRule
from minigrad import Tensor, mse_loss, no_grad
from minigrad.graph import Array
from minigrad.nn import Linear, Module
from minigrad.optim import Adam

RULE = SwitchedRule(before=0.8, after=-0.8, length=150)
_LEARNED, _ASKED = 10, 200  # series
_RATE = 0.03
_POINTS = 30


class Guess(Module):
    """x̂⁽ᵗ⁺¹⁾ from x⁽ᵗ⁾, or from x⁽ᵗ⁾ and t: one hidden layer of tanh."""

    def __init__(self, inputs: int, units: int, rng: np.random.Generator):
        self.hidden = Linear(inputs, units, dtype=np.float64, rng=rng)
        self.out = Linear(units, 1, dtype=np.float64, rng=rng)

    def __call__(self, given: Array) -> Tensor:
        """Guesses (n, 1) for rows of inputs (n, 1) or (n, 2)."""
        return self.out(self.hidden(Tensor(given)).tanh())


def pairs(series: Array, *, timed: bool) -> tuple[Array, Array]:
    """Inputs (n, 1), or (n, 2) with the time from −1 to 1 beside the value, and the values that follow (n, 1)."""
    values = series[:, :-1, None]
    times = np.broadcast_to(np.linspace(-1, 1, series.shape[1])[:-1, None], values.shape)
    given = np.concatenate([values, times], axis=-1) if timed else values
    return given.reshape(-1, given.shape[-1]), series[:, 1:].reshape(-1, 1)


@cache
def squares(timed: bool, units: int, updates: int, seed: int) -> Array:
    """A network's mean squared error at each step of new series, (N − 1,), having trained on a few others."""
    rng = np.random.default_rng([seed, 7])
    learn, ask = (np.stack([RULE.sample(rng) for _ in range(n)]) for n in (_LEARNED, _ASKED))
    network = Guess(1 + timed, units, rng)
    optimizer, (given, wanted) = Adam(network.parameters(), _RATE), pairs(learn, timed=timed)
    for _ in range(updates):
        optimizer.zero_grad()
        mse_loss(network(given), Tensor(wanted)).backward()
        optimizer.step()
    given, wanted = pairs(ask, timed=timed)
    with no_grad():
        off = network(given).data - wanted
    return np.asarray((off.reshape(_ASKED, -1) ** 2).mean(axis=0))


@experiment(units=between(8, 32), updates=between(200, 1000, full=1000))
def network(units: int = 16, updates: int = 250, *, seed: int) -> Result:
    """A network that is not told the time, and one that is, on series whose rule turns round half-way."""
    plain, timed = (squares(t, units, updates, seed) for t in (False, True))
    columns: tuple[Column, ...] = (("given", "text"), ("squared error", "number"), ("at best", "number"))
    rows = (("x⁽ᵗ⁾", plain.mean(), RULE.shared_floor), ("x⁽ᵗ⁾ and t", timed.mean(), RULE.floor))
    times = np.linspace(1, RULE.length, _POINTS).tolist()
    curves = tuple(curve(n, times, _smooth(s)) for n, s in (("x⁽ᵗ⁾", plain), ("x⁽ᵗ⁾ and t", timed)))
    middle = slice(len(timed) // 2 - 5, len(timed) // 2 + 5)
    return Result(
        (Plot("squared error on new series", curves, "t"),
         Table(columns, rows, f"{_LEARNED} series read, {updates} updates")),
        (
            at_least("not told the time: squared error, to the best anybody could reach so",
                     float(plain.mean()) / RULE.shared_floor, 0.9),
            at_most("told the time: squared error, to the least possible", float(timed.mean()) / RULE.floor, 1.4),
            at_most("told, to not told", float(timed.mean() / plain.mean()), 0.6),
            at_least("it is worst around the change: there, to its mean",
                     float(timed[middle].mean() / timed.mean()), 1.1),
        ),
    )  # fmt: skip


def _smooth(values: Array) -> list[float]:
    return [float(part.mean()) for part in np.array_split(values, _POINTS)]
