"""Models side by side, the held-out perplexity in the middle of attention."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from cli.lab.comparison import Plan, Row, best, findings, preferred
from cli.render import numbers
from cli.render.comparison_tables import by_order, chosen, models, shows_all
from cli.render.typed import reading, typed
from rnn.baselines import SMOOTHINGS


def follow(console: Console, rows: Iterable[Row], total: int) -> tuple[Row, ...]:
    """The rows, with a line of progress while they come; none where nobody watches."""
    moving = BarColumn(20, complete_style="bar", finished_style="bar")
    columns = TextColumn(" [quiet]measuring[/]"), moving, TextColumn("{task.completed} of {task.total}")
    silent = not console.is_terminal or console.no_color
    with Progress(*columns, console=console, transient=True, disable=silent) as progress:
        return tuple(progress.track(rows, total=total))


def show(console: Console, plan: Plan, rows: tuple[Row, ...], *, every: bool = False) -> None:
    """What was measured on, a row per model, which is best, and how to read it; or the text that was typed.

    With several smoothings and orders each smoothing has one row, that of the order which the development part
    prefers, below a table of all of them; with `every` each model has its row.
    """
    _heading(console, plan)
    overview = len(plan.smoothings) > 1 and len(plan.orders) > 1 and not every
    shown = _overview(rows) if overview else rows
    if plan.typed is not None:
        typed(console, plan.typed, shown, plan.text.unit)
    else:
        if overview:
            by_order(console, rows)
        _caption(console, overview)
        console.print(models(console.width, shown, winner=best(rows)))
        _verdict(console, plan, rows)
        chosen(console, plan, rows)
    _notes(console, plan, shown)
    console.print(Padding(f"[quiet]{_next(plan)}[/]", (1, 1, 0, 1)))


def _overview(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The uniform model, then from the highest perplexity to the lowest, and what nobody can go below."""
    counting = list(preferred(rows).values())
    others = [row for row in rows if row.kind == "run"] + counting
    ordered = sorted(others, key=lambda row: -row.held_out.nats)
    return (rows[0], *ordered, *(row for row in rows if row.kind == "source"))


def _heading(console: Console, plan: Plan) -> None:
    text = plan.text
    title = f"[title]{escape(text.corpus.name)}[/]  [quiet]cleaning {text.corpus.cleaning}[/]"
    console.print(Padding(title, (1, 1, 0, 1)))
    training, held_out = f"{text.training.size:,} {text.unit}s to train on", f"{text.held_out.size:,} held out"
    console.print(f" [quiet]{training}, {held_out}; V = {len(text.vocab):,}[/]")
    if text.unseen:
        console.print(f" [quiet]{text.unseen:,} held out are {text.unit}s never met in training[/]")
    console.print()


def _caption(console: Console, overview: bool) -> None:
    if overview:
        console.print(" [quiet]each with the order that the development part prefers[/]\n")


def _verdict(console: Console, plan: Plan, rows: tuple[Row, ...]) -> None:
    winner = best(rows)
    perplexity, bits = numbers.perplexity(winner.held_out.perplexity), winner.held_out.bits_per_character
    said = f"lowest held-out: [accent]{escape(winner.model)}[/], {perplexity} ({bits:.3f} bits/char)"
    console.print(Padding(said, (1, 1, 0, 1)))
    for sentence in findings(plan, rows):
        console.print(Padding(escape(sentence), (0, 1, 0, 1)))


def _notes(console: Console, plan: Plan, rows: tuple[Row, ...]) -> None:
    """How to read the page; a smoothing that was asked for explains itself by the first line of its docstring."""
    notes = Table(box=None, padding=(0, 1), show_header=False)
    notes.add_column(style="quiet", no_wrap=True)
    notes.add_column(style="quiet")
    how = reading(plan.typed, rows, plan.text.unit, console.width) if plan.typed else _reading(console, plan, rows)
    for name, said in how:
        notes.add_row(name, escape(said))
    console.print()
    console.print(notes)


def _reading(console: Console, plan: Plan, rows: tuple[Row, ...]) -> Iterable[tuple[str, str]]:
    unit = plan.text.unit
    yield "perplexity", f"per {unit}; lower is better; bars are in bits per character"
    yield "context", "carried along through each part; none before its first token"
    if any(row.held_out.zero_events for row in rows):
        yield "unseen", f"{unit}s held out that the model had ruled out; one is enough for ∞"
    if unit == "word":
        yield "bits", "a word is spelt with one space; <unk> counts as if it were the word it hides"
    if shows_all(console.width):
        yield "size", "counts or parameters; s: seconds, the counting not included"
    yield from _explanations(plan)


def _explanations(plan: Plan) -> Iterable[tuple[str, str]]:
    if not plan.named:
        yield "smoothings", f"what one does: --smoothing NAME, such as {plan.smoothings[-2]}"
        return
    unit = plan.text.unit
    yield "P(w|c)", f"probability of {unit} w after the {unit}s c; n(…) is how often they occur"
    for name in plan.smoothings:
        yield name, _explained(name)


def _explained(smoothing: str) -> str:
    line = (inspect.getdoc(SMOOTHINGS[smoothing]) or "").partition("\n")[0]
    return re.sub(r"\blower\b", "P(w|shorter c)", line.replace("`", ""))


def _next(plan: Plan) -> str:
    if plan.runs:
        return f"let one write: rnn-lab sample {escape(str(plan.runs[0].folder))}"
    return f"add a network: rnn-lab train {escape(plan.flags)}".rstrip() + ", then rnn-lab compare RUN"
