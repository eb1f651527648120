"""The rules that look up how a quantity is given: two formulas are equal in value since a third one says so."""

from __future__ import annotations

import ast

import numpy as np

from rnn.formulas import notation
from rnn.mutation.known import Given, Known
from rnn.mutation.tree import factors, is_array, is_call, is_one, same, substitute, terms

_NOT_BEFORE = ("t", "t + 1")  # where a mask that is 0 at t is 0 as well


def constant(node: ast.expr, known: Known) -> ast.expr:
    """A quantity without its index, if its equation has the same value for every index, and there is no other."""
    given = known.alone(_base(node)) if isinstance(node, ast.Subscript) else None
    if given is None or any(notation.variables(term) for term in given.equation.reads):
        return node
    values = known.values[_base(node)]
    everywhere = len(given.equation.places(known.values)) == len(values)
    return _base_node(node) if everywhere and not {"t", "l", "k"} & _names(given.right) else node


def two_names(node: ast.expr, known: Known) -> ast.expr:
    """A quantity under the first of its names, if equations that are alike but for the name give it twice."""
    own = _base(node)
    if not is_array(node, known.shapes) or not (mine := known.alone(own)):
        return node
    alike = [n for n in known.given if n < own and _alike(mine, known.alone(n), own, n, known)]
    return substitute(node, _base_node(node), ast.Name(min(alike))) if alike else node


def _alike(mine: Given, theirs: Given | None, own: str, other: str, known: Known) -> bool:
    """Whether two quantities start as one and go on as one."""
    if theirs is None or mine.equation.over != theirs.equation.over:
        return False
    start = np.array_equal(known.first(own), known.first(other))
    return start and _renamed(mine.right, own, other) == ast.unparse(theirs.right)


def held(node: ast.expr, known: Known) -> ast.expr:
    """Of the states that a mask holds, one: (1 − m⁽ᵗ⁾) ⊙ h⁽ᵗ⁻¹⁾ for (1 − m⁽ᵗ⁾) ⊙ h⁽ᵗ⁾ and (1 − m⁽ᵗ⁾) ⊙ h⁽τ⁾.

    That needs an equation for h⁽ᵗ⁾ whose terms but (1 − m⁽ᵗ⁾) ⊙ h⁽ᵗ⁻¹⁾ are 0 where m is; and the same the other way
    round in time, with t + 1.
    """
    rest, *others = factors(node, ast.Mult)
    one, *masks = [term for _, term in terms(rest)]
    if not (is_one(one) and len(masks) == 1 and isinstance(masks[0], ast.Subscript) and known.is_mask(_base(masks[0]))):
        return node
    for state in [p for p in others if isinstance(p, ast.Subscript)]:
        for given in known.given.get(_base(state), ()):
            kept = _kept(given, rest, masks[0], known)
            if kept and ast.unparse(state.slice) in (ast.unparse(masks[0].slice), "tau"):
                return substitute(node, state.slice, kept.slice)
    return node


def _kept(given: Given, rest: ast.expr, mask: ast.expr, known: Known) -> ast.Subscript | None:
    """h⁽ᵗ⁻¹⁾, if it stays where the mask is 0: its term is rest ⊙ h⁽ᵗ⁻¹⁾, and all others are 0 there."""
    kept = None
    for negative, term in terms(given.right):
        parts = factors(term, ast.Mult)
        if not negative and len(parts) == 2 and same(parts[0], rest) and _base(parts[1]) == given.equation.quantity:
            kept = parts[1]
        elif not _masked(term, _base(mask), known):
            return None
    return kept if isinstance(kept, ast.Subscript) else None


def _masked(term: ast.expr, mask: str, known: Known) -> bool:
    """Whether the rows of a term are 0 where the mask is: it is a factor, or one of what the term begins with."""
    if _has_mask(term, mask):
        return True
    first = factors(term, ast.MatMult)[0]
    given = known.alone(_base(first)) if _is_not_before(first) else None
    return given is not None and _has_mask(given.right, mask)


def _has_mask(term: ast.expr, mask: str) -> bool:
    return any(_is_not_before(f) and _base(f) == mask for f in factors(term, ast.Mult))


def _is_not_before(node: ast.expr) -> bool:
    return isinstance(node, ast.Subscript) and ast.unparse(node.slice) in _NOT_BEFORE


def sign_of_relu(node: ast.expr, known: Known) -> ast.expr:
    """positive(h⁽ᵗ⁾) as positive(a⁽ᵗ⁾), if h⁽ᵗ⁾ = relu(a⁽ᵗ⁾)."""
    if not (isinstance(node, ast.Call) and is_call(node, "positive") and (given := known.alone(_base(node.args[0])))):
        return node
    right = given.right.args[0] if isinstance(given.right, ast.Call) and is_call(given.right, "relu") else None
    if not isinstance(right, ast.Subscript) or ast.unparse(right.slice) != given.equation.given.index:
        return node
    return substitute(node, _base_node(node.args[0]), ast.Name(_base(right)))


def _base_node(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Subscript) else node


def _base(node: ast.expr) -> str:
    return ast.unparse(_base_node(node))


def _names(node: ast.expr) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _renamed(node: ast.expr, name: str, other: str) -> str:
    for n in [n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id == name]:
        node = substitute(node, n, ast.Name(other))
    return ast.unparse(node)
