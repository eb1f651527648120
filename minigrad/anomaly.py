"""Where did the first NaN or infinity come from? A mode that answers with the op and the line that made it."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from minigrad.devices import host, settled
from minigrad.errors import AnomalyError
from minigrad.graph import Array, Node, Op, Variable, observe

_HERE = str(Path(__file__).parent)


@contextmanager
def detect_anomaly() -> Iterator[None]:
    """Within, the first op whose result is not finite although its inputs are raises `AnomalyError`.

    So does the first rule on the way back that makes a finite cotangent infinite or NaN, naming the line that
    applied the op, if it was applied within too. Every result is looked at, so this is slow; it is for finding
    faults.
    """
    with observe(_Detector()):
        yield


class _Detector:
    def applied(self, op: Op, arrays: list[Any], outputs: tuple[Array, ...], node: Node | None) -> None:
        line = _line()
        if node is not None:
            node.notes = {**(node.notes or {}), "made": line}
        if not _finite(outputs) and _finite(arrays):
            raise AnomalyError(f"{op.name} gave {_first(outputs)} for finite inputs; at {line}")

    def pulled(self, node: Node, cotangents: list[Any], result: Any) -> None:
        if not _finite([result]) and _finite(c for c in cotangents if c is not None):
            line = (node.notes or {}).get("made", "a line outside detect_anomaly()")
            raise AnomalyError(
                f"the rule of {node.op.name} gave {_first([result])} for a finite gradient; applied at {line}"
            )


def _array(x: Any) -> Array:
    return settled(x.data if isinstance(x, Variable) else x)


def _finite(values: Iterable[Any]) -> bool:
    arrays = map(_array, values)
    return all(a.dtype.kind != "f" or bool(np.isfinite(a).all()) for a in arrays)


def _first(values: Iterable[Any]) -> str:
    """The first entry that is not finite, and its place."""
    array = host(next(a for a in map(_array, values) if not np.isfinite(a).all()))
    place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
    return f"{array[place]} at entry {place}" if place else f"{array}"


def _line() -> str:
    """The innermost line outside the engine."""
    for frame in reversed(traceback.extract_stack()):
        if not frame.filename.startswith(_HERE) and "contextlib" not in frame.filename:
            return f"{Path(frame.filename).name}:{frame.lineno}, {frame.line}"
    return "an unknown line"
