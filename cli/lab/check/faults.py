"""Why there is no answer to compare: what a function did instead of giving one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cli.lab.check.cases import Case
from cli.lab.check.forms import Array
from cli.lab.check.runner import Found, Outcome


def fault_of_whole(found: Found, cases: Sequence[Case]) -> str:
    """Why there is no dict of arrays to compare; empty if there is."""
    dicts = [o for o in found.outcomes if isinstance(o.value, dict)]
    if len(dicts) < len(found.outcomes) or not dicts or (found.again and not isinstance(found.again.value, dict)):
        parts = [Outcome(o.kind, 0.0, o.why, o.line, o.text) if o in dicts else o for o in found.outcomes]
        why = fault(replace(found, outcomes=tuple(parts)), cases)
        return why or "It returns an array; a dict of gradients by name is asked for."
    for o in dicts:
        for name, part in o.value.items():
            if why := fault(Found(found.called, (part,)), cases):
                return f"{name}: {why}"
    return ""


def _alike(first: Outcome, again: Outcome) -> bool:
    """Whether two calls gave the same."""
    if isinstance(first.value, dict) and isinstance(again.value, dict):
        return first.value.keys() == again.value.keys() and all(
            _alike(first.value[k], again.value[k]) for k in first.value
        )
    if first.value is None or again.value is None or isinstance(first.value, dict) or isinstance(again.value, dict):
        return first.value is again.value
    return bool(np.array_equal(first.value, again.value, equal_nan=True))


def fault(found: Found, cases: Sequence[Case]) -> str:
    """Why there is no answer to compare; empty if there is."""
    if found.unknown:
        names = [n for n in cases[0].given if n not in ("tau", "depth", "chunks", "L") and "_d" not in n]
        return f"It asks for {', '.join(found.unknown)}; known are {', '.join(names)}."
    if found.again and found.outcomes[0].value is not None and not _alike(found.outcomes[0], found.again):
        return _KEPT
    for case, o in zip(cases, found.outcomes, strict=False):
        sizes = ", ".join(f"{k} = {v}" for k, v in case.sizes.items())
        if o.kind == "failed":
            where = f" in line {o.line}: {o.text}" if o.line else ""
            return f"{o.why}{where}" + (f" (on a problem with {sizes})" if o.line else "")
        if o.kind == "nothing":
            return "It returns nothing: is the return missing?"
        if o.kind == "other" or isinstance(o.value, dict):
            return f"It returns {_article(o.why or 'dict')}; an array is asked for."
        if not np.isfinite(o.value).all():
            return f"{_not_finite(o.value)} (on a problem with {sizes})"
    return ""


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _not_finite(value: Array) -> str:
    what = "not a number" if np.isnan(value).any() else "infinite"
    first = tuple(int(k) for k in np.argwhere(~np.isfinite(value))[0])
    return f"It is {what} at {list(first) if first else 'its only entry'}: look for a log of 0, a division by 0."


_KEPT = (
    "Called again with the same values, it does not give the same answer: something is kept between calls, a global "
    "or a default argument."
)
