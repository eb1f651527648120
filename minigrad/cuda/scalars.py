"""What is computed of single entries, as functions that kernels call; by the NumPy function that each stands for.

A number written out would be float64 and draw the arithmetic with it; so there is none where float32 is computed. The
simulator runs these in Python, with NumPy's functions, since `math`'s raise where a GPU gives infinity.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.cuda.launching import SIMULATED

_functions: Any = np if SIMULATED else math
exp, log, sqrt, tanh = _functions.exp, _functions.log, _functions.sqrt, _functions.tanh
log1p, expm1, floor, isfinite, isnan = (
    _functions.log1p, _functions.expm1, _functions.floor, _functions.isfinite, _functions.isnan,
)  # fmt: skip
sin, cos = _functions.sin, _functions.cos
power = np.power if SIMULATED else math.pow


def same(x: Any) -> Any:
    return x


def true(x: Any) -> Any:
    return x != 0


def second(x: Any, y: Any) -> Any:
    return y


def square(x: Any) -> Any:
    return x * x


def larger(x: Any, y: Any) -> Any:
    """NaN if either is."""
    return x if x > y or x != x else y


def smaller(x: Any, y: Any) -> Any:
    """NaN if either is."""
    return x if x < y or x != x else y


def sign(x: Any, one: Any) -> Any:
    """1 given in x's type."""
    if x > 0:
        return one
    return -one if x < 0 else x


def logistic(x: Any, half: Any) -> Any:
    """½ + ½ tanh(x/2), ½ given in x's type."""
    return half + half * tanh(half * x)


OF: dict[Any, Callable[..., Any]] = {
    np.add: lambda x, y: x + y,
    np.subtract: lambda x, y: x - y,
    np.multiply: lambda x, y: x * y,
    np.true_divide: lambda x, y: x / y,
    np.floor_divide: lambda x, y: x // y,
    np.remainder: lambda x, y: x % y,
    np.power: lambda x, y: power(x, y),
    np.maximum: larger,
    np.minimum: smaller,
    np.negative: lambda x: -x,
    np.positive: same,
    np.absolute: lambda x: abs(x),
    np.sign: sign,  # with 1 as its second operand
    np.square: square,
    np.exp: lambda x: exp(x),
    np.expm1: lambda x: expm1(x),
    np.log: lambda x: log(x),
    np.log1p: lambda x: log1p(x),
    np.sqrt: lambda x: sqrt(x),
    np.tanh: lambda x: tanh(x),
    np.sin: lambda x: sin(x),
    np.cos: lambda x: cos(x),
    np.floor: lambda x: floor(x),
    np.isfinite: lambda x: isfinite(x),
    np.isnan: lambda x: isnan(x),
    np.equal: lambda x, y: x == y,
    np.not_equal: lambda x, y: x != y,
    np.less: lambda x, y: x < y,
    np.less_equal: lambda x, y: x <= y,
    np.greater: lambda x, y: x > y,
    np.greater_equal: lambda x, y: x >= y,
    np.logical_and: lambda x, y: x and y,
    np.logical_or: lambda x, y: x or y,
    np.logical_not: lambda x: not x,
    np.bitwise_and: lambda x, y: x & y,
    np.bitwise_or: lambda x, y: x | y,
    np.invert: lambda x: not x,  # of truth values, which is what masks are
}
