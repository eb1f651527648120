"""A neuron that reads a few numbers one after the other: a graph small enough for one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from cli.lab.experiments import between
from minigrad import GraphView, Value
from minigrad.scalar import OPS, Op

SMALL = {"steps": between(1, 4)}
BY_NAME: dict[str, Op] = {op.name: op for op in OPS}


def subscript(t: int) -> str:
    """A number below the line."""
    return str(t).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


@dataclass(frozen=True)
class Neuron:
    """hₜ = tanh(w hₜ₋₁ + xₜ) and L = (h − y)²: the loss, the numbers it was computed from, and what has a name."""

    loss: Value
    inputs: list[Value]
    names: Mapping[str, Value]


def neuron(numbers: Sequence[float], steps: int) -> Neuron:
    """From w, h₀, x₁ … xₙ and y, in this order."""
    w, h, *xs, y = inputs = [Value(x) for x in numbers]
    names = {"w": w, "h₀": h, **{f"x{subscript(t)}": x for t, x in enumerate(xs, 1)}, "y": y}
    for t, x in enumerate(xs[:steps], 1):
        h = (w * h + x).tanh()
        names[f"h{subscript(t)}"] = h
    loss = (h - y) ** 2
    return Neuron(loss, inputs, {**names, "L": loss})


@cache
def numbers(steps: int, seed: int) -> tuple[float, ...]:
    """One decimal each, so that a page shows the numbers that were used. No state is 0 and the target is missed."""
    rng = np.random.default_rng(seed)
    w, h0 = rng.integers(4, 15) / 10, rng.integers(2, 9) / 10
    xs = rng.integers(-6, 7, 4)[:steps] / 10
    return (*map(float, (w, h0, *xs)), float(-np.sign(w * h0 + xs.sum() or 1.0) * rng.integers(3, 9) / 10))


def tiny(steps: int, seed: int) -> Neuron:
    """The same on all pages."""
    return neuron(numbers(steps, seed), steps)


def title(value: Value, names: Mapping[str, Value]) -> str:
    """What a table calls it: its name, or its op."""
    found = next((name for name, named in names.items() if named is value), "")
    return found or (value.op.name if value.op else f"{value.data:g}")


def read_off(view: GraphView, given: Mapping[str, float]) -> float:
    """The output, computed from an unfolded picture and numbers for its leaves, without the graph itself."""
    found: dict[int, float] = {}
    for k, part in reversed([*enumerate(view.parts)]):  # leaves last, and an op before what it was computed from
        if part.leaf:
            found[k] = given[part.name] if part.name else float(part.label.replace("−", "-"))
        else:
            found[k] = BY_NAME[part.label].forward(*(found[link.part] for (link,) in part.slots))
    return found[view.output.part]
