"""The registry: an equation is a function from named quantities to a named quantity.

Arguments are looked up by name in the values at hand, so a network is a set of equations that closes: given the
parameters, the inputs and the targets, the rest follows. A quantity with time is a dict from t to its value, with
t as printed (1 … τ; h also at 0); vectors are columns (n, 1). `t` and `tau` are the step and the length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import TopologicalSorter
from inspect import signature
from typing import Any, Literal

from rnn.formulas import notation
from rnn.formulas.notation import Term

Values = dict[str, Any]
Witness = Literal["engine", "differences", "fused"]

REGISTRY: dict[str, Equation] = {}

# For which t an equation holds, as it is printed.
RANGES: dict[str, Callable[[int], range]] = {
    "": lambda tau: range(tau, tau + 1),
    "t = 1 … τ": lambda tau: range(1, tau + 1),
    "t = τ−1 … 1": lambda tau: range(tau - 1, 0, -1),
}


@dataclass(frozen=True)
class Equation:
    """One printed equation and the code that is it."""

    id: str
    family: str
    gives: str
    over: str
    text: str
    latex: str
    source: str
    title: str
    witnesses: tuple[Witness, ...]
    function: Callable[..., Any]
    expected_to_fail: bool = False
    note: str = ""
    arguments: tuple[str, ...] = field(default=())

    @cached_property
    def given(self) -> Term:
        """The quantity on the left, with its index."""
        (term,) = notation.read_text(self.gives)
        return term

    @property
    def quantity(self) -> str:
        """The Python name of what the equation gives."""
        return notation.name(self.given.symbol)

    @cached_property
    def reads(self) -> frozenset[Term]:
        """The terms on the right, from the function's source."""
        return frozenset(notation.read_function(self.function))

    def times(self, tau: int) -> range:
        """The t at which it is to be evaluated, in the order of print."""
        return RANGES[self.over](tau)

    def at(self, values: Mapping[str, Any], t: int, tau: int) -> Any:
        """The right-hand side at step t."""
        known = {**values, "t": t, "tau": tau}
        return self.function(**{a: known[a] for a in self.arguments})

    def __call__(self, values: Mapping[str, Any], tau: int) -> Any:
        """What the equation gives from the values at hand: a dict from time to value, or a value without time."""
        results = {notation.at(self.given, t, tau): self.at(values, t, tau) for t in self.times(tau)}
        return results if self.given.index else results[None]


def equation(
    id: str,
    *,
    family: str,
    gives: str,
    text: str,
    latex: str,
    source: str,
    title: str,
    over: str = "",
    witnesses: tuple[Witness, ...] = ("engine", "differences", "fused"),
    expected_to_fail: bool = False,
    note: str = "",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a function as equation `id`; the function itself is returned unchanged."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        if id in REGISTRY:
            raise ValueError(f"the registry has an equation {id} already")
        REGISTRY[id] = Equation(
            id, family, gives, over, text, latex, source, title, witnesses, function, expected_to_fail, note,
            tuple(signature(function).parameters),
        )  # fmt: skip
        return function

    return enter


def find(query: str | None = None) -> list[Equation]:
    """The equations of an id, a family, or an id's prefix (before a dash); all of them without a query.

    An exact id wins, then a family, then a prefix. Empty if nothing fits.
    """
    if query is None:
        return list(REGISTRY.values())
    if query in REGISTRY:
        return [REGISTRY[query]]
    family = [e for e in REGISTRY.values() if e.family == query]
    return family or [e for e in REGISTRY.values() if e.id.startswith(query + "-")]


def evaluate(equations: Iterable[Equation], values: Mapping[str, Any], tau: int) -> Values:
    """All that the equations give from `values`, each taking what the others gave: the chain from end to end.

    The order follows from what each equation reads at which time, so it need not be told.
    """
    known: Values = {k: dict(v) if isinstance(v, dict) else v for k, v in values.items()}
    tasks = {_place(e.quantity, notation.at(e.given, t, tau)): (e, t) for e in equations for t in e.times(tau)}
    order: TopologicalSorter[tuple[str, int | None]] = TopologicalSorter()
    for place, (e, t) in tasks.items():
        order.add(place, *(p for term in e.reads for p in _places(term, e, t, tau) if p in tasks))
    for place in order.static_order():
        e, t = tasks[place]
        value = e.at(known, t, tau)
        name, time = place
        if time is None:
            known[name] = value
        else:
            known.setdefault(name, {})[time] = value
    return known


def _place(name: str, time: int | None) -> tuple[str, int | None]:
    return name, time


def _places(term: Term, e: Equation, t: int, tau: int) -> list[tuple[str, int | None]]:
    """Where a term's value stands: at one time, or for an equation that sums over t, at all of them."""
    name = notation.name(term.symbol)
    times = range(1, tau + 1) if term.index and not e.over and not e.given.index else [t]
    return [_place(name, notation.at(term, s, tau)) for s in times]
