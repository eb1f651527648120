"""Words of matching brackets: a memory that is a stack [S32]."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from data.checks import whole
from data.errors import DataError
from data.tasks.examples import Examples, entropy, written

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Dyck:
    """Words of n pairs of k kinds of brackets, never more than `depth` open, to be foreseen bracket by bracket.

    n is even on least … pairs (`least` is `pairs` unless given: all words of one length), and given n every word is
    equally likely. Id 0 stands before and after a word, 1 … k open, k + 1 … 2k close. Let w(r, h) be the number of ways
    to finish with r brackets from h open ones: w(0, 0) = 1, w(r, h) = k w(r−1, h+1) [h < depth] + w(r−1, h−1) [h > 0].
    A word then has entropy ln N + E ln w(2n, 0), N = pairs − least + 1, over E[2n + 1] targets: `optimum`.
    Without a bound on the depth w(2n, 0) = kⁿ C_n, Catalan's number. Raises DataError for pairs, kinds or depth below 1
    and a least outside 1 … pairs.
    """

    pairs: int = 6
    kinds: int = 2  # k
    depth: int = 4
    least: int | None = None

    def __post_init__(self) -> None:
        for name in ("pairs", "kinds", "depth"):
            whole(getattr(self, name), name)
        if self.least is not None and whole(self.least, "least") > self.pairs:
            what = f"least is {self.least} and pairs {self.pairs}"
            raise DataError(what, "Dyck", "give a least of at most the pairs")

    @property
    def symbols(self) -> int:
        """2k brackets and the end."""
        return 2 * self.kinds + 1

    @property
    def outputs(self) -> int:
        """2k brackets and the end."""
        return self.symbols

    @property
    def optimum(self) -> float:
        """The entropy of a word over its expected number of targets."""
        words = [math.log(self.ways[2 * n][0]) for n in self._sizes]
        return float(math.log(len(words)) + np.mean(words)) / (2 * self._mean + 1)

    @property
    def guess(self) -> float:
        """The entropy of one target by itself: the end once, each of 2k brackets E[n]/k times."""
        often = np.array([1.0, *[self._mean / self.kinds] * (2 * self.kinds)])
        return float(entropy(often / often.sum()))

    @cached_property
    def ways(self) -> list[list[int]]:
        """w(r, h) as ways[r][h], exactly, for r = 0 … 2 · pairs and h = 0 … depth."""
        found = [[1] + [0] * self.depth]
        for _ in range(2 * self.pairs):
            below, above = [0, *found[-1][:-1]], [*found[-1][1:], 0]
            found.append([self.kinds * a + b for a, b in zip(above, below, strict=True)])
        return found

    @property
    def _sizes(self) -> range:
        return range(self.least or self.pairs, self.pairs + 1)

    @property
    def _mean(self) -> float:
        return (self._sizes[0] + self.pairs) / 2

    def draw(self, rows: int, rng: np.random.Generator) -> Examples:
        """Random rows."""
        sizes = rng.integers(self._sizes[0], self.pairs + 1, whole(rows, "rows")).tolist()
        return written([self._word(n, rng) for n in sizes])

    def _word(self, pairs: int, rng: np.random.Generator) -> list[int]:
        """One of the w(2n, 0) words, each as likely: open with the share of the ways that go on so."""
        word, stack = list[int](), list[int]()
        for left in range(2 * pairs, 0, -1):
            here = self.ways[left][len(stack)]
            closing = self.ways[left - 1][len(stack) - 1] if stack else 0
            if rng.random() >= closing / here:
                stack.append(1 + int(rng.integers(self.kinds)))
                word.append(stack[-1])
            else:
                word.append(stack.pop() + self.kinds)
        return word

    def nats(self, examples: Examples) -> Floats:
        """−log P(target | what was read), (T, B), of one who knows the rule; 0 where nothing is asked.

        It is the fall of log P(prefix), which depends on how long the prefix is and how many brackets are open.
        """
        read, target = examples.inputs, examples.targets
        opens = np.cumsum(np.where(read > self.kinds, -1, read > 0), axis=0)
        time = np.arange(len(read))[:, None] + np.zeros_like(opens)
        step = np.where(target > self.kinds, -1, 1)
        before = self._log_prefix[time, opens]
        after = np.where(target > 0, self._log_prefix[time + 1, opens + step], self._log_whole[time])
        return np.subtract(before, after, where=examples.asked, out=np.zeros(before.shape))

    @cached_property
    def _log_whole(self) -> Floats:
        """log P(a given word of length t), (2 · pairs + 1,); −inf for lengths that do not occur."""
        found = np.full(2 * self.pairs + 1, -np.inf)
        for n in self._sizes:
            found[2 * n] = -math.log(len(self._sizes)) - math.log(self.ways[2 * n][0])
        return found

    @cached_property
    def _log_prefix(self) -> Floats:
        """log P(a given beginning with t brackets, h of them open) = log Σ_n P(n) w(2n − t, h) / w(2n, 0)."""
        found = np.full((2 * self.pairs + 2, self.depth + 2), -np.inf)
        for n in self._sizes:
            for t in range(2 * n + 1):
                logs = [math.log(w) if w else -np.inf for w in self.ways[2 * n - t]]
                found[t, :-1] = np.logaddexp(found[t, :-1], np.array(logs) + self._log_whole[2 * n])
        return found
