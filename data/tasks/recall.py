"""Say at each step what was read k steps before, where nothing else tells it [S24, S30]."""

import math
from dataclasses import dataclass

import numpy as np

from data.checks import whole
from data.errors import DataError
from data.tasks.examples import Examples, whole_rows


@dataclass(frozen=True)
class Recall:
    """Even independent draws from V symbols (fair bits for V = 2); from step `lag` on, x_{t−lag} is asked.

    One who remembers answers every time: `optimum` is 0. The draws are independent, so whoever does not see
    x_{t−lag} knows nothing of it, whatever else it sees: `guess` is ln V. So is the loss of a network whose only
    memory is its own last output, trained by forcing, for lag ≥ 1: what it is fed is x_{t−1−lag}.
    Raises DataError for V below 2, a lag below 0, and a length that leaves nothing to ask.
    """

    length: int = 20
    lag: int = 2
    symbols: int = 2  # V
    optimum = 0.0

    def __post_init__(self) -> None:
        whole(self.symbols, "symbols", 2)
        if whole(self.length, "length") <= whole(self.lag, "lag", 0):
            what = f"rows of {self.length} steps never reach back {self.lag}"
            raise DataError(what, "Recall", f"give a length of at least {self.lag + 1}, or a smaller lag")

    @property
    def outputs(self) -> int:
        """V."""
        return self.symbols

    @property
    def guess(self) -> float:
        """ln V."""
        return math.log(self.symbols)

    def floor(self, seen: int) -> float:
        """The best loss of one who sees the last `seen` inputs, x_t among them: 0 from lag + 1 on, below it ln V."""
        return 0.0 if whole(seen, "seen", 0) > self.lag else self.guess

    def draw(self, rows: int, rng: np.random.Generator) -> Examples:
        """Random rows."""
        inputs = rng.integers(self.symbols, size=(self.length, whole(rows, "rows")))
        return whole_rows(inputs, np.roll(inputs, self.lag, axis=0), slice(self.lag, None))
