"""Graphs of nodes in rows and columns, as text: arrows to the right within a row, and upwards between rows."""

from __future__ import annotations

from rich.text import Text

from cli.lab.figures import Lattice

_ROOMY = 4  # dashes of an arrow to the right beside its name, where there is room


def lattice(figure: Lattice, width: int) -> Text:
    """The figure in at most `width` columns; where short arrows are still too wide, columns in the middle go."""
    columns = len(figure.nodes[0])
    kept = list(range(columns))
    dashes = _ROOMY
    while _width(figure, kept, dashes) > width and (dashes > 1 or len(kept) > 2):
        if dashes > 1:
            dashes -= 1
        else:
            kept.pop(len(kept) // 2)
    text = Text()
    for r in range(len(figure.nodes)):
        text.append(_row(figure, r, kept, dashes) + "\n")
        if r < len(figure.up):
            text.append("\n".join(_arrows(figure, r, kept, dashes)) + "\n")
    text.rstrip()
    return text.append(f"\n\n{figure.caption}", style="quiet") if figure.caption else text


def _cell(figure: Lattice, k: int) -> int:
    return max(len(row[k]) for row in figure.nodes)


def _gap(figure: Lattice, kept: list[int], i: int, dashes: int) -> int:
    """Columns between the i-th node kept and the next."""
    labels = [len(row[k] or "") for row in figure.across for k in range(kept[i], kept[i + 1])]
    aside = [len(row[kept[i]] or "") for row in figure.up]  # the name of an upward arrow stands to its right
    return max(max(labels) + dashes + 3, max(aside, default=0) + 1, 5)


def _width(figure: Lattice, kept: list[int], dashes: int) -> int:
    gaps = sum(_gap(figure, kept, i, dashes) for i in range(len(kept) - 1))
    last = max((len(row[kept[-1]] or "") for row in figure.up), default=0)
    return sum(_cell(figure, k) for k in kept) + gaps + last


def _row(figure: Lattice, r: int, kept: list[int], dashes: int) -> str:
    """The nodes of row r and the arrows between them; a dotted arrow passes over columns that are left out."""
    line = ""
    for i, k in enumerate(kept):
        line += figure.nodes[r][k].center(_cell(figure, k))
        if i + 1 < len(kept):
            gap = _gap(figure, kept, i, dashes)
            label = figure.across[r][k] if figure.nodes[r][k] else None
            shown = (label or "") if kept[i + 1] == k + 1 else "…"
            line += " " * gap if label is None else f" {shown.center(gap - 3, '─')}→ "
    return line.rstrip()


def _arrows(figure: Lattice, r: int, kept: list[int], dashes: int) -> list[str]:
    """The line with the names of the arrows up from row r + 1, and the line with their tips above it."""
    tips, stems = "", ""
    for i, k in enumerate(kept):
        label, cell = figure.up[r][k], _cell(figure, k)
        gap = _gap(figure, kept, i, dashes) if i + 1 < len(kept) else len(label or "") + 1
        middle = (cell - 1) // 2
        tips += ("" if label is None else " " * middle + "↑").ljust(cell + gap)
        stems += ("" if label is None else " " * middle + f"│ {label}").ljust(cell + gap)
    return [tips.rstrip(), stems.rstrip()]
