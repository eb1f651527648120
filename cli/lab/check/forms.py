"""What can be done to a right result: another size, another order, another shape."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad import relative_error

Array = np.ndarray[Any, np.dtype[np.float64]]
Sizes = Mapping[str, int]
"""T steps, V classes, H units, as far as a problem has them."""

AGREE = 1e-5  # the largest relative error of what is taken to be the same


@dataclass(frozen=True)
class Form:
    """`made(right, sizes)` is what a right array becomes, None where it does not apply."""

    name: str
    said: str
    made: Callable[[Array, Sizes], Array | None]


def same(mine: Array, theirs: Array) -> bool:
    """Whether two arrays are the same up to axes of length one and the error that is allowed."""
    a, b = np.squeeze(mine), np.squeeze(theirs)
    return a.shape == b.shape and relative_error(a, b) <= AGREE


def _times(factor: Callable[[Sizes], float]) -> Callable[[Array, Sizes], Array | None]:
    def made(right: Array, sizes: Sizes) -> Array | None:
        try:
            return right * factor(sizes)
        except (KeyError, ZeroDivisionError):
            return None

    return made


def _matrix(change: Callable[[Array], Array]) -> Callable[[Array, Sizes], Array | None]:
    return lambda right, sizes: change(right) if right.ndim == 2 else None


def _over_time(change: Callable[[Array], Array]) -> Callable[[Array, Sizes], Array | None]:
    return lambda right, sizes: change(right) if right.ndim >= 1 and len(right) == sizes["T"] > 1 else None


def _later(a: Array) -> Array:
    return np.concatenate([np.zeros_like(a[:1]), a[:-1]])


def _earlier(a: Array) -> Array:
    return np.concatenate([a[1:], np.zeros_like(a[:1])])


def _flat(a: Array) -> Array | None:
    return a.ravel() if a.ndim > 1 else None


FORMS = (
    Form("negated", "It has the other sign.", _times(lambda n: -1)),
    Form("divided by T", "It is right up to the factor T: you averaged over the steps, the loss sums.",
         _times(lambda n: 1 / n["T"])),
    Form("times T", "It is T times too large: each step is counted T times.", _times(lambda n: n["T"])),
    Form("doubled", "It is twice the right one.", _times(lambda n: 2)),
    Form("halved", "It is half the right one.", _times(lambda n: 1 / 2)),
    Form("divided by V", "It is right up to the factor V: a mean over the classes.",
         _times(lambda n: 1 / n["V"])),
    Form("divided by T V", "It is right up to the factor T V: a mean over all scores, where the loss sums.",
         _times(lambda n: 1 / n["T"] / n["V"])),
    Form("divided by H", "It is right up to the factor H: a mean over the units.", _times(lambda n: 1 / n["H"])),
    Form("base 2", "The logarithm is to base 2, the loss is in nats.", _times(lambda n: 1 / math.log(2))),
    Form("base 10", "The logarithm is to base 10, the loss is in nats.", _times(lambda n: 1 / math.log(10))),
    Form("transposed", "It is right, but transposed.", _matrix(np.transpose)),
    Form("in reverse", "It is right, but the steps are in reverse.", _over_time(lambda a: a[::-1])),
    Form("a step late", "It is right, but a step too late: row t − 1 is to be step t.", _over_time(_later)),
    Form("a step early", "It is right, but a step too early: row t − 1 is to be step t.", _over_time(_earlier)),
    Form("rolled", "It is right, but moved by one step, round the end.", _over_time(lambda a: np.roll(a, 1, axis=0))),
    Form("rolled back", "It is right, but moved by one step, round the end.",
         _over_time(lambda a: np.roll(a, -1, axis=0))),
    Form("running sum", "It is the sum over the steps so far, not each step's own.",
         _over_time(lambda a: np.cumsum(a, axis=0))),
    Form("sum from the end", "It is the sum over the steps from here to the end, not each step's own.",
         _over_time(lambda a: np.cumsum(a[::-1], axis=0)[::-1])),
    Form("summed", "It is summed over the steps: each step is asked for.", _over_time(lambda a: a.sum(axis=0))),
    Form("averaged", "It is averaged over the steps: each step is asked for.", _over_time(lambda a: a.mean(axis=0))),
    Form("the last step", "It is the last step alone: each step is asked for.", _over_time(lambda a: a[-1])),
    Form("flattened", "It is right, but flattened: keep its shape.", lambda right, n: _flat(right)),
    Form("absolute", "Its signs are lost.", lambda right, n: np.abs(right)),
)  # fmt: skip
"""In the order in which they are tried."""


def unsummed(mine: Array, right: Array) -> bool:
    """Whether the sum over the first axis is right: each step's part was handed in, not their sum."""
    return mine.ndim == right.ndim + 1 and same(mine.sum(axis=0), right)


def clipped(mine: Array, right: Array) -> bool:
    """Whether every entry is right or cut off at one size."""
    if mine.shape != right.shape or mine.size < 2:
        return False
    most = np.abs(mine).max()
    return bool(np.abs(right).max() > most * (1 + AGREE) and same(mine, np.clip(right, -most, most)))


def proportional(mine: Array, right: Array) -> float | None:
    """The factor between two arrays, if there is one that is neither 0 nor 1."""
    if mine.shape != right.shape or mine.size < 2 or not np.any(right):
        return None
    factor = float((mine * right).sum() / (right * right).sum())
    return factor if abs(factor) > AGREE and same(mine, factor * right) else None
