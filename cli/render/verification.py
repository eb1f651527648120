"""Checks of equations, as a table or one at a time."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from cli.render import numbers
from cli.render.console import mark
from rnn.formulas import FAMILIES, Equation
from rnn.formulas.notation import symbol
from rnn.verify import BOUNDS, Check, Report

Item = TypeVar("Item")
_OTHER_COLUMNS = 30  # of the table, beside the ids and the formulas
_SHORTEST_FORMULAS = 34  # columns that formulas need when broken before plus signs
_QUIET_SECONDS = 10.0  # between lines where nothing is redrawn


def follow(console: Console, coming: Iterable[Item], total: int, doing: str) -> list[Item]:
    """What is coming, with a bar while it comes; where nobody watches, a line now and then."""
    if not console.is_terminal or console.no_color:
        return list(_now_and_then(console, coming, total, doing))
    moving = BarColumn(20, complete_style="bar", finished_style="bar")
    columns = TextColumn(f" [quiet]{doing}[/]"), moving, TextColumn("{task.completed} of {task.total}")
    with Progress(*columns, console=console, transient=True) as progress:
        return list(progress.track(coming, total=total))


def _now_and_then(console: Console, coming: Iterable[Item], total: int, doing: str) -> Iterator[Item]:
    spoke = time.perf_counter()
    for n, item in enumerate(coming, 1):
        yield item
        if n < total and time.perf_counter() - spoke > _QUIET_SECONDS:
            spoke = time.perf_counter()
            console.print(f"{doing}: {n} of {total}", soft_wrap=True)


def show(console: Console, report: Report) -> None:
    """One equation whole, or several as a table for each family, and what it comes to."""
    if len(report.checks) == 1:
        _one(console, report.checks[0], report.problems)
        return
    families = [(family, list(checks)) for family, checks in groupby(report.checks, key=lambda c: c.equation.family)]
    for family, checks in families:
        _table(console, family, checks, report.problems)
    if len(families) > 1:
        _overview(console, families)
    _summary(console, report)


def _table(console: Console, family: str, checks: list[Check], problems: int) -> None:
    ids = max(len(c.equation.id) for c in checks)
    room = console.width - _OTHER_COLUMNS - ids
    whole = [broken(c.equation.text, room) for c in checks]
    formulas = room >= _SHORTEST_FORMULAS and all(len(line) <= room for text in whole for line in text.splitlines())
    console.print(f"\n [title]{escape(FAMILIES[family])}[/]  [quiet]worst of {problems}[/]\n")
    table = Table(box=None, padding=(0, 1), header_style="quiet", pad_edge=True)
    table.add_column("eq.", style="accent", no_wrap=True)
    table.add_column("formula" if formulas else "gives", no_wrap=True)
    for witness in ("engine", "diff.", "fused"):
        table.add_column(witness, justify="right", no_wrap=True)
    table.add_column("")
    for c, formula in zip(checks, whole, strict=True):
        table.add_row(c.equation.id, Text(formula if formulas else c.equation.gives), *_errors([c]), mark(c.holds))
    console.print(table)


def _errors(checks: Iterable[Check]) -> list[str]:
    """The largest error by each witness."""
    checks = list(checks)
    by_witness = ([getattr(c, w) for c in checks if getattr(c, w) is not None] for w in BOUNDS)
    return [numbers.error(max(errors, default=None)) for errors in by_witness]


def broken(formula: str, room: int) -> str:
    """The formula, on several lines if one is too short: broken before terms, and aligned behind the equals sign.

    A term that is too long by itself is broken between factors.
    """
    indent = " " * (formula.index(" = ") + 1)
    lines, rest = [], formula
    while len(rest) > room:
        places = [k for k in range(len(indent) + 2, room + 1) if _outside_brackets(rest, k)]
        terms = [k for k in places if rest[k : k + 3] in (" + ", " − ")]
        if not places:
            break
        k = (terms or places)[-1]
        lines.append(rest[:k])
        rest = indent + rest[k + 1 :]
    return "\n".join([*lines, rest])


def _outside_brackets(text: str, k: int) -> bool:
    """Whether a term or a factor, with the sign before it, begins at k, outside all brackets."""
    begins = text[k : k + 1] == " " and text[k - 1] not in "+−⊙⊗="
    return begins and all(text[:k].count(a) == text[:k].count(b) for a, b in ("()", "[]"))


def _overview(console: Console, families: list[tuple[str, list[Check]]]) -> None:
    """A row for each family, as the last screen of many tables."""
    console.print("\n [title]All families[/]\n")
    table = Table(box=None, padding=(0, 1), header_style="quiet", pad_edge=True)
    table.add_column("family", style="accent", no_wrap=True)
    for heading in ("hold", "of", "engine", "diff.", "fused"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("")
    for family, checks in families:
        meant = [c for c in checks if not c.equation.expected_to_fail]
        holding = sum(c.holds for c in meant)
        ok = all(c.ok for c in checks)
        table.add_row(family, str(holding), str(len(meant)), *_errors(meant), mark(ok))
    console.print(table)


def _summary(console: Console, report: Report) -> None:
    meant = [c for c in report.checks if not c.equation.expected_to_fail]
    holding = sum(c.holds for c in meant)
    exposed = [c.equation.id for c in report.checks if c.equation.expected_to_fail and c.ok]
    wrong = [c.equation.id for c in report.checks if not c.ok]
    console.print(f"\n {count(holding, 'equation')} of {len(meant)} {'holds' if holding == 1 else 'hold'}")
    if exposed:
        console.print(f" {', '.join(exposed)} is printed wrong and does not hold, as it should be")
    if meant:
        console.print(f" chained from what is given to the end: off by {numbers.error(max(c.chain for c in meant))}")
    if wrong:
        console.print(Padding(f"{mark(False)} wrong: {', '.join(wrong)}", (0, 1)))
    some = report.checks[-1].equation.id
    console.print(f"\n [quiet]one of them whole: rnn-lab verify {some} · read how: rnn-lab lesson bptt[/]")


def count(n: int, noun: str) -> str:
    """1 equation, 2 equations."""
    return f"{n} {noun}{'' if n == 1 else 's'}"


def headline(console: Console, e: Equation) -> None:
    """What an equation is for, and its formula."""
    gap = "  " if len(e.id + e.title + e.source) + 6 <= console.width else "\n"
    title = Text.assemble((e.id, "accent"), "  ", (e.title, "title"), gap, (e.source, "quiet"))
    console.print(Padding(title, (1, 1), expand=False))
    formula = broken(e.text, console.width - 8)
    gap = "     " if len(formula.splitlines()[-1] + e.over) + 13 <= console.width else "\n"
    console.print(Padding(Text(formula).append(f"{gap}{e.over}" if e.over else "", "quiet"), (0, 4)))


def _one(console: Console, check: Check, problems: int) -> None:
    e = check.equation
    headline(console, e)
    console.print(Padding(Text(_source(e), style="quiet"), (1, 4), expand=False))
    if e.derivation:
        console.print(" [quiet]It follows from[/]\n")
        console.print(Padding(Text("\n".join(text for text, _ in e.derivation)), (0, 0, 1, 4)))
    facts = Table(box=None, padding=(0, 1), show_header=False)
    facts.add_column(style="quiet", no_wrap=True)
    facts.add_column(overflow="fold")
    facts.add_row("LaTeX", Text(e.latex))
    facts.add_row("shapes", ", ".join(f"{symbol(name)} {_shape(shape)}" for name, shape in check.shapes.items()))
    if e.note:
        facts.add_row("note", Text(e.note))
    for witness, bound in BOUNDS.items():
        facts.add_row(witness, _verdict(getattr(check, witness), bound))
    facts.add_row("as a chain", f"off by {numbers.error(check.chain)}")
    console.print(facts)
    said = (
        "as it should be: it is printed wrong"
        if e.expected_to_fail and check.ok
        else f"worst of {count(problems, 'random network')}"
    )
    console.print(f"\n {mark(check.holds)} [quiet]{said} · all of them: rnn-lab verify[/]")


def _verdict(error: float | None, bound: float) -> str:
    if error is None:
        return "[quiet]does not apply[/]"
    return f"{mark(error <= bound)} off by {numbers.error(error)}; allowed {bound:.0e}"


def _shape(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))})" if shape else "a number"


def _source(e: Equation) -> str:
    """The expression that the function returns."""
    nodes = ast.walk(ast.parse(e.code))
    return "\n".join(ast.unparse(n.value) for n in nodes if isinstance(n, ast.Return) and n.value)
