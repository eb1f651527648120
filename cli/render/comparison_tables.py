"""The tables of a comparison: a row for each model, perplexities by order, and what was chosen."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.lab.comparison import Plan, Row, best, preferred
from cli.render import numbers
from cli.render.bars import bar

ALL_COLUMNS_FROM = 78  # terminal columns
_LONGEST_BAR = 40
_CELL = 6  # columns for a number by order
_LETTERS = {"epsilon": "ε", "discount": "D", "weights": "λ"}


def shows_all(width: int) -> bool:
    """Whether bits, size and seconds have room."""
    return width >= ALL_COLUMNS_FROM


def models(width: int, rows: Sequence[Row], *, winner: Row) -> Table:
    """A row for each model: perplexities, a bar in bits per character, and where there is room bits, size, seconds."""
    wide = shows_all(width)
    names = min(max(len(row.model) for row in rows), 32 if width > 100 else 22)
    room = min(width - names - (50 if wide else 28), _LONGEST_BAR)
    table = Table(box=None, padding=(0, 1), header_style="quiet", pad_edge=True)
    table.add_column("", max_width=names, overflow="fold")
    table.add_column(f"{'held-out':>9}", no_wrap=True)
    table.add_column("", width=room, no_wrap=True)
    table.add_column(f"{'training':>9}", no_wrap=True)
    for header in ("bits", "size", "s") if wide else ():
        table.add_column(header, justify="right", no_wrap=True)
    ceiling = rows[0].held_out.bits_per_character
    for kind, group in groupby(rows, key=_block(rows)):
        if kind != "uniform":
            table.add_row()
        for row in group:
            cells = _cells(row, ceiling, room)
            table.add_row(*(cells if wide else cells[:4]), style="accent" if row is winner else "")
    return table


def _block(rows: Sequence[Row]) -> Callable[[Row], str]:
    """What stands together: the orders of a smoothing, or, where each has one row, all the models."""
    smoothings = [row.kind for row in rows if row.smoothing]
    each = len(set(smoothings)) < len(smoothings)
    return lambda row: row.kind if each or row.kind in ("uniform", "source") else "models"


def _cells(row: Row, ceiling: float, room: int) -> tuple[Text | str, ...]:
    held_out = row.held_out
    picture = bar(held_out.bits_per_character / ceiling, room)
    if held_out.zero_events:
        picture = Text(f"{held_out.zero_events:,} unseen", style="quiet")
    bits = "–" if math.isinf(held_out.nats) else f"{held_out.bits_per_character:.3f}"
    measured = row.kind != "source"
    return (
        escape(row.model), _perplexity(held_out.perplexity), picture, _perplexity(row.train.perplexity),
        bits, f"{row.size:,}" if row.size else "–", f"{row.seconds:.2f}" if measured else "–",
    )  # fmt: skip


def _perplexity(value: float) -> str:
    """As everywhere, ∞ standing where the units do."""
    return f"{numbers.perplexity(value).replace('∞', '∞   '):>9}"


def by_order(console: Console, rows: Sequence[Row]) -> None:
    """Held-out perplexities, a line for each smoothing and a column for each order; the lowest is marked."""
    counting = [row for row in rows if row.smoothing]
    winner = best(counting)

    def cell(row: Row) -> Text:
        if row.held_out.zero_events:
            return Text("∞   ")
        return Text(_short(row.held_out.perplexity), style="accent" if row is winner else "")

    lines = [(kind, [cell(row) for row in group]) for kind, group in groupby(counting, key=lambda row: row.kind)]
    _grid(console, "held-out perplexity by order", _orders(counting), lines)
    console.print()


def _short(value: float) -> str:
    """In five signs: 4.20, 351.6, 2375, 1e6."""
    if value >= 99_999.5:
        return f"{value:.0e}".replace("e+0", "e").replace("e+", "e")
    return f"{value:.2f}" if value < 99.995 else f"{value:.1f}" if value < 999.95 else f"{value:.0f}"


def chosen(console: Console, plan: Plan, rows: Sequence[Row]) -> None:
    """What the development part chose, by order: ε, discounts, the highest order's weight."""
    counting = [row for row in rows if row.smoothing and row.choice.row()]
    if plan.epsilon is not None:
        counting = [row for row in counting if row.choice.epsilon is None]
    lines = []
    for kind, group in groupby(counting, key=lambda row: row.kind):
        of = list(group)
        letter = _LETTERS[next(iter(of[0].choice.row()))]
        lines.append((f"{kind} {letter}", [Text(_number(row)) for row in of]))
    if lines:
        console.print()
        _grid(console, "chosen on the development part, the last ninth of the training part", _orders(counting), lines)
    if given := list(_given(plan, rows)):
        console.print()
    for said in given:
        console.print(Padding(f"[quiet]{escape(said)}[/]", (0, 1, 0, 1)))


def _given(plan: Plan, rows: Sequence[Row]) -> Iterable[str]:
    """What was not chosen: ε by hand, and estimates from counts of counts."""
    if plan.epsilon is not None and any(row.choice.epsilon is not None for row in rows):
        yield f"ε = {plan.epsilon:g} by hand, for every order"
    if any(row.choice.weights for row in rows):
        yield "λ is the highest order's; each lower one has its own, by EM"
    estimated = {kind: row for kind, row in preferred(rows).items() if row.discounts and row.choice.discount is None}
    if estimated:
        yield f"{' and '.join(estimated)}: D from counts of counts of the training part"
    for row in estimated.values():
        if row.fallbacks:
            yield f"{row.model} falls back on fixed ones: {_reasons(row)}"


def _reasons(row: Row) -> str:
    """By order; orders of one reason together."""
    groups = groupby(row.fallbacks.items(), key=lambda one: one[1])
    why = [(reason, [str(order) for order, _ in group]) for reason, group in groups]
    return ", ".join(f"order{'s' * (len(of) > 1)} {' and '.join(of)} ({reason})" for reason, of in why)


def _number(row: Row) -> str:
    given = row.choice
    if given.weights:
        return f"{given.weights[-1]:.2f}"
    value = given.discount if given.epsilon is None else given.epsilon
    return f"{value:.0e}".replace("e-0", "e-") if value and value < 1e-3 else f"{value:g}"


def _orders(rows: Sequence[Row]) -> list[int]:
    return list(dict.fromkeys(row.order for row in rows if row.order))


def _grid(console: Console, title: str, orders: list[int], lines: Sequence[tuple[str, list[Text]]]) -> None:
    """A title, a head of orders and lines of cells, in as many pieces as the width asks for."""
    names = max(len(name) for name, _ in lines)
    room = max(1, (console.width - names - 2) // _CELL)
    cell = min(_CELL + 2, max(_CELL, (console.width - names - 2) // min(room, len(orders))))
    room = max(1, (console.width - names - 2) // cell)
    console.print(Padding(f"[quiet]{title}[/]", (0, 1, 1, 1)))
    for first in range(0, len(orders), room):
        if first:
            console.print()
        places = range(first, min(first + room, len(orders)))
        console.print(Text(" " * (names + 1) + "".join(f"{orders[i]:>{cell}}" for i in places), style="quiet"))
        for name, cells in lines:
            line = Text(f" {name:<{names}}")
            for i in places:
                line.append(" " * (cell - len(cells[i]))).append_text(cells[i])
            console.print(line)
