"""What a recorded computation costs, counted and not timed."""

from __future__ import annotations

import math
from dataclasses import dataclass

from minigrad import Tensor
from minigrad.graph import Node, nodes


@dataclass(frozen=True)
class Cost:
    """Multiplications and additions of a forward pass, and bytes that it keeps for the way back."""

    operations: int
    bytes: int


def cost(output: Tensor) -> Cost:
    """Counted over the graph behind `output`: 2 m k n for a product (m, k) by (k, n), else one per entry made."""
    graph = nodes(output)
    kept = {id(array): array for node in graph for array in node.outputs if array.base is None}
    return Cost(sum(map(_operations, graph)), sum(a.nbytes for a in kept.values()))


def _operations(node: Node) -> int:
    made = sum(array.size for array in node.outputs)
    if node.op.name == "matmul":
        return 2 * made * int(node.inputs[0].shape[-1])
    return 0 if node.op.view or node.op.name in ("stack", "concat") else made


def growth(costs: list[int], lengths: list[int]) -> float:
    """The exponent p of cost ∝ lengthᵖ between the last two lengths: 1 is linear, 2 quadratic."""
    return math.log(costs[-1] / costs[-2]) / math.log(lengths[-1] / lengths[-2])
