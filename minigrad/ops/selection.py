"""Ops that pass some entries on and stop others.

Where such a function has a corner, its derivative there is a choice. Ours: relu and abs have slope 0 at 0, clip
slope 1 at its bounds, and maximum and minimum give half to each of two equals. Masks are constants to a rule: the
second derivative of all these is 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.devices import beside
from minigrad.errors import MinigradError
from minigrad.graph import Array
from minigrad.ops.samples import binary, shapes, unary
from minigrad.ops.table import composed, constant, op, unpromoted

relu = op(
    "relu",
    lambda x: np.maximum(x, 0),
    lambda g, y: g * (constant(y) > 0),
    samples=[shapes((4,)), shapes((2, 3)), shapes((0, 2)), shapes((), low=0.5)],
)
abs = op("abs", np.absolute, lambda g, x: g * np.sign(constant(x)), samples=unary(-2, 2))


def _clip(x: Array, low: Any = None, high: Any = None) -> Array:
    return unpromoted(x, np.clip(x, low, high))


def _inside(x: Array, low: Any, high: Any) -> Any:
    above: Any = True if low is None else x >= low
    return above if high is None else above & (x <= high)


clip = op(
    "clip",
    _clip,
    lambda g, x, low, high: g * _inside(constant(x), low, high),
    samples=[
        *unary(-2, 2, -1, 0.5),
        *(shapes((3, 4), constants=bounds) for bounds in ((0, None), (None, 0), (0.5,))),
    ],
)


def _larger(g: Any, a: Any, b: Any) -> Any:
    """g where a is larger than b, half of it where they are equal."""
    a, b = constant(a), constant(b)
    return g * (np.add(a > b, a >= b, dtype=constant(g).dtype) / 2)


maximum = op(
    "maximum",
    np.maximum,
    (lambda g, a, b: _larger(g, a, b), lambda g, a, b: _larger(g, b, a)),
    samples=binary(),
)
minimum = op(
    "minimum",
    np.minimum,
    (lambda g, a, b: _larger(g, b, a), lambda g, a, b: _larger(g, a, b)),
    samples=binary(),
)

_where = op(
    "where",
    lambda a, b, cond: np.where(cond, a, b),
    (lambda g, cond: where(cond, g, 0), lambda g, cond: where(cond, 0, g)),
    samples=[
        shapes((4,), (4,), constants=(np.array([True, False, False, True]),)),
        shapes((2, 3), (3,), constants=(np.array([[True], [False]]),)),
        shapes((), (2, 1), constants=(np.array([True, False, True]),)),
    ],
)


def where(cond: Any, a: Any, b: Any) -> Any:
    """a where `cond` is true, b elsewhere; the three broadcast. Nothing flows to an entry that was not chosen."""
    return _where(a, b, cond)


@composed(
    samples=[shapes((3, 4), constants=(0.5, np.random.default_rng(3))), *unary(-2, 2, 0.2, np.random.default_rng(0))]
)
def dropout(x: Any, p: float, rng: np.random.Generator) -> Any:
    """Each entry is 0 with probability p, else x/(1 − p), so that its mean is x. With p = 0, x itself.

    The mask is drawn from `rng`, one number for each entry whatever the dtype, and on the host whatever the device.
    [Srivastava et al. 2014; DLB 7.12]
    """
    if not 0 <= p <= 1:
        raise MinigradError(f"dropout: p is {p}; give a probability from 0 to 1")
    if p == 0:
        return x
    kept = rng.random(x.shape, dtype=np.float32) >= p
    return x * beside(np.multiply(kept, 1 / (1 - p) if p < 1 else 0, dtype=x.dtype), constant(x))
