"""Kernels while they are compiled, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich import filesize
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from cli.lab.warm import Part, Tell, Warmed

_SECONDS = 10.0  # between lines where nothing is redrawn


@contextmanager
def follow(console: Console) -> Iterator[Tell]:
    """What to call with each part before it is done: a bar moves, or where it cannot a line comes now and then."""
    if not console.is_terminal or console.no_color:
        yield _lines(console)
        return
    moving = BarColumn(20, complete_style="bar", finished_style="bar")
    counted = MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("[quiet]{task.description}[/]")
    with Progress(TextColumn(""), moving, *counted, console=console, transient=True) as progress:
        task = progress.add_task("starting", total=None)
        yield lambda part: progress.update(task, total=part.total, completed=part.number - 1, description=part.title)


def _lines(console: Console) -> Tell:
    spoke = time.perf_counter()

    def tell(part: Part) -> None:
        nonlocal spoke
        if time.perf_counter() - spoke > _SECONDS:
            spoke = time.perf_counter()
            console.print(Text(f"part {part.number} of {part.total}: {part.title}"), soft_wrap=True)

    return tell


def show(console: Console, done: Warmed) -> None:
    """How many were compiled, in what time, and where they are."""
    if done.compiled:
        said = f"{done.kernels} kernels compiled, for {done.compiled} combinations of types, in {done.seconds:.0f} s"
    else:
        said = f"nothing to compile: all {done.kernels} kernels are there"
    console.print(f"\n {said}")
    console.print(Text(f" {filesize.decimal(done.bytes)} in {done.folder}", style="quiet"), soft_wrap=True)
    console.print("\n [quiet]begin with: rnn-lab lesson bptt[/]")
