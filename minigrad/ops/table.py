"""The table of ops: name → entry. An entry is a NumPy function, one rule, and the samples that test it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from minigrad.graph import Op, Variable
from minigrad.ops.samples import Sample
from minigrad.remote import Remote

Function = TypeVar("Function", bound=Callable[..., Any])

TABLE: dict[str, Op] = {}
COMPOSED: dict[str, tuple[Callable[..., Any], Sequence[Sample]]] = {}


def op(name: str, forward: Callable[..., Any], rule: Any = None, **options: Any) -> Op:
    """Make an op and enter it in the table; see `minigrad.graph.Op` for the form of `rule`."""
    if name in TABLE:
        raise ValueError(f"the table has an op named {name} already")
    TABLE[name] = Op(name, forward, rule, **options)
    return TABLE[name]


def composed(*, samples: Sequence[Sample]) -> Callable[[Function], Function]:
    """Note a function that is made of ops, with samples, so that it is tested as they are. It stays as it is."""

    def enter(function: Function) -> Function:
        COMPOSED[function.__name__] = (function, samples)
        return function

    return enter


def unpromoted(x: Any, y: Any) -> Any:
    """y, computed from x and a constant; refused if the constant was an array of another precision."""
    if isinstance(x, np.ndarray | Remote) and x.dtype.kind == "f" and y.dtype != x.dtype:
        raise TypeError(f"{x.dtype} and {y.dtype} do not mix; convert one with Tensor(x, dtype=...)")
    return y


def constant(x: Any) -> Any:
    """The array of x. A rule makes its masks and counts of this: they have no derivative of their own."""
    return x.data if isinstance(x, Variable) else x
