"""What the rules may look up about a family: the values of a problem, and how each quantity is given."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np

from rnn.formulas import REGISTRY, Equation
from rnn.mutation.shapes import Shapes, shapes_of
from rnn.mutation.tree import definition, returned


class Given(NamedTuple):
    """An equation, and its right-hand side."""

    equation: Equation
    right: ast.expr


@dataclass(frozen=True)
class Known:
    """A problem's values by name, with those of the engine; and the equations that give each quantity."""

    values: Mapping[str, Any]
    given: Mapping[str, tuple[Given, ...]]

    @cached_property
    def shapes(self) -> Shapes:
        """Which quantities are numbers, columns, rows and matrices."""
        return shapes_of(self.values)

    def first(self, name: str) -> Any:
        """The value of a quantity, the first one where it has an index."""
        value = self.values[name]
        return next(iter(value.values())) if isinstance(value, dict) else value

    def alone(self, name: str) -> Given | None:
        """The equation of a quantity, if one gives it wherever it is; a quantity with a start of its own has two."""
        given = self.given.get(name, ())
        return given[0] if len(given) == 1 else None

    def is_identity(self, name: str) -> bool:
        """Whether it is a matrix with 1 on its diagonal and 0 elsewhere."""
        value: Any = self.values.get(name, 0)
        return np.ndim(value) == 2 and np.array_equal(value, np.eye(len(value)))

    def is_mask(self, name: str) -> bool:
        """Whether it is 1 for some steps, and 0 from then on."""
        value = self.values.get(name)
        if not isinstance(value, dict) or len({np.shape(v) for v in value.values()}) > 1:
            return False
        steps = np.array([value[t] for t in sorted(value)])
        return bool(np.isin(steps, (0, 1)).all() and (steps[1:] <= steps[:-1]).all())


def known(family: str, values: Mapping[str, Any]) -> Known:
    """What is known of a family, from the values of one of its problems."""
    given: dict[str, tuple[Given, ...]] = {}
    for e in REGISTRY.values():
        if e.family == family and not e.expected_to_fail:
            given[e.quantity] = (*given.get(e.quantity, ()), Given(e, _right(e.code)))
    return Known(values, given)


@cache
def _right(code: str) -> ast.expr:
    return returned(definition(code))
