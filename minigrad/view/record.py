"""What a picture of a graph is drawn from: the ops that were applied, in order, and the leaves that they began with."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from minigrad.graph import Array, Variable, key
from minigrad.module import Module
from minigrad.scalar import Value

Names = Mapping[Hashable, tuple[str, str]]


class Facts(NamedTuple):
    """What there is to say of a value: its shape, its numbers and its gradient where they are known, and its name.

    `base` is the name of the list that it stands in, or its own.
    """

    shape: tuple[int, ...]
    value: Any
    gradient: Any
    base: str
    name: str


class Wires(NamedTuple):
    """What every op was computed from, in three arrays: op k has its inputs from begins[k] to begins[k + 1].

    An input is output `outputs[e]` of op `sources[e]`, or leaf ~sources[e] where that is negative.
    """

    begins: Array
    sources: Array
    outputs: Array

    @classmethod
    def of(cls, lengths: Sequence[int], sources: Sequence[int], outputs: Sequence[int]) -> Wires:
        """From how many inputs each op has, and all of them one after the other."""
        begins = np.cumsum([0, *lengths])
        return cls(begins, np.array(sources, dtype=np.int64), np.array(outputs, dtype=np.int64))


@dataclass(frozen=True)
class Record:
    """A graph without folds. Ops come after all that they were computed from, and leaves have numbers below 0.

    `kinds` has what an op must share with its copies; `facts` takes an op or a leaf, and which of its outputs.
    """

    kinds: Sequence[Hashable]
    wires: Wires
    output: tuple[int, int]
    label: Callable[[int], str]
    facts: Callable[[int, int], Facts]


def identity(x: Any) -> Hashable:
    """What tells a Value, or a place in a graph of tensors, from all others."""
    return key(x) if isinstance(x, Variable) else id(x)


def named(names: Mapping[str, Any]) -> Names:
    """From identities to (base, name). Lists and modules name what is in them; whatever else there is, is left out."""
    found: dict[Hashable, tuple[str, str]] = {}
    waiting = [(name, name, value) for name, value in reversed([*names.items()])]
    entered: set[int] = set()
    while waiting:
        base, name, value = waiting.pop()
        if isinstance(value, Variable | Value):
            found.setdefault(identity(value), (base, name))
        elif id(value) not in entered:
            entered.add(id(value))
            waiting += reversed([*_within(base, name, value)])
    return found


def _within(base: str, name: str, value: Any) -> Iterator[tuple[str, str, Any]]:
    if isinstance(value, list | tuple):
        yield from ((base, f"{name}[{k}]", part) for k, part in enumerate(value))
    elif isinstance(value, Module):
        yield from ((f"{name}.{k}", f"{name}.{k}", p) for k, p in value.named_parameters())
