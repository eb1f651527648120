"""Every equation against its witnesses.

Each equation is evaluated on the *engine's* values of what it reads, and its result compared with what the engine,
differences and the fused kernel have for the same quantity: one wrong equation is one failure and no avalanche.
Then all are evaluated once more as a chain, from the parameters to the gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from minigrad import relative_error
from rnn.errors import RnnError
from rnn.formulas import REGISTRY, Equation, evaluate, find
from rnn.formulas.registry import NO_VALUE, Values, Witness
from rnn.witnesses import IN_TURN, Problem, random_problem

# The largest relative errors that count as agreement, in float64.
BOUNDS: dict[Witness, float] = {"engine": 1e-9, "differences": 1e-6, "fused": 1e-9}


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
        errors: dict[Witness, float | None]
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


@dataclass(frozen=True)
class Answers:
    """What each witness has for the quantities of one problem; it is asked when it is needed, and once."""

    problem: Problem
    _moved: Values = field(default_factory=dict)

    @cached_property
    def engine(self) -> Values:
        """The engine's value of everything that the family's equations read or give."""
        return engine_values(self.problem)

    @cached_property
    def _kernel(self) -> Values:
        return self.problem.kernel()

    def of(self, witness: Witness, quantity: str) -> Any:
        """What this witness has for a quantity."""
        if witness == "engine":
            return self.engine[quantity]
        if witness == "fused":
            return self._kernel[quantity]
        if quantity not in self._moved:
            self._moved[quantity] = self.problem.graph.difference(quantity)
        return self._moved[quantity]


def verify(query: str | None = None, *, problems: int = 5, seed: int = 0) -> Report:
    """Check the equations of an id, a family or a prefix (all without one) on random problems.

    Each problem has its own sizes, all different, at least three steps, and a non-zero initial state.
    """
    return report(each(query, problems=problems, seeds=(seed,)), problems)


def each(query: str | None = None, *, problems: int = 5, seeds: Iterable[int] = (0,)) -> Iterator[list[Check]]:
    """The same for several seeds, the checks of one family and one seed at a time."""
    equations = find(query)
    if not equations:
        raise RnnError(f"no equation, family or prefix {query!r}", "verify", "ids are " + ", ".join(REGISTRY))
    if problems < 1:
        raise RnnError(f"{problems} problems", "verify", "give at least 1")
    for family in dict.fromkeys(e.family for e in equations):
        for seed in seeds:
            yield check([e for e in equations if e.family == family], drawn(family, problems, seed))


def report(found: Iterable[list[Check]], problems: int) -> Report:
    """What checks come to: of those of one equation, the worst. Of one printed wrong that is the nearest to right."""
    by_id: dict[str, list[Check]] = {}
    for checks in found:
        for c in checks:
            by_id.setdefault(c.equation.id, []).append(c)
    return Report(tuple(_worst_of_seeds(checks) for checks in by_id.values()), problems)


def _worst_of_seeds(checks: Sequence[Check]) -> Check:
    if checks[0].equation.expected_to_fail:
        return min(checks, key=lambda c: (c.ok, c.engine or 0.0))
    return _worst(checks)


def drawn(family: str, problems: int, seed: int) -> list[Problem]:
    """Random problems of a family, of different sizes; where it has layers, of three and two in turn."""
    rng = np.random.default_rng(seed)
    turns = IN_TURN.get(family, ({},))
    return [_draw(family, rng, **turns[k % len(turns)]) for k in range(problems)]


def _draw(family: str, rng: np.random.Generator, **more: int) -> Problem:
    sizes = rng.permutation(np.arange(2, 7))[:3]
    steps, (inputs, hidden, vocabulary) = int(rng.integers(3, 7)), map(int, sizes)
    return random_problem(family, rng, steps=steps, inputs=inputs, hidden=hidden, vocabulary=vocabulary, **more)


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
    answers, chains = Answers(problem), {}
    checks = []
    for e in equations:
        mine, links = _attempt(e, answers.engine), chain(e)
        errors = {w: _against(w, mine, answers.of(w, e.quantity)) if w in e.witnesses else None for w in BOUNDS}
        key = tuple(map(id, links))
        if key not in chains:  # most equations stand in the same chain
            chains[key] = _attempt(evaluate, links, problem.given())
        off = error(chains[key] and chains[key][e.quantity], answers.engine[e.quantity])
        checks.append(Check(e, **errors, chain=off, shapes=_shapes(e, answers.engine)))
    return checks


def _attempt(compute: Callable[..., Any], *args: Any) -> Any:
    """What is computed; None where an equation cannot be: it reads what is not there, or its shapes do not fit."""
    try:
        return compute(*args)
    except NO_VALUE:
        return None


def engine_values(problem: Problem) -> Values:
    """The engine's value of everything that the family's equations read or give."""
    family = [e for e in REGISTRY.values() if e.family == problem.family]
    values = problem.given()
    for name in dict.fromkeys(e.quantity for e in family):
        found = problem.graph.value(name)
        values[name] = {**values[name], **found} if isinstance(found, dict) and name in values else found
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


def _against(witness: Witness, mine: Any, theirs: Any) -> float:
    """The error against one witness.

    Differences have all times of a quantity as one array. They err by what rounding makes of the loss, some 1e-11,
    however small the gradient: where it has all but vanished on its way to a step, that step alone measures rounding.
    The engine, which does not err so, is compared step by step.
    """
    return error(mine, theirs) if witness != "differences" or not isinstance(mine, dict) else _as_one(mine, theirs)


def _as_one(mine: dict[Any, Any], theirs: dict[Any, Any]) -> float:
    if not mine or any(np.shape(value) != np.shape(theirs[t]) for t, value in mine.items()):
        return math.inf
    return relative_error(_flat({**theirs, **mine}), _flat(theirs))


def _flat(series: dict[Any, Any]) -> Any:
    return np.concatenate([np.ravel(value) for value in series.values()])


def _one(mine: Any, theirs: Any) -> float:
    return relative_error(mine, theirs) if np.shape(mine) == np.shape(theirs) else math.inf


def _shapes(e: Equation, known: Values) -> dict[str, tuple[int, ...]]:
    def shape(name: str) -> tuple[int, ...]:
        value = known[name]
        return np.shape(next(iter(value.values())) if isinstance(value, dict) else value)

    return {name: shape(name) for name in (*_arrays(e, known), e.quantity)}


def _arrays(e: Equation, known: Values) -> list[str]:
    """What it reads that has a shape; a function such as f and a length such as τ have none."""
    return [a for a in e.arguments if a in known and not callable(known[a]) and not isinstance(known[a], int)]
