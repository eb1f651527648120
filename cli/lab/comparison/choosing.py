"""The numbers that counts do not give: ε, a discount, weights. The development part chooses them, never the test part.

The development part is the last ninth of the training part. Models of the rest are tried on it; what it prefers goes
into the model of the whole training part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np

from rnn.baselines import NGram
from rnn.baselines.counts import Counts
from rnn.baselines.interpolation import learn_weights
from rnn.baselines.settings import CEILINGS
from rnn.baselines.smoothing import ADDING, MIXING
from rnn.metrics import Ints

HALVINGS = 4  # of the distance between two values that are tried
EXPONENTS = range(-4, 5)  # ε is looked for from 0.0001 to 10,000
DISCOUNTS = (0.1, 0.3, 0.5, 0.7, 0.9)
DISCOUNT = (0.01, 0.99)  # at 0 a development part without anything new would make the unseen impossible


@dataclass(frozen=True)
class Choice:
    """What one model was given besides its counts; None where its smoothing does not ask for it.

    `epsilon` and `discount` are the same for every order; `weights` are λ₁ … λₙ.
    """

    epsilon: float | None = None
    discount: float | None = None
    weights: tuple[float, ...] | None = None

    def model(self, smoothing: str, counts: Counts) -> NGram:
        """The model of these counts."""
        epsilon = 1.0 if self.epsilon is None else self.epsilon
        ngram = NGram(counts.order, smoothing, epsilon=epsilon, discount=self.discount)
        return ngram.refit(counts, weights=self.weights)

    def row(self) -> dict[str, Any]:
        """What was given, under the names that programs read."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def choose(smoothing: str, counts: Counts, development: Ints, epsilon: float | None = None) -> Choice:
    """What the development part prefers for a model of these counts, in which it is not counted.

    ε is what was given by hand, where something was.
    """
    if smoothing in MIXING:
        return Choice(weights=learn_weights(counts, development))
    if smoothing in ADDING and epsilon is not None:
        return Choice(epsilon=epsilon)

    def nats(choice: Choice) -> float:
        return -float(choice.model(smoothing, counts).log_probs(development).mean())

    if smoothing in ADDING:
        return _lowest(nats, lambda exponent: Choice(epsilon=_epsilon(exponent)), EXPONENTS)
    if smoothing in CEILINGS and len(CEILINGS[smoothing]) == 1:
        return _lowest(nats, lambda size: Choice(discount=_discount(size)), DISCOUNTS)
    return Choice()


def _lowest(nats: Callable[[Choice], float], made: Callable[[float], Choice], grid: Sequence[float]) -> Choice:
    """The best value of a grid, then of its neighbours, ever closer; of equals the one found first."""
    loss = cache(lambda value: nats(made(value)))
    step, found = grid[1] - grid[0], min(grid, key=loss)
    for _ in range(HALVINGS):
        step /= 2
        found = min((found, found - step, found + step), key=loss)
    return made(found)


def _epsilon(exponent: float) -> float:
    """In as few digits as are shown: what is read can be given by hand."""
    value = 10.0 ** float(np.clip(exponent, EXPONENTS[0], EXPONENTS[-1]))
    return float(f"{value:.2g}" if value >= 1e-3 else f"{value:.0e}")


def _discount(size: float) -> float:
    return float(np.clip(round(size, 2), *DISCOUNT))
