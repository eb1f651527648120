"""`rnn-lab verify`: which equations, and each check as a row."""

from __future__ import annotations

from typing import Any

from cli.lab.errors import LabError, suggestion
from rnn.formulas import REGISTRY, find
from rnn.verify import Check, Report, verify


def check_equations(query: str | None, *, problems: int, seed: int) -> Report:
    """Verify an id, a family or a prefix; an unknown one is answered with the nearest."""
    if query is not None and not find(query):
        known = [*REGISTRY, *{e.family for e in REGISTRY.values()}]
        raise LabError(f"no equation {query!r}", "verify", suggestion(query, known, "rnn-lab verify lists them"))
    return verify(query, problems=problems, seed=seed)


def row(check: Check) -> dict[str, Any]:
    """A check under the names that programs read."""
    e = check.equation
    return {
        "equation": e.id, "family": e.family, "title": e.title, "source": e.source,
        "engine": check.engine, "differences": check.differences, "fused": check.fused, "chain": check.chain,
        "holds": check.holds, "expected_to_fail": e.expected_to_fail, "ok": check.ok,
    }  # fmt: skip
