"""Two mistakes in one equation, found step by step.

With an answer's own values in the place of what the equation gives, every step stands for itself: a mistake at one
step no longer runs on to the next. What a mistake adds to a step can then be told apart. Two mistakes in different
terms add up, so pairs are found by their sums; two in one term are tried one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from cli.lab.check.chain import Chain, Padded
from cli.lab.check.explanations import Explanation
from cli.lab.check.forms import AGREE, Array
from cli.lab.check.pairs import twice
from rnn.formulas import Equation
from rnn.formulas.registry import NO_VALUE, Values
from rnn.mutation import Mutant, mutants


@dataclass(frozen=True)
class Local:
    """An equation at all the places where an answer has a value, and what that is, one after the other."""

    equation: Equation
    values: Values
    places: tuple[tuple[Any, dict[str, int]], ...]
    right: Array
    wanted: Array

    @classmethod
    def of(cls, chain: Chain, quantity: str, mine: Mapping[Any, Array]) -> Local | None:
        """None where several equations give the quantity, or the answer has not its shape."""
        equations = {e.id: e for e, index, _ in chain.order if e.quantity == quantity and index in mine}
        if len(equations) != 1:
            return None
        (e,) = equations.values()
        values = _with_answer(chain, quantity, mine)
        places = tuple((index, at) for other, index, at in chain.order if other.id == e.id and index in mine)
        wanted = np.concatenate([np.ravel(mine[index]) for index, _ in places])
        right = _at(e, values, places)
        return None if right is None or right.shape != wanted.shape else cls(e, values, places, right, wanted)

    @cached_property
    def tried(self) -> list[tuple[Mutant, Array]]:
        """Each mistake of which something comes, with what."""
        found = ((m, self.at(m.equation)) for m in mutants(self.equation))
        return [(m, d) for m, d in found if d is not None and d.shape == self.wanted.shape]

    def at(self, e: Equation) -> Array | None:
        """What another equation gives at the same places."""
        return _at(e, self.values, self.places)

    def by_sum(self) -> Iterator[Explanation]:
        """Pairs whose differences from what is right add up to that of the answer."""
        if not self.tried:
            return
        differences = np.stack([d for _, d in self.tried]) - self.right
        size = max(float(np.abs(self.wanted).max()), 1e-12)
        for k, (first, _) in enumerate(self.tried):
            off = np.abs(differences[k + 1 :] + differences[k] - (self.wanted - self.right)).max(axis=1, initial=0)
            for n in np.flatnonzero(off <= AGREE * size):
                other = self.tried[k + 1 + int(n)][0]
                same = [
                    m for m in mutants(first.equation) if (m.kind, m.was, m.now) == (other.kind, other.was, other.now)
                ]
                yield from (Explanation((first, m)) for m in same)

    def in_one_term(self, most: int) -> Iterator[Explanation]:
        """Likely pairs, one planted in the other; no more than so many are tried."""
        for x in islice(twice(self.equation), most):
            found = self.at(x.mutants[-1].equation)
            if found is not None and _agree(found, self.wanted):
                yield x


def _agree(found: Array, wanted: Array) -> bool:
    return found.shape == wanted.shape and bool(
        np.abs(found - wanted).max() <= AGREE * max(np.abs(wanted).max(), 1e-12)
    )


def _with_answer(chain: Chain, quantity: str, mine: Mapping[Any, Array]) -> Values:
    """All right values, but the answer's for what was asked."""
    known = chain.known[quantity]
    if not isinstance(known, dict):
        return {**chain.start, **chain.known}
    start = chain.start[quantity]
    series = Padded({**start, **mine})
    series.like = known
    padded = {k: Padded(v) if isinstance(v, dict) else v for k, v in chain.known.items()}
    return {**padded, quantity: series}


def _at(e: Equation, values: Values, places: tuple[tuple[Any, dict[str, int]], ...]) -> Array | None:
    """What an equation gives at all its places, one after the other; None where it gives nothing."""
    try:
        with np.errstate(all="ignore"):
            return np.concatenate([np.ravel(e.at(values, **at)) for _, at in places])
    except NO_VALUE:
        return None
