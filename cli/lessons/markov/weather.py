"""The weather at a lighthouse, a letter a day: the chain that most pages are about."""

from __future__ import annotations

from functools import cache

import numpy as np

from cli.lab.experiments import between
from minigrad.graph import Array
from rnn.baselines import MarkovChain
from rnn.metrics import Ints

NAMES = ("clear", "fog", "storm")
# P(tomorrow | today), today in rows. Fronts pass in one order: clear, fog, storm, and clear again.
WEATHER = np.array([[0.5, 0.4, 0.1], [0.1, 0.4, 0.5], [0.6, 0.1, 0.3]])
KNOBS = {"days": between(4000, 40000, full=40000)}
SURE = 5.0  # standard errors; by chance, fewer than one number in a million strays as far


def weather() -> MarkovChain:
    """The chain, as one finds it on any day."""
    return MarkovChain.of(WEATHER)


@cache
def diary(days: int, seed: int) -> Ints:
    """So many days of it."""
    return weather().sample(days, rng=np.random.default_rng([seed, 2]))


def written(ids: Ints) -> str:
    """Days as letters."""
    return "".join(NAMES[i][0] for i in ids)


def arrow(*days: int) -> str:
    """Days as words."""
    return " → ".join(NAMES[i] for i in days)


def random_table(vocabulary: int, rng: np.random.Generator) -> Array:
    """Rows that are distributions, drawn evenly from all."""
    return rng.dirichlet(np.ones(vocabulary), size=vocabulary)
