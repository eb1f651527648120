"""Words whose reading depends on the words around them [S21]."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.checks import share, whole
from data.tasks.examples import Examples, whole_rows

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Tagging:
    """Plain words of two classes, and ambiguous ones that take a reading from the nearest plain word on either side.

    Each inner word is ambiguous with probability q, otherwise plain and of either class evenly; the first and the last
    are plain. A class has `words` words, and so have the ambiguous ones: ids 0 … W−1, W … 2W−1, 2W … 3W−1. The tag
    is 2l + r, where l is the class of the nearest plain word to the left, r to the right, and both its own for a plain
    word. So "saw" between two plain words is read by both of them, and the row tells every tag: `optimum` is 0.
    Raises DataError for a length below 3, words below 1, and q outside [0, 1].
    """

    length: int = 10
    ambiguous: float = 0.5  # q
    words: int = 3  # W
    outputs = 4
    optimum = 0.0

    def __post_init__(self) -> None:
        whole(self.length, "length", 3)
        whole(self.words, "words")
        share(self.ambiguous, "ambiguous")

    @property
    def symbols(self) -> int:
        """3W."""
        return 3 * self.words

    @property
    def guess(self) -> float:
        """The entropy of a tag by itself.

        l = r surely for a plain word, which is one of T(1 − p); for an ambiguous one, of Tp = q(T − 2), l and r
        are the classes of two different plain words, independent and even. So the tags 0 and 3 have (1 − p)/2 + p/4.
        """
        p = self.ambiguous * (self.length - 2) / self.length
        alike, unlike = (2 - p) / 4, p / 4
        return -2 * alike * math.log(alike) - (2 * unlike * math.log(unlike) if unlike else 0.0)

    def floor(self, behind: int | None = None, ahead: int | None = None) -> float:
        """The best mean loss of one who sees `behind` words before a word and `ahead` after it; None is all of them.

        With a words ahead r stays open where the word and all a after it are ambiguous, and then it is even: a
        plain word further on has either class. That needs a + 1 inner words in a row, which may begin at T − 2 − a
        places: ln 2 · q^{a+1} (T − 2 − a)⁺ / T. The same holds for l, and the two are independent, so they add.
        """
        return self._open(behind) + self._open(ahead)

    def _open(self, seen: int | None) -> float:
        if seen is None:
            return 0.0
        places = max(0, self.length - 2 - whole(seen, "seen", 0))
        return math.log(2) * self.ambiguous ** (seen + 1) * places / self.length

    def draw(self, rows: int, rng: np.random.Generator) -> Examples:
        """Random rows."""
        shape = (self.length, whole(rows, "rows"))
        kind, open_ = rng.integers(2, size=shape), rng.random(shape) < self.ambiguous
        open_[[0, -1]] = False
        left, right = nearest(kind, open_), nearest(kind[::-1], open_[::-1])[::-1]
        words = rng.integers(self.words, size=shape) + self.words * np.where(open_, 2, kind)
        return whole_rows(words, 2 * left + right)


def nearest(kind: Ints, hidden: NDArray[np.bool_]) -> Ints:
    """kind (T, B) at the last step up to t that is not hidden, of which the first is one."""
    places = np.where(hidden, 0, np.arange(len(kind))[:, None])
    return np.take_along_axis(kind, np.maximum.accumulate(places, axis=0), axis=0)
