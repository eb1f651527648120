"""A text that repeats what it said d tokens ago: nothing closer tells anything [S30]."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.checks import ids_below, share, whole
from data.tasks.source import Context

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Echo:
    """x_t is x_{t−d} with probability 1 − ε, otherwise one of the V − 1 others evenly; the first d are even draws.

    It is d chains woven together, each of which stays even, so any d − 1 tokens before x_t are independent of it:
    `floor(m)` is ln V for m < d, and the entropy rate h = −(1 − ε) ln(1 − ε) − ε ln(ε/(V − 1)) for m ≥ d. An n-gram
    gains nothing below order d + 1, where it has V^d contexts to count; a network needs d tokens of memory.
    Raises DataError for V below 2, d below 1, and ε outside [0, 1].
    """

    vocabulary: int = 4  # V
    delay: int = 8  # d
    noise: float = 0.1  # ε

    def __post_init__(self) -> None:
        whole(self.vocabulary, "vocabulary", 2)
        whole(self.delay, "delay")
        share(self.noise, "noise")

    @property
    def entropy_rate(self) -> float:
        """h, in nats per token."""
        logs = zip((1 - self.noise, self.noise), self._logs(), strict=True)
        return sum(-p * log for p, log in logs if p)

    def floor(self, context: int) -> float:
        """H(x_t | the `context` tokens before it), in nats."""
        return math.log(self.vocabulary) if whole(context, "context", 0) < self.delay else self.entropy_rate

    def sample(self, length: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """A text (N,)."""
        turns = -(-whole(length, "length", 0) // self.delay)
        steps = rng.integers(1, self.vocabulary, (turns, self.delay))  # to another token, going round
        steps[rng.random(steps.shape) >= self.noise] = 0
        steps[:1] = rng.integers(self.vocabulary, size=steps[:1].shape)
        return (np.cumsum(steps, axis=0) % self.vocabulary).ravel()[:length]

    def log_probs(self, ids: Any, context: Context = "carry") -> Floats:
        """log P(x_t | tokens before t) (N,) in nats; with an integer context at most that many tokens are seen.

        Raises DataError for ids outside 0 … V−1 and a context below 0.
        """
        text = ids_below(ids, self.vocabulary)
        found = np.full(len(text), -math.log(self.vocabulary))
        if context == "carry" or whole(context, "context", 0) >= self.delay:
            same = text[self.delay :] == text[: -self.delay]
            found[self.delay :] = np.where(same, *self._logs())
        return found

    def next_distribution(self, context: Any) -> Floats:
        """P(· | context) (V,) for the ids of a context, which may be none."""
        seen = ids_below(context, self.vocabulary)
        if len(seen) < self.delay:
            return np.full(self.vocabulary, 1 / self.vocabulary)
        found = np.full(self.vocabulary, self.noise / (self.vocabulary - 1))
        found[seen[-self.delay]] = 1 - self.noise
        return found

    def _logs(self) -> tuple[float, float]:
        """The log-probabilities of the token heard d ago, and of each other."""
        kept, other = 1 - self.noise, self.noise / (self.vocabulary - 1)
        return (math.log(kept) if kept else -math.inf), (math.log(other) if other else -math.inf)
