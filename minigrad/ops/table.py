"""The table of ops: name → entry. An entry is a NumPy function, one rule, and the samples that test it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.graph import Op

TABLE: dict[str, Op] = {}


def op(name: str, forward: Callable[..., Any], rule: Any = None, **options: Any) -> Op:
    """Make an op and enter it in the table; see `minigrad.graph.Op` for the form of `rule`."""
    if name in TABLE:
        raise ValueError(f"the table has an op named {name} already")
    TABLE[name] = Op(name, forward, rule, **options)
    return TABLE[name]
