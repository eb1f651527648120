"""Mistakes in how a formula is built: its terms and factors, their order, its sums and its transposes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from rnn.mutation.changes import Change, Rule, instead, left_out
from rnn.mutation.tree import (
    Above,
    Op,
    added,
    factors,
    is_array,
    is_call,
    is_sum,
    is_transposed,
    multiplied,
    parent,
    parse,
    product_op,
    terms,
    transposed,
)
from rnn.mutation.vocabulary import Vocabulary

_PARTS = {
    "first": ("[1:]", "the sum begins a step too late"),
    "last": ("[:-1]", "the sum ends a step too early"),
    "only-first": ("[:1]", "only the first step is counted"),
    "only-last": ("[-1:]", "only the last step is counted"),
}


def of_terms(node: ast.expr, above: Above, words: Vocabulary) -> Iterator[Change]:
    """Each term of a sum left out, or with the other sign."""
    whole = terms(node)
    if len(whole) < 2 or is_sum(parent(above)):
        return
    for k, (negative, term) in enumerate(whole):
        yield left_out("term", term, node, added(whole[:k] + whole[k + 1 :]))
        flipped = added([*whole[:k], whole[k]._replace(negative=not negative), *whole[k + 1 :]])
        said = "+ {} instead of − {}" if negative else "− {} instead of + {}"
        yield Change("sign", (term,), node, flipped, f"-({ast.unparse(term)})", said, (term, term))


def of_factors(node: ast.expr, above: Above, words: Vocabulary) -> Iterator[Change]:
    """Each factor of a product left out."""
    op = _whole_product(node, above)
    if op is not None:
        parts = factors(node, op)
        for k, factor in enumerate(parts):
            yield left_out("factor", factor, node, multiplied(parts[:k] + parts[k + 1 :], op))


def of_quotients(node: ast.expr, above: Above, words: Vocabulary) -> Iterator[Change]:
    """a / b: not divided, or the wrong way round."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        yield left_out("factor", node.right, node, node.left)._replace(said="not divided by {}")
        yield instead("order", node, ast.BinOp(node.right, ast.Div(), node.left))


def of_kron(node: ast.expr, above: Above, words: Vocabulary) -> Iterator[Change]:
    """a ⊗ b: the other way round, or one alone."""
    if isinstance(node, ast.Call) and is_call(node, "kron"):
        a, b = node.args
        yield instead("order", node, ast.Call(node.func, [b, a], []))
        yield left_out("factor", a, node, b)
        yield left_out("factor", b, node, a)


def of_sums(node: ast.expr, above: Above, words: Vocabulary) -> Iterator[Change]:
    """A sum over some of its steps; divided by how many there are."""
    series = node.args[0] if isinstance(node, ast.Call) and is_call(node, "sum") else None
    if not (isinstance(node, ast.Call) and isinstance(series, ast.GeneratorExp)):
        return
    (loop,) = series.generators
    for kind, (part, said) in _PARTS.items() if isinstance(loop.iter, ast.Call) else ():  # a part has no parts
        some = ast.comprehension(loop.target, parse(ast.unparse(loop.iter) + part), [], 0)
        by = ast.Call(node.func, [ast.GeneratorExp(series.elt, [some])], [])
        yield Change(kind, (loop.iter,), node, by, ast.unparse(some.iter), said)
    if isinstance(loop.iter, ast.Call) and len(loop.iter.args) == 1:
        yield instead("mean", node, ast.BinOp(node, ast.Div(), loop.iter.args[0]), "a mean instead of a sum")


def of_transposes(node: ast.expr, above: Above, words: Vocabulary) -> Iterator[Change]:
    """Each .T left out; one too many for each quantity and each diag."""
    if is_transposed(node) or (
        (is_array(node, words.arrays) or is_call(node, "diag")) and not (above and is_transposed(above[-1]))
    ):
        yield instead("transpose", node, transposed(node))


def of_order(node: ast.expr, above: Above, words: Vocabulary) -> Iterator[Change]:
    """Two neighbours in a product the other way round, as they are and transposed."""
    op = _whole_product(node, above)
    if op is None:
        return
    parts = factors(node, op)
    for k, (a, b) in enumerate(pairwise(parts)):
        yield _swapped(node, op, parts, k, b, a)
        if op is ast.MatMult:
            yield _swapped(node, op, parts, k, transposed(b), transposed(a))


def _swapped(node: ast.expr, op: Op, parts: list[ast.expr], k: int, first: ast.expr, second: ast.expr) -> Change:
    was, by = multiplied(parts[k : k + 2], op), multiplied((first, second), op)
    whole = multiplied([*parts[:k], first, second, *parts[k + 2 :]], op)
    return Change("order", (parts[k], parts[k + 1]), node, whole, ast.unparse(by), "{} instead of {}", (by, was))


def of_products(node: ast.expr, above: Above, words: Vocabulary) -> Iterator[Change]:
    """@ for *, * for @, between arrays."""
    op = product_op(node)
    if op is not None and isinstance(node, ast.BinOp) and _arrays(node.left, words) and _arrays(node.right, words):
        other = ast.Mult if op is ast.MatMult else ast.MatMult
        said = "an entrywise" if other is ast.Mult else "a matrix"
        by = ast.BinOp(node.left, other(), node.right)
        yield instead("product", node, by, f"{said} product: {{}} instead of {{}}")


def of_diagonals(node: ast.expr, above: Above, words: Vocabulary) -> Iterator[Change]:
    """diag(v) @ u as vᵀ ⊙ u, u @ diag(v) as u ⊙ v, which NumPy broadcasts; diag(v) as v."""
    if not (isinstance(node, ast.Call) and is_call(node, "diag")):
        return
    v, around = node.args[0], parent(above)
    yield instead("diagonal", node, v)
    if product_op(around) is ast.MatMult and isinstance(around, ast.BinOp):
        slip = (transposed(v), around.right) if around.left is node else (around.left, v)
        yield instead("diagonal", around, multiplied(slip, ast.Mult))


def _arrays(node: ast.expr, words: Vocabulary) -> bool:
    return any(is_array(n, words.arrays) for n in ast.walk(node))


def _whole_product(node: ast.expr, above: Above) -> Op | None:
    """Which product it is, if it is not a part of a longer one of the same kind."""
    op = product_op(node)
    return None if op is product_op(parent(above)) else op


RULES: tuple[Rule, ...] = (
    of_terms, of_factors, of_quotients, of_kron, of_sums, of_transposes, of_order, of_products, of_diagonals,
)  # fmt: skip
