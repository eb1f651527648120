"""Checks of equations, as a table or one at a time."""

from __future__ import annotations

import ast
import inspect
from itertools import groupby
from textwrap import dedent

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.render import numbers
from cli.render.console import mark
from rnn.formulas import FAMILIES, Equation
from rnn.formulas.notation import symbol
from rnn.formulas.registry import Witness
from rnn.verify import BOUNDS, Check, Report

_OTHER_COLUMNS = 41  # of the table, beside the formulas
_SHORTEST_FORMULAS = 39  # columns that formulas need when broken before a plus sign


def show(console: Console, report: Report) -> None:
    """One equation whole, or several as a table for each family, and what it comes to."""
    if len(report.checks) == 1:
        _one(console, report.checks[0], report.problems)
        return
    for family, checks in groupby(report.checks, key=lambda c: c.equation.family):
        _table(console, family, list(checks), report.problems)
    _summary(console, report)


def _table(console: Console, family: str, checks: list[Check], problems: int) -> None:
    room = console.width - _OTHER_COLUMNS
    formulas = room >= _SHORTEST_FORMULAS
    console.print(f"\n [title]{FAMILIES[family]}[/]", f"[quiet]worst of {problems}[/]\n")
    table = Table(box=None, padding=(0, 1), header_style="quiet", pad_edge=True)
    table.add_column("eq.", style="accent", no_wrap=True)
    table.add_column("formula" if formulas else "gives", no_wrap=True)
    for witness in ("engine", "diff.", "fused"):
        table.add_column(witness, justify="right", no_wrap=True)
    table.add_column("")
    for c in checks:
        formula = _broken(c.equation.text, room) if formulas else c.equation.gives
        errors = (numbers.error(x) for x in (c.engine, c.differences, c.fused))
        table.add_row(c.equation.id, escape(formula), *errors, mark(c.holds))
    console.print(table)


def _broken(formula: str, room: int) -> str:
    """The formula, on two lines if one is too short."""
    return formula if len(formula) <= room else formula.replace(" + ", "\n      + ", 1)


def _summary(console: Console, report: Report) -> None:
    meant = [c for c in report.checks if not c.equation.expected_to_fail]
    holding, exposed = (
        sum(c.holds for c in meant),
        [c.equation.id for c in report.checks if c.equation.expected_to_fail and c.ok],
    )
    wrong = [c.equation.id for c in report.checks if not c.ok]
    console.print(f"\n {_count(holding, 'equation')} of {len(meant)} {'holds' if holding == 1 else 'hold'}")
    if exposed:
        console.print(f" {', '.join(exposed)} is printed wrong and does not hold, as it should be")
    if meant:
        console.print(f" chained from what is given to the end: off by {numbers.error(max(c.chain for c in meant))}")
    if wrong:
        console.print(f" {mark(False)} wrong: {', '.join(wrong)}")
    console.print("\n [quiet]one of them whole: rnn-lab verify 24 · read how: rnn-lab lesson bptt[/]")


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _one(console: Console, check: Check, problems: int) -> None:
    e = check.equation
    console.print(f"\n [accent]{e.id}[/]  [title]{escape(e.title)}[/]  [quiet]{escape(e.source)}[/]\n")
    console.print(Padding(Text(e.text + (f"     {e.over}" if e.over else "")), (0, 4)))
    console.print(Padding(Text(_source(e), style="quiet"), (1, 4), expand=False))
    facts = Table(box=None, padding=(0, 1), show_header=False)
    facts.add_column(style="quiet", no_wrap=True)
    facts.add_column(overflow="fold")
    facts.add_row("LaTeX", escape(e.latex))
    facts.add_row("shapes", ", ".join(f"{symbol(name)} {_shape(shape)}" for name, shape in check.shapes.items()))
    if e.note:
        facts.add_row("note", escape(e.note))
    errors: tuple[tuple[Witness, float | None], ...]
    errors = (("engine", check.engine), ("differences", check.differences), ("fused", check.fused))
    for name, error in errors:
        if error is None:
            facts.add_row(name, "[quiet]does not apply[/]")
        else:
            facts.add_row(
                name, f"{mark(error <= BOUNDS[name])} off by {numbers.error(error)}; allowed {BOUNDS[name]:.0e}"
            )
    facts.add_row("as a chain", f"off by {numbers.error(check.chain)}")
    console.print(facts)
    said = (
        "as it should be: it is printed wrong"
        if e.expected_to_fail and check.ok
        else f"worst of {problems} random networks"
    )
    console.print(f"\n {mark(check.holds)} [quiet]{said} · all of them: rnn-lab verify[/]")


def _shape(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))})" if shape else "a number"


def _source(e: Equation) -> str:
    """The expression that the function returns."""
    function = ast.parse(dedent(inspect.getsource(e.function))).body[0]
    return "\n".join(
        ast.unparse(node.value) for node in ast.walk(function) if isinstance(node, ast.Return) and node.value
    )
