"""The figures of experiments, one function for each kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table as RichTable
from rich.text import Text

from cli.lab.figures import (
    Bars,
    Claim,
    Cloud,
    Excerpt,
    Figure,
    Kind,
    Lattice,
    Matrices,
    Pieces,
    Plot,
    Steps,
    Strips,
    Table,
    Traces,
    Tree,
    Witnesses,
)  # fmt: skip
from cli.render import numbers
from cli.render.bars import bars
from cli.render.clouds import cloud
from cli.render.console import mark
from cli.render.lattices import lattice
from cli.render.matrices import Block, block, flowed, joined
from cli.render.minibatches import pieces
from cli.render.plots import plot
from cli.render.strips import strips
from cli.render.traces import traces
from cli.render.trees import tree
from rnn.formulas.worked import Applied, Term, Worked


def draw(figure: Figure, width: int) -> RenderableType:
    """A figure in at most `width` columns."""
    return _DRAWN[type(figure)](figure, width)


def _matrices(figure: Matrices, width: int) -> RenderableType:
    groups: list[list[Block]] = [[[f"{name} ="], block(value), [" "]] for name, value in figure.items]
    return Text("\n".join(flowed(groups, width)))


def _steps(figure: Steps, width: int) -> RenderableType:
    text = Text()
    for k, worked in enumerate(figure.worked):
        text.append("\n\n" if k else "")
        text.append_text(_worked(worked, width))
    return text


def _worked(worked: Worked, width: int) -> Text:
    text = headline(worked.text, worked.equation.id, width)
    terms = [[[_operator(term, first=k == 0)], *map(_factor, term.factors)] for k, term in enumerate(worked.terms)]
    for line in flowed([*terms, [["="], block(worked.result)]], width - 4):
        text.append(f"\n    {line}")
    return text


def headline(formula: str, id: str, width: int) -> Text:
    """A formula with its number at the right; broken before a plus sign where the line is too short."""
    number = f"({id})"
    lines = [formula]
    if len(formula) + len(number) + 2 > width and " + " in formula:
        start, rest = formula.split(" + ", 1)
        lines = [start, f"      + {rest}"]
    text = Text("\n".join([*lines[:-1], ""]) if len(lines) > 1 else "", style="accent")
    text.append(lines[-1], style="accent")
    return text.append(f"{number:>{max(width - len(lines[-1]), len(number) + 1)}}", style="quiet")


def _operator(term: Term, first: bool) -> str:
    return f"= {term.sign}".strip() if first else term.sign


def _factor(factor: Any) -> Block:
    if isinstance(factor, Applied):
        return joined([[factor.name], block(factor.argument)])
    return block(factor)


def _witnesses(figure: Witnesses, width: int) -> RenderableType:
    table = RichTable(box=None, show_header=False, padding=(0, 1, 0, 0))
    for style in ("quiet", "", "quiet", ""):
        table.add_column(style=style, no_wrap=True)
    for way, value, error in figure.rows:
        entries = "  ".join(f"{v:.3f}".replace("-", "−") for v in value.ravel())
        if error is None:
            table.add_row(f"{figure.quantity}  {way}", entries, "", "")
        else:
            table.add_row(f"{figure.quantity}  {way}", entries, f"off by {numbers.error(error)}", mark(error <= 1e-6))
    return table


def _table(figure: Table, width: int) -> RenderableType:
    table = RichTable(box=None, padding=(0, 2, 0, 0), header_style="quiet")
    for k, (name, kind) in enumerate(figure.columns):
        table.add_column(escape(name), justify="right" if k and kind != "text" else "left", no_wrap=True)
    for row in figure.rows:
        table.add_row(*(_cell(value, kind) for value, (_, kind) in zip(row, figure.columns, strict=True)))
    return Group(table, Text(figure.caption, style="quiet")) if figure.caption else table


def _cell(value: Any, kind: Kind) -> str:
    return "–" if value is None else escape(_CELLS[kind](value))


_CELLS: dict[Kind, Callable[[Any], str]] = {
    "text": str,
    "count": lambda v: f"{v:,}".replace("-", "−"),
    "number": lambda v: f"{v:.3f}".replace("-", "−"),
    "error": numbers.error,
    "share": numbers.share,
}


def _excerpt(figure: Excerpt, width: int) -> RenderableType:
    text = Text(f"“{' '.join(figure.text.split())}”" if not figure.caption else figure.text)
    return text.append(f"\n{figure.caption}", style="quiet") if figure.caption else text


_DRAWN: dict[type, Callable[[Any, int], RenderableType]] = {
    Matrices: _matrices,
    Steps: _steps,
    Witnesses: _witnesses,
    Table: _table,
    Plot: plot,
    Excerpt: _excerpt,
    Lattice: lattice,
    Strips: strips,
    Traces: traces,
    Pieces: pieces,
    Cloud: cloud,
    Bars: bars,
    Tree: tree,
}


def claim(c: Claim) -> RenderableType:
    """✓ or ✗, the sentence, what was measured and what was allowed."""
    grid = RichTable.grid(padding=(0, 1))
    grid.add_column(width=1)
    grid.add_column()
    bound = f"{'at most' if c.relation == '<=' else 'at least'} {numbers.measured(c.bound)}"
    grid.add_row(
        mark(c.holds), f"{escape(c.sentence)}\n[quiet]measured[/] {numbers.measured(c.measured)}[quiet], {bound}[/]"
    )
    return grid
