"""The page on what a walk back cannot know: corners, branches, and numbers that run away."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Excerpt, Result, Table, at_least, at_most
from minigrad import AnomalyError, Value, detect_anomaly

CORNERS: dict[str, tuple[Callable[[Value], Value], float]] = {
    "relu(x) at 0": (lambda x: x.relu(), 0.0),
    "relu(x) − relu(−x) at 0": (lambda x: x.relu() - (-x).relu(), 0.0),
    "branch(x) at 2": (lambda x: branch(x), 2.0),
    "branch(x) at 1": (lambda x: branch(x), 1.0),
}


def branch(x: Value) -> Value:
    """Only what is computed is recorded: the question itself leaves no trace."""
    return x * x if x.data > 1 else -x


def slope(f: Callable[[Value], Value], at: float) -> float:
    """By the engine."""
    x = Value(at)
    f(x).backward()
    return x.grad


def one_sided(f: Callable[[Value], Value], at: float, by: float) -> float:
    """By a nudge to one side."""
    return (f(Value(at + by)).data - f(Value(at)).data) / by


@experiment()
def edges() -> Result:
    """Where a slope is not what one thinks."""
    found = {name: (one_sided(f, at, -1e-6), slope(f, at), one_sided(f, at, 1e-6)) for name, (f, at) in CORNERS.items()}
    rows = tuple((name, *(f"{v + 0.0:.3g}".replace("-", "−") for v in three)) for name, three in found.items())
    columns: tuple[Column, ...] = (("", "text"), ("left", "text"), ("engine", "text"), ("right", "text"))
    said = trouble()
    corner, identity, taken, _ = found.values()
    return Result(
        (Table(columns, rows, "left and right: slopes by a nudge to that side"),
         Excerpt(said, "(x · log(x)) at x = 0, with detect_anomaly()")),
        (
            at_most("at its corner relu is taken to be flat: the engine's slope", abs(corner[1]), 0),
            at_least("x, written with corners, has a slope that is off by", abs(identity[1] - 1), 1),
            at_most("the gradient is that of the branch that was taken; off by", abs(taken[1] - 4), 1e-12),
            at_least("the first infinite number is traced to log (1 if so)", float(said.startswith("log gave")), 1),
        ),
    )  # fmt: skip


def trouble() -> str:
    """What is said when log(0) is computed on the way to a harmless product."""
    x = Value(0.0)
    try:
        with detect_anomaly(), np.errstate(all="ignore"):
            (x * x.log()).backward()
    except AnomalyError as error:
        return str(error).partition(";")[0]
    return "nothing was noticed"
