"""Planted mistakes: how many were noticed in each family, or each one of an equation."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.lab.verification import Planted
from cli.render import numbers
from cli.render.console import mark
from cli.render.verification import count, headline
from rnn.mutation import Outcome, Survey

_WIDE = 72  # columns from which on there is room for the kinds
_BESIDE, _BESIDE_KINDS = 26, 38  # columns of the table of one equation's mistakes, beside the mistakes
_WITHOUT_NUMBER = {"shape": "wrong shape", "failure": "no value", "circle": "reads itself"}
_WAYS = {"value": "gave another value", "shape": "another shape", "failure": "none", "circle": "read themselves"}


def show(console: Console, planted: Planted) -> None:
    """Every mutant of one equation, or a row for each family; what is equal in value; what escaped."""
    if len(planted.surveys) == 1:
        _each(console, planted.surveys[0])
    else:
        _by_reason(console, planted)
        _by_family(console, planted)
    _verdict(console, planted)


def _each(console: Console, survey: Survey) -> None:
    headline(console, survey.equation)
    kinds = console.width >= _WIDE
    table = Table(box=None, padding=(0, 1), show_header=False)
    table.add_column(justify="right", style="accent", no_wrap=True)
    if kinds:
        table.add_column(style="quiet", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    for o in survey.outcomes:
        kind = [o.mutant.kind] if kinds else []
        said = _said(o, console.width - (_BESIDE_KINDS if kinds else _BESIDE))
        table.add_row(f"#{o.mutant.number}", *kind, said, _noticed(o), "=" if o.equal else mark(o.caught))
    console.print()
    console.print(table)


def _said(o: Outcome, room: int) -> Text:
    """The mistake, broken before "instead of" where it is long; and below it why it is none."""
    said = o.mutant.description
    text = Text(said if len(said) <= room else said.replace(" instead of ", "\ninstead of "))
    return text.append(f"\n{o.reason}", "quiet") if o.equal else text


def _noticed(o: Outcome) -> str:
    """What gave it away."""
    if o.caught:
        return _WITHOUT_NUMBER.get(o.noticed, f"off by {numbers.error(o.error)}")
    return "equal" if o.equal else "escaped"


def _by_reason(console: Console, planted: Planted) -> None:
    if planted.equal:
        console.print("\n [title]Equal in value[/]  [quiet]written in another way, so not counted[/]\n")
    for reason, outcomes in planted.equal.items():
        console.print(Padding(f"{reason}: {len(outcomes)}", (0, 1), expand=False))
        names = ", ".join(o.mutant.name for o in outcomes)
        console.print(Padding(Text(names, style="quiet"), (0, 1, 1, 3), expand=False))


def _by_family(console: Console, planted: Planted) -> None:
    console.print(
        f"\n [title]Planted mistakes[/]  [quiet]each alone, on {count(planted.problems, 'random network')}[/]\n"
    )
    table = Table(box=None, padding=(0, 1), header_style="quiet", pad_edge=True)
    table.add_column("family", style="accent", no_wrap=True)
    for heading in ("equations", "caught", "of", "equal"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("")
    for family, some in groupby(planted.surveys, key=lambda s: s.equation.family):
        part = Planted(tuple(some), planted.problems)
        equal = sum(map(len, part.equal.values()))
        counts = (len(part.surveys), part.caught, len(part.counted), equal)
        table.add_row(family, *map(str, counts), mark(part.ok))
    console.print(table)


def _verdict(console: Console, planted: Planted) -> None:
    console.print(f"\n {mark(planted.ok)} caught {planted.caught} of {len(planted.counted)}")
    console.print(Padding(_ways(planted), (0, 3), expand=False))
    if planted.fewest is not None and len(planted.surveys) > 1:
        console.print(f"   at least {planted.fewest} for each equation of the way back")
    for o in planted.escaped:
        console.print(Padding(Text(f"{o.mutant.name} escaped: {o.mutant.description}"), (0, 3)))
    if planted.failing:
        console.print(Padding(f"without any mistake these do not hold: {', '.join(planted.failing)}", (0, 3)))
    some = planted.surveys[-1].equation.id
    again = f"verify {some} --mutate" if len(planted.surveys) > 1 else f"verify {some}"
    console.print(
        f"\n [quiet]{'each of one equation' if len(planted.surveys) > 1 else 'the check'}: rnn-lab {again}[/]"
    )


def _ways(planted: Planted) -> str:
    """How those that were caught gave themselves away, the most frequent way first."""
    found = Counter(o.noticed if o.noticed in _WAYS else "value" for o in planted.counted if o.caught)
    return ", ".join(f"{found[way]} {said}" for way, said in _WAYS.items() if found[way])
