"""A problem of an exercise: its right values under the student's names, and the chain that leads to an answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from cli.lab.check.chain import Chain, extended
from cli.lab.check.explanations import Explanation
from cli.lab.check.forms import Array, same
from cli.lab.check.values import arrays, one
from rnn.formulas import REGISTRY
from rnn.formulas.registry import Values

Answer = Mapping[str, Array]
"""One problem's answers by name."""


@dataclass(frozen=True)
class Case:
    """One problem: the engine's values of a family's quantities, and what else is given."""

    family: str
    values: Values
    beside: Values = field(default_factory=dict)

    @cached_property
    def arrays(self) -> Values:
        """Everything under the student's names."""
        return {**arrays(self.family, self.values), **self.beside}

    @property
    def given(self) -> Values:
        """What a function may ask for; of the values beyond the end, only those that the problem itself has."""
        return {n: v for n, v in self.arrays.items() if n == "g_end" or not n.endswith("_end")}

    @cached_property
    def sizes(self) -> dict[str, int]:
        """T steps, V classes, H units, as far as there are such."""
        found = {"T": int(self.values["tau"])}
        for letter, name in (("V", "y_hat"), ("H", "h")):
            if name in self.arrays:
                found[letter] = self.arrays[name].shape[-1]
        return found

    def right(self, names: Iterable[str]) -> dict[str, Array]:
        """The right answers."""
        return {n: np.asarray(self.arrays[n], float) for n in names}


@dataclass(frozen=True)
class Asked:
    """A case with the chain of equations that leads to what is asked."""

    case: Case
    chain: Chain

    def answers(self, x: Explanation, names: Iterable[str]) -> dict[str, Array] | None:
        """What an explanation leads to; None where that is not all there."""
        found = dict(self._each(x, names))
        there = {n: a for n, a in found.items() if a is not None}
        return there if len(there) == len(found) else None

    def agrees(self, x: Explanation, mine: Answer) -> bool:
        """Whether an explanation leads to all the answers; the first that differs settles it."""
        return all(a is not None and same(mine[n], a) for n, a in self._each(x, mine))

    def _each(self, x: Explanation, names: Iterable[str]) -> Iterator[tuple[str, Array | None]]:
        """What an explanation leads to, name by name; None for what is not there."""
        values = x.values(self.chain)
        for n in names:
            yield n, None if values is None else self._array(values, n)

    def _array(self, values: Values, name: str) -> Array | None:
        try:
            return np.asarray(one(self.case.family, values, self.quantity[name])[name], float)
        except (KeyError, ValueError):  # not computed, or of another shape at every step
            return None

    @cached_property
    def quantity(self) -> dict[str, str]:
        """For each of the student's names the quantity of the registry of which it is a part: grad_h for grad_h0."""
        known = self.chain.known
        return {n: e.quantity for e in self.chain.equations for n in one(self.case.family, known, e.quantity)}


def asked(case: Case, equations: Iterable[str]) -> Asked:
    """A case and the chain of some equations, by id."""
    return Asked(case, Chain(extended([REGISTRY[id] for id in equations]), case.values))
