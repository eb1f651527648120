"""Models side by side, the held-out perplexity in the middle of attention."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable
from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from cli.lab.comparison import Plan, Row, best
from cli.render import numbers
from cli.render.bars import bar
from rnn.baselines import SMOOTHINGS

_ALL_COLUMNS_FROM = 88  # terminal columns
_LONGEST_BAR = 40


def follow(console: Console, rows: Iterable[Row], total: int) -> tuple[Row, ...]:
    """The rows, with a line of progress while they come; none where nobody watches."""
    columns = TextColumn(" [quiet]measuring[/]"), BarColumn(20), MofNCompleteColumn()
    silent = not console.is_terminal or console.no_color
    with Progress(*columns, console=console, transient=True, disable=silent) as progress:
        return tuple(progress.track(rows, total=total))


def show(console: Console, plan: Plan, rows: tuple[Row, ...]) -> None:
    """What was measured on, a row per model, which is best, and how to read it."""
    _heading(console, plan)
    console.print(_table(console.width, rows))
    _verdict(console, rows)
    _notes(console, plan, rows)
    console.print(f"\n [quiet]{_next(plan)}[/]")


def _heading(console: Console, plan: Plan) -> None:
    text = plan.text
    console.print(f"\n [title]{escape(text.corpus.name)}[/]  [quiet]cleaning {text.corpus.cleaning}[/]")
    sizes = f"{text.training.size:,} characters to train on, {text.held_out.size:,} held out; V = {len(text.vocab)}"
    console.print(f" [quiet]{sizes}[/]")
    if unknown := int((text.held_out == 0).sum()):
        console.print(f" [quiet]{unknown:,} held out are characters never met in training[/]")
    console.print()


def _table(width: int, rows: tuple[Row, ...]) -> Table:
    wide = width >= _ALL_COLUMNS_FROM
    names = min(max(len(row.model) for row in rows), 32 if wide else 22)
    others = 40 if wide else 0
    room = min(width - names - others - 26, _LONGEST_BAR)
    table = Table(box=None, padding=(0, 1), header_style="quiet", pad_edge=True)
    table.add_column("", max_width=names, overflow="fold")
    table.add_column("held-out", justify="right", no_wrap=True)
    table.add_column("", width=room, no_wrap=True)
    for header in ("training", *(("bits/char", "size", "seconds") if wide else ())):
        table.add_column(header, justify="right", no_wrap=True)
    ceiling, winner = rows[0].held_out.bits_per_character, best(rows)
    for i, (_, group) in enumerate(groupby(rows, key=lambda row: (row.smoothing, row.model.startswith("run ")))):
        if i:
            table.add_row()
        for row in group:
            cells = _cells(row, ceiling, room)
            table.add_row(*(cells if wide else cells[:4]), style="accent" if row is winner else "")
    return table


def _cells(row: Row, ceiling: float, room: int) -> tuple[Text | str, ...]:
    held_out = row.held_out
    picture = bar(held_out.bits_per_character / ceiling, room)
    if held_out.zero_events:
        picture = Text(f"{held_out.zero_events:,} unseen", style="quiet")
    bits = "–" if math.isinf(held_out.nats) else f"{held_out.bits_per_character:.3f}"
    return (
        escape(row.model), _perplexity(held_out.perplexity), picture, _perplexity(row.train.perplexity),
        bits, f"{row.size:,}" if row.size else "–", f"{row.seconds:.2f}",
    )  # fmt: skip


def _perplexity(value: float) -> str:
    """As everywhere, with ∞ where the units are."""
    return numbers.perplexity(value).replace("∞", "∞   ")


def _verdict(console: Console, rows: tuple[Row, ...]) -> None:
    winner = best(rows)
    perplexity, bits = numbers.perplexity(winner.held_out.perplexity), winner.held_out.bits_per_character
    console.print(f"\n lowest held-out: [accent]{escape(winner.model)}[/], {perplexity}, {bits:.3f} bits per character")


def _notes(console: Console, plan: Plan, rows: tuple[Row, ...]) -> None:
    """How to read the table; a smoothing explains itself by the first line of its docstring."""
    notes = Table(box=None, padding=(0, 1), show_header=False, style="quiet")
    notes.add_column(no_wrap=True)
    notes.add_column()
    notes.add_row("perplexity", "lower is better; bars are in bits per character; the context is carried along")
    if any(row.held_out.zero_events for row in rows):
        notes.add_row("unseen", "characters held out that the model had ruled out; one is enough for ∞")
    for name in dict.fromkeys(row.smoothing for row in rows if row.smoothing):
        line = (inspect.getdoc(SMOOTHINGS[name]) or "").partition("\n")[0].replace("`", "")
        notes.add_row(name, escape(line) + (f" ε = {plan.epsilon:g}, for every order." if "ε" in line else ""))
    console.print()
    console.print(notes)


def _next(plan: Plan) -> str:
    if plan.runs:
        return f"let one write: rnn-lab sample {escape(str(plan.runs[0].folder))}"
    return f"add a network: rnn-lab train --corpus {escape(plan.text.corpus.name)}, then rnn-lab compare RUN"
