"""The equations that lead to an answer, run in one order with some of them changed, as a student's loop would run.

Where an equation reads what is not there, beyond the ends of a sequence or not yet computed, it meets zeros: so do
programs whose arrays begin as zeros.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from rnn.formulas import Equation, notation, ordered
from rnn.formulas.registry import NO_VALUE, Values

Where = Literal["everywhere", "at the first step", "at the last step", "after the first step", "before the last step"]


class Padded(dict[Any, Any]):
    """A series that is zero where it has no value; `like` gives the shape where it has none at all."""

    like: Mapping[Any, Any] = {}

    def __missing__(self, index: Any) -> Any:
        known = self or self.like
        if isinstance(index, tuple):  # layers differ in size
            return 0 * next((v for k, v in known.items() if k[0] == index[0]), next(iter(known.values())))
        return 0 * next(iter(known.values()))

    def copied(self) -> Padded:
        """One of its own, with the same values."""
        found = type(self)(self)
        found.like = self.like
        return found


class Wrapped(Padded):
    """A series that has its last value at 0, as an array with the index −1."""

    def __missing__(self, index: Any) -> Any:
        return self[max(self)] if index == 0 else super().__missing__(index)


@dataclass(frozen=True)
class Run:
    """What is different from the right way.

    `changed` are equations by the id of the one in whose place they stand, and where; `skipped` are those that leave
    zeros somewhere. `taken` are other values of what is given. `turned` is a loop in another order, `wrapped` one that
    reads the last step where there is none before the first.
    """

    changed: Mapping[str, tuple[Equation, Where]] = field(default_factory=dict)
    skipped: frozenset[tuple[str, Where]] = frozenset()
    taken: Values = field(default_factory=dict)
    turned: bool = False
    wrapped: bool = False


@dataclass(frozen=True)
class Chain:
    """The equations from what is known, a problem's values, to the quantities that they give."""

    equations: tuple[Equation, ...]
    known: Values
    _prefixes: dict[int, Values] = field(default_factory=dict)

    @cached_property
    def order(self) -> list[tuple[Equation, Any, dict[str, int]]]:
        """Each equation at each place: (equation, index of what it gives, place)."""
        return [(e, notation.index(e.given, self.known, at), at) for e, at in ordered(self.equations, self.known)]

    @property
    def tau(self) -> int:
        """How many steps."""
        return int(self.known["tau"])

    @cached_property
    def start(self) -> Values:
        """What is known, without what the equations give: of a gradient that they give, nothing at all."""
        values: Values = {k: Padded(v) if isinstance(v, dict) else v for k, v in self.known.items()}
        for e, index, _ in self.order:
            if index is not None and e.quantity in values:
                values[e.quantity].pop(index, None)
        for e in self.equations:
            series = values.get(e.quantity)
            if isinstance(series, Padded):
                values[e.quantity] = Padded() if _is_gradient(e) and "t" in e.over else series
                values[e.quantity].like = self.known[e.quantity]
        return values

    def given(self, name: str, index: int) -> bool:
        """Whether a series has a value there that no equation of the chain gives."""
        series = self.start[name]
        return isinstance(series, dict) and index in series

    def run(self, how: Run | None = None) -> Values | None:
        """All values. None where a changed equation cannot be computed."""
        how = how or Run()
        if how.turned:
            return self._turned(how)
        if how.taken or how.wrapped or how.skipped or not how.changed:
            first, values = 0, {**self.start, **how.taken}
            if how.wrapped:
                values |= {k: Wrapped(v) for k, v in values.items() if isinstance(v, Padded) and k not in self.computed}
        else:
            first = min((self._first[id] for id in how.changed if id in self._first), default=len(self.order))
            values = self._before(first)
        values = values | self._own(values)
        try:
            with np.errstate(all="ignore"):
                for e, index, at in self.order[first:]:
                    self._step(values, e, index, at, how)
        except NO_VALUE:
            return None
        return values

    def reaches(self, e: Equation, quantities: Collection[str]) -> bool:
        """Whether all of these quantities rest on what the equation gives."""
        return set(quantities) <= self._after[e.quantity]

    @cached_property
    def _after(self) -> dict[str, set[str]]:
        """For each quantity those that rest on it, itself among them."""
        reads: dict[str, set[str]] = {}
        for e in self.equations:
            reads.setdefault(e.quantity, set()).update(notation.name(t.symbol) for t in e.reads)
        after = {q: {q} for q in reads}
        for _ in reads:
            for q, below in reads.items():
                for other in below & after.keys():
                    for known in after.values():
                        if other in known:
                            known.add(q)
        return after

    @cached_property
    def computed(self) -> frozenset[str]:
        """The quantities that the equations give."""
        return frozenset(e.quantity for e in self.equations)

    @cached_property
    def _first(self) -> dict[str, int]:
        """Where in the order each equation comes first."""
        return {e.id: k for k, (e, _, _) in reversed(list(enumerate(self.order)))}

    def _own(self, values: Values) -> Values:
        """A copy of each series that the equations write to."""
        return {name: values[name].copied() for name in self.computed if isinstance(values.get(name), Padded)}

    def _before(self, first: int) -> Values:
        """All values when the first tasks have been done as they should be."""
        if first not in self._prefixes:
            values = self.start | self._own(self.start)
            for e, index, at in self.order[:first]:
                self._step(values, e, index, at, Run())
            self._prefixes[first] = values
        return self._prefixes[first]

    def _turned(self, how: Run) -> Values | None:
        """The same with the steps in the order that the changed equations ask for; first states are left out."""
        changed = tuple(how.changed.get(e.id, (e,))[0] for e in self.equations if e.given.index != "0")
        try:
            return Chain(changed, self.known).run(replace(how, changed={}, turned=False))
        except ValueError:  # they read each other in a circle
            return None

    def _step(self, values: Values, e: Equation, index: Any, at: dict[str, int], how: Run) -> None:
        if any(e.id == id and self._holds(where, at) for id, where in how.skipped):
            values[e.quantity][index] = values[e.quantity][index]
            return
        if e.id in how.changed:
            other, where = how.changed[e.id]
            e = other if self._holds(where, at) else e
        value = e.at(values, **at)
        if index is None:
            values[e.quantity] = value
        else:
            values[e.quantity][index] = value

    def _holds(self, where: Where, at: Mapping[str, int]) -> bool:
        if where == "everywhere" or "t" not in at:
            return where == "everywhere"
        step = 1 if "first" in where else self.tau
        return (at["t"] == step) == where.startswith("at")


def _is_gradient(e: Equation) -> bool:
    return e.given.symbol[0] in "∇δ"


def extended(chosen: list[Equation]) -> tuple[Equation, ...]:
    """The equations for a chain: one that holds up to τ − 1 beside another for τ alone is taken to hold at τ.

    Nothing comes from beyond the end, so the first says there what the second does.
    """
    long = {e.quantity for e in chosen if e.over == _NOT_LAST}
    kept = [e for e in chosen if not (e.quantity in long and e.given.index == "τ")]
    return tuple(replace(e, over="t = τ … 1") if e.over == _NOT_LAST else e for e in kept)


_NOT_LAST = "t = τ−1 … 1"
