"""An equation with its numbers: the right-hand side taken apart as it is written, each part evaluated."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rnn.formulas.notation import numbered
from rnn.formulas.registry import Equation

_WRITTEN_OUT = {"tanh": "tanh", "softmax": "softmax", "relu": "relu", "sigmoid": "σ", "phi": "φ"}  # as it is printed


@dataclass(frozen=True)
class Applied:
    """A function that is written out with its argument, under the name that it is printed with: tanh, σ."""

    name: str
    argument: Any


@dataclass(frozen=True)
class Term:
    """Factors that are multiplied, with the sign before them: arrays (columns or matrices), numbers, or `Applied`."""

    sign: str
    factors: tuple[Any, ...]


@dataclass(frozen=True)
class Worked:
    """An equation at one place: its text with indices as numbers, its terms in order, and what they come to."""

    equation: Equation
    where: Mapping[str, int]
    text: str
    terms: tuple[Term, ...]
    result: Any


def work(equation: Equation, values: Mapping[str, Any], **where: int) -> Worked:
    """Evaluate the equation at one place, such as t=3, part by part. A sum over t becomes one term for each t.

    An index that the equation does not have is not looked at.
    """
    where = {k: v for k, v in where.items() if f"{k} = " in equation.over}
    scope = {**equation.function.__globals__, **{a: values[a] for a in equation.arguments if a not in where}, **where}
    result = equation.at(values, **where)
    text = numbered(equation.text, values, where)
    return Worked(equation, where, text, tuple(_terms(_returned(equation), scope, "")), result)


def _returned(equation: Equation) -> ast.expr:
    body = ast.parse(equation.code).body[0]
    assert isinstance(body, ast.FunctionDef)
    last = body.body[-1]
    assert isinstance(last, ast.Return)
    assert last.value is not None
    return last.value


def _terms(node: ast.expr, scope: dict[str, Any], sign: str) -> list[Term]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        right = "−" if isinstance(node.op, ast.Sub) else "+"
        return _terms(node.left, scope, sign) + _terms(node.right, scope, right)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _terms(node.operand, scope, "−")
        return [Term("−" if t.sign in ("", "−", "+") else "+", t.factors) for t in inner]
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "sum":
        (generator,) = node.args
        assert isinstance(generator, ast.GeneratorExp)
        (loop,) = generator.generators
        each = [_evaluate(generator.elt, {**scope, ast.unparse(loop.target): i}) for i in _evaluate(loop.iter, scope)]
        later = "−" if sign == "−" else "+"
        return [Term(later if k else sign, (value,)) for k, value in enumerate(each)]
    return [Term(sign, tuple(_evaluate(f, scope) for f in _factors(node)))]


def _factors(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        return _factors(node.left) + _factors(node.right)
    return [node]


def _evaluate(node: ast.expr, scope: dict[str, Any]) -> Any:
    name = ast.unparse(node.func).removeprefix("np.") if isinstance(node, ast.Call) else ""
    if isinstance(node, ast.Call) and name in _WRITTEN_OUT:
        return Applied(_WRITTEN_OUT[name], _evaluate(node.args[0], scope))
    # The source is the project's own: a function of the registry.
    return eval(compile(ast.fix_missing_locations(ast.Expression(node)), "<equation>", "eval"), scope)
