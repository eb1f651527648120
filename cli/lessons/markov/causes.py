"""The pages on cause and effect: what noise that is added tells about the direction, and where it tells nothing."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Cloud, Plot, Result, at_least, at_most, curve
from data.series import CauseEffect, cause_and_effect
from minigrad.graph import Array

KNOBS = {"pairs": between(15_000, 60_000, full=60_000), "noise": between(0.5, 1.5)}
_DOTS, _FAR = 700, 8.0  # of the cloud, and how far it is drawn
_EVEN = 1.4  # the largest group's variance to the smallest's, where all are the same but for chance


def left_open(known: Array, asked: Array, groups: int = 10) -> Array:
    """How much of `asked` a known number leaves open: a variance for each group, from the smallest numbers up.

    Neighbours in the order of `known` have nearly the same number. How far the middle one of three lies off the line
    between the others is therefore noise, and its square is on average 6/4 of the variance.
    """
    y = asked[np.argsort(known)]
    off = y[1:-1] - (y[:-2] + y[2:]) / 2
    few = len(off) // 100  # at both ends neighbours are far apart
    parts = np.array_split(off[few:-few] ** 2, groups)
    return np.array([s.mean() for s in parts]) / 1.5


def uneven(variances: Array) -> float:
    """The largest to the smallest."""
    return float(variances.max() / variances.min())


def _both(pairs: CauseEffect) -> tuple[Array, Array]:
    return left_open(pairs.cause, pairs.effect), left_open(pairs.effect, pairs.cause)


def _plot(**variances: Array) -> Plot:
    """All against the group, each as a multiple of its own mean."""
    curves = tuple(curve(name, range(1, len(v) + 1), v / v.mean()) for name, v in variances.items())
    return Plot("variance that is left, to its mean", curves, "tenth")


@experiment(**KNOBS)
def cubic(pairs: int = 30_000, noise: float = 1.0, *, rng: np.random.Generator) -> Result:
    """effect = cause + cause³ + noise, looked at from both sides."""
    drawn = cause_and_effect("cubic", pairs, rng, noise)
    ahead, behind = _both(drawn)
    near = np.flatnonzero(np.abs(drawn.effect) < _FAR)[:_DOTS]
    cloud = Cloud("effect against cause", tuple(drawn.cause[near]), tuple(drawn.effect[near]), "cause")
    return Result(
        (cloud, _plot(forwards=ahead, backwards=behind)),
        (
            at_most("effect, knowing the cause: largest variance of ten groups, to the smallest", uneven(ahead), _EVEN),
            at_most("and that variance is the noise that was added: off by, as a share",
                    abs(float(ahead.mean()) / noise**2 - 1), 0.06),
            at_least("cause, knowing the effect: largest to smallest", uneven(behind), 2 * _EVEN),
        ),
    )  # fmt: skip


@experiment(**KNOBS)
def linear(pairs: int = 30_000, noise: float = 1.0, *, rng: np.random.Generator) -> Result:
    """effect = cause + noise, all Gaussian, looked at from both sides."""
    ahead, behind = _both(cause_and_effect("linear", pairs, rng, noise))
    exact = noise**2 / (1 + noise**2)
    bent = _both(cause_and_effect("cubic", pairs, rng, noise))[1]
    return Result(
        (_plot(forwards=ahead, backwards=behind, **{"x + x³ backwards": bent}),),
        (
            at_most("effect, knowing the cause: largest to smallest", uneven(ahead), _EVEN),
            at_most("cause, knowing the effect: largest to smallest", uneven(behind), _EVEN),
            at_most("what is left of the cause is what Bayes says: off by, as a share",
                    abs(float(behind.mean()) / exact - 1), 0.06),
        ),
    )  # fmt: skip
