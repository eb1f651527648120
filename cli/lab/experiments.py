"""Experiments: functions that a lesson calls by name, with knobs that a reader may turn."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from cli.lab.errors import LabError, suggestion
from cli.lab.figures import Result

F = TypeVar("F", bound=Callable[..., Result])


@dataclass(frozen=True)
class Between:
    """A knob's bounds, and its value under `--full` where that differs from the default."""

    low: float
    high: float
    full: float | None = None


def between(low: float, high: float, *, full: float | None = None) -> Between:
    """Bounds of a knob; whole numbers if both are whole."""
    return Between(low, high, full)


EXPERIMENTS: dict[Callable[..., Any], Mapping[str, Between]] = {}


def experiment(**knobs: Between) -> Callable[[F], F]:
    """Mark a function of a lesson as an experiment. The function is returned unchanged; it takes `rng` as well."""

    def enter(function: F) -> F:
        EXPERIMENTS[function] = knobs
        return function

    return enter


def conduct(
    function: Callable[..., Result], *, seed: int, full: bool = False, settings: Mapping[str, float] | None = None
) -> Result:
    """Run an experiment with the reader's settings of its knobs.

    It gets its own stream of random numbers as `rng`, or the lesson's seed as `seed` if several pages are to show
    the same network; whichever it asks for.
    """
    chosen = {k: b.full for k, b in EXPERIMENTS[function].items() if full and b.full is not None}
    chosen |= {k: v for k, v in (settings or {}).items() if k in EXPERIMENTS[function]}
    name_as_number = int.from_bytes(function.__name__.encode(), "big") % 2**32
    randomness = {"rng": np.random.default_rng([seed, name_as_number]), "seed": seed}
    asked = inspect.signature(function).parameters
    return function(**chosen, **{k: v for k, v in randomness.items() if k in asked})


def parse_settings(texts: tuple[str, ...], functions: Mapping[str, Callable[..., Any]]) -> dict[str, float]:
    """`name=value` pairs against the knobs of a lesson's experiments."""
    knobs = {k: (b, f) for f in functions.values() for k, b in EXPERIMENTS[f].items()}
    return dict(_setting(text, knobs) for text in texts)


def _setting(text: str, knobs: Mapping[str, tuple[Between, Callable[..., Any]]]) -> tuple[str, float]:
    name, _, written = text.partition("=")
    if name not in knobs:
        raise LabError(f"no knob {name!r}", f"--set {text}", suggestion(name, knobs, f"knobs are {', '.join(knobs)}"))
    bounds, function = knobs[name]
    default = inspect.signature(function).parameters[name].default
    try:
        value = type(default)(written)
    except ValueError:
        raise LabError(f"{written!r} is not a number", f"--set {text}", f"write {name}={default}") from None
    if not bounds.low <= value <= bounds.high:
        raise LabError(f"{name} is {value}", f"--set {text}", f"give one from {bounds.low} to {bounds.high}")
    return name, value


def knobs_of(functions: Mapping[str, Callable[..., Any]]) -> list[tuple[str, Any, Between]]:
    """(name, default, bounds) of every knob, once each."""
    found: dict[str, tuple[str, Any, Between]] = {}
    for f in functions.values():
        for name, bounds in EXPERIMENTS[f].items():
            found.setdefault(name, (name, inspect.signature(f).parameters[name].default, bounds))
    return list(found.values())
