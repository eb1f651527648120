"""A record run forwards again with other arrays: the basis of differences by any quantity in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minigrad.devices import settled
from minigrad.graph import Array, Node, Variable, as_used, key, nodes


def replay(output: Variable, replaced: Sequence[tuple[Variable, Array]]) -> Array:
    """The array `output` would be, were the variables of `replaced` (leaves or interior) those arrays instead."""
    return replaying(output, [x for x, _ in replaced])([array for _, array in replaced])


def replaying(output: Variable, replaced: Sequence[Variable]) -> Callable[[Sequence[Array]], Array]:
    """From arrays for the variables of `replaced` (leaves or interior) to what `output` would be with them.

    Only the nodes that feel the change are computed. The graph must not have been freed.
    """
    felt = {key(x) for x in replaced}
    plan: list[tuple[Node, list[Any]]] = []  # the nodes that feel it, each with its inputs as it met them
    for node in nodes(output):
        inputs = [as_used(x, node.seq) if isinstance(x, Variable) else x for x in node.inputs]
        if any(isinstance(x, Variable) and key(x) in felt for x in inputs):
            plan.append((node, inputs))
            felt |= {(node, i) for i in range(len(node.outputs))}

    def run(arrays: Sequence[Array]) -> Array:
        values: dict[Any, Array] = {key(x): array for x, array in zip(replaced, arrays, strict=True)}
        for node, inputs in plan:
            given = [values.get(key(x), x.data) if isinstance(x, Variable) else x for x in inputs]
            data, _ = node.op.computed(given, node.args or ())
            for i, d in enumerate(data if node.op.many else (data,)):
                values.setdefault((node, i), settled(d))
        return values.get(key(output), output.data)

    return run
