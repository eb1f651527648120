"""Arguments to try an op on: each sample is a function from a random generator to the op's arguments.

Every op of the table is tested on its samples: against differences to second order, in both precisions, in
both modes of its rule. A sample stays off the points where an op has no derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Sample = Callable[[np.random.Generator], tuple[Any, ...]]


def unary(low: float, high: float, *constants: Any) -> list[Sample]:
    """One input, uniform in [low, high): a vector, a matrix, an array without axes, an empty one."""
    return [_uniform(low, high, (shape,), constants) for shape in ((4,), (2, 3), (), (0, 2))]


def binary(low: float = -2, high: float = 2) -> list[Sample]:
    """Two inputs: alike, and broadcast in every way that occurs."""
    pairs = [((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 1)), ((), (2, 2)), ((1, 3), (2, 1)), ((2, 1, 2), (3, 1))]
    return [_uniform(low, high, pair, ()) for pair in pairs]


def shapes(*inputs: tuple[int, ...], constants: tuple[Any, ...] = (), low: float = -2, high: float = 2) -> Sample:
    """Inputs of just these shapes, then the constants."""
    return _uniform(low, high, inputs, constants)


def sequence(*inputs: tuple[int, ...], constants: tuple[Any, ...] = ()) -> Sample:
    """A list of inputs as the one first argument."""
    return lambda rng: ([rng.uniform(-2, 2, s) for s in inputs], *constants)


def _uniform(low: float, high: float, inputs: tuple[tuple[int, ...], ...], constants: tuple[Any, ...]) -> Sample:
    return lambda rng: (*(np.asarray(rng.uniform(low, high, s)) for s in inputs), *constants)
