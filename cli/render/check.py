"""A hand-in: what is right, what is wrong, and the term in the formula that it is about."""

from __future__ import annotations

import inspect
import math
import shlex
import textwrap
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.lab.check.exercise import Exercise, exercises
from cli.lab.check.explanations import Explanation
from cli.lab.check.handin import Finding, HandIn
from cli.lab.check.hints import hints
from cli.render import numbers
from cli.render.check_formulas import claimed, marked
from cli.render.console import mark
from cli.render.verification import broken
from rnn.formulas import REGISTRY, Equation

_AT_ONCE = 3  # how many wrong answers are explained at once
_HELP = "--hint helps on · --watch checks at every save"
_PRINTED = 20  # lines of the file's own prints that are shown


def catalogue(
    console: Console, known: Sequence[Exercise], solved: Mapping[str, int], begun: Collection[str] = ()
) -> None:
    """All exercises, what has been solved of each, and the command that comes next; `begun` are there as files."""
    table = Table(box=None, show_header=False, padding=(0, 1))
    for style in ("", "accent", "", "quiet"):
        table.add_column(style=style, no_wrap=style == "accent")
    for e in known:
        right, parts = solved.get(e.name, 0), len(e.asks)
        some = f"{right} of {parts}" if 0 < right < parts else ""
        table.add_row(mark(True) if right >= parts else "", e.name, escape(e.title), some)
    console.print("\n [title]Exercises[/]  [quiet]each builds on those before[/]\n")
    console.print(table)
    waiting = [e for e in known if solved.get(e.name, 0) < len(e.asks)]
    e = (waiting or known)[0]
    command = _command(Path(e.filename), e) if e.name in begun else f"rnn-lab check --new {e.name}"
    _then(console, "next:" if waiting else "again:", command)


def written(console: Console, e: Exercise, path: Path) -> None:
    """What has been written, and what to do with it."""
    _say(console, Text.assemble((path.name, "accent"), "\n", e.title), 1, above=1)
    _say(console, "\n".join(f"{n}({', '.join(e.arguments(n))})" for n in e.asks), 4, above=1)
    if e.whole:
        text = "or one function backward(…), with all the gradients of the parameters in a dict"
        _say(console, Text(text, style="quiet"), 4)
    _then(console, "fill it in, then:", _command(Path(path.name), e), _HELP)


def handin(console: Console, found: HandIn, path: Path, *, watched: bool = False) -> None:
    """A row for each part, an explanation of what is wrong, and what comes next."""
    if found.printed.strip():
        _printed(console, found.printed)
    _say(console, Text(found.exercise.title, style="title"), 1, above=1)
    console.print()
    console.print(_parts(found.findings))
    for note in found.notes:
        _say(console, Text(note, style="quiet"), 1, above=1)
    bad = [f for f in found.findings if f.status in ("wrong", "failed")]
    groups = [list(some) for _, some in groupby(bad, key=lambda f: (f.explanations, f.said))]
    for some in groups[:_AT_ONCE]:
        _explained(console, some)
    if len(groups) > _AT_ONCE:
        console.print(f"\n [quiet]and {len(groups) - _AT_ONCE} more; these first[/]")
    if found.ok:
        _done(console, found.exercise)
    elif watched:
        waiting(console, _mend(found))
    else:
        _then(console, f"{_mend(found)}, then:", _command(path, found.exercise), _HELP)


def refused(console: Console, line: str) -> None:
    """Why a file that is being watched could not be checked."""
    _say(console, Text.assemble(("✗", "bad"), f" {line}"), 1, above=1)


def waiting(console: Console, what: str = "mend it") -> None:
    """What to do while the file is watched."""
    _say(console, Text(f"{what} and save it · ctrl-c to leave", style="quiet"), 1, above=1)


def _printed(console: Console, text: str) -> None:
    """The beginning of what the file printed."""
    lines = text.rstrip()[: _PRINTED * 80].splitlines()[:_PRINTED]
    more = len("\n".join(lines)) < len(text.rstrip())
    _say(console, Text("your file printed; its functions are called several times", style="quiet"), 1, above=1)
    _say(console, "\n".join(lines), 4, above=1)
    if more:
        _say(console, Text("… and more", style="quiet"), 4)


