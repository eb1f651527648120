"""How probable each token of a typed text is to each model: per cent where one line has room, shades otherwise."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from cli.lab.comparison import Row, Typed

SHADES = " ·░▒▓█"
BOUNDS = (0.01, 0.05, 0.2, 0.5, 0.9)
_NAMES = 22  # columns that a model's name takes at most
_LABEL = 12  # columns that a token takes at most
_NUMBER = 3  # columns of a number, with a space before it
_MARKS = {" ": "␣", "\n": "↵", "\t": "⇥"}
_MOST = 6  # unknown tokens that are named


def typed(console: Console, text: Typed, rows: Sequence[Row], unit: str) -> None:
    """A line for each model below the tokens, as often as the width asks for."""
    asked = [(row.model, row.typed) for row in rows if row.typed is not None]
    labels = [label(token) for token in text.tokens]
    names = _names(rows)
    room = console.width - names - 2
    numbers = in_numbers(text, rows, console.width)
    widths = [max(cell_len(one) + 1, _NUMBER) if numbers else cell_len(one) for one in labels]
    cell: Callable[[float, int], str] = _per_cent if numbers else _shade
    what = "in per cent" if numbers else "as shades"
    console.print(Padding(f"[quiet]probability of each {unit} after those before it, {what}[/]", (0, 1, 1, 1)))
    for first, last in _pieces(widths, room):
        if first:
            console.print()
        heads = zip(labels[first:last], widths[first:last], strict=True)
        head = "".join(f"{' ' * (width - cell_len(one))}{one}" for one, width in heads)
        console.print(Text(f" {'':{names}} ").append(head, style="accent"))
        for name, p in asked:
            line = "".join(map(cell, p[first:last], widths[first:last]))
            console.print(Text(f" {set_cell_size(_cut(name, names), names)} {line}".rstrip()))


def reading(text: Typed, rows: Sequence[Row], unit: str, width: int) -> Iterator[tuple[str, str]]:
    """How to read it, and which tokens no model knows."""
    if in_numbers(text, rows, width):
        yield "per cent", "<1 is less than a half, 99 is 98.5 or more"
    else:
        shades = "  ".join(f"{SHADES[k]} {bound:.0%}" for k, bound in enumerate(BOUNDS, 1))
        yield "shades", f"{shades} and more"
    yield "context", f"the {unit}s before it in this text; none before the first"
    if text.unknown:
        named = ", ".join(repr(token) if token.isprintable() else ascii(token) for token in text.unknown[:_MOST])
        more = " …" if len(text.unknown) > _MOST else ""
        yield "unknown", f"{named}{more}: not in the vocabulary, so what is shown is P(<unk>)"


def label(token: str) -> str:
    """A token as it can stand in a line: spaces and line ends by signs, what has no width or no picture by �."""
    if token in _MARKS:
        return _MARKS[token]
    if not token.isprintable() or cell_len(token) < 1 or cell_len(token[0]) < 1:
        return "�"
    return _cut(token, _LABEL)


def _cut(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


def in_numbers(text: Typed, rows: Sequence[Row], width: int) -> bool:
    """Whether one line has room for numbers; tokens of several characters have them always."""
    return any(len(token) > 1 for token in text.tokens) or len(text.tokens) * _NUMBER <= width - _names(rows) - 2


def _names(rows: Sequence[Row]) -> int:
    return min(max(len(row.model) for row in rows if row.typed is not None), _NAMES)


def _pieces(widths: Sequence[int], room: int) -> Iterable[tuple[int, int]]:
    """Where each line begins and ends, none wider than there is room for unless a single token is."""
    first, used = 0, 0
    for i, width in enumerate(widths):
        if used + width > room and i > first:
            yield first, i
            first, used = i, 0
        used += width
    yield first, len(widths)


def _per_cent(p: float, width: int) -> str:
    shown = "0" if p == 0 else "<1" if p < 0.005 else f"{min(100 * p, 99):.0f}"
    return f"{shown:>{width}}"


def _shade(p: float, width: int) -> str:
    return SHADES[bisect_right(BOUNDS, p)] * width
