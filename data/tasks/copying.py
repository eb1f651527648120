"""Read a few symbols, wait, and write them down [Hochreiter & Schmidhuber 1997; S35]."""

import math
from dataclasses import dataclass

import numpy as np

from data.checks import whole
from data.tasks.examples import Examples, whole_rows


@dataclass(frozen=True)
class Copy:
    """S even draws from K symbols, D steps of which the last says *go*, then S steps at each of which one is asked.

    Ids 0 … K−1 are the symbols, K is the blank that stands while nothing is said, K + 1 is go; T = 2S + D. The
    answers are in the row: `optimum` is 0. Each of them is an even draw from K: `guess` is ln K, and one who still
    has j of the S symbols pays (1 − j/S) ln K. Raises DataError for K below 2, S or D below 1.
    """

    kinds: int = 8  # K
    length: int = 5  # S
    delay: int = 10  # D
    optimum = 0.0

    def __post_init__(self) -> None:
        whole(self.kinds, "kinds", 2)
        whole(self.length, "length")
        whole(self.delay, "delay")

    @property
    def symbols(self) -> int:
        """K + 2."""
        return self.kinds + 2

    @property
    def outputs(self) -> int:
        """K."""
        return self.kinds

    @property
    def guess(self) -> float:
        """ln K."""
        return math.log(self.kinds)

    def draw(self, rows: int, rng: np.random.Generator) -> Examples:
        """Random rows."""
        said = rng.integers(self.kinds, size=(self.length, whole(rows, "rows")))
        start = self.length + self.delay  # of the answers
        inputs = np.full((start + self.length, rows), self.kinds)
        inputs[: self.length], inputs[start - 1] = said, self.kinds + 1
        targets = np.zeros_like(inputs)
        targets[start:] = said
        return whole_rows(inputs, targets, slice(start, None))