def _parts(findings: Sequence[Finding]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(style="accent", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    for f in findings:
        table.add_row(_sign(f), f.name, _off(f), _steps(f))
    return table


def _sign(f: Finding) -> str:
    return "[quiet]·[/]" if f.status == "missing" else mark(f.status == "right")


def _off(f: Finding) -> str:
    if f.status == "wrong" and not f.error:
        return "right numbers, but"
    if f.status == "wrong":
        return f"off by {_size(f.error)}" if f.error < math.inf else "another shape"
    return {"right": "", "failed": "no answer", "missing": "[quiet]not there yet[/]"}[f.status]


def _size(error: float) -> str:
    return numbers.share(error) if error < 1 else f"{error:.1f} times" if error < 100 else "far"


def _steps(f: Finding) -> str:
    """Of each step whether it is right."""
    if not f.steps or all(f.steps) or not any(f.steps):
        return "[quiet]at every step[/]" if f.steps and not any(f.steps) else ""
    return "[quiet]t =[/] " + "  ".join(f"{t} {mark(ok)}" for t, ok in enumerate(f.steps, 1))


def _explained(console: Console, some: Sequence[Finding]) -> None:
    """What is wrong with some parts, for one reason."""
    _say(console, Text(", ".join(f.name for f in some), style="accent"), 1, above=1)
    for sentence in some[0].said:
        _say(console, sentence, 3, above=1)
    found = some[0].explanations
    if not found:
        return
    _mistake(console, found[0])
    others = [x for x in found[1:] if x.mutants != found[0].mutants]  # the same, elsewhere, says nothing new
    if others and found[0].mutants:  # of what a right result has become, formulas say the same
        _say(console, "The same numbers come from:", 3, above=1)
        for x in others[:2]:
            _say(console, _hanging(f"– {x.said}", console.width - 6, "  "), 5)
        if len(others) > 2:
            _say(console, Text(f"and {len(others) - 2} more", style="quiet"), 5)


def _mistake(console: Console, x: Explanation) -> None:
    width = console.width - 8
    shown = x.mutants[:1] if x.alike else x.mutants
    for m in shown[-1:]:
        _say(console, Text("Your numbers are those of", style="quiet"), 3, above=1)
        _say(console, claimed(m, width), 5)
    for m in shown:
        _say(console, Text("The formula is", style="quiet"), 3)
        _say(console, marked(m, width), 5)
    _say(console, x.said, 3, above=1)


def _mend(found: HandIn) -> str:
    first = found.first
    return f"{'mend' if first and first.status != 'missing' else 'fill in'} {first.name if first else ''}"


def _command(path: Path, e: Exercise, option: str = "") -> str:
    """The command that checks a file, as it is to be typed."""
    named = "" if path.name == e.filename else f" --as {e.name}"
    return f"rnn-lab check {shlex.quote(str(path))}{named}{option}"


def _then(console: Console, when: str, command: str, more: str = "") -> None:
    """A command, never broken: below where it has no room beside."""
    beside = len(when) + len(command) + 2 <= console.width
    console.print(f"\n [quiet]{when}[/]{' ' if beside else chr(10) + '   '}{escape(command)}", soft_wrap=True)
    if more:
        _say(console, Text(more, style="quiet"), 1)


def _say(console: Console, text: Text | str, indent: int, *, above: int = 0) -> None:
    """Text in from the left, after blank lines, within the width."""
    console.print("\n" * above, end="")
    shown = text if isinstance(text, Text) else Text(text)
    console.print(Padding(shown, (0, 1, 0, indent), expand=False))


def _hanging(line: str, width: int, further: str) -> str:
    """A line broken at spaces, the later parts in from the left as far as the first and `further`."""
    start = line[: len(line) - len(line.lstrip())]
    return textwrap.fill(
        line.lstrip(), width, initial_indent=start, subsequent_indent=start + further, break_on_hyphens=False
    )


def _formulas(text: str, width: int) -> str:
    """Lines of formulas and sentences; formulas that are too long are broken before terms."""
    return "\n".join(broken(line, width) if " = " in line else line for line in text.splitlines())


def _done(console: Console, e: Exercise) -> None:
    console.print(f"\n {mark(True)} [title]All of it is right.[/] How it follows:")
    _derivations(console, e)
    later = [n for n in exercises().values() if n.order > e.order]
    if later:
        _then(console, "next:", f"rnn-lab check --new {later[0].name}")
    else:
        _then(console, "that was the last; all of them:", "rnn-lab check")


def solution(console: Console, e: Exercise, path: Path) -> None:
    """How each answer follows, and code for it."""
    _say(console, Text(e.title, style="title"), 1, above=1)
    _derivations(console, e, code=True)
    _then(console, "your own:", _command(path, e))


def _derivations(console: Console, e: Exercise, *, code: bool = False) -> None:
    for name in e.asks:
        _say(console, Text(name, style="accent"), 1, above=1)
        for equation in e.equations(name):
            _say(console, _derivation(equation, console.width - 6), 4)
        if code:
            lines = inspect.getsource(e.solution(name)).rstrip().splitlines()
            whole = "\n".join(_hanging(line, console.width - 6, " " * 8) for line in lines)
            _say(console, Text(whole, style="quiet"), 4, above=1)


def _derivation(e: Equation, width: int) -> Text:
    lines = Text(_formulas("\n".join(text for text, _ in e.derivation), width), style="quiet")
    return Text("\n").join(part for part in (lines, marked(e, width)) if part.plain)


def hint(console: Console, found: HandIn, f: Finding, count: int, path: Path) -> None:
    """A hint, the plainer the oftener it is asked for."""
    ids = f.equations if f.name in found.exercise.asks else _own(found.exercise, f)
    console.print(f"\n [accent]{f.name}[/]  [quiet]hint {count} of 3[/]")
    _say(console, _formulas(hints([REGISTRY[id] for id in ids])[count - 1], console.width - 6), 4, above=1)
    _then(console, f"{_mend(found)}, then:", _command(path, found.exercise))
    more, option = ("a plainer hint:", " --hint") if count < 3 else ("all of it:", " --solution")
    _then(console, more, _command(path, found.exercise, option))


def _own(e: Exercise, f: Finding) -> tuple[str, ...]:
    """The equations of a part of `backward`: those by which the exercise leads to it."""
    return e.asks.get(f.name, f.equations[:1])
