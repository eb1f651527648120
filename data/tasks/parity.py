"""Whether the number of ones so far is odd [S24, S32]."""

import math
from dataclasses import dataclass

import numpy as np

from data.checks import whole
from data.tasks.examples import Examples, whole_rows


@dataclass(frozen=True)
class Parity:
    """Fair bits x_1 … x_T; the answer at t is x_1 ⊕ … ⊕ x_t, asked at every step or after the last one only.

    The row tells it: `optimum` is 0. Missing even one of the t bits, the answer is as even as that bit is, so
    that nothing short of all of them helps: `guess` is ln 2, also for every window shorter than t. With an answer at
    each step, y_t = y_{t−1} ⊕ x_t: two steps of memory carried in the output. Raises DataError for a length below 1.
    """

    length: int = 10
    every_step: bool = True
    symbols = 2
    outputs = 2
    optimum = 0.0
    guess = math.log(2)

    def __post_init__(self) -> None:
        whole(self.length, "length")

    def draw(self, rows: int, rng: np.random.Generator) -> Examples:
        """Random rows."""
        bits = rng.integers(2, size=(self.length, whole(rows, "rows")))
        return whole_rows(bits, np.cumsum(bits, axis=0) % 2, None if self.every_step else slice(-1, None))
