"""Mistakes in what a formula names: another quantity, another gate, another step, another function, another slope."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from rnn.mutation.changes import Change, Rule, instead
from rnn.mutation.tree import (
    Above,
    factors,
    function_name,
    is_one,
    multiplied,
    parent,
    parse,
    product_op,
    same,
    substitute,
)
from rnn.mutation.vocabulary import ENDS, Vocabulary

_OTHERS = {
    "tanh": ("sigmoid", "relu"),
    "sigmoid": ("np.tanh", "relu"),
    "relu": ("np.tanh", "positive"),
    "positive": ("relu",),
    "softmax": ("sigmoid", "np.exp"),
    "norm": ("np.linalg.norm",),
}
"""Functions, and what could stand for each."""

_NEEDED = frozenset({"sum", "diag", "onehot", "kron"})
"""Words that other kinds of mistake leave out."""


def of_slopes(node: ast.expr, above: Above, words: Vocabulary) -> Iterator[Change]:
    """1 − h² and z (1 − z), the slopes of tanh and σ, mistaken for something else."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and is_one(node.left):
        square = node.right
        if isinstance(square, ast.BinOp) and isinstance(square.op, ast.Pow):
            x = f"({ast.unparse(square.left)})"
            for now in (f"1 + {x} ** 2", f"{x} ** 2", f"{x} * (1 - {x})"):
                yield instead("slope", node, parse(now))
    if product_op(node) is ast.Mult and product_op(parent(above)) is not ast.Mult:
        yield from _of_logistic_slopes(node)


def _of_logistic_slopes(node: ast.expr) -> Iterator[Change]:
    parts = factors(node, ast.Mult)
    for k, (z, rest) in enumerate(pairwise(parts)):
        x = f"({ast.unparse(z)})"
        if not same(rest, parse(f"1 - {x}")):
            continue
        was = multiplied((z, rest), ast.Mult)
        for now in (f"{x} ** 2", f"{x} * (1 + {x})", f"1 - {x} ** 2", f"(1 - {x}) ** 2"):
            by = parse(now)
            whole = multiplied([*parts[:k], by, *parts[k + 2 :]], ast.Mult)
            yield Change("slope", (z, rest), node, whole, ast.unparse(by), "{} instead of {}", (by, was))


def of_squares(node: ast.expr, above: Above, words: Vocabulary) -> Iterator[Change]:
    """x² → x, x² → 2 x, so 1 − h and 1 − 2 h for the slope of tanh."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        yield instead("square", node, node.left)
        yield instead("square", node, ast.BinOp(ast.Constant(2), ast.Mult(), node.left))


def of_complements(node: ast.expr, above: Above, words: Vocabulary) -> Iterator[Change]:
    """A gate and what is left of it: z → 1 − z, 1 − z → z."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and is_one(node.left):
        if _is_gate(node.right, words):
            yield instead("complement", node, node.right)
    elif _is_gate(node, words):
        yield instead("complement", node, ast.BinOp(ast.Constant(1), ast.Sub(), node))


def _is_gate(node: ast.expr, words: Vocabulary) -> bool:
    return isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in words.gates


def of_names(node: ast.expr, above: Above, words: Vocabulary) -> Iterator[Change]:
    """Another gate's quantity, or another quantity, with the same indices."""
    base = node.value if isinstance(node, ast.Subscript) else node
    if isinstance(base, ast.Name) and base.id in words.arrays:
        for kind, other in words.alike(base.id):
            yield instead(kind, node, substitute(node, base, ast.Name(other.name)))


def of_indices(node: ast.expr, above: Above, words: Vocabulary) -> Iterator[Change]:
    """Each index one earlier, one later, or at the end."""
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        for part in node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]:
            for other in _others(ast.unparse(part)):
                yield instead("index", node, substitute(node, part, parse(other)))


def _others(index: str) -> list[str]:
    """What an index could be mistaken for: t for t − 1, t + 1 and τ."""
    if index.isdigit():
        return [str(n) for n in (int(index) - 1, int(index) + 1) if n >= 0]
    letter = index.split(" ")[0]
    ends = ("1",) if letter in ENDS.values() else tuple(ENDS[x] for x in ENDS if x == letter)
    near = (f"{letter} - 1", letter) if letter in ENDS.values() else (f"{letter} - 1", letter, f"{letter} + 1")
    return [x for x in (*near, *ends) if x != index]


def of_lengths(node: ast.expr, above: Above, words: Vocabulary) -> Iterator[Change]:
    """A length off by one: τ − 1 for τ."""
    if isinstance(node, ast.Name) and node.id in ENDS.values():
        yield instead("index", node, parse(f"{node.id} - 1"))
        yield instead("index", node, parse(f"{node.id} + 1"))


def of_functions(node: ast.expr, above: Above, words: Vocabulary) -> Iterator[Change]:
    """Another function, or only what it is applied to."""
    name = function_name(node)
    if isinstance(node, ast.Call) and name not in _NEEDED:
        for other in _OTHERS.get(name, ()):
            yield instead("function", node, ast.Call(parse(other), node.args, []))
        yield instead("function", node, node.args[0])


RULES: tuple[Rule, ...] = (
    of_slopes, of_squares, of_complements, of_names, of_indices, of_lengths, of_functions,
)  # fmt: skip
