"""Writing into an array, as an op: what `t[where] = value` does to a tensor's history."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.graph import Array, Op
from minigrad.ops.samples import shapes
from minigrad.ops.table import op


def _assign(x: Array, value: Array, where: Any) -> Array:
    out = np.array(x)
    out[where] = value
    return out


def _erase(x: Array, where: Any) -> Array:
    return _assign(x, np.zeros((), x.dtype), where)


# What was overwritten no longer matters; where two values go to one place, which one stays is NumPy's choice, so
# an array of indices that repeats is not to be differentiated by the value.
assign = op(
    "assign",
    _assign,
    (lambda g, where: erase(g, where), lambda g, where: g[where]),
    samples=[
        shapes((4, 3), (3,), constants=(1,)),
        shapes((4, 3), (2, 3), constants=(slice(1, 3),)),
        shapes((4, 3), (), constants=(np.array([0, 2]),)),
        shapes((4,), (2,), constants=(np.array([True, False, True, False]),)),
    ],
)
erase: Op = op("erase", _erase, lambda g, where: erase(g, where), samples=[shapes((4, 3), constants=(slice(1, 3),))])
