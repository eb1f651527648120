"""What a computation in the engine comes to, counted while it runs."""

from __future__ import annotations

from collections import Counter
from typing import Any

from minigrad.graph import Array, Node, Op

MOVING = {"stack", "concat", "take", "untake", "unindex", "transpose", "reshape"}  # these compute nothing


class Tally:
    """Watches ops being applied, between `with minigrad.graph.observe(tally)` and its end."""

    def __init__(self) -> None:
        self.ops: Counter[str] = Counter()
        self.rules = self.products = self.others = self.written = 0

    def applied(self, op: Op, arrays: list[Any], outputs: tuple[Array, ...], node: Node | None) -> None:
        """One more op: 2 m k n operations for a product (m, k) by (k, n), else one for each number made."""
        self.ops[op.name] += 1
        made = sum(array.size for array in outputs)
        self.written += 0 if op.view else made
        if op.name == "matmul":
            self.products += 2 * made * int(arrays[0].shape[-1])
        elif not op.view and op.name not in MOVING:
            self.others += made

    def pulled(self, node: Node, cotangents: list[Any], result: Any) -> None:
        """One more rule on the way back."""
        self.rules += 1
