"""The registry's quantities as a student has them: vectors without columns, time as the first axis."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from rnn.formulas import REGISTRY, notation
from rnn.formulas.registry import Values


def arrays(family: str, values: Mapping[str, Any]) -> Values:
    """Every quantity under the student's names.

    A column (n, 1) is a vector (n,). What has time is one array, time first, row t − 1 for step t; its value at
    t = 0 goes by the name with 0 behind, as h0, and at τ + 1 with _end. What has a layer has its number behind the
    name: W1, h2, and h2_0 at t = 0.
    """
    found: Values = {}
    for name, value in values.items():
        if isinstance(value, dict):
            layered = _layered(family).get(name, "")
            found |= _of_layers(name, value, layered, values["tau"]) if layered else _series(name, value, values["tau"])
        elif not callable(value):
            found[name] = _flat(name, value)
    return found


def one(family: str, values: Mapping[str, Any], quantity: str) -> Values:
    """The same for a single quantity of the registry: under one name, or several, as grad_h and grad_h0."""
    sizes = {name: values[name] for name in ("tau", "depth") if name in values}
    found = arrays(family, {**sizes, quantity: values[quantity]})
    return {name: array for name, array in found.items() if name not in sizes}


@cache
def _layered(family: str) -> dict[str, str]:
    """The quantities that have a layer, with their index: "l" or "l,t"."""
    terms = [t for e in REGISTRY.values() if e.family == family for t in (e.given, *e.reads)]
    return {notation.name(t.symbol): "l,t" if "," in t.index else "l" for t in terms if t.index[:1] == "l"}


def _of_layers(name: str, value: Mapping[Any, Any], index: str, tau: int) -> Values:
    if index == "l":
        return {f"{name}{layer}": _flat(name, v) for layer, v in value.items()}
    found: Values = {}
    for layer in {k for k, _ in value if k >= 1}:
        found |= _series(f"{name}{layer}", {t: v for (k, t), v in value.items() if k == layer}, tau, first="_0")
    return found


def _series(name: str, value: Mapping[Any, Any], tau: int, *, first: str = "0") -> Values:
    found: Values = {}
    if all(t in value for t in range(1, tau + 1)):
        found[name] = np.stack([_flat(name, value[t]) for t in range(1, tau + 1)])
    if 0 in value:
        found[name + first] = _flat(name, value[0])
    if tau + 1 in value:
        found[name + "_end"] = _flat(name, value[tau + 1])
    return found


def _flat(name: str, value: Any) -> Any:
    """A column as a vector; a matrix, which has a capital letter, and anything else as it is."""
    a = np.asarray(value)
    column = a.ndim == 2 and a.shape[1] == 1 and not name.removeprefix("grad_")[0].isupper()
    return a[:, 0] if column else a
