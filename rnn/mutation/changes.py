"""A change to one piece of a formula, before it is made an equation of its own."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import NamedTuple

from rnn.mutation.tree import Above
from rnn.mutation.vocabulary import Vocabulary

KINDS = {
    "slope": "another slope: 1 + h², h² or h (1 − h) for 1 − h²; z² for z (1 − z)",
    "square": "h or 2 h for h²",
    "complement": "1 − z for z, or z for 1 − z",
    "gate": "another gate's quantity: W_z for W_r, f for i",
    "quantity": "another quantity: c for h, U for W, ∇h for h, a_r for r",
    "index": "a quantity of another step or layer, or a length that is off by one",
    "function": "another function, or none: σ for tanh",
    "term": "a term is left out",
    "sign": "a term has the other sign",
    "factor": "a factor is left out",
    "first": "a sum without its first step",
    "last": "a sum without its last step",
    "only-first": "of a sum, the first step alone",
    "only-last": "of a sum, the last step alone",
    "mean": "a mean for a sum: divided by how many steps there are",
    "transpose": "a transposition left out, or one too many",
    "order": "two factors have changed places",
    "product": "an entrywise product for a matrix product, or the reverse",
    "diagonal": "in the place of diag(v) an entrywise product that NumPy broadcasts, or v itself",
    "doubled": "the whole is doubled",
    "halved": "the whole is halved",
    "negated": "the whole has the other sign",
    "nothing": "the whole is zero",
    "steps": "the whole once for every step, or a number that changes with the step",
}
"""The kinds of mistake that are planted, each with what it is."""


class Change(NamedTuple):
    """`by` in the place of `target`. The mistake itself runs in the source from the first of `pieces` to the last.

    `now` is the source that stands there instead, empty where something is left out. `said` is a sentence, in which
    each {} is one of the pieces `about`.
    """

    kind: str
    pieces: tuple[ast.expr, ...]
    target: ast.expr
    by: ast.expr
    now: str
    said: str
    about: tuple[ast.expr, ...] = ()


Rule = Callable[[ast.expr, Above, Vocabulary], Iterator[Change]]
"""From a piece, the pieces around it and the family's quantities, what could be wrong about it."""


def instead(kind: str, piece: ast.expr, by: ast.expr, said: str = "{} instead of {}") -> Change:
    """Something else in the place of a piece."""
    return Change(kind, (piece,), piece, by, ast.unparse(by), said, (by, piece))


def left_out(kind: str, piece: ast.expr, target: ast.expr, by: ast.expr) -> Change:
    """A piece of `target`, a term or a factor, left out, so that `by` remains."""
    return Change(kind, (piece,), target, by, "", f"the {kind} {{}} is left out", (piece,))
