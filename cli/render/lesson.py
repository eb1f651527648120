"""Lessons on a terminal: a page at a time, or all of them in a row."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable
from importlib import import_module

from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.lab.figures import Claim, Result
from cli.lab.lessons import Block, Lesson
from cli.render import figures
from cli.render.console import mark
from rnn.formulas import REGISTRY

WIDEST = 84  # columns beyond which prose is hard to read
Conduct = Callable[[str], Result]


def page(console: Console, lesson: Lesson, number: int, conduct: Conduct) -> None:
    """Print page `number` (from 1), running its experiments as they come."""
    width = min(console.width, WIDEST)
    position = f"{number} / {len(lesson.pages)}"
    console.print(
        Text(f"\n {lesson.title}", style="title").append(
            f"{position:>{width - len(lesson.title) - 2}}\n", style="quiet"
        )
    )
    for block in lesson.pages[number - 1]:
        _SHOWN[block.kind](console, block, width, conduct)


def _prose(console: Console, block: Block, width: int, conduct: Conduct) -> None:
    body = block.body
    if body.startswith("## "):
        heading, _, body = body.partition("\n")
        console.print(Padding(Text(heading.removeprefix("## "), style="title"), (0, 1, 1, 1)), width=width)
    if body.strip():
        console.print(Padding(Markdown(body.strip(), justify="left"), (0, 1, 1, 1)), width=width)


def _equation(console: Console, block: Block, width: int, conduct: Conduct) -> None:
    e = REGISTRY[block.body]
    console.print(Padding(figures.headline(e.text, e.id, width - 6), (0, 1, 1, 5)))


def _source(console: Console, block: Block, width: int, conduct: Conduct) -> None:
    module, _, name = block.body.partition(":")
    console.print(Padding(Text(_code(inspect.getsource(vars(import_module(module))[name]), width - 6)), (0, 0, 1, 5)))


def _code(source: str, width: int) -> str:
    """A function without its decorator; where a line is too long, without its annotations and its docstring."""
    lines = source.splitlines()
    shown = lines[next(i for i, line in enumerate(lines) if line.startswith(("def ", "class "))) :]
    if max(map(len, shown)) <= width:
        return "\n".join(shown)
    function = ast.parse("\n".join(shown)).body[0]
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
            node.body = node.body[ast.get_docstring(node) is not None :]
    return ast.unparse(function)


def _run(console: Console, block: Block, width: int, conduct: Conduct) -> None:
    result = conduct(block.body)
    for figure in result.figures:
        console.print(Padding(figures.draw(figure, width - 6), (0, 1, 1, 5)), width=width)
    for claim in result.claims:
        console.print(Padding(figures.claim(claim), (0, 1, 0, 5)), width=width)
    if result.claims:
        console.print()


_SHOWN: dict[str, Callable[[Console, Block, int, Conduct], None]] = {
    "prose": _prose,
    "equation": _equation,
    "source": _source,
    "run": _run,
}


def claims(console: Console, lesson: Lesson, found: Iterable[tuple[str, Claim]]) -> bool:
    """Print claims as they are found; whether all hold."""
    console.print(f"\n [title]{escape(lesson.title)}[/]\n")
    held = [_claim(console, claim) for _, claim in found]
    failed = held.count(False)
    said = f"{len(held)} claims hold" if not failed else f"{failed} of {len(held)} claims fail"
    console.print(f"\n {mark(not failed)} {said}   [quiet]read it: rnn-lab lesson {lesson.name}[/]")
    return not failed


def _claim(console: Console, claim: Claim) -> bool:
    console.print(Padding(figures.claim(claim), (0, 1)), width=min(console.width, WIDEST))
    return claim.holds


def catalogue(console: Console, lessons: list[Lesson], reached: dict[str, int]) -> None:
    """All lessons by part, what has been read of each, and the command that comes next."""
    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_column(width=1)
    table.add_column(style="accent", no_wrap=True)
    table.add_column()
    part = ""
    for lesson in lessons:
        if lesson.part != part:
            table.add_row("", f"[quiet]{escape(lesson.part)}[/]", "")
            part = lesson.part
        done = reached.get(lesson.name, 0) >= len(lesson.pages)
        table.add_row(mark(True) if done else "", lesson.name, escape(lesson.summary))
    console.print()
    console.print(table)
    waiting = [n for n in lessons if reached.get(n.name, 0) < len(n.pages)]
    upcoming = waiting[0] if waiting else lessons[0]
    start = f" --from {reached[upcoming.name]}" if 1 < reached.get(upcoming.name, 0) < len(upcoming.pages) else ""
    console.print(f"\n [quiet]{'next' if waiting else 'again'}:[/] rnn-lab lesson {upcoming.name}{start}")
