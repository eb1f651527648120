"""A formula with the piece marked that a mistake is about."""

from __future__ import annotations

from rich.text import Text

from cli.render.verification import broken
from rnn.formulas import Equation
from rnn.mutation import Mutant, printed
from rnn.mutation.tree import parse
from rnn.mutation.vocabulary import vocabulary


def claimed(m: Mutant, width: int) -> str:
    """What an answer's numbers are those of."""
    return broken(m.equation.text, width)


def marked(about: Mutant | Equation, width: int) -> Text:
    """The right formula; under the piece that a mutant changes, a line."""
    if isinstance(about, Equation):
        return Text(broken(about.text, width))
    start, end = (_letters(about.original.text[:k]) for k in piece(about))
    found, seen = Text(), 0
    for line in broken(about.original.text, width).splitlines():
        places = [k for k, sign in enumerate(line) if sign != " "]
        under = places[max(0, start - seen) : max(0, end - seen)]
        seen += len(places)
        found.append(f"{line}\n")
        if under:
            found.append(" " * under[0] + "‾" * (under[-1] - under[0] + 1) + "\n", style="accent")
    found.right_crop(1)
    return found


def _letters(text: str) -> int:
    """How many signs there are beside spaces: breaking a formula into lines changes only these."""
    return len(text.replace(" ", ""))


def piece(m: Mutant) -> tuple[int, int]:
    """Where the piece that a mutant changes stands in the formula's text; (0, 0) where it cannot be found."""
    e = m.original
    was = printed(parse(m.was), vocabulary(e).numbers) if m.was else ""
    body = e.code.index("return ")
    before = e.code.count(m.was, body, m.start)
    at = e.text.index(" = ") + 2
    for _ in range(before + 1):
        at = e.text.find(was, at + 1)
        if at < 0:
            return 0, 0
    return (at, at + len(was)) if was else (0, 0)
