"""Runs in a list, and their curves over each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from string import ascii_uppercase

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.lab.figures import Plot, curve
from cli.lab.runs.curves import Measured, part_of
from cli.lab.runs.listing import Listed
from cli.lab.settings import Settings
from cli.render import numbers
from cli.render.plots import plot
from cli.render.training_view import duration

_ALL_COLUMNS_FROM = 88  # terminal columns
_WIDEST, _HEIGHT = 100, 12


def show_list(console: Console, runs: Sequence[Listed]) -> None:
    """A row per run; in a narrow terminal without the text, the size and the time."""
    if not runs:
        console.print("\n no runs here\n\n [quiet]make one: rnn-lab train[/]")
        return
    wide = console.width >= _ALL_COLUMNS_FROM
    table = Table(box=None, padding=(0, 1), header_style="quiet")
    longest, most = max(len(_name(run, wide)) for run in runs), 40 if wide else 20
    table.add_column("run", overflow="fold", min_width=min(longest, most), max_width=most)
    for name in ("text", "network") if wide else ("network",):
        table.add_column(name, overflow="fold")
    for name in ("size", "step", "time", "training", "held-out") if wide else ("step", "held-out"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for run in runs:
        table.add_row(*_cells(run, wide))
    console.print()
    console.print(table)
    for run in runs:
        if run.problem:
            console.print(f" [quiet]{escape(run.folder.name)}: {escape(run.problem)}[/]")
    console.print(f"\n [quiet]{_next(runs)}[/]", soft_wrap=True)


def _name(run: Listed, wide: bool) -> str:
    return str(run.folder) if wide else run.folder.name


def _cells(run: Listed, wide: bool) -> list[str]:
    name = escape(_name(run, wide))
    s = run.settings
    if s is None:
        return [name, *[""] * (7 if wide else 3), f"[quiet]{run.state}[/]"]
    step, held_out = _progress(run, s), _perplexity(run.held_out_perplexity)
    state = f"[accent]{run.state}[/]" if run.state == "running" else run.state
    if not wide:
        return [name, s.network, step, held_out, state]
    size = "–" if run.parameters is None else f"{run.parameters:,}"
    spent = "–" if run.seconds is None else duration(run.seconds)
    text = escape(Path(s.corpus).stem)
    return [name, text, s.network, size, step, spent, _perplexity(run.train_perplexity), held_out, state]


def _progress(run: Listed, s: Settings) -> str:
    """Of how many: steps, or passes where these were asked for."""
    if s.epochs is not None:
        return f"{run.epoch:,}/{s.epochs:,} epochs"
    return f"{run.step:,}" if s.steps is None else f"{run.step:,}/{s.steps:,}"


def _perplexity(value: float | None) -> str:
    return "–" if value is None else numbers.perplexity(value)


def _next(runs: Sequence[Listed]) -> str:
    stopped = next((run for run in runs if run.state == "stopped"), None)
    if stopped is not None:
        return f"go on: rnn-lab train --resume {escape(str(stopped.folder))}"
    shown = " ".join(escape(str(run.folder)) for run in runs if run.settings is not None)
    return f"curves: rnn-lab runs compare {shown}"


def show_curves(console: Console, runs: Sequence[Measured], part: str | None, axis: str) -> None:
    """The curves, each with a letter at its end; and which letter is which run."""
    shown = part_of(runs, part)
    letters = [_letter(k) for k in range(len(runs))]
    points = [run.points(shown, axis) for run in runs]
    curves = tuple(curve(name, *zip(*p, strict=True)) for name, p in zip(letters, points, strict=True) if p)
    console.print()
    if curves:
        figure = plot(Plot(f"{shown} perplexity", curves, axis, log=True), min(console.width - 2, _WIDEST), _HEIGHT)
        console.print(Padding(figure, (0, 1)))
        console.print()
    else:
        console.print(f" [quiet]no run has measured its {shown} perplexity[/]\n")
    console.print(_legend(console.width, runs, letters, shown))
    for line in _warnings(runs, shown, points):
        console.print(Padding(Text(line, style="quiet"), (1, 1, 0, 1)))
    first = escape(str(runs[0].run.folder))
    console.print(f"\n [quiet]beside counting: rnn-lab compare {first}[/]", soft_wrap=True)


def _letter(k: int) -> str:
    return ascii_uppercase[k] if k < len(ascii_uppercase) else str(k + 1)


def _legend(width: int, runs: Sequence[Measured], letters: Sequence[str], part: str) -> Table:
    wide = width >= _ALL_COLUMNS_FROM
    table = Table(box=None, padding=(0, 1), header_style="quiet")
    table.add_column("")
    table.add_column("run", overflow="fold", max_width=40 if wide else 20)
    table.add_column("network", overflow="fold")
    for name in ("step", "time", "last", "lowest", "at step") if wide else ("last", "lowest"):
        table.add_column(name, justify="right", no_wrap=True)
    for letter, run in zip(letters, runs, strict=True):
        table.add_row(letter, *_about(run, part, wide))
    return table


def _about(run: Measured, part: str, wide: bool) -> list[str]:
    points, lowest = run.points(part, "step"), run.lowest(part)
    last, low = _perplexity(points[-1][1] if points else None), _perplexity(lowest[1] if lowest else None)
    name = escape(str(run.run.folder) if wide else run.run.folder.name)
    network = run.run.settings.network if run.run.settings else ""
    if not wide:
        return [name, network, last, low]
    spent = "–" if run.run.seconds is None else duration(run.run.seconds)
    return [name, network, f"{run.run.step:,}", spent, last, low, f"{lowest[0]:,}" if lowest else "–"]


def _warnings(runs: Sequence[Measured], part: str, points: Sequence[Sequence[object]]) -> list[str]:
    found = []
    if len({run.text for run in runs}) > 1:
        found.append("these are not the same text, cleaning, tokens and split: heights do not compare")
    if part == "training":
        found.append("training perplexity says how well a text is remembered, not how well another is foreseen")
    if part != "training" and any(points) and not all(points):
        found.append("a run without a curve has not measured this: --part training shows them all")
    return found
