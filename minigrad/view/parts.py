"""The parts of a picture: an op or a leaf each, or all of them that are copies of each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from minigrad.view import numbers
from minigrad.view.closing import Closed, Slot, closed
from minigrad.view.folding import Folds
from minigrad.view.record import Facts, Record


class Link(NamedTuple):
    """What an op reads: a part, how many copies before its own, and which output, where the part has several."""

    part: int
    earlier: int = 0
    output: str = ""


@dataclass(frozen=True)
class Part:
    """An op or a leaf, and how many of the graph it stands for; an op's numbers are those of the last of them.

    `slots` has, for each input, what the copies read there: one link where it is the same for all of them.
    """

    label: str
    name: str
    times: int
    leaf: bool
    shape: str
    value: str
    gradient: str
    slots: tuple[tuple[Link, ...], ...] = ()

    @property
    def title(self) -> str:
        """Its name, and how it was made."""
        return f"{self.name} = {self.label}" if self.name and not self.leaf else self.name or self.label

    @property
    def words(self) -> tuple[str, ...]:
        """What a box says: title, shape and value, gradient."""
        times = f" ×{self.times:,}" if self.times > 1 else ""
        numbers = " ".join(filter(None, (self.shape, self.value)))
        return tuple(filter(None, (self.title + times, numbers, self.gradient and f"∇ {self.gradient}")))


def parts_of(record: Record, folds: Folds) -> tuple[tuple[Part, ...], Link]:
    """All parts, and where among them the output is."""
    found = closed(record, folds)
    number = {k: n for n, k in enumerate(found.slots)}
    number |= {~group: len(number) + group for group in range(len(found.groups))}
    ops = (_op(record, found, k, number) for k in found.slots)
    leaves = (_leaves(record.label(k), facts) for k, facts in found.groups)
    return (*ops, *leaves), _link(found, number, found.output, 0, {record.output[1]})


def _op(record: Record, found: Closed, k: int, number: dict[int, int]) -> Part:
    facts = [record.facts(k, output) for output in sorted(found.outputs[k])]
    name = facts[0].base if found.times[k] > 1 else facts[0].name
    single = len(facts) == 1
    return Part(
        record.label(k),
        _printable(name) if single else "",
        int(found.times[k]),
        False,
        _shape(facts),
        numbers.size(facts[0].value) if single else "",
        _gradient(facts) if single else "",
        tuple(_slots(found, number, found.slots[k])),
    )


def _slots(found: Closed, number: dict[int, int], slots: list[Slot]) -> Iterator[tuple[Link, ...]]:
    """Where many slots read of the same copies, as of a sequence that is stacked, one of them is shown."""
    for k, slot in enumerate(slots):
        copies = all((len(found.groups[~read][1]) if read < 0 else found.times[read]) > 1 for read, _ in slot)
        if not (k and len(slots) > 2 and copies and slot.keys() == slots[k - 1].keys()):
            yield tuple(_link(found, number, *read, which) for read, which in slot.items())


def _link(found: Closed, number: dict[int, int], read: int, back: int, outputs: set[int]) -> Link:
    several = found.all_outputs.get(read, {0}) != {0}
    which = str(*outputs) if len(outputs) == 1 else "…"
    return Link(number[read], back, f"[{which}]" if several else "")


def _leaves(label: str, facts: list[Facts]) -> Part:
    shape, value = _shape(facts), numbers.size([f.value for f in facts])
    name = facts[0].name if len(facts) == 1 else facts[0].base
    if not name and not shape and value and "‖" not in value:
        label, value = value, ""  # a number is its own name
    return Part(label, _printable(name), len(facts), True, shape, value, _gradient(facts))


def _printable(name: str) -> str:
    return "".join(sign if sign.isprintable() else "·" for sign in name)


def _shape(facts: Sequence[Facts]) -> str:
    return numbers.shape(facts[0].shape) if len({f.shape for f in facts}) == 1 else ""


def _gradient(facts: Sequence[Facts]) -> str:
    known: list[Any] = [f.gradient for f in facts if f.gradient is not None]
    return numbers.size(known) if known else ""
