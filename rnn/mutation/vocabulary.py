"""Which quantities a family of equations has, and which of them one could be mistaken for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, get_origin, get_type_hints

from rnn.formulas import REGISTRY, Equation, notation

ENDS = {"t": "tau", "l": "depth", "k": "chunks"}
"""An index, and how far it runs."""


@dataclass(frozen=True)
class Quantity:
    """A quantity by its Python name and its symbol, such as ∇a_r: prefix ∇, letter a, gate r. It has `indices`."""

    name: str
    prefix: str
    letter: str
    gate: str
    indices: int

    @property
    def is_matrix(self) -> bool:
        """Capital letters are matrices, small ones columns."""
        return self.prefix == "∂" or self.letter[:1].isupper()


@dataclass(frozen=True)
class Vocabulary:
    """The arrays of a family by name, all that its equations read or give; the names of its numbers."""

    arrays: Mapping[str, Quantity]
    numbers: frozenset[str]

    @cached_property
    def gates(self) -> frozenset[str]:
        """The letters of the gates: z is one if there is an a_z, what it receives."""
        return frozenset(name for name in self.arrays if f"a_{name}" in self.arrays)

    def is_gate(self, q: Quantity) -> bool:
        """Whether it is a gate, or the gradient of one."""
        return not q.gate and q.letter in self.gates

    def alike(self, name: str) -> Iterator[tuple[str, Quantity]]:
        """What a quantity could be mistaken for, each with the kind of mistake: "gate" or "quantity"."""
        q = self.arrays[name]
        for other in self.arrays.values():
            if other.name == name or other.indices != q.indices:
                continue
            if self._another_gate(q, other):
                yield "gate", other
            elif self._before_or_after(q, other) or self._another_letter(q, other) or _its_gradient(q, other):
                yield "quantity", other

    def _another_gate(self, q: Quantity, other: Quantity) -> bool:
        """U_r for U_z; r for z; ∇r for ∇z."""
        below = q.letter == other.letter and bool(q.gate) and bool(other.gate)
        return q.prefix == other.prefix and (below or (self.is_gate(q) and self.is_gate(other)))

    def _before_or_after(self, q: Quantity, other: Quantity) -> bool:
        """A gate, and what it receives: r for a_r; ∇a_r for ∇r."""
        pairs = ((q, other), (other, q))
        return q.prefix == other.prefix and any(self.is_gate(x) and y.gate == x.letter for x, y in pairs)

    def _another_letter(self, q: Quantity, other: Quantity) -> bool:
        """U_r for W_r; c for h; ∇a for ∇h."""
        same = (q.prefix, q.gate, q.is_matrix) == (other.prefix, other.gate, other.is_matrix)
        return same and not self.is_gate(q) and not self.is_gate(other)


def _its_gradient(q: Quantity, other: Quantity) -> bool:
    """∇h for h, h for ∇h."""
    return (q.letter, q.gate) == (other.letter, other.gate) and {q.prefix, other.prefix} == {"", "∇"}


def vocabulary(equation: Equation) -> Vocabulary:
    """That of the equation's family. Ids, such as y, and functions, such as f, are neither arrays nor numbers."""
    arrays: dict[str, Quantity] = {}
    numbers: set[str] = set()
    for e in (*(e for e in REGISTRY.values() if e.family == equation.family), equation):
        hints = _hints(e.function)
        for name, hint, indices in (
            (e.quantity, hints.get("return"), len(e.given.index.split(",")) if e.given.index else 0),
            *((a, hints.get(a), _indices(hints.get(a))) for a in e.arguments),
        ):
            if _is_array(hint):
                arrays.setdefault(name, _quantity(name, indices))
            elif str(hint).endswith("float]") or hint is float:
                numbers.add(name)
    return Vocabulary(arrays, frozenset(numbers))


@cache
def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    return get_type_hints(function)


def _is_array(hint: Any) -> bool:
    """Whether a type is an array, or a dict of arrays."""
    return "ndarray" in str(hint) and get_origin(hint) is not Callable


def _indices(hint: Any) -> int:
    key = re.match(r"dict\[(tuple\[[^]]*\]|\w+)", str(hint))
    return len(key[1].split(",")) if key else 0


def _quantity(name: str, indices: int) -> Quantity:
    symbol = notation.symbol(name)
    prefix = "∂" if "/" in symbol else "∇" if symbol.startswith("∇") else ""
    letter, _, gate = symbol.lstrip("∇").partition("_")
    return Quantity(name, prefix, letter, gate, indices)
