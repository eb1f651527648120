"""Every mistake of a known kind that can be made in an equation, each as an equation of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from rnn.formulas import Equation, words
from rnn.mutation import structure, symbols, whole
from rnn.mutation.changes import Change
from rnn.mutation.printing import printed
from rnn.mutation.tree import definition, pieces, returned, substitute
from rnn.mutation.vocabulary import ENDS, Vocabulary, vocabulary

_RULES = symbols.RULES + structure.RULES + whole.RULES  # of two that come to the same source, the first names it


@dataclass(frozen=True)
class Mutant:
    """An equation with one mistake planted in it.

    `equation` has the changed function and the changed text; its LaTeX is empty. `kind` is one of `KINDS`. In the
    source of the `original`, `code[start:end]` is `was`; `now` stands there instead, or nothing if a piece is left
    out (for a sign, `now` is the term with a minus). `description` is one line.
    """

    original: Equation
    equation: Equation
    number: int
    kind: str
    was: str
    now: str
    description: str
    start: int
    end: int

    @property
    def name(self) -> str:
        """The id of the equation and the mutant's number among its mutants, from 1: "24#7"."""
        return f"{self.original.id}#{self.number}"


@cache
def mutants(equation: Equation) -> tuple[Mutant, ...]:
    """All mutants of an equation, in a fixed order, no two with the same source."""
    root, known = returned(definition(equation.code)), vocabulary(equation)
    allowed = {*equation.arguments, *known.arrays, *ENDS.values(), *vars(words), *_loops(root), "np"}
    sources = {ast.unparse(root)}
    planted: list[Mutant] = []
    for change in _changes(root, known):
        right = substitute(root, change.target, change.by)
        source = ast.unparse(right)
        if source in sources or not _names(change.by) <= allowed:
            continue
        sources.add(source)
        start, end = _span(equation.code, change.pieces)
        planted.append(
            Mutant(
                equation, planted_in(equation, right, known), len(planted) + 1, change.kind, equation.code[start:end],
                change.now, change.said.format(*(printed(n, known.numbers) for n in change.about)), start, end,
            )
        )  # fmt: skip
    return tuple(planted)


def _changes(root: ast.expr, known: Vocabulary) -> Iterator[Change]:
    for rule in _RULES:
        for piece, above in pieces(root):
            yield from rule(piece, above, known)


def _names(node: ast.expr) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _loops(node: ast.expr) -> set[str]:
    return {ast.unparse(n.target) for n in ast.walk(node) if isinstance(n, ast.comprehension)}


def planted_in(equation: Equation, right: ast.expr, known: Vocabulary) -> Equation:
    """The equation with another right-hand side; what that reads more is added to its arguments."""
    new = _names(right) - set(equation.arguments)
    added = [n for n in [*known.arrays, *ENDS.values()] if n in new]
    missing = sorted(new & vars(words).keys() - set(added) - equation.function.__globals__.keys())
    imports = ["import numpy as np", *(f"from rnn.formulas.words import {n}" for n in missing)]
    function = definition(equation.code)
    function.args.args += [ast.arg(n) for n in added]
    function.body = []
    changed = equation.rewritten("\n".join([*imports, ast.unparse(function), f"    return {ast.unparse(right)}"]))
    left, _, _ = equation.text.partition(" = ")
    text = f"{left} = {printed(right, known.numbers)}"
    return replace(changed, arguments=(*equation.arguments, *added), text=text, latex="", derivation=())


def _span(code: str, nodes: tuple[ast.expr, ...]) -> tuple[int, int]:
    """Where the pieces stand in the source, with the brackets that they need."""
    first, last = nodes[0], nodes[-1]
    start = _offset(code, first.lineno, first.col_offset)
    end = _offset(code, last.end_lineno or 0, last.end_col_offset or 0)
    while code.count("(", start, end) > code.count(")", start, end):
        end = code.index(")", end) + 1
    while code.count("(", start, end) < code.count(")", start, end):
        start = code.rindex("(", 0, start)
    return start, end


def _offset(code: str, line: int, column: int) -> int:
    """The place of a line (from 1) and a column (from 0, in bytes) in the text."""
    lines = code.splitlines(keepends=True)
    return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())
