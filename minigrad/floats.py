"""Functions of Python's floats that, where Python raises, answer as NumPy does: infinity or nan, and a warning."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

import numpy as np


def _as_numpy(quick: Callable[..., float], numpys: np.ufunc) -> Callable[..., float]:
    def compute(*x: float) -> float:
        try:
            return quick(*x)
        except (ArithmeticError, ValueError):
            return float(numpys(*x))

    return compute


divide = _as_numpy(operator.truediv, np.true_divide)
power = _as_numpy(math.pow, np.power)
exp = _as_numpy(math.exp, np.exp)
log = _as_numpy(math.log, np.log)
tanh = math.tanh  # never raises
