"""Where boxes go: in rows by their distance from the output, and within a row near to what they are joined with.

A line that passes rows by has a place in each of them, as if there were a narrow box, so that it runs between boxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from minigrad.view.parts import Link, Part

_SWEEPS = 4
_FARTHEST = 30  # rows that a line keeps clear of; a longer one runs straight
_LINE = 4.0  # the width of a line's place

Join = tuple[int, int]  # two parts, the upper first


class Places(NamedTuple):
    """The row of each part and of each place of a line, and its middle; which places each join passes, from above."""

    row: list[int]
    x: list[float]
    passes: dict[Join, list[int]]


def placed(parts: Sequence[Part], output: Link, widths: Sequence[float], gap: float) -> Places:
    """Down and up again, each box goes to the mean of its neighbours in the rows before, as far as there is room."""
    row = _rows(parts, output.part)
    passes = {join: list[int]() for join in _joins(parts, row)}
    above: list[list[int]] = [[] for _ in parts]
    below: list[list[int]] = [[] for _ in parts]
    for (upper, lower), on_the_way in passes.items():
        between = range(row[upper] + 1, row[lower]) if row[lower] - row[upper] <= _FARTHEST else ()
        on_the_way += range(len(row), len(row) + len(between))
        row += between
        above += [[] for _ in between]
        below += [[] for _ in between]
        stops = [upper, *on_the_way, lower]
        for a, b in pairwise(stops):
            below[a].append(b)
            above[b].append(a)
    wide = [*widths, *[_LINE] * (len(row) - len(parts))]
    rows: list[list[int]] = [[] for _ in range(max(row) + 1)]
    for k, r in enumerate(row):
        rows[r].append(k)
    x = [0.0] * len(row)
    for sweep in range(2 * _SWEEPS + 1):
        for members in reversed(rows) if sweep % 2 else rows:
            _spread(members, x, below if sweep % 2 else above, wide, gap)
    return Places(row, x, passes)


def upper_first(reader: int, link: Link, row: Sequence[int]) -> Join:
    """The two ends of a line."""
    return (link.part, reader) if row[link.part] < row[reader] else (reader, link.part)


def _joins(parts: Sequence[Part], row: Sequence[int]) -> list[Join]:
    joins = (upper_first(k, link, row) for k, part in enumerate(parts) for slot in part.slots for link in slot)
    return [*dict.fromkeys(join for join in joins if row[join[0]] != row[join[1]])]


def _rows(parts: Sequence[Part], top: int) -> list[int]:
    """A part stands one row below the lowest that reads it."""
    below = [[link.part for slot in part.slots for link in slot if not link.earlier] for part in parts]
    waits, row, ready = [0] * len(parts), [0] * len(parts), [top]
    for sources in below:
        for source in sources:
            waits[source] += 1
    for k in ready:  # which grows as it is walked
        for source in below[k]:
            waits[source] -= 1
            if not waits[source]:  # rows come one after the other here, so its last reader is its lowest
                row[source] = row[k] + 1
                ready.append(source)
    return row


def _spread(row: list[int], x: list[float], near: Sequence[Sequence[int]], widths: Sequence[float], gap: float) -> None:
    """Sort a row by where its boxes want to be, and push them apart, evenly to both sides."""
    wanted = {k: sum(x[n] for n in near[k]) / len(near[k]) if near[k] else x[k] for k in row}
    row.sort(key=lambda k: wanted[k])
    at, edge = dict[int, float](), float("-inf")
    for k in row:
        at[k] = max(wanted[k], edge + widths[k] / 2)
        edge = at[k] + widths[k] / 2 + gap
    shift = sum(wanted[k] - at[k] for k in row) / len(row)
    for k in row:
        x[k] = at[k] + shift
