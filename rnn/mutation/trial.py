"""Whether verification notices a planted mistake.

Each mutant is evaluated on the engine's values of what it reads, as `rnn.verify` does with equations, and compared
with the same witnesses within the same bounds. One that no witness contradicts must be equal in value, for a reason
that is a rule; without a reason it has escaped. One that reads the very thing it is to give has no value by itself: as
one of a chain it waits for itself for ever.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np

from minigrad import relative_error
from rnn.formulas import Equation, notation
from rnn.formulas.registry import NO_VALUE, Witness
from rnn.mutation.equality import reason
from rnn.mutation.mutant import Mutant, mutants, planted_in
from rnn.mutation.tree import definition, returned
from rnn.mutation.vocabulary import vocabulary
from rnn.verify import BOUNDS, Answers, drawn

Noticed = Witness | Literal["shape", "failure", "circle", ""]


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant.

    `noticed` is by which witness, with the relative `error` that gave it away; "shape" if its value has another shape
    than it should, "failure" if it has none, "circle" if it would have to be known before it is; empty if nothing was
    noticed, and then `reason` is why it is equal in value, empty if there is no reason.
    """

    mutant: Mutant
    noticed: Noticed
    error: float
    reason: str = ""

    @property
    def caught(self) -> bool:
        """Verification noticed it."""
        return bool(self.noticed)

    @property
    def equal(self) -> bool:
        """It is the same formula written in another way; not counted."""
        return not self.noticed and bool(self.reason)

    @property
    def escaped(self) -> bool:
        """It is wrong for all we know, and nothing noticed."""
        return not self.noticed and not self.reason


@dataclass(frozen=True)
class Survey:
    """The mutants of one equation, each planted alone. `holds` says that the equation itself does, unchanged."""

    equation: Equation
    holds: bool
    outcomes: tuple[Outcome, ...]

    @property
    def backward(self) -> bool:
        """Whether it belongs to the way back: a gradient, a Jacobian, or what was derived."""
        return self.equation.given.symbol[0] in "∇∂" or bool(self.equation.derivation)

    @property
    def counted(self) -> tuple[Outcome, ...]:
        """All but those that are equal in value."""
        return tuple(o for o in self.outcomes if not o.equal)

    @property
    def ok(self) -> bool:
        """The equation holds and none of its mutants escaped."""
        return self.holds and not any(o.escaped for o in self.outcomes)


def survey(equations: Sequence[Equation], *, problems: int = 5, seed: int = 0) -> Iterator[Survey]:
    """Plant every mistake in every equation but those printed wrong; one survey after the other.

    A family's problems are drawn once, and each witness is asked once for each quantity.
    """
    for family in dict.fromkeys(e.family for e in equations):
        answers = [Answers(p) for p in drawn(family, problems, seed)]
        for e in equations:
            if e.family == family and not e.expected_to_fail:
                outcomes = tuple(trial(mutant, answers) for mutant in mutants(e))
                yield Survey(e, not _noticed(_anew(e), ("engine",), answers)[0], outcomes)


def _anew(e: Equation) -> Equation:
    """The equation written anew as mutants are, with nothing planted: what the change itself must not upset."""
    return planted_in(e, returned(definition(e.code)), vocabulary(e))


def trial(mutant: Mutant, answers: Sequence[Answers]) -> Outcome:
    """Evaluate a mutant on each problem until a witness contradicts it."""
    noticed, error = _noticed(mutant.equation, ("engine",), answers)
    if noticed:
        return Outcome(mutant, noticed, error)
    if why := reason(mutant, answers[0].engine):
        return Outcome(mutant, "", error, why)
    if mutant.equation.given in mutant.equation.reads:
        return Outcome(mutant, "circle", math.inf)
    others = tuple(w for w in mutant.equation.witnesses if w != "engine")
    return Outcome(mutant, *_noticed(mutant.equation, others, answers))


def _noticed(e: Equation, witnesses: Sequence[Witness], answers: Sequence[Answers]) -> tuple[Noticed, float]:
    """The first thing that is wrong, and by how much; the largest error if nothing is."""
    worst: dict[Witness, float] = dict.fromkeys(witnesses, 0.0)
    with np.errstate(all="ignore"):
        for witness, a in product(witnesses, answers):
            for mine, theirs in _pairs(e, a.engine, a.of(witness, e.quantity)):
                if mine is None or np.shape(mine) != np.shape(theirs):
                    return "failure" if mine is None else "shape", math.inf
                worst[witness] = max(worst[witness], relative_error(mine, theirs))
                if worst[witness] > BOUNDS[witness]:  # of each witness its own: differences err by more than others
                    return witness, worst[witness]
    return "", max(worst.values(), default=0.0)


def _pairs(e: Equation, known: dict[str, Any], theirs: Any) -> Iterator[tuple[Any, Any]]:
    """What it gives at each place, None where it gives nothing, with what it should be."""
    for where in e.places(known):
        index = notation.index(e.given, known, where)
        try:
            mine = e.at(known, **where)
        except NO_VALUE:
            mine = None
        yield mine, theirs if index is None else theirs[index]
