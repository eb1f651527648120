"""The right-hand side of an equation as a tree: its pieces, its sums and products taken apart, a piece replaced."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from functools import reduce
from typing import NamedTuple, TypeVar, cast

Node = TypeVar("Node", bound=ast.AST)
Above = tuple[ast.expr, ...]
Op = type[ast.operator]


class Signed(NamedTuple):
    """A term of a sum."""

    negative: bool
    term: ast.expr


def definition(code: str) -> ast.FunctionDef:
    """The function that the source defines."""
    return cast(ast.FunctionDef, ast.parse(code).body[0])


def returned(function: ast.FunctionDef) -> ast.expr:
    """The one expression that an equation's function is."""
    return cast(ast.expr, cast(ast.Return, function.body[-1]).value)


def parse(source: str) -> ast.expr:
    """An expression from its source."""
    return ast.parse(source, mode="eval").body


def pieces(node: ast.expr, above: Above = ()) -> Iterator[tuple[ast.expr, Above]]:
    """Every piece that the formula prints, with the pieces around it, the outermost first."""
    yield node, above
    for child in children(node):
        yield from pieces(child, (*above, node))


def children(node: ast.expr) -> list[ast.expr]:
    """The pieces that it is made of; a quantity with its index is one piece."""
    if isinstance(node, ast.Call):
        return node.args[:1] if is_call(node, "onehot") else node.args  # the other says how many rows
    if isinstance(node, ast.Subscript):
        return [] if isinstance(node.value, ast.Name) else [node.value]
    if isinstance(node, ast.GeneratorExp):
        return [node.elt]
    return [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]


def function_name(node: ast.AST) -> str:
    """What is called: "tanh" for np.tanh(…); empty if nothing is."""
    return ast.unparse(node.func).removeprefix("np.") if isinstance(node, ast.Call) else ""


def substitute(node: Node, old: ast.AST, new: ast.AST) -> Node:
    """The tree with the piece `old`, this very object, replaced. What stays as it is is shared."""
    if node is old:
        return cast(Node, new)
    fields = {name: (value, _substituted(value, old, new)) for name, value in ast.iter_fields(node)}
    if all(before is after for before, after in fields.values()):
        return node
    return type(node)(**{name: after for name, (_, after) in fields.items()})


def _substituted(value: object, old: ast.AST, new: ast.AST) -> object:
    if isinstance(value, list):
        after = [_substituted(v, old, new) for v in value]
        return value if all(a is b for a, b in zip(value, after, strict=True)) else after
    return substitute(value, old, new) if isinstance(value, ast.AST) else value


def is_sum(node: ast.expr | None) -> bool:
    """Whether it is a + b, a − b or −a."""
    return (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    )


def terms(node: ast.expr, negative: bool = False) -> list[Signed]:
    """The terms of a sum, in order; the piece itself if it is none."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return terms(node.operand, not negative)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        return terms(node.left, negative) + terms(node.right, negative != isinstance(node.op, ast.Sub))
    return [Signed(negative, node)]


def added(signed: Sequence[Signed]) -> ast.expr:
    """The sum of at least one term."""
    (negative, first), *rest = signed
    start: ast.expr = ast.UnaryOp(ast.USub(), first) if negative else first
    return reduce(lambda a, s: ast.BinOp(a, ast.Sub() if s.negative else ast.Add(), s.term), rest, start)


def product_op(node: ast.expr | None) -> Op | None:
    """Which product it is: @ or *; None if it is none."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult | ast.Mult):
        return type(node.op)
    return None


def factors(node: ast.expr, op: Op) -> list[ast.expr]:
    """The factors of a product of one kind, in order; the piece itself if it is none."""
    if product_op(node) is op:
        both = cast(ast.BinOp, node)
        return factors(both.left, op) + factors(both.right, op)
    return [node]


def multiplied(parts: Sequence[ast.expr], op: Op) -> ast.expr:
    """The product of at least one factor."""
    return reduce(lambda a, b: ast.BinOp(a, op(), b), parts)


def is_transposed(node: ast.expr) -> bool:
    """Whether it is written with .T."""
    return isinstance(node, ast.Attribute) and node.attr == "T"


def transposed(node: ast.expr) -> ast.expr:
    """With .T, or without if it has one."""
    return cast(ast.Attribute, node).value if is_transposed(node) else ast.Attribute(node, "T", ast.Load())


def is_call(node: ast.AST, *names: str) -> bool:
    """Whether it is one of these words applied to something."""
    return function_name(node) in names


def is_one(node: ast.expr) -> bool:
    """Whether it is the number 1."""
    return isinstance(node, ast.Constant) and node.value == 1


def is_array(node: ast.AST, names: Collection[str]) -> bool:
    """Whether it is one of the named quantities, with its index if it has one."""
    base = node.value if isinstance(node, ast.Subscript) else node
    return isinstance(base, ast.Name) and base.id in names


def parent(above: Above) -> ast.expr | None:
    """The piece right around."""
    return above[-1] if above else None


def same(a: ast.expr, b: ast.expr) -> bool:
    """Whether two pieces read alike."""
    return ast.unparse(a) == ast.unparse(b)
