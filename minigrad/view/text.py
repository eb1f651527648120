"""The tree as text, in no more columns than it is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from minigrad.errors import ShapeError
from minigrad.view.tree import Line

NARROWEST = 20
_HEADINGS = ("shape", "value", "∇")
_DRAWN = {"├": "├──", "└": "└──", "│": "│  ", " ": "   "}
_KEPT = ((0, 1, 2), (1, 2), (2,), ())  # columns of numbers, as they are given up
_LEAST = 10  # columns of its own words that a line keeps beside numbers


class Span(NamedTuple):
    """A piece of a line, and what it is: branch, op, leaf, reference, group, times, shape, value, ∇ or heading."""

    text: str
    role: str


class _Form(NamedTuple):
    """How wide a level of the tree is drawn, and the whole tree, and which columns of numbers stand beside it."""

    step: int
    tree: int
    columns: tuple[int, ...]


def spans(lines: Sequence[Line], width: int) -> list[tuple[Span, ...]]:
    """The lines in pieces, after a line of headings if there are numbers; an empty one before each further tree.

    Where `width` is small the branches are drawn closer, then words are cut, then shapes and values left out.
    ShapeError below 20.
    """
    if width < NARROWEST:
        raise ShapeError(f"graph_of: a tree does not fit into {width} columns; give {NARROWEST} or more")
    table = [_column([heading, *cells]) for heading, cells in zip(_HEADINGS, _cells(lines), strict=True)]
    form = _fitted(lines, [len(column[0]) for column in table], width)
    rows: list[tuple[Span, ...]] = []
    if form.columns:
        rows.append((Span(" " * form.tree, "branch"), *(Span(f"  {table[c][0]}", "heading") for c in form.columns)))
    for k, line in enumerate(lines):
        if k and not line.trail:
            rows.append(())
        numbers = [Span(f"  {table[c][k + 1]}", _HEADINGS[c]) for c in form.columns if line.times]
        rows.append((*_words(line, form, width), *numbers))
    return rows


def text(lines: Sequence[Line], width: int) -> str:
    """The same as one string."""
    return "\n".join("".join(span.text for span in row).rstrip() for row in spans(lines, width))


def _cells(lines: Sequence[Line]) -> Iterator[list[str]]:
    yield [line.shape for line in lines]
    for numbers in ([line.value for line in lines], [line.gradient for line in lines]):
        yield _aligned(numbers)


def _aligned(numbers: Sequence[str]) -> list[str]:
    """At the point."""
    halves = [number.partition(".") for number in numbers]
    before = max((len(whole) for whole, _, _ in halves), default=0)
    return [f"{whole:>{before}}{point}{rest}" if whole else "" for whole, point, rest in halves]


def _column(cells: Sequence[str]) -> list[str]:
    """As wide as its widest; of no width at all if there is nothing below the heading."""
    wide = max(map(len, cells)) if any(cells[1:]) else 0
    return [f"{cell:<{wide}}"[:wide] for cell in cells]


def _fitted(lines: Sequence[Line], wide: Sequence[int], width: int) -> _Form:
    deepest = max(len(line.trail) for line in lines)
    for kept in _KEPT:
        columns = tuple(c for c in kept if wide[c])
        room = width - sum(wide[c] + 2 for c in columns)
        for step in (3, 2, 1):
            whole = max(len(line.trail) * step + len(line.text) + len(_times(line)) for line in lines if line.times)
            if whole <= room or (step < 3 and deepest * step + _LEAST <= room):
                return _Form(step, min(whole, room), columns)
    return _Form(1, width, ())


def _times(line: Line) -> str:
    return f" ×{line.times:,}" if line.times > 1 else ""


def _words(line: Line, form: _Form, width: int) -> tuple[Span, ...]:
    """A line without numbers may be as long as it likes. Of a leaf's name the end is kept, of others the beginning."""
    branch = "".join(_DRAWN[sign][: form.step] for sign in line.trail)
    branch = branch[:-1] + " " if branch and form.step > 1 else branch
    times = _times(line)
    room = (form.tree if line.times else width) - len(branch) - len(times)
    words = line.text
    if len(words) > room:
        words = "…" + words[1 - room :] if line.role == "leaf" else words[: room - 1] + "…"
    return Span(branch, "branch"), Span(words, line.role), Span(times + " " * (room - len(words)), "times")
