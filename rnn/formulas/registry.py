"""The registry: an equation is a function from named quantities to a named quantity.

Arguments are looked up by name in the values at hand, so a network is a set of equations that closes: given the
parameters, the inputs and the targets, the rest follows. A quantity with time is a dict from t to its value, with
t as printed (1 … τ; h also at 0); one with layer and time is a dict from (l, t). Vectors are columns (n, 1). `t` and
`tau` are the step and the length, `l` and `depth` the layer and how many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from graphlib import TopologicalSorter
from inspect import getsource, signature
from itertools import product
from textwrap import dedent
from typing import Any, Literal

from rnn.formulas import notation
from rnn.formulas.notation import Term

Values = dict[str, Any]
Witness = Literal["engine", "differences", "fused"]

NO_VALUE = (LookupError, ArithmeticError, AttributeError, TypeError, ValueError)
"""What evaluation raises where there is no value: something is not there, or shapes do not fit; a circle too."""

REGISTRY: dict[str, Equation] = {}
FAMILIES: dict[str, str] = {}
"""The families of equations, each with what it is about."""


def family(name: str, title: str) -> str:
    """Enter a family; returns its name."""
    FAMILIES[name] = title
    return name


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
    derivation: tuple[tuple[str, str], ...] = ()
    arguments: tuple[str, ...] = field(default=())
    written: str = ""

    @cached_property
    def given(self) -> Term:
        """The quantity on the left, with its index."""
        (term,) = notation.read_text(self.gives)
        return term

    @cached_property
    def quantity(self) -> str:
        """The Python name of what the equation gives."""
        return notation.name(self.given.symbol)

    @cached_property
    def code(self) -> str:
        """The function's source, without its decorator."""
        source = self.written or dedent(getsource(self.function))
        return source[source.index("def ") :]

    def rewritten(self, code: str) -> Equation:
        """The same entry with another function, from its source."""
        scope = dict(self.function.__globals__)
        # The source is made from that of a function of the registry.
        exec(compile("from __future__ import annotations\n" + code, f"<{self.id}>", "exec"), scope)
        return replace(self, function=scope[self.function.__name__], written=code)

    @cached_property
    def reads(self) -> frozenset[Term]:
        """The terms on the right, from the function's source."""
        return frozenset(notation.read_source(self.code))

    def places(self, values: Mapping[str, Any]) -> list[dict[str, int]]:
        """Where it is to be evaluated, in the order of print: each index by name, such as {"t": 3}."""
        return notation.places(self.over, values)

    def at(self, values: Mapping[str, Any], **where: int) -> Any:
        """The right-hand side at one place, such as t=3."""
        return self.function(**{a: where[a] if a in where else values[a] for a in self.arguments})

    def __call__(self, values: Mapping[str, Any]) -> Any:
        """What it gives from the values at hand: a dict from index to value, or a value without index."""
        found = {notation.index(self.given, values, where): self.at(values, **where) for where in self.places(values)}
        return found if self.given.index else found[None]


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
    derivation: tuple[tuple[str, str], ...] = (),
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a function as equation `id`; the function itself is returned unchanged.

    `over` says for which indices it holds, as in "l = λ … 1, t = τ−1 … 1". The lines of the derivation are pairs,
    Unicode and LaTeX.
    """
    if family not in FAMILIES:
        raise ValueError(f"the registry has no family {family}")

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        if id in REGISTRY:
            raise ValueError(f"the registry has an equation {id} already")
        REGISTRY[id] = Equation(
            id, family, gives, over, text, latex, source, title, witnesses, function, expected_to_fail, note,
            derivation, tuple(signature(function).parameters),
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


def evaluate(equations: Iterable[Equation], values: Mapping[str, Any]) -> Values:
    """All that the equations give from `values`, each taking what the others gave: the chain from end to end."""
    known: Values = {k: dict(v) if isinstance(v, dict) else v for k, v in values.items()}
    for e, at in ordered(equations, known):
        index, value = notation.index(e.given, known, at), e.at(known, **at)
        if index is None:
            known[e.quantity] = value
        else:
            known.setdefault(e.quantity, {})[index] = value
    return known


def ordered(equations: Iterable[Equation], values: Mapping[str, Any]) -> list[tuple[Equation, dict[str, int]]]:
    """Each equation at each of its places, after all that it reads. ValueError if they read each other in a circle.

    The order follows from what each equation reads at which index, so it need not be told.
    """
    tasks = {(e.quantity, notation.index(e.given, values, at)): (e, at) for e in equations for at in e.places(values)}
    order: TopologicalSorter[tuple[str, Any]] = TopologicalSorter()
    for task, (e, at) in tasks.items():
        order.add(task, *(p for term in e.reads for p in _needed(term, values, at) if p in tasks))
    return [tasks[task] for task in order.static_order()]


def _needed(term: Term, values: Mapping[str, Any], at: Mapping[str, int]) -> list[tuple[str, Any]]:
    """The values that a term stands for at a place; an index that the place leaves open is summed over, so all."""
    name, free = notation.name(term.symbol), [v for v in notation.variables(term) if v not in at]
    ranges = (range(1, notation.end(v, values) + 1) for v in free)
    return [(name, notation.index(term, values, {**at, **dict(zip(free, s, strict=True))})) for s in product(*ranges)]
