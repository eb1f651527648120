"""Numbers that a setting may be, checked where it comes in."""

import math
import operator
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.errors import DataError
from data.ids import as_ids

ROUNDING = 1e-9  # by how much a row of probabilities may miss 1


def whole(value: int, name: str, least: int = 1) -> int:
    """`value` as an int. Raises DataError unless it is a whole number of at least `least`."""
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least:
        raise DataError(f"{name} is {value!r}", name, f"give a whole number of at least {least}")
    return number


def share(value: float, name: str) -> float:
    """`value` as a float. Raises DataError unless it lies in [0, 1]."""
    if not 0 <= value <= 1:
        raise DataError(f"{name} is {value}", name, "give a probability, from 0 to 1")
    return float(value)


def not_negative(value: float, name: str) -> float:
    """`value` as a float. Raises DataError unless it is finite and at least 0."""
    if not 0 <= value < math.inf:
        raise DataError(f"{name} is {value}", name, "give a finite number of at least 0")
    return float(value)


def finite(values: ArrayLike, name: str, dimensions: Sequence[int] = (1,)) -> NDArray[np.float64]:
    """`values` as a float64 array. Raises DataError for another number of dimensions, and for NaN or infinity."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} cannot be read as numbers", name, "give an array of real numbers") from error
    if array.ndim not in dimensions:
        allowed = " or ".join(map(str, dimensions))
        raise DataError(f"{name} has shape {array.shape}", name, f"give an array of dimension {allowed}")
    if not np.isfinite(array).all():
        raise DataError(f"{name} holds NaN or infinity", name, "give finite numbers")
    return array


def distributions(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Rows of probabilities (..., V), read-only. Raises DataError for V < 2, entries below 0 or sums other than 1."""
    array = finite(values, name, range(1, 64)).copy()
    if array.shape[-1] < 2:
        raise DataError(f"there is 1 symbol or none: {name} has shape {array.shape}", name, "give at least 2 symbols")
    off = np.abs(array.sum(axis=-1) - 1)
    if (array < 0).any() or (off > ROUNDING).any():
        what = "an entry is below 0" if (array < 0).any() else f"a row sums to 1 ± {off.max():.3g}"
        raise DataError(what, name, "give rows of probabilities that sum to 1")
    array.flags.writeable = False
    return array


def ids_below(ids: ArrayLike, vocabulary: int, name: str = "ids") -> NDArray[np.int64]:
    """`ids` as an int64 array (N,). Raises DataError unless they are whole numbers in 0 … V−1 in one dimension."""
    array = as_ids(ids)
    if array.size and not 0 <= array.min() <= array.max() < vocabulary:
        what = f"{name} run from {array.min()} to {array.max()}"
        raise DataError(what, name, f"give ids from 0 to {vocabulary - 1}")
    return array.astype(np.int64)
