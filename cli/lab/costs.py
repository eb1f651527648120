"""What a recorded computation costs, counted and not timed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad import Tensor
from minigrad.graph import Array, Node, nodes


@dataclass(frozen=True)
class Cost:
    """Multiplications and additions of a forward pass, and bytes that it keeps for the way back."""

    operations: int
    bytes: int


def cost(output: Tensor) -> Cost:
    """Counted over the graph behind `output`: 2 m k n for a product (m, k) by (k, n), else one per entry made."""
    return Cost(sum(map(_operations, nodes(output))), held(output))


def held(output: Tensor) -> int:
    """Bytes of all arrays that the record behind `output` holds, each counted once; views hold none of their own."""
    found: dict[int, int] = {}
    for node in nodes(output):
        written = () if node.op.view else node.outputs
        for array in (*written, *_arrays(node.kept)):
            place = array.__array_interface__["data"][0]
            found[place] = max(found.get(place, 0), array.nbytes)
    return sum(found.values())


def _arrays(kept: Any) -> Iterator[Array]:
    """Those that an op keeps besides its outputs."""
    if isinstance(kept, np.ndarray):
        yield kept
    elif isinstance(kept, tuple | list):
        for part in kept:
            yield from _arrays(part)


def _operations(node: Node) -> int:
    made = sum(array.size for array in node.outputs)
    if node.op.name in ("matmul", "linear"):
        biases = made if node.op.name == "linear" and node.inputs[2] is not None else 0
        return 2 * made * int(node.inputs[0].shape[-1]) + biases
    return 0 if node.op.view or node.op.name in ("stack", "concat") else made


def growth(costs: list[int], lengths: list[int]) -> float:
    """The exponent p of cost ∝ lengthᵖ between the last two lengths: 1 is linear, 2 quadratic."""
    return math.log(costs[-1] / costs[-2]) / math.log(lengths[-1] / lengths[-2])
