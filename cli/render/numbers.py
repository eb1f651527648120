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


def share(value: float) -> str:
    """A part of a whole: in per cent, or as an error where it is hardly any."""
    return f"{value:.0%}" if value >= 0.005 else error(value)


def measured(value: float) -> str:
    """A measured value beside its bound: whole numbers plain, others to three figures."""
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return "infinite" if math.isinf(value) else "not a number"
    if float(value).is_integer() and abs(value) < 1e9:
        return f"{int(value):,}"
    if abs(value) < 1e-3:
        return f"{value:.1e}".replace("e-0", "e-").replace(".0e", "e")
    near_whole = float(f"{value:.3g}").is_integer() and abs(value) < 1e3
    return f"{value:.6g}" if near_whole else f"{value:.3g}".replace("e+0", "e")


def perplexity(value: float) -> str:
    """Two decimals; ∞ where a token had probability 0."""
    return "∞" if math.isinf(value) else f"{value:.2f}"


def bits(perplexity: float, tokens_per_character: float = 1.0) -> str:
    """log₂ of a perplexity, times the tokens in a character: bits per character."""
    return "∞" if math.isinf(perplexity) else f"{math.log2(perplexity) * tokens_per_character:.3f}"
