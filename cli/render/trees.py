"""Graphs as trees of ops and leaves."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from rich.text import Text

from cli.lab.figures import Tree
from minigrad.view import Line, Span

_STYLES = {"∇": "accent", "op": "", "leaf": "", "value": ""}  # gradients are what is asked for; the rest can be skipped
_DOWN = str.maketrans("├└─", "│  ")  # what stands below a branch
_LEAST = 12  # columns in which words can still be read, one below the other


def tree(figure: Tree, width: int) -> Text:
    """The figure in at most `width` columns."""
    lines = []
    for row in _rows(figure, width):
        line = Text()
        for span in row:
            line.append(span.text, style=_STYLES.get(span.role, "quiet"))
        line.rstrip()
        lines.append(line)
    text = Text("\n").join(lines)
    return text.append(f"\n\n{figure.caption}", style="quiet") if figure.caption else text


def _rows(figure: Tree, width: int) -> Iterator[tuple[Span, ...]]:
    lines = iter(figure.view.lines)
    for row in figure.view.spans(width):
        heads = not row or row[-1].role == "heading"  # or the empty row before a further tree
        yield from [row] if heads else _whole(row, next(lines), width)


def _whole(row: tuple[Span, ...], line: Line, width: int) -> list[tuple[Span, ...]]:
    """A line that refers to another may be too long where the tree is deep: in several rows, with all its words."""
    branch, words, *_ = row
    room = width - len(branch.text) - 2
    if line.times or words.text == line.text or room < _LEAST:
        return [row]
    first, *more = wrap(line.text, room)
    below = Span(branch.text.translate(_DOWN) + "  ", branch.role)
    return [(branch, Span(first, words.role)), *((below, Span(part, words.role)) for part in more)]
