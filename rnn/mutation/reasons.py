"""The rules by which two formulas are equal in value.

Each rule takes a piece, whose own pieces are rewritten already, and gives one form of the several that have the same
value; the piece itself if it has nothing to say.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

import numpy as np

from rnn.mutation import lookup
from rnn.mutation.known import Known
from rnn.mutation.shapes import COLUMN, NUMBER, ROW, shape
from rnn.mutation.tree import (
    factors,
    is_array,
    is_call,
    is_transposed,
    multiplied,
    product_op,
    substitute,
    transposed,
)

Rule = Callable[[ast.expr, Known], ast.expr]


def _diagonal(node: ast.expr, known: Known) -> ast.expr:
    return transposed(node) if is_transposed(node) and is_call(transposed(node), "diag") else node


def _identity(node: ast.expr, known: Known) -> ast.expr:
    if is_transposed(node) and known.is_identity(ast.unparse(transposed(node))):
        return transposed(node)
    return node


def _diagonal_of_a_row(node: ast.expr, known: Known) -> ast.expr:
    """diag(1 − (hᵀ)²): .T before any quantity in it is left out, if it is a row made entry by entry of columns."""
    if not (isinstance(node, ast.Call) and is_call(node, "diag") and shape(node.args[0], known.shapes) == ROW):
        return node
    inner = node.args[0]
    for part in [n for n in ast.walk(inner) if isinstance(n, ast.expr)]:
        if product_op(part) is ast.MatMult or (is_array(part, known.shapes) and shape(part, known.shapes) == ROW):
            return node
        inner = substitute(inner, part, transposed(part)) if is_transposed(part) else inner
    return substitute(node, node.args[0], inner)


def _norm(node: ast.expr, known: Known) -> ast.expr:
    if isinstance(node, ast.Call) and is_call(node, "norm") and is_transposed(node.args[0]):
        return substitute(node, node.args[0], transposed(node.args[0]))
    return node


def _number(node: ast.expr, known: Known) -> ast.expr:
    """xᵀ as x; of uᵀ v and vᵀ u one."""
    if shape(node, known.shapes) != NUMBER:
        return node
    if is_transposed(node):
        return transposed(node)
    op = product_op(node)
    if op is not ast.MatMult:
        return node
    turned = multiplied([transposed(f) for f in reversed(factors(node, op))], op)
    return min(node, turned, key=ast.unparse)


def _commuting(node: ast.expr, known: Known) -> ast.expr:
    if product_op(node) is not ast.Mult:
        return node
    return multiplied(sorted(factors(node, ast.Mult), key=ast.unparse), ast.Mult)


def _outer(node: ast.expr, known: Known) -> ast.expr:
    """u ⊙ vᵀ as u vᵀ."""
    if product_op(node) is ast.Mult and isinstance(node, ast.BinOp):
        for column, row in ((node.left, node.right), (node.right, node.left)):
            if shape(column, known.shapes) == COLUMN and shape(row, known.shapes) == ROW:
                return ast.BinOp(column, ast.MatMult(), row)
    return node


def _list(node: ast.expr, known: Known) -> ast.expr:
    """Yᵀ as Y, if Y is of one axis."""
    name = ast.unparse(transposed(node)).partition("[")[0] if is_transposed(node) else ""
    return transposed(node) if name in known.shapes and np.ndim(known.first(name)) == 1 else node


def _shape_only(node: ast.expr, known: Known) -> ast.expr:
    """matrix(v, W) with the sizes of W in its place."""
    if not (isinstance(node, ast.Call) and is_call(node, "matrix")):
        return node
    v, like = node.args
    name = ast.unparse(transposed(like) if is_transposed(like) else like)
    if name not in known.shapes:
        return node
    sizes = np.shape(known.first(name))
    return ast.Call(node.func, [v, ast.Constant(sizes[::-1] if is_transposed(like) else sizes)], [])


REASONS: dict[str, Rule] = {
    "a diagonal matrix is its own transpose": _diagonal,
    "the identity is its own transpose": _identity,
    "diag makes the same matrix of a row and of a column": _diagonal_of_a_row,
    "a matrix stretches as much as its transpose": _norm,
    "a number is its own transpose": _number,
    "a list of ids has no transpose": _list,
    "entrywise products commute": _commuting,
    "a column times a row, entry by entry, is their matrix product": _outer,
    "of what stands for a shape, only the shape is read": _shape_only,
    "the quantity is the same at every step": lookup.constant,
    "two names of one quantity": lookup.two_names,
    "where a mask is 0 the state stays as it was": lookup.held,
    "relu keeps the sign: h > 0 where a > 0": lookup.sign_of_relu,
}
"""The reasons why two formulas can be equal in value, each with its rule."""
