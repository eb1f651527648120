"""Three hints for a function, each plainer than the one before, from the equations that lead to it."""

from __future__ import annotations

from collections.abc import Sequence

from rnn.formulas import Equation
from rnn.formulas.notation import label, symbol


def hints(equations: Sequence[Equation]) -> tuple[str, str, str]:
    """What it depends on; how the formula follows; the formula itself."""
    e = equations[-1]
    own = symbol(e.quantity)
    reads = sorted({label(term) for one in equations for term in one.reads if term != e.given})
    first = f"{own}: {e.title}.\nIt can be had from {', '.join(reads)}."
    lines = [text for one in equations for text, _ in one.derivation]
    follows = "\n".join(lines) if lines else f"It is the derivative of L by {own.removeprefix('∇')}, by the chain rule."
    formulas = "\n".join(one.text + (f"     {one.over}" if one.over else "") for one in equations)
    return first, follows, formulas
