"""Mistakes in a formula as a whole: its size and its sign."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rnn.mutation.changes import Change, Rule, instead
from rnn.mutation.tree import Above, is_array, is_call, transposed
from rnn.mutation.vocabulary import Vocabulary


def of_size(node: ast.expr, above: Above, words: Vocabulary) -> Iterator[Change]:
    """Twice as much, half as much, the other sign; a mean over the steps."""
    if above:
        return
    yield instead("doubled", node, ast.BinOp(ast.Constant(2), ast.Mult(), node), "the whole is doubled")
    yield instead("halved", node, ast.BinOp(node, ast.Div(), ast.Constant(2)), "the whole is halved")
    yield instead("negated", node, _negative(node), "the whole has the other sign")
    if not any(is_call(n, "sum") for n in ast.walk(node)):  # a sum has its own mean
        yield instead("mean", node, ast.BinOp(node, ast.Div(), ast.Name("tau")), "the whole is divided by τ")


def _negative(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return node.operand
    return ast.UnaryOp(ast.USub(), node)


def of_transpose(node: ast.expr, above: Above, words: Vocabulary) -> Iterator[Change]:
    """The whole transposed."""
    if not above and isinstance(node, ast.BinOp) and any(is_array(n, words.arrays) for n in ast.walk(node)):
        yield instead("transpose", node, transposed(node))


def of_short_formulas(node: ast.expr, above: Above, words: Vocabulary) -> Iterator[Change]:
    """A number or a quantity that is all there is: zero; once for every step; a number that changes with the step."""
    if above or not isinstance(node, ast.Constant | ast.Name | ast.Subscript):
        return
    yield instead("nothing", node, ast.BinOp(ast.Constant(0), ast.Mult(), node), "the whole is zero")
    yield instead("steps", node, ast.BinOp(node, ast.Mult(), ast.Name("tau")))
    if isinstance(node, ast.Constant):
        yield instead("steps", node, ast.BinOp(node, ast.Mult(), ast.Name("t")))
        yield instead("steps", node, ast.BinOp(node, ast.Div(), ast.Name("t")))


RULES: tuple[Rule, ...] = (of_size, of_transpose, of_short_formulas)
