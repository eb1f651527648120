"""A text on its way here, and where it has come to."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.text import Text

from cli.lab.corpora import Arrived

_SECONDS = 5.0  # between lines where nothing is redrawn

Tell = Callable[[int, int | None], None]
Work = Callable[[Tell], Arrived]


def follow(console: Console, name: str, work: Work) -> Arrived:
    """Do the work and show how far it has come: a bar, or a line now and then where nothing can be redrawn."""
    return _bar(console, name, work) if console.is_terminal and not console.no_color else _lines(console, name, work)


def _bar(console: Console, name: str, work: Work) -> Arrived:
    moving = BarColumn(20, complete_style="bar", finished_style="bar")
    columns = TextColumn(" [quiet]{task.description}[/]"), moving, DownloadColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(f"fetching {escape(name)}", total=None)
        return work(lambda done, total: progress.update(task, completed=done, total=total))


def _lines(console: Console, name: str, work: Work) -> Arrived:
    spoke = time.perf_counter()

    def tell(done: int, total: int | None) -> None:
        nonlocal spoke
        if time.perf_counter() - spoke > _SECONDS:
            spoke = time.perf_counter()
            of = "" if total is None else f" of {total:,}"
            console.print(Text(f"fetching {name}: {done:,}{of} bytes"), soft_wrap=True)

    return work(tell)


def show(console: Console, text: Arrived) -> None:
    """Where the text is, and what to do with it."""
    size = f"{text.bytes:,} bytes, SHA-256 as it should be"
    said = f"fetched from {text.source}" if text.fetched else "it was here already"
    console.print(f"\n [accent]{escape(text.name)}[/]  {size}")
    console.print(Text(f" {said}", style="quiet"), soft_wrap=True)
    console.print(Text(f" {text.path}", style="quiet"), soft_wrap=True)
    console.print(f"\n [quiet]look at it: rnn-lab data show {escape(text.name)}[/]", soft_wrap=True)
