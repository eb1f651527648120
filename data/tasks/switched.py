"""A source whose rule changes half-way: the premise of one rule for all times, broken [S34]."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.checks import whole
from data.errors import DataError
from data.tasks.examples import entropy
from data.tasks.source import Source


@dataclass(frozen=True)
class Switched:
    """The first half of a text comes from one source, the rest from another, each started by its own shares.

    The losses below are per token of a long text: of contexts that lie across the change there are only as many
    as a context is long. Raises DataError unless both have the same tokens.
    """

    before: Source
    after: Source

    def __post_init__(self) -> None:
        if self.before.vocabulary != self.after.vocabulary:
            what = f"the sources have {self.before.vocabulary} and {self.after.vocabulary} tokens"
            raise DataError(what, "Switched", "give two sources of the same tokens")

    @property
    def vocabulary(self) -> int:
        """The number V of tokens."""
        return self.before.vocabulary

    def sample(self, length: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """A text (N,); the rule changes at N // 2."""
        half = whole(length, "length", 2) // 2
        return np.concatenate([self.before.sample(half, rng), self.after.sample(length - half, rng)])

    def floor(self, context: int) -> float:
        """The best loss with `context` tokens and t as an input: the mean of the two sources' floors, in nats."""
        return (self.before.floor(context) + self.after.floor(context)) / 2

    def shared_floor(self, context: int) -> float:
        """The best loss of one table for all times with `context` tokens c, in nats.

        Such a table sees the mean of both halves, J(c, x) = (P₁(c, x) + P₂(c, x))/2, and can do no better than
        H(x | c) under J; it is above `floor(context)` unless the halves agree wherever both occur.
        """
        joint = self._mean_blocks(whole(context, "context", 0) + 1)
        return float(entropy(joint.ravel()) - entropy(joint.sum(axis=-1).ravel()))

    def _mean_blocks(self, length: int) -> NDArray[np.float64]:
        return (self.before.blocks(length) + self.after.blocks(length)) / 2
