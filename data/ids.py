"""Arrays of ids, whatever they came in."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.errors import DataError

Ints = NDArray[np.int64]


def as_ids(ids: ArrayLike) -> NDArray[np.integer[Any]]:
    """`ids` as an array (N,) of whole numbers, in its own type and not copied where it is an array.

    Raises DataError for other shapes, and for other numbers than whole ones.
    """
    array = np.asarray(ids)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise DataError(
            f"ids have shape {array.shape} and dtype {array.dtype}",
            "ids",
            "give whole numbers in one dimension, as Vocab.encode does",
        )
    return array if array.size else array.astype(np.int64)  # an empty list is an array of floats
