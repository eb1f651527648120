"""Two marked numbers in a long row, and their sum at the end [Hochreiter & Schmidhuber 1997; SEEDS C]."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from data.checks import whole
from data.tasks.examples import Examples, whole_rows


@dataclass(frozen=True)
class Adding:
    """x (T, B, 2): a number from U(0, 1) and a mark, 0 or 1. One is marked in each half; the answer is their sum.

    It is asked after the last step and is a function of the row: `optimum` is 0. A guess g costs
    E (u + v − g)², least at g = E (u + v) = 1, where it is the variance of a sum of two independent numbers, 2 · 1/12:
    `guess` is 1/6. Printed values of .1767 are not that number. Who remembers one of the two is left with 1/12.
    Raises DataError for a length below 2.
    """

    length: int = 20
    symbols = 2
    outputs = 0
    optimum = 0.0
    guess = 1 / 6

    def __post_init__(self) -> None:
        whole(self.length, "length", 2)

    def draw(self, rows: int, rng: np.random.Generator, dtype: Any = np.float32) -> Examples:
        """Random rows as `dtype`, the sums added in it."""
        half, each = self.length // 2, np.arange(whole(rows, "rows"))
        numbers = rng.random((self.length, rows)).astype(dtype)
        marks = np.zeros_like(numbers)
        marks[rng.integers(half, size=rows), each] = 1
        marks[rng.integers(half, self.length, rows), each] = 1
        targets = np.zeros_like(numbers)
        targets[-1] = (numbers * marks).sum(axis=0)
        return whole_rows(np.stack([numbers, marks], axis=-1), targets, slice(-1, None))
