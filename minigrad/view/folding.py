"""Where a graph repeats itself: the same ops on the same shapes, copy after copy, wired alike.

Ops are taken in their order. A run is a stretch of it that consists of copies, each as long as the others. An input
is wired in a copy as in the copy before if it moves on with the copies (or begins to: the first copies of a loop
start from outside), if it comes from outside, at even distances or always from the same place, or if it comes from
within its own copy and from the same kind of op. Which of an op's outputs is read may differ.
The shortest copies are folded first; a folded run counts as one op from then on, so loops within loops fold too.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from minigrad.graph import Array
from minigrad.view.record import Record, Wires
from minigrad.view.wiring import FEWEST, Run, Wiring

_SPARED = 8  # ops that must disappear
_LONGEST = 400  # ops and folded runs in one copy
_PATIENCE = 200  # beginnings that are tried in one stretch of like ops


class Folds(NamedTuple):
    """All runs, those within copies of others before these; and which op stands for each: the last of its copies."""

    runs: list[Run]
    stands_for: Array


class _Items(NamedTuple):
    """Ops and folded runs in their order: what they are, as numbers, and with which op each begins; last, the end."""

    signs: Array
    starts: Array


Folded = tuple[int, int, Run]  # the first item of a run, the item after its last, and the run


def folds(record: Record) -> Folds:
    """Where the record repeats itself. Within a folded run it does not matter any more which copy is read."""
    found, kinds = unfolded(record), _numbered(record.kinds)
    items = _Items(kinds, np.arange(len(kinds) + 1))
    while True:
        sources = stand_ins(record.wires, found.stands_for)
        folded = _shortest(items, Wiring(record.wires._replace(sources=sources), kinds))
        if not folded:
            return found
        for _, _, run in folded:
            found.runs.append(run)
            last = found.stands_for[run.end - run.period : run.end]
            found.stands_for[run.start : run.end] = np.tile(last, run.count)
        items = _collapsed(items, folded)


def unfolded(record: Record) -> Folds:
    """No runs at all."""
    return Folds([], np.arange(len(record.kinds)))


def stand_ins(wires: Wires, stands_for: Array) -> Array:
    """Of each input the op that stands for it; −1 for any leaf."""
    leaf = wires.sources < 0
    return np.where(leaf, -1, stands_for[np.where(leaf, 0, wires.sources)])


def _numbered(kinds: Sequence[Hashable]) -> Array:
    """A number for each kind, in the order of their first appearance."""
    seen: dict[Hashable, int] = {}
    return np.array([seen.setdefault(kind, len(seen)) for kind in kinds], dtype=np.int64)


def _shortest(items: _Items, wiring: Wiring) -> list[Folded]:
    """The runs of the shortest copies that there are any of."""
    for length in range(1, min(_LONGEST, len(items.signs) // FEWEST) + 1):
        found = list(_of_length(length, items, wiring))
        if found:
            return found
    return []


def _of_length(length: int, items: _Items, wiring: Wiring) -> Iterator[Folded]:
    done = 0
    for begin, end in _stretches(length, items.signs):
        first, tries = max(begin, done), 0
        while end - first >= FEWEST * length and tries < _PATIENCE:
            start, period = int(items.starts[first]), int(items.starts[first + length] - items.starts[first])
            count = wiring.copies(Run(start, period, (end - first) // length))
            if count >= FEWEST and (count - 1) * period >= _SPARED:
                done = first + count * length
                yield first, done, Run(start, period, count)
                first = done
            else:  # a copy later it may be what comes from outside that is alike
                tries += 1
                first += length


def _stretches(length: int, signs: Array) -> Iterator[tuple[int, int]]:
    """From where to where the signs repeat themselves after `length`, three times or more."""
    same = np.zeros(len(signs) - length + 2, dtype=np.int8)
    same[1:-1] = signs[length:] == signs[:-length]
    turns = np.flatnonzero(np.diff(same)).reshape(-1, 2)
    for begin, end in turns[turns[:, 1] - turns[:, 0] >= (FEWEST - 1) * length].tolist():
        # Copies begin with what appeared first, if none is lost by it, so that like stretches are cut alike.
        spare = (end - begin) % length
        yield min(range(begin, begin + spare + 1), key=lambda k: signs[k : k + length].tolist()), end + length


def _collapsed(items: _Items, folded: list[Folded]) -> _Items:
    """Each run has become one item."""
    kinds: list[Hashable] = []
    starts: list[int] = []
    at = 0
    for first, after, run in folded:
        length = (after - first) // run.count
        kinds += [*items.signs[at:first].tolist(), (run.count, *items.signs[first : first + length].tolist())]
        starts += [*items.starts[at:first].tolist(), run.start]
        at = after
    return _Items(_numbered(kinds + items.signs[at:].tolist()), np.array(starts + items.starts[at:].tolist()))
