"""A piece of source as the formula prints it: W.T @ h[t - 1] is Wᵀ h⁽ᵗ⁻¹⁾."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from rnn.formulas.notation import Term, label, superscript, symbol
from rnn.mutation.tree import is_call

SUM, PRODUCT, ATOM = range(3)  # how tightly a piece binds: a sum, a product, and what needs no brackets
_Printed = tuple[str, int]
_LENGTHS = frozenset(("tau", "depth", "chunks", "t", "l", "k"))
_BELOW = str.maketrans("tlk", "ₜₗₖ")
_PARTS = {"1:]": "> 1", ":-1]": "< τ", "-1:]": "= τ", ":1]": "= 1"}


def printed(node: ast.expr, numbers: Collection[str] = ()) -> str:
    """The piece in Unicode. `numbers` are the names of numbers, such as ξ, with or without an index."""
    return _Printer(_LENGTHS | frozenset(numbers)).print(node)[0]


@dataclass(frozen=True)
class _Printer:
    numbers: frozenset[str] = field(default=_LENGTHS)

    def print(self, node: ast.expr) -> _Printed:
        return _FORMS.get(type(node), _Printer.plain)(self, node)

    def within(self, node: ast.expr, least: int) -> str:
        """The piece, in brackets where it binds less tightly than `least`."""
        text, binds = self.print(node)
        return text if binds >= least else f"({text})"

    def plain(self, node: ast.expr) -> _Printed:
        return ast.unparse(node), ATOM

    def number(self, node: ast.Constant) -> _Printed:
        return f"{node.value:g}" if isinstance(node.value, float) else str(node.value), ATOM

    def name(self, node: ast.Name) -> _Printed:
        return symbol(node.id), ATOM

    def subscript(self, node: ast.Subscript) -> _Printed:
        if not isinstance(node.value, ast.Name):
            return self.plain(node)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        index = ",".join(re.sub("[a-z]+", lambda m: symbol(m[0]), ast.unparse(p)).replace(" ", "") for p in parts)
        sign = symbol(node.value.id)
        if "/" in sign and index not in ("t", "t+1"):  # a Jacobian where no formula has it
            return f"({sign}){superscript(index)}", ATOM
        return label(Term(sign, index)), PRODUCT if "/" in sign else ATOM

    def attribute(self, node: ast.Attribute) -> _Printed:
        return (f"{self.within(node.value, ATOM)}ᵀ", ATOM) if node.attr == "T" else self.plain(node)

    def unary(self, node: ast.UnaryOp) -> _Printed:
        return f"−{self.factor(node.operand)}", SUM

    def binary(self, node: ast.BinOp) -> _Printed:
        return _OPERATIONS[type(node.op)](self, node.left, node.right)

    def total(self, left: ast.expr, right: ast.expr) -> _Printed:
        return f"{self.within(left, SUM)} + {self.within(right, SUM)}", SUM

    def difference(self, left: ast.expr, right: ast.expr) -> _Printed:
        return f"{self.within(left, SUM)} − {self.within(right, PRODUCT)}", SUM

    def product(self, left: ast.expr, right: ast.expr) -> _Printed:
        return f"{self.tight(left)} {self.tight(right, behind=True)}", self.binds(left)

    def tight(self, node: ast.expr, *, behind: bool = False) -> str:
        """A factor of a product without a sign: one with ⊙, which binds less tightly, stands in brackets."""
        text = self.factor(node, behind=behind)
        entrywise = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and " ⊙ " in text
        return f"({text})" if entrywise else text

    def entrywise(self, left: ast.expr, right: ast.expr) -> _Printed:
        if (isinstance(left, ast.Constant) and self.is_number(right)) or isinstance(right, ast.Constant):
            return f"{self.factor(left)} · {self.factor(right, behind=True)}", self.binds(left)
        if self.is_number(left) or self.is_number(right):
            return self.product(left, right)
        return f"{self.loose(left)} ⊙ {self.loose(right, behind=True)}", self.binds(left)

    def loose(self, node: ast.expr, *, behind: bool = False) -> str:
        """A factor of a product with ⊙: a product of matrices stands in brackets."""
        matrices = isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)
        return self.within(node, ATOM) if matrices else self.factor(node, behind=behind)

    def factor(self, node: ast.expr, *, behind: bool = False) -> str:
        """A factor: a sum or a quotient stands in brackets; so does a minus that is behind another factor."""
        if isinstance(node, ast.UnaryOp) and not behind:
            return self.print(node)[0]
        return self.within(node, ATOM if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) else PRODUCT)

    def binds(self, first: ast.expr) -> int:
        return SUM if isinstance(first, ast.UnaryOp) else PRODUCT

    def quotient(self, left: ast.expr, right: ast.expr) -> _Printed:
        above = self.tight(left) if isinstance(left, ast.BinOp) else self.within(left, PRODUCT)
        return f"{above}/{self.within(right, ATOM)}", PRODUCT

    def power(self, left: ast.expr, right: ast.expr) -> _Printed:
        base = self.within(left, ATOM)
        bare = isinstance(left, ast.Name | ast.Call) or base.startswith("(")
        return (base if bare else f"({base})") + superscript(self.print(right)[0])[1:-1], ATOM

    def is_number(self, node: ast.expr) -> bool:
        """Whether it is a number by its look: 2, τ, an entry, or made of such."""
        if isinstance(node, ast.BinOp):
            return self.is_number(node.left) and self.is_number(node.right)
        if isinstance(node, ast.UnaryOp):
            return self.is_number(node.operand)
        if is_call(node, "minimum", "maximum") and isinstance(node, ast.Call):
            return all(self.is_number(a) for a in node.args)
        if isinstance(node, ast.Call):
            return "entry" in ast.unparse(node) and "steps" not in ast.unparse(node)
        base = node.value if isinstance(node, ast.Subscript) else node
        return isinstance(base, ast.Constant) or (isinstance(base, ast.Name) and base.id in self.numbers)

    def call(self, node: ast.Call) -> _Printed:
        name = ast.unparse(node.func).removeprefix("np.")
        if name == "sum" and isinstance(node.args[0], ast.GeneratorExp):
            return self.series(node.args[0])
        if name in _CALLS:
            return _CALLS[name](self, *node.args)
        shown = node.args[:1] if name == "onehot" else node.args
        arguments = ", ".join(self.print(a)[0] for a in shown)
        if len(name) == 1:  # parameters of a function f stand behind a semicolon [DLB]
            arguments = arguments.replace(", θ", "; θ")
        return f"{_FUNCTIONS.get(name) or symbol(name)}({arguments})", ATOM

    def entry(self, v: ast.expr, i: ast.expr) -> _Printed:
        """v[i]; a product that is a number, of which the code takes the one entry, is printed as the product."""
        if isinstance(i, ast.Constant) and isinstance(v, ast.BinOp):
            return self.print(v)
        return f"{self.within(v, ATOM)}[{self.print(i)[0]}]", ATOM

    def series(self, node: ast.GeneratorExp) -> _Printed:
        (loop,) = node.generators
        below = _range(ast.unparse(loop.target), ast.unparse(loop.iter))
        return f"Σ{below} {self.within(node.elt, PRODUCT)}", PRODUCT


def _range(variable: str, over: str) -> str:
    """What stands below Σ: nothing but the letter if it runs over all steps, (t > 1) where the first is left out."""
    whole, _, part = over.partition("[")
    end = re.fullmatch(r"\w+\((\w+)\)", whole)
    if end is None:
        return f"({variable} in {over})"
    return f"({variable} {_PARTS[part]})".replace("τ", symbol(end[1])) if part else variable.translate(_BELOW)


_FUNCTIONS = {"sqrt": "√", "minimum": "min", "maximum": "max"}
_CALLS: dict[str, Callable[..., _Printed]] = {
    "sigmoid": lambda p, v: (f"σ({p.print(v)[0]})", ATOM),
    "log": lambda p, v: (f"log {p.within(v, ATOM)}", PRODUCT),
    "entry": lambda p, v, i: p.entry(v, i),
    "kron": lambda p, a, b: (f"{p.within(a, ATOM)} ⊗ {p.within(b, ATOM)}", PRODUCT),
    "norm": lambda p, m: (f"‖{p.print(m)[0]}‖", ATOM),
    "linalg.norm": lambda p, m: (f"‖{p.print(m)[0]}‖_F", ATOM),
}
_OPERATIONS: dict[type[ast.operator], Callable[[_Printer, ast.expr, ast.expr], _Printed]] = {
    ast.Add: _Printer.total,
    ast.Sub: _Printer.difference,
    ast.MatMult: _Printer.product,
    ast.Mult: _Printer.entrywise,
    ast.Div: _Printer.quotient,
    ast.Pow: _Printer.power,
}
_FORMS: dict[type[ast.expr], Callable[..., _Printed]] = {
    ast.Constant: _Printer.number,
    ast.Name: _Printer.name,
    ast.Subscript: _Printer.subscript,
    ast.Attribute: _Printer.attribute,
    ast.UnaryOp: _Printer.unary,
    ast.BinOp: _Printer.binary,
    ast.Call: _Printer.call,
}
