"""Why a mutant is no mistake: it is its original written in another way.

A mutant is equal to its original for a reason if both come to the same source when the reason's rule is applied
wherever it can be. That two formulas agree in numbers is no reason.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from rnn.mutation.known import Known, known
from rnn.mutation.mutant import Mutant
from rnn.mutation.reasons import REASONS, Rule
from rnn.mutation.tree import children, definition, returned, substitute


def reason(mutant: Mutant, values: Mapping[str, Any]) -> str:
    """Why the mutant has the value of the original: one rule, or several joined by "; ". Empty if there is none.

    `values` are a problem's, with the engine's; they say which quantities are columns, rows, matrices and masks.
    """
    about = known(mutant.original.family, values)
    was, now = (returned(definition(e.code)) for e in (mutant.original, mutant.equation))
    needed = list(REASONS)
    if not _equal(was, now, needed, about):
        return ""
    for name in REASONS:
        fewer = [n for n in needed if n != name]
        needed = fewer if _equal(was, now, fewer, about) else needed
    return "; ".join(needed)


def _equal(a: ast.expr, b: ast.expr, names: list[str], known: Known) -> bool:
    rules = [REASONS[n] for n in names]
    return ast.unparse(_rewritten(a, rules, known)) == ast.unparse(_rewritten(b, rules, known))


def _rewritten(node: ast.expr, rules: list[Rule], known: Known) -> ast.expr:
    """The piece with all rules applied, from the innermost pieces outwards."""
    for child in children(node):
        node = substitute(node, child, _rewritten(child, rules, known))
    for rule in rules:
        node = rule(node, known)
    return node
