"""Models side by side, the held-out perplexity in the middle of attention."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Iterable
from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TextColumn
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
    moving = BarColumn(20, complete_style="bar", finished_style="bar")
    columns = TextColumn(" [quiet]measuring[/]"), moving, TextColumn("{task.completed} of {task.total}")
    silent = not console.is_terminal or console.no_color
    with Progress(*columns, console=console, transient=True, disable=silent) as progress:
        return tuple(progress.track(rows, total=total))


def show(console: Console, plan: Plan, rows: tuple[Row, ...]) -> None:
    """What was measured on, a row per model, which is best, and how to read it."""
    _heading(console, plan)
    console.print(_table(console.width, rows))
    _verdict(console, rows)
    _notes(console, plan, rows)
    console.print(Padding(f"[quiet]{_next(plan)}[/]", (1, 1, 0, 1)))


def _heading(console: Console, plan: Plan) -> None:
    text = plan.text
    title = f"[title]{escape(text.corpus.name)}[/]  [quiet]cleaning {text.corpus.cleaning}[/]"
    console.print(Padding(title, (1, 1, 0, 1)))
    training, held_out = f"{text.training.size:,} {text.unit}s to train on", f"{text.held_out.size:,} held out"
    console.print(f" [quiet]{training}, {held_out}; V = {len(text.vocab):,}[/]")
    if text.unseen:
        console.print(f" [quiet]{text.unseen:,} held out are {text.unit}s never met in training[/]")
    console.print()


def _table(width: int, rows: tuple[Row, ...]) -> Table:
    wide = width >= _ALL_COLUMNS_FROM
    names = min(max(len(row.model) for row in rows), 32 if wide else 22)
    others = 30 if wide else 0
    room = min(width - names - others - 28, _LONGEST_BAR)
    table = Table(box=None, padding=(0, 1), header_style="quiet", pad_edge=True)
    table.add_column("", max_width=names, overflow="fold")
    table.add_column(f"{'held-out':>9}", no_wrap=True)
    table.add_column("", width=room, no_wrap=True)
    table.add_column(f"{'training':>9}", no_wrap=True)
    for header in ("bits/char", "size", "seconds") if wide else ():
        table.add_column(header, justify="right", no_wrap=True)
    ceiling, winner = rows[0].held_out.bits_per_character, best(rows)
    for kind, group in groupby(rows, key=_kind):
        if kind != _kind(rows[0]):
            table.add_row()
        for row in group:
            cells = _cells(row, ceiling, room)
            table.add_row(*(cells if wide else cells[:4]), style="accent" if row is winner else "")
    return table


def _kind(row: Row) -> str:
    """Its smoothing, `run`, or `uniform`: what stands together in the table."""
    return row.smoothing or row.model.partition(" ")[0]


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
    """As everywhere, ∞ standing where the units do."""
    return f"{numbers.perplexity(value).replace('∞', '∞   '):>9}"


def _verdict(console: Console, rows: tuple[Row, ...]) -> None:
    winner = best(rows)
    perplexity, bits = numbers.perplexity(winner.held_out.perplexity), winner.held_out.bits_per_character
    said = f"lowest held-out: [accent]{escape(winner.model)}[/], {perplexity} ({bits:.3f} bits/char)"
    console.print(Padding(said, (1, 1, 0, 1)))


def _notes(console: Console, plan: Plan, rows: tuple[Row, ...]) -> None:
    """How to read the table; a smoothing explains itself by the first line of its docstring."""
    notes = Table(box=None, padding=(0, 1), show_header=False)
    notes.add_column(style="quiet", no_wrap=True)
    notes.add_column(style="quiet")
    unit = plan.text.unit
    how = f"per {unit}; lower is better; bars are in bits per character; the context is carried along"
    notes.add_row("perplexity", how)
    if any(row.held_out.zero_events for row in rows):
        notes.add_row("unseen", f"{unit}s held out that the model had ruled out; one is enough for ∞")
    if unit == "word":
        notes.add_row("bits/char", "a word is spelt with one space; <unk> counts as if it were the word it hides")
    if console.width >= _ALL_COLUMNS_FROM:
        notes.add_row("size", "counts stored, or parameters")
    notes.add_row("P(w|c)", f"probability of {unit} w after the {unit}s c; n(…) is how often they occur")
    for name in dict.fromkeys(row.smoothing for row in rows if row.smoothing):
        notes.add_row(name, escape(_explained(name, plan.epsilon)))
    console.print()
    console.print(notes)


def _explained(smoothing: str, epsilon: float) -> str:
    line = (inspect.getdoc(SMOOTHINGS[smoothing]) or "").partition("\n")[0]
    line = re.sub(r"\blower\b", "P(w|shorter c)", line.replace("`", ""))
    return line + (f" Here ε={epsilon:g} for every order." if "ε" in line else "")


def _next(plan: Plan) -> str:
    if plan.runs:
        return f"let one write: rnn-lab sample {escape(str(plan.runs[0].folder))}"
    return f"add a network: rnn-lab train {escape(plan.flags)}".rstrip() + ", then rnn-lab compare RUN"
