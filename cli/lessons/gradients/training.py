"""The pages on training: hear a number, wait, say it again; with and without clipping, and what clipping cannot do."""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Plot, Result, Table, at_least, at_most, curve
from cli.lessons.gradients.clip import Clip, clipped
from cli.lessons.gradients.networks import KNOBS, turning
from minigrad import Tensor, mse_loss
from minigrad.graph import Array
from minigrad.nn import Linear
from minigrad.optim import SGD, clip_grad_norm, clip_grad_value
from rnn.layers import RNN

_UNITS, _ROWS, _RATE, _UPDATES, _NETWORKS = 16, 16, 0.2, 100, 3
_SHRINKS = 0.5
_LOST = 1e6  # a loss at which a run is given up
_GUESS = 1 / 3  # the mean square of a number between −1 and 1: the loss of always saying zero


class Course(NamedTuple):
    """A run: its loss before each update, and its gradient's norm before clipping."""

    losses: list[float]
    norms: list[float]


def learn(wait: int, theta: float, rho: float, rng: np.random.Generator) -> Course:
    """Learn to say at the last of `wait` steps what the first one said; in between there is silence."""
    layer, head = RNN(1, _UNITS, dtype=np.float64, rng=rng), Linear(_UNITS, 1, dtype=np.float64, rng=rng)
    layer.weight_hh_l0.assign(turning(_UNITS, rho, rng))
    optimizer, course = SGD([*layer.parameters(), *head.parameters()], _RATE), Course([], [])
    for _ in range(_UPDATES):
        said = rng.uniform(-1, 1, (1, _ROWS, 1))
        loss = mse_loss(head(layer(Tensor(heard(said, wait)))[0][-1]), said[0])
        optimizer.zero_grad()
        loss.backward()
        course.norms.append(clip_grad_norm(optimizer.params, theta))
        optimizer.step()
        course.losses.append(loss.item())
        if not loss.item() < _LOST:
            break
    return course


def heard(said: Array, steps: int) -> Array:
    """So many steps: a number for each row, then silence."""
    return np.concatenate([said, np.zeros((steps - 1, *said.shape[1:]))])


@cache
def _courses(wait: int, theta: float, rho: float, seed: int) -> tuple[Course, ...]:
    """The same networks, sequences and numbers for every wait, θ and ρ."""
    return tuple(learn(wait, theta, rho, np.random.default_rng([seed, k])) for k in range(_NETWORKS))


@experiment(wait=KNOBS["wait"], theta=KNOBS["theta"])
def say_it_again(wait: int = 25, theta: float = 0.5, *, seed: int) -> Result:
    """Three networks with and without clipping, and without it after a short wait."""
    with_it, without, short = (_courses(*how, 1.0, seed) for how in ((wait, theta), (wait, math.inf), (3, math.inf)))
    rows = tuple(
        (f"{k}", max(b.losses), max(a.losses), _end(a), f"{_cut(a, theta):.0%}")
        for k, (a, b) in enumerate(zip(with_it, without, strict=True), 1)
    )
    columns: tuple[Column, ...] = (
        ("network", "text"), ("not clipped", "error"), ("clipped", "number"), ("at the end", "number"), ("cut", "text"),
    )  # fmt: skip
    caption = (
        f"the largest loss, not clipped and clipped at {theta:g}; clipped, the loss at the end, and how many updates"
        f" were cut; {wait} steps, learning rate {_RATE}"
    )
    curves = tuple(
        curve(name, range(1, len(c[0].losses) + 1), c[0].losses)
        for name, c in (("not clipped", without), ("clipped", with_it))
    )
    ratio = min(max(b.losses) / max(a.losses) for a, b in zip(with_it, without, strict=True))
    return Result(
        (
            Plot("loss of network 1", curves, "updates", log=True),
            Table(columns, rows, caption),
        ),
        (
            at_least("largest loss without clipping, to that with it (least ratio)", ratio, 10),
            at_most("clipped, all three learn: loss at the end", max(map(_end, with_it)), _GUESS / 2),
            at_most("a wait of three steps needs no clipping: largest loss", max(max(c.losses) for c in short), 2),
        ),
    )


def _end(course: Course) -> float:
    return float(np.mean(course.losses[-20:]))


def _cut(course: Course, theta: float) -> float:
    return float(np.mean(np.array(course.norms) > theta))


@experiment(wait=KNOBS["wait"], theta=KNOBS["theta"])
def not_learned(wait: int = 25, theta: float = 0.5, *, seed: int) -> Result:
    """The same task from a W that shrinks, clipped and not."""
    with_it, without = (_courses(wait, limit, _SHRINKS, seed) for limit in (theta, math.inf))
    turns = _courses(wait, theta, 1.0, seed)
    runs = zip(with_it, without, turns, strict=True)
    rows = tuple((f"{k}", *map(_end, three)) for k, three in enumerate(runs, 1))
    columns: tuple[Column, ...] = (
        ("network", "text"), ("clipped", "number"), ("not clipped", "number"), ("ρ = 1, clipped", "number"),
    )  # fmt: skip
    gap = max(abs(_end(a) - _end(b)) for a, b in zip(with_it, without, strict=True))
    return Result(
        (
            Table(
                columns, rows, f"loss at the end, from ρ = {_SHRINKS}; always saying zero costs {_GUESS:.3f} on average"
            ),
        ),
        (
            at_least("clipped: loss at the end, to that of always zero", min(map(_end, with_it)) / _GUESS, 0.75),
            at_most("clipped and not, it ends alike (largest difference)", gap, 0.05),
        ),
    )


@experiment(theta=KNOBS["theta"])
def not_healed(theta: float = 0.5) -> Result:
    """Both kinds of clipping on a gradient of zeros, and on one with an entry that is no number."""
    whole: Clip = lambda p: clip_grad_norm(p, theta)
    entries: Clip = lambda p: clip_grad_value(p, theta)
    zero, broken = np.zeros(3), np.array([0.5, np.nan, 2.0])
    ways = {"as a whole": whole, "by entry": entries}
    after = {name: (clipped(zero, how), clipped(broken, how)) for name, how in ways.items()}
    still = min(int(np.isnan(b).sum()) for _, b in after.values())
    rows = (("as it is", _shown(zero), _shown(broken)), *((n, *map(_shown, pair)) for n, pair in after.items()))
    columns: tuple[Column, ...] = (("", "text"), ("zeros", "text"), ("with a NaN", "text"))
    return Result(
        (Table(columns, rows, f"clipped at {theta:g}"),),
        (
            at_most("zeros stay zeros (largest entry)", max(float(np.abs(z).max()) for z, _ in after.values()), 0),
            at_least("what is no number stays so (how many)", still, 1),
        ),
    )


def _shown(g: Array) -> str:
    return "  ".join("NaN" if math.isnan(v) else f"{v:g}" for v in g)
