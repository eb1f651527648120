"""Numbers, shapes and an op's constants in few signs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.graph import Array

_LONGEST = 16  # signs of an op's constants


def number(x: float) -> str:
    """At most four decimals; whole numbers plain; powers of ten where it is large or small."""
    if not math.isfinite(x):
        return "nan" if math.isnan(x) else "∞" if x > 0 else "−∞"
    if abs(x) < 1e6 and x == int(x):
        written = str(int(x))
    elif 1e-3 <= abs(x) < 1e4:
        written = f"{x:.4f}".rstrip("0").rstrip(".")
    else:
        digits, power = f"{x:.2e}".split("e")
        written = f"{digits.rstrip('0').rstrip('.')}e{int(power)}"
    return written.replace("-", "−")


def size(values: Any) -> str:
    """The number itself where there is one, or where all are the same; otherwise their length ‖·‖."""
    flat: Array = np.asarray(values).ravel()
    if not flat.size:
        return ""
    if bool((flat == flat[0]).all()):
        return number(float(flat[0]))
    if flat.dtype.kind != "f":
        return ""  # ids and truth values have no length that says anything
    with np.errstate(over="ignore", invalid="ignore"):
        length = float(np.linalg.norm(flat.astype(np.float64)))
    return f"‖{number(float(f'{length:.3g}'))}‖"


def shape(axes: tuple[int, ...]) -> str:
    """(2,3), or nothing for a single number."""
    return str(axes).replace(" ", "") if axes else ""


def constants(values: tuple[Any, ...]) -> str:
    """What an op was given besides its inputs, in brackets; nothing where that is no matter of a few signs."""
    written = [_WRITTEN.get(type(value), _unsaid)(value) for value in values]
    inside = ",".join(written)
    inside = inside[1:-1] if len(values) == 1 and inside.startswith("(") else inside
    return f"({inside})" if 0 < len(inside) <= _LONGEST and "…" not in inside else ""


def _unsaid(value: Any) -> str:
    return "…"


def _tuple(values: tuple[Any, ...]) -> str:
    return f"({','.join(_WRITTEN.get(type(value), _unsaid)(value) for value in values)})"


def _slice(value: slice) -> str:
    ends = [value.start, value.stop] if value.step is None else [value.start, value.stop, value.step]
    return ":".join("" if end is None else str(end) for end in ends)


_WRITTEN: dict[type, Callable[[Any], str]] = {
    int: str,
    bool: str,
    str: str,
    float: number,
    type(None): str,
    tuple: _tuple,
    slice: _slice,
}
