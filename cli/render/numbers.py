"""Numbers as people read them."""

from __future__ import annotations

import math


def error(value: float | None) -> str:
    """A relative error in few signs: 0, 2e-16, 0.43; a dash where there is none."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    return f"{value:.2g}" if value >= 0.01 else f"{value:.0e}".replace("e-0", "e-")


def entry(value: float) -> str:
    """An entry of a matrix: two decimals, a true minus sign, no negative zero."""
    text = f"{value:.2f}"
    return text[1:] if text == "-0.00" else text.replace("-", "−")


def measured(value: float) -> str:
    """A measured value beside its bound: whole numbers plain, others to three figures."""
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return "infinite" if math.isinf(value) else "not a number"
    if float(value).is_integer() and abs(value) < 1e9:
        return f"{int(value):,}"
    return f"{value:.3g}" if abs(value) >= 1e-3 else f"{value:.1e}".replace("e-0", "e-")


def perplexity(value: float) -> str:
    """Two decimals; ∞ where a token had probability 0."""
    return "∞" if math.isinf(value) else f"{value:.2f}"
