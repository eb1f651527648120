"""As many b as a: the simplest language that a finite memory does not hold [S32]."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.checks import whole
from data.errors import DataError
from data.tasks.examples import Examples, entropy, written


@dataclass(frozen=True)
class AnBn:
    """aⁿbⁿ, or with more `letters` aⁿbⁿcⁿ …, to be foreseen letter by letter; n is even on least … longest.

    Id 0 stands before and after a string, the letters are 1, 2 …; a row's input is 0 aⁿ bⁿ, its target aⁿ bⁿ 0.
    The string is a function of n, so all its targets together hold the entropy of n, ln N for N = longest − least + 1,
    by the chain rule however it is spread over them; there are E[letters · n + 1] of them on average. So `optimum` is
    ln N / (letters · (least + longest)/2 + 1), all of it paid before the first b: from there on the best predictor is
    certain. Raises DataError for least below 1, longest below least, and letters below 2.
    """

    longest: int = 10
    least: int = 1
    letters: int = 2

    def __post_init__(self) -> None:
        whole(self.letters, "letters", 2)
        whole(self.longest, "longest")
        if whole(self.least, "least") > self.longest:
            what = f"least is {self.least} and longest {self.longest}"
            raise DataError(what, "AnBn", "give a longest of at least the least")

    @property
    def symbols(self) -> int:
        """The letters and the end."""
        return self.letters + 1

    @property
    def outputs(self) -> int:
        """The letters and the end."""
        return self.symbols

    @property
    def optimum(self) -> float:
        """ln N over the expected number of targets."""
        return math.log(self.longest - self.least + 1) / (self.letters * self._mean + 1)

    @property
    def guess(self) -> float:
        """The entropy of one target by itself: the end once, each letter as often as n is on average."""
        often = np.array([1.0, *[self._mean] * self.letters])
        return float(entropy(often / often.sum()))

    @property
    def _mean(self) -> float:
        return (self.least + self.longest) / 2

    def draw(self, rows: int, rng: np.random.Generator) -> Examples:
        """Random rows."""
        drawn = rng.integers(self.least, self.longest + 1, whole(rows, "rows")).tolist()
        return written([self.string(n) for n in drawn])

    def string(self, n: int) -> list[int]:
        """The ids of aⁿbⁿ …, without the ends."""
        return [letter for letter in range(1, self.letters + 1) for _ in range(n)]

    def nats(self, examples: Examples) -> NDArray[np.float64]:
        """−log P(target | what was read), (T, B), of one who knows the rule; 0 where nothing is asked.

        With c(j) strings of n ≥ j: after j letters a, another has probability c(j + 1)/c(j), and b the rest.
        """
        read = np.cumsum(examples.inputs == 1, axis=0)  # how many a so far, (T, B)
        left, after = (self.longest - np.maximum(read + more, self.least) + 1 for more in (0, 1))
        among_a = (examples.inputs == 1) | (np.arange(len(read))[:, None] == 0)
        p = np.where(examples.targets == 1, after, left - after) / np.maximum(left, 1)
        return -np.log(p, where=among_a & examples.asked, out=np.zeros(p.shape))
