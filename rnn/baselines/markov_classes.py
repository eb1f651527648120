"""Where a Markov chain ends up: its closed classes, how often each comes round, and the distribution that stays.

A chain of order τ is one of order 1 over its C = V^τ contexts: from context i, the last τ tokens read as a number in
base V, token v leads to (i mod V^(τ−1)) V + v. Only the table (C, V) is ever stored, not the C × C matrix.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnn.errors import RnnError
from rnn.metrics import Floats, Ints

Flags = NDArray[np.bool_]

LARGEST_ELIMINATION = 1024  # contexts; elimination costs their cube
SETTLED = 1e-14  # how little the sum of all probabilities' changes may come to
MOST_SWEEPS = 100_000


@dataclass(frozen=True, eq=False)
class ClosedClass:
    """Contexts that lead to each other and nowhere else.

    `contexts` (n, τ) are their tokens. The chain comes back to one of them only after a multiple of `period` tokens:
    1 means that it forgets where it began. `distribution` (n,) is how often it is in each; it stays as it is from
    one token to the next whatever the period.
    """

    contexts: Ints
    period: int
    distribution: Floats


def closed_classes(rows: Floats) -> list[tuple[Ints, int]]:
    """The closed classes of a table (C, V), each as the numbers of its contexts (n,) and its period.

    From any context one walks on to what does not lead back, the farthest first, until everything does.
    """
    possible = rows > 0
    left = np.ones(len(rows), bool)
    found: list[tuple[Ints, int]] = []
    while left.any():
        levels, back = _farthest(possible, int(left.argmax()))
        members = np.flatnonzero(levels >= 0)
        found.append((members, _period(possible, members, levels)))
        left &= ~back
    return found


def _farthest(possible: Flags, context: int) -> tuple[Ints, Flags]:
    """From a context of a closed class that `context` leads to: how far each other is, and what leads to it."""
    while True:
        levels = _search(lambda front: _edges(possible, front)[1], context, len(possible))
        back = _search(lambda front: _before(possible, front), context, len(possible)) >= 0
        outside = (levels >= 0) & ~back
        if not outside.any():
            return levels, back
        context = int(np.where(outside, levels, -1).argmax())


def _search(neighbours: Callable[[Ints], Ints], context: int, size: int) -> Ints:
    """How many steps away each context is, (C,); −1 where there is no way."""
    levels = np.full(size, -1)
    levels[context], front, level = 0, np.array([context]), 0
    while front.size:
        level += 1
        near = neighbours(front)
        front = np.unique(near[levels[near] < 0])
        levels[front] = level
    return levels


def _edges(possible: Flags, front: Ints) -> tuple[Ints, Ints]:
    """All that can come after these contexts: the place of each in `front`, and the context that follows it."""
    place, token = np.nonzero(possible[front])
    size, vocabulary = possible.shape
    return place, front[place] % (size // vocabulary) * vocabulary + token


def _before(possible: Flags, front: Ints) -> Ints:
    """All contexts that can come before these."""
    size, vocabulary = possible.shape
    before = np.arange(vocabulary)[:, None] * (size // vocabulary) + front // vocabulary
    return before[possible[before, front % vocabulary]]


def _period(possible: Flags, members: Ints, levels: Ints) -> int:
    """The greatest common divisor of all ways round [Denardo 1977]: an arrow may skip or repeat whole periods only."""
    place, after = _edges(possible, members)
    return int(np.gcd.reduce(levels[members][place] + 1 - levels[after]))


def balanced(rows: Floats, members: Ints) -> Floats:
    """The stationary distribution (n,) of a closed class.

    Up to 1,024 contexts by elimination; beyond, by letting a chain that stays put every other time run until it
    settles, which RnnError reports if it does not.
    """
    place, after = _edges(rows > 0, members)
    to = np.searchsorted(members, after)
    weights = rows[members[place], after % rows.shape[1]]
    if members.size > LARGEST_ELIMINATION:
        return _settled(place, to, weights, members.size)
    matrix = np.zeros((members.size, members.size))
    matrix[place, to] = weights
    return _eliminated(matrix)


def _eliminated(p: Floats) -> Floats:
    """Take out one state after the other, then put them back [Grassmann, Taksar & Heyman 1985].

    Nothing is subtracted, so that the smallest entry is as exact as the largest. Changes `p`.
    """
    for k in range(len(p) - 1, 0, -1):
        p[:k, k] /= p[k, :k].sum()
        p[:k, :k] += p[:k, k, None] * p[k, :k]
    pi = np.ones(len(p))
    for k in range(1, len(p)):
        pi[k] = pi[:k] @ p[:k, k]
        pi[: k + 1] /= pi[: k + 1].sum()  # so that no ratio overflows
    return pi


def _settled(place: Ints, to: Ints, weights: Floats, size: int) -> Floats:
    """(P + I)/2 applied until nothing changes; the half that stays keeps a period from showing."""
    pi = np.full(size, 1 / size)
    for _ in range(MOST_SWEEPS):
        moved = (pi + np.bincount(to, pi[place] * weights, size)) / 2
        change, pi = np.abs(moved - pi).sum(), moved / moved.sum()
        if change < SETTLED:
            return pi
    what = f"the distribution over {size} contexts has not settled after {MOST_SWEEPS} sweeps"
    raise RnnError(what, "MarkovChain.stationary", "lower the order, or give a larger epsilon")
