"""What shape a piece has, as far as its source tells: a number, a column, a row or a matrix."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rnn.mutation.tree import function_name, is_array, is_transposed

Shape = tuple[bool, bool]
"""Whether it has many rows, and whether it has many columns."""

NUMBER: Shape = (False, False)
COLUMN: Shape = (True, False)
ROW: Shape = (False, True)
MATRIX: Shape = (True, True)

Shapes = Mapping[str, Shape]


def shapes_of(values: Mapping[str, Any]) -> Shapes:
    """The shape of each quantity that is an array; no size may be 1 by chance.

    What has one axis, such as the ids of some samples, counts as a matrix, of which no rule speaks.
    """
    first = {name: next(iter(v.values()), 0) if isinstance(v, dict) else v for name, v in values.items()}
    sizes = {name: np.shape(v) for name, v in first.items() if not callable(v)}
    return {n: (size[0] > 1, size[1] > 1) if len(size) == 2 else MATRIX for n, size in sizes.items() if size}


def shape(node: ast.expr, known: Shapes) -> Shape:
    """The shape of a piece; what has no shape of its own is a number, and an entrywise function keeps the shape."""
    if is_array(node, known):
        return known[ast.unparse(node).partition("[")[0]]
    if is_transposed(node) and isinstance(node, ast.Attribute):
        rows, columns = shape(node.value, known)
        return columns, rows
    return _FORMS.get(type(node), _number)(node, known)


def _number(node: ast.expr, known: Shapes) -> Shape:
    return NUMBER


def _unary(node: ast.UnaryOp, known: Shapes) -> Shape:
    return shape(node.operand, known)


def _binary(node: ast.BinOp, known: Shapes) -> Shape:
    left, right = shape(node.left, known), shape(node.right, known)
    if isinstance(node.op, ast.MatMult):
        return left[0], right[1]
    return left[0] or right[0], left[1] or right[1]


def _call(node: ast.Call, known: Shapes) -> Shape:
    name = function_name(node)
    if name in _OF_WORDS:
        return _OF_WORDS[name]
    first, *rest = node.args
    if name == "onehot":
        return shape(rest[0], known)
    if name == "entry":  # of a column one entry, of samples in rows one from each
        return shape(first, known)[1], False
    return shape(first.elt if isinstance(first, ast.GeneratorExp) else first, known)


_OF_WORDS = {"diag": MATRIX, "kron": MATRIX, "matrix": MATRIX, "vec": COLUMN, "norm": NUMBER, "linalg.norm": NUMBER}
_FORMS: dict[type[ast.expr], Callable[..., Shape]] = {ast.UnaryOp: _unary, ast.BinOp: _binary, ast.Call: _call}
