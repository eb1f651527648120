"""Zipf's law: how often k-grams occur, by rank [D2L 8.3.2; seed 004 8.3.3].

The i-th most frequent one occurs nᵢ ∝ i^(−α) times: log nᵢ = −α log i + c, a straight line on logarithmic axes. It
holds over a window of ranks at best: the first few are levelled off, and the rare ones stand in steps of equal counts.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from rnn.errors import RnnError
from rnn.metrics import Floats, Ids, Ints, check_ids, whole_number

Method = Literal["least squares", "maximum likelihood"]
Window = tuple[int, int]

RANKS: Window = (10, 1000)
LARGEST_KEY = 2**62


@dataclass(frozen=True, eq=False)
class Ranking:
    """The K distinct k-grams of a text, the most frequent first; of equally frequent ones the earlier.

    `grams` (K, k) are their tokens, `frequencies` (K,) how often each occurs; rank i is row i − 1.
    """

    grams: Ints
    frequencies: Ints
    vocabulary: int

    @property
    def distinct(self) -> int:
        """K."""
        return self.frequencies.size

    @property
    def singletons(self) -> float:
        """Which share of the distinct k-grams occurs once."""
        return float((self.frequencies == 1).mean())

    @property
    def coverage(self) -> float:
        """Which share of all Vᵏ k-grams occurs at all: K / Vᵏ [seed 004 8.3.3]."""
        return self.distinct / float(self.vocabulary) ** self.grams.shape[1]

    def log_log(self, points: int = 200) -> tuple[Floats, Floats]:
        """log₁₀ of some ranks, evenly spaced on that scale, and log₁₀ of their frequencies: (M,) each, M ≤ points."""
        many = whole_number(points, "points", least=2)
        ranks = np.unique(np.geomspace(1, self.distinct, many).round().astype(np.int64))
        return np.log10(ranks), np.log10(self.frequencies[ranks - 1])


@dataclass(frozen=True)
class ZipfFit:
    """log nᵢ = −α log i + c over the window of ranks first … last, natural logarithms; α is the `exponent`."""

    exponent: float
    constant: float
    ranks: Window
    method: Method

    def frequency(self, ranks: ArrayLike) -> Floats:
        """e^c i^(−α) for each rank i, in the shape of `ranks`; what the law expects, in or outside its window."""
        return np.exp(self.constant - self.exponent * np.log(np.asarray(ranks, np.float64)))


def rank_frequency(ids: Ids, order: int = 1, *, vocabulary: int) -> Ranking:
    """Count the k-grams of `ids` (N,) for k = `order`, however high, and rank them. O(k N log N).

    Raises RnnError for an order below 1 or above N, an empty text, and ids outside 0 … V−1.
    """
    text, k = check_ids(ids, whole_number(vocabulary, "vocabulary", least=1)), whole_number(order, "order", least=1)
    if text.size == 0:
        raise RnnError("the text is empty", "rank_frequency", "give at least one token")
    if k > text.size:
        raise RnnError(f"order {k} is above the text's {text.size} tokens", "rank_frequency", "lower the order")
    _, first, counts = np.unique(_keys(text, k), return_index=True, return_counts=True)
    ranked = np.lexsort((first, -counts))
    return Ranking(sliding_window_view(text, k)[first[ranked]], counts[ranked], vocabulary)


def _keys(ids: Ints, order: int) -> Ints:
    """A number for each k-gram of the text, (N−k+1,), the same for the same tokens."""
    distinct, tokens = np.unique(ids, return_inverse=True)
    keys, largest = tokens, distinct.size
    for k in range(1, order):
        if largest * distinct.size > LARGEST_KEY:  # number what occurs anew: at most N
            kept, keys = np.unique(keys, return_inverse=True)
            largest = kept.size
        keys = keys[:-1] * distinct.size + tokens[k:]
        largest *= distinct.size
    return keys


def least_squares(frequencies: ArrayLike, ranks: Window = RANKS) -> ZipfFit:
    """The straight line through log nᵢ over log i, i = first … last, each rank counting alike [seed 004 8.3.3].

    `frequencies` (K,) are in order of rank. Raises RnnError for a window of fewer than two ranks or outside 1 … K,
    and for frequencies that are not above 0 or rise.
    """
    n, i = _window(frequencies, ranks, "least_squares")
    x, y = np.log(i), np.log(n)
    around = x - x.mean()
    exponent = -float(around @ y / (around @ around))
    return ZipfFit(exponent, float(y.mean() + exponent * x.mean()), ranks, "least squares")


def maximum_likelihood(frequencies: ArrayLike, ranks: Window = RANKS) -> ZipfFit:
    """The exponent under which the window's tokens are most probable, each drawn from P(i) = i^(−α) / Σⱼ j^(−α).

    The sum runs over the window, j = first … last, so that nothing outside counts; the mean of log i under P is
    then that of the tokens. A token counts alike, so frequent ranks weigh most. c has e^c Σⱼ j^(−α) = Σ nⱼ.
    Arguments and errors as for `least_squares`.
    """
    n, i = _window(frequencies, ranks, "maximum_likelihood")
    logs = np.log(i / i[0])  # from the window's first rank on: the powers of all others may underflow, its own not
    exponent = _root(logs, float(n @ logs / n.sum()))
    constant = np.log(n.sum()) - np.log(np.exp(-exponent * logs).sum()) + exponent * np.log(i[0])
    return ZipfFit(exponent, float(constant), ranks, "maximum likelihood")


def _root(logs: Floats, mean: float) -> float:
    """α ≥ 0 at which log i has that mean under P; the mean falls as α grows, so halving an interval finds it."""
    low, high = 0.0, 1.0
    while _mean(logs, high) > mean:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if _mean(logs, middle) > mean else (low, middle)
    return middle


def _mean(logs: Floats, exponent: float) -> float:
    weights = np.exp(-exponent * logs)
    return float(weights @ logs / weights.sum())


def _window(frequencies: ArrayLike, ranks: Window, where: str) -> tuple[Floats, Floats]:
    """The frequencies of the window, and its ranks."""
    n = np.asarray(frequencies, np.float64)
    first, last = (whole_number(rank, "ranks", least=1) for rank in ranks)
    if n.ndim != 1 or not (n > 0).all() or not (n < np.inf).all() or (np.diff(n) > 0).any():
        raise RnnError("they are no frequencies by rank", where, "give a row of numbers above 0, the largest first")
    if not first < last <= n.size:
        what = f"ranks {first} to {last} of {n.size}"
        raise RnnError(what, where, "give a first rank and a later last one, within what occurs")
    return n[first - 1 : last], np.arange(first, last + 1, dtype=np.float64)
