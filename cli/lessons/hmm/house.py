"""A house from which the weather is only heard: the model that most pages are about."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from cli.lab.experiments import between
from rnn.baselines import HMM
from rnn.baselines.hmm import Sample
from rnn.formulas import evaluate, find
from rnn.formulas.registry import Values
from rnn.metrics import Ints

NAMES = ("clear", "fog", "storm")
LETTERS = "ghw"  # gulls, the fog horn, the wind
# P(h′ | h), tonight in rows. Fronts pass in one order only, so that a clear evening is never followed by a storm.
WEATHER = np.array([[0.9, 0.1, 0.0], [0.0, 0.9, 0.1], [0.1, 0.0, 0.9]])
# P(x | h), the weather in rows, what is heard in columns.
SOUNDS = np.array([[0.7, 0.1, 0.2], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7]])
START = np.array([0.5, 0.3, 0.2])
LONG_AGO = np.full(3, 1 / 3)  # the shares of the weather in the long run
STEPS = between(3, 7)
EVENINGS = between(5000, 40_000, full=40_000)
PROBLEMS = between(1, 30, full=30)


def house(start: ArrayLike = START) -> HMM:
    """The model."""
    return HMM(start, WEATHER, SOUNDS)


@cache
def record(evenings: int, seed: int) -> Sample:
    """The weather of so many evenings, which nobody in the house has seen, and what was heard."""
    return house(LONG_AGO).sample(evenings, np.random.default_rng([seed, 17]))


@cache
def short(steps: int, seed: int) -> Ints:
    """A few evenings in which not always the same was heard."""
    rng = np.random.default_rng([seed, 18])
    while True:
        ids = house().sample(steps, rng).ids
        if len(set(ids.tolist())) > 1:
            return ids


def letters(ids: Ints) -> str:
    """What was heard, as letters."""
    return "".join(LETTERS[i] for i in ids)


def given(model: HMM, ids: Ints) -> Values:
    """What the equations begin with, under their names."""
    assert model.emissions is not None  # models of this lesson have them
    x = np.eye(model.vocabulary)[ids][:, :, None]
    return {
        "A": model.transitions, "B": model.emissions, "p": model.start[:, None], "x": dict(enumerate(x, 1)),
        "u": np.ones((model.states, 1)), "tau": len(ids),
    }  # fmt: skip


def known(model: HMM, ids: Ints) -> Values:
    """All quantities of the equations HMM-1 to HMM-12."""
    return evaluate(find("hmm"), given(model, ids))


def random_models(problems: int, rng: np.random.Generator) -> list[tuple[HMM, Ints]]:
    """Models of random sizes, each with a few steps to explain."""
    found = []
    for _ in range(problems):
        states, vocabulary, steps = (int(rng.integers(low, 5)) for low in (2, 2, 3))
        found.append((HMM.random(states, vocabulary, rng), rng.integers(0, vocabulary, steps)))
    return found
