"""How much to take from a count, estimated from counts of counts: n_r is how many grams were counted r times.

Where the estimate of one order does not exist (a text too short, an alphabet too small), the discount that stands in
says so: for one discount ½, for the modified ones ½, 1, 1½, for Good–Turing ½ from every count of at most 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rnn.metrics import Floats, Ints

LARGEST_DISCOUNTED = 5  # Good–Turing leaves counts above it alone [Katz 1987]


class Discount(NamedTuple):
    """What one order takes from a count of 1, of 2, …; the last number is for all greater counts."""

    values: tuple[float, ...]
    fallback: str | None = None  # why the estimate does not exist and others stand in, or None

    def of(self, counts: Ints) -> Floats:
        """The discount of each count, (K,)."""
        return np.array(self.values)[np.minimum(counts, len(self.values)) - 1]


def counts_of_counts(counts: Ints, largest: int) -> list[int]:
    """[n₀ = 0, n₁, … n_largest]."""
    return np.bincount(counts[counts <= largest], minlength=largest + 1).tolist()


def absolute_discount(counts: Ints) -> Discount:
    """D = n₁ / (n₁ + 2 n₂) [Ney, Essen, Kneser 1994]."""
    n = counts_of_counts(counts, 2)
    if missing := _missing(n):
        return Discount((0.5,), missing)
    return Discount((n[1] / (n[1] + 2 * n[2]),))


def modified_discounts(counts: Ints) -> Discount:
    """D_r = r − (r+1) Y n_{r+1}/n_r for r = 1, 2, 3 and above, Y = n₁/(n₁ + 2 n₂) [Chen, Goodman 1998]."""
    n = counts_of_counts(counts, 4)
    if missing := _missing(n):
        return Discount((0.5, 1.0, 1.5), missing)
    y = n[1] / (n[1] + 2 * n[2])
    found = tuple(r - (r + 1) * y * n[r + 1] / n[r] for r in (1, 2, 3))
    if wrong := [r for r, d in enumerate(found, 1) if not 0 < d < r]:
        r = wrong[0]
        return Discount((0.5, 1.0, 1.5), f"D{r} = {found[r - 1]:.3g} is not between 0 and {r}")
    return Discount(found)


def good_turing(counts: Ints) -> Discount:
    """r (1 − d_r) for r ≤ k, d_r = (r*/r − a)/(1 − a), r* = (r+1) n_{r+1}/n_r, a = (k+1) n_{k+1}/n₁ [Katz 1987].

    k is 5, or the largest below it for which every d_r lies between 0 and 1. Greater counts are left alone.
    """
    n = counts_of_counts(counts, LARGEST_DISCOUNTED + 1)
    for k in range(LARGEST_DISCOUNTED, 0, -1):
        kept = _katz(n, k) if all(n[1 : k + 1]) else []
        if kept and all(0 < d < 1 for d in kept):
            return Discount((*(r * (1 - d) for r, d in enumerate(kept, 1)), 0.0), _shorter(k))
    return Discount((0.5,) * LARGEST_DISCOUNTED + (0.0,), _missing(n) or "no d_r lies between 0 and 1")


def _katz(n: Sequence[int], k: int) -> list[float]:
    a = (k + 1) * n[k + 1] / n[1]
    return [((r + 1) * n[r + 1] / n[r] / r - a) / (1 - a) if a < 1 else 0.0 for r in range(1, k + 1)]


def _missing(n: Sequence[int]) -> str | None:
    """Which count of counts is 0, in words."""
    absent = [f"n{r}" for r, times in enumerate(n) if r and not times]
    return f"{', '.join(absent)} = 0" if absent else None


def _shorter(k: int) -> str | None:
    return None if k == LARGEST_DISCOUNTED else f"only counts of at most {k} are discounted"
