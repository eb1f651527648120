"""Every equation against its witnesses.

Each equation is evaluated on the *engine's* values of what it reads, and its result compared with what the engine,
differences and the fused kernel have for the same quantity: one wrong equation is one failure and no avalanche.
Then all are evaluated once more as a chain, from the parameters to the gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad import relative_error
from rnn.errors import RnnError
from rnn.formulas import REGISTRY, Equation, evaluate, find
from rnn.formulas.registry import Values
from rnn.recursions import random_recursion
from rnn.witnesses import Problem, random_problem

# The largest relative errors that count as agreement, in float64.
BOUNDS = {"engine": 1e-9, "differences": 1e-6, "fused": 1e-9}


@dataclass(frozen=True)
class Check:
    """One equation's worst relative error against each witness over all problems; None where it has no such witness."""

    equation: Equation
    engine: float | None
    differences: float | None
    fused: float | None
    chain: float
    shapes: dict[str, tuple[int, ...]]

    @property
    def holds(self) -> bool:
        """Every witness that the registry names has spoken, and agrees."""
        errors = {"engine": self.engine, "differences": self.differences, "fused": self.fused}
        return all(_within(errors[w], BOUNDS[w]) for w in self.equation.witnesses)

    @property
    def ok(self) -> bool:
        """It holds, or it is printed wrong and does not."""
        return self.holds != self.equation.expected_to_fail


@dataclass(frozen=True)
class Report:
    """All checks, over how many problems."""

    checks: tuple[Check, ...]
    problems: int

    @property
    def ok(self) -> bool:
        """Every check is as it should be."""
        return all(c.ok for c in self.checks)


def _within(error: float | None, bound: float) -> bool:
    return error is not None and error <= bound


def verify(query: str | None = None, *, problems: int = 5, seed: int = 0) -> Report:
    """Check the equations of an id, a family or a prefix (all without one) on random problems.

    Each problem has its own sizes, all different, at least three steps, and a non-zero initial state.
    """
    equations = find(query)
    if not equations:
        raise RnnError(f"no equation, family or prefix {query!r}", "verify", "ids are " + ", ".join(REGISTRY))
    if problems < 1:
        raise RnnError(f"{problems} problems", "verify", "give at least 1")
    checks: list[Check] = []
    for family in dict.fromkeys(e.family for e in equations):
        rng = np.random.default_rng(seed)
        drawn = [_draw(family, rng) for _ in range(problems)]
        checks += check([e for e in equations if e.family == family], drawn)
    return Report(tuple(checks), problems)


_DRAWN_BY: dict[str, Callable[..., Problem]] = dict.fromkeys(("system", "driven", "rows"), random_recursion)


def _draw(family: str, rng: np.random.Generator) -> Problem:
    sizes = rng.permutation(np.arange(2, 9))[:3]
    draw = _DRAWN_BY.get(family, random_problem)
    return draw(
        family, rng, steps=int(rng.integers(3, 8)), inputs=int(sizes[0]), hidden=int(sizes[1]), vocabulary=int(sizes[2])
    )


def check(equations: Sequence[Equation], problems: Sequence[Problem]) -> list[Check]:
    """One check per equation, the worst over the problems."""
    results = [_check_on(equations, problem) for problem in problems]
    return [_worst([result[k] for result in results]) for k in range(len(equations))]


def _worst(checks: Sequence[Check]) -> Check:
    first = checks[0]

    def worst(name: str) -> float | None:
        errors = [getattr(c, name) for c in checks]
        return None if None in errors else max(errors)

    return Check(
        first.equation,
        worst("engine"),
        worst("differences"),
        worst("fused"),
        max(c.chain for c in checks),
        first.shapes,
    )


def _check_on(equations: Sequence[Equation], problem: Problem) -> list[Check]:
    graph, known = problem.graph, engine_values(problem)
    kernel = problem.kernel() if any("fused" in e.witnesses for e in equations) else {}
    moved: Values = {}
    checks = []
    for e in equations:
        mine = _attempt(e, known, problem.tau)
        if "differences" in e.witnesses and e.quantity not in moved:
            moved[e.quantity] = graph.difference(e.quantity)
        errors = {
            "engine": error(mine, known[e.quantity]),
            "differences": error(mine, moved[e.quantity]) if "differences" in e.witnesses else None,
            "fused": error(mine, kernel[e.quantity]) if "fused" in e.witnesses else None,
        }
        chained = _attempt(_chained, e, problem)
        off = error(chained, known[e.quantity])
        checks.append(Check(e, **errors, chain=off, shapes=_shapes(e, known)))
    return checks


def _chained(e: Equation, problem: Problem) -> Any:
    return evaluate(chain(e), problem.given(), problem.tau)[e.quantity]


def _attempt(compute: Callable[..., Any], *args: Any) -> Any:
    """What is computed; None where an equation cannot be: it reads what is not there, or its shapes do not fit."""
    try:
        return compute(*args)
    except (LookupError, ArithmeticError, TypeError, ValueError):  # a cycle among equations is a ValueError
        return None


def engine_values(problem: Problem) -> Values:
    """The engine's value of everything that the family's equations read or give."""
    family = [e for e in REGISTRY.values() if e.family == problem.family]
    values = problem.given()
    for name in dict.fromkeys(e.quantity for e in family):
        found = problem.graph.value(name)
        values[name] = {**values[name], **found} if name in values else found
    return values


def chain(variant: Equation) -> list[Equation]:
    """The family's equations that lead from parameters to gradients, with `variant` in the place of its rivals."""
    family = [e for e in REGISTRY.values() if e.family == variant.family]
    preferred = {(e.given, e.quantity): e for e in family if not e.expected_to_fail}
    preferred[(variant.given, variant.quantity)] = variant
    return list(preferred.values())


def error(mine: Any, theirs: Any) -> float:
    """The worst relative error over the times that `mine` has; infinite where there is nothing to compare."""
    if mine is None:
        return math.inf
    if not isinstance(mine, dict):
        return _one(mine, theirs)
    return max((_one(value, theirs[t]) for t, value in mine.items()), default=math.inf)


def _one(mine: Any, theirs: Any) -> float:
    return relative_error(mine, theirs) if np.shape(mine) == np.shape(theirs) else math.inf


def _shapes(e: Equation, known: Values) -> dict[str, tuple[int, ...]]:
    def shape(name: str) -> tuple[int, ...]:
        value = known[name]
        return np.shape(next(iter(value.values())) if isinstance(value, dict) else value)

    return {name: shape(name) for name in (*_arrays(e, known), e.quantity)}


def _arrays(e: Equation, known: Values) -> list[str]:
    """What it reads that has a shape; a function such as f has none."""
    return [a for a in e.arguments if a in known and not callable(known[a])]
