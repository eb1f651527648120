"""Checks of equations, as a table or one at a time."""

from __future__ import annotations

import inspect
from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.render import numbers
from cli.render.console import mark
from rnn.formulas import Equation
from rnn.formulas.notation import symbol
from rnn.verify import BOUNDS, Check, Report

FAMILIES = {"elman": "Elman network [DLB 10.2, 10.2.2]"}
_FORMULAS_FROM = 76  # columns below which formulas would be broken in pieces


def show(console: Console, report: Report) -> None:
    """One equation whole, or several as a table for each family, and what it comes to."""
    if len(report.checks) == 1:
        _one(console, report.checks[0], report.problems)
        return
    for family, checks in groupby(report.checks, key=lambda c: c.equation.family):
        _table(console, family, list(checks), report.problems)
    _summary(console, report)


def _table(console: Console, family: str, checks: list[Check], problems: int) -> None:
    wide = console.width >= _FORMULAS_FROM
    console.print(f"\n [title]{FAMILIES.get(family, family)}[/]", f"[quiet]worst of {problems}[/]\n")
    table = Table(box=None, padding=(0, 1), header_style="quiet", pad_edge=True)
    table.add_column("eq.", style="accent", no_wrap=True)
    table.add_column("gives", no_wrap=True)
    if wide:
        table.add_column("formula", overflow="fold")
    for witness in ("engine", "diff.", "fused"):
        table.add_column(witness, justify="right", no_wrap=True)
    table.add_column("")
    for c in checks:
        formula = [escape(c.equation.text.split(" = ", 1)[1])] if wide else []
        errors = (numbers.error(x) for x in (c.engine, c.differences, c.fused))
        table.add_row(c.equation.id, escape(c.equation.gives), *formula, *errors, _verdict(c))
    console.print(table)


def _verdict(check: Check) -> str:
    if check.equation.expected_to_fail:
        return mark(check.holds) + (" [quiet]as it should be[/]" if check.ok else " but printed wrong")
    return mark(check.holds)


def _summary(console: Console, report: Report) -> None:
    holding = sum(c.holds for c in report.checks if not c.equation.expected_to_fail)
    exposed = [c.equation.id for c in report.checks if c.equation.expected_to_fail and c.ok]
    wrong = [c.equation.id for c in report.checks if not c.ok]
    chained = max((c.chain for c in report.checks if not c.equation.expected_to_fail), default=0.0)
    console.print(f"\n {_count(holding, 'equation')} hold" + ("s" if holding == 1 else ""), end="")
    console.print(f"; {_count(len(exposed), 'printed error')} exposed ({', '.join(exposed)})" if exposed else "")
    console.print(f" as one chain, from parameters to gradients: off by {numbers.error(chained)} at most")
    if wrong:
        console.print(f" {mark(False)} wrong: {', '.join(wrong)}")
    console.print("\n [quiet]one of them whole: rnn-lab verify 24 · read how: rnn-lab lesson bptt[/]")


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _one(console: Console, check: Check, problems: int) -> None:
    e = check.equation
    console.print(f"\n [accent]{e.id}[/]  [title]{escape(e.title)}[/]  [quiet]{escape(e.source)}[/]\n")
    console.print(Padding(Text(e.text + (f"     {e.over}" if e.over else "")), (0, 4)))
    console.print(Padding(Text(_source(e), style="quiet"), (1, 4)))
    facts = Table(box=None, padding=(0, 1), show_header=False)
    facts.add_column(style="quiet", no_wrap=True)
    facts.add_column(overflow="fold")
    facts.add_row("LaTeX", escape(e.latex))
    facts.add_row("shapes", ", ".join(f"{symbol(name)} {_shape(shape)}" for name, shape in check.shapes.items()))
    if e.note:
        facts.add_row("note", escape(e.note))
    for name, error in (("engine", check.engine), ("differences", check.differences), ("fused", check.fused)):
        if error is None:
            facts.add_row(name, "[quiet]does not apply[/]")
        else:
            facts.add_row(name, f"{mark(error <= BOUNDS[name])} off by {numbers.error(error)}; allowed {BOUNDS[name]:.0e}")
    facts.add_row("as a chain", f"off by {numbers.error(check.chain)}")
    console.print(facts)
    said = "as it should be: it is printed wrong" if e.expected_to_fail and check.ok else f"worst of {problems} random networks"
    console.print(f"\n {mark(check.holds)} [quiet]{said} · all of them: rnn-lab verify[/]")


def _shape(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))})" if shape else "a number"


def _source(e: Equation) -> str:
    lines = inspect.getsource(e.function).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("def "))
    return "\n".join(lines[start:])
