"""What the kernels of a family of cells need, and what is done with what they give. A block is H numbers."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from minigrad.graph import Array

Arrays = dict[str, Any]  # a direction's parameters by name; None for a bias that it lacks


class Family:
    """A family of cells with kernels, in one of two forms that `flag` chooses between.

    `room` is how many blocks a step writes for each row, `back` how many its backward does; `keeps`: backward reads
    what forward wrote.
    """

    room: ClassVar[int]
    back: ClassVar[int]
    keeps: ClassVar[bool]
    name: ClassVar[str]
    forward: ClassVar[Any]
    backward: ClassVar[Any]

    def __init__(self, flag: bool):
        self.flag = flag

    def given(self, w: Arrays) -> tuple[Array, Array]:
        """The bias of the input part (G·H,), and what else forward and backward read."""
        raise NotImplementedError

    def extra(self, units: int) -> int:
        """How many numbers besides the weights' and the input part's have gradients."""
        return 0

    def first(self, units: int) -> int:
        """The row of W_hh from which on it is packed; the rows before come last."""
        return 0

    def finished(self, w_hh: Array, d_bias: Array, d_extra: Array) -> dict[str, Array]:
        """The gradients of all parameters but weight_ih by name, from the sums of all tiles."""
        raise NotImplementedError


def bias(w: Arrays) -> Array:
    """The sum of the biases that there are."""
    found: Array = np.zeros(len(w["weight_hh"]), w["weight_hh"].dtype)
    for name in ("bias_ih", "bias_hh"):
        if w[name] is not None:
            found += w[name]
    return found
