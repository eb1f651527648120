"""From a Value or a Tensor to the record of its graph."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np

from minigrad.backward import grad
from minigrad.devices import on_host
from minigrad.errors import GradError
from minigrad.graph import Node, Op, Variable, as_used, nodes
from minigrad.scalar import Value, history
from minigrad.view import numbers
from minigrad.view.record import Facts, Names, Record, Wires, identity

Place = tuple[int, int]


def read(output: Any, names: Names, gradients: bool) -> Record:
    """The graph behind `output`; with `gradients` those of a pass of its own, otherwise those that are there."""
    if isinstance(output, Value):
        return _values(output, names, gradients)
    if isinstance(output, Variable):
        return _variables(output, names, gradients)
    raise GradError(f"graph_of: {type(output).__name__} has no graph; give a Value or a Tensor")


def _values(output: Value, names: Names, gradients: bool) -> Record:
    order = history(output)
    leaves = list(dict.fromkeys(p for y in order for p in y.parents if p.op is None)) or [output]
    number = {y: k for k, y in enumerate(order)}
    number |= {leaf: ~k for k, leaf in enumerate(leaves)}
    everything = [*order, *reversed(leaves)]  # so that ~k finds leaf k
    known = _pulled(output, order) if gradients else {y: y.grad for y in everything}
    shown = gradients or any(known.values())

    def label(k: int) -> str:
        op = everything[k].op
        return op.name if op else "leaf"

    def facts(k: int, _: int) -> Facts:
        y = everything[k]
        return Facts((), y.data, known.get(y, 0.0) if shown else None, *names.get(id(y), ("", "")))

    sources = [number[p] for y in order for p in y.parents]
    wires = Wires.of([len(y.parents) for y in order], sources, [0] * len(sources))
    return Record([(y.op, len(y.parents)) for y in order], wires, (number[output], 0), label, facts)


def _pulled(output: Value, order: list[Value]) -> dict[Value, float]:
    """∂output/∂value, without touching any `grad`."""
    found = {output: 1.0}
    for y in reversed(order):
        assert y.op is not None  # there are no leaves in a history
        given = y.op.rule(found[y], y.data, *(p.data for p in y.parents))
        for p, g in zip(y.parents, given if len(y.parents) == 2 else (given,), strict=True):
            found[p] = found.get(p, 0.0) + g
    return found


def _variables(output: Variable, names: Names, gradients: bool) -> Record:
    order = nodes(output)
    seen = _Seen({node: k for k, node in enumerate(order)})
    last = seen.place(output)
    inputs = [[seen.place(_met(x, node)) for x in node.inputs if x is not None] for node in order]
    pulled = _gradients(output, seen.at) if gradients else None

    def label(k: int) -> str:
        if k < 0:
            x = seen.at[k, 0]
            return "tensor" if isinstance(x, Variable) and x.requires_grad else "constant"
        op, args = order[k].op, order[k].args
        return op.name + (", freed by backward" if args is None else numbers.constants(_chosen(op, args)))

    def facts(k: int, output: int) -> Facts:
        x = seen.at[k, output]
        if not isinstance(x, Variable):
            return Facts(np.shape(x), x, None, "", "")
        gradient = x.grad if pulled is None else pulled.get((k, output))
        named = names.get(identity(x), ("", ""))
        return Facts(x.shape, on_host(x.data), None if gradient is None else on_host(gradient.data), *named)

    flat = [place for places in inputs for place in places]
    wires = Wires.of([len(places) for places in inputs], [k for k, _ in flat], [output for _, output in flat])
    return Record([_kind(node) for node in order], wires, last, label, facts)


def _chosen(op: Op, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The constants of an op without those that were left as they are."""
    given, usual = list(op.constants_of(args)), list(op.defaults)
    while given and usual and type(given[-1]) is type(usual[-1]) and given[-1] == usual[-1]:
        given.pop()
        usual.pop()
    return tuple(given)


def _met(x: Any, node: Node) -> Any:
    return as_used(x, node.seq) if isinstance(x, Variable) else x


def _kind(node: Node) -> Hashable:
    made = tuple((a.shape, a.dtype.char) for a in node.outputs)
    return node.op.name, made, sum(x is not None for x in node.inputs)


class _Seen:
    """What was met on the way, and its place. An array is one leaf wherever it is used, a number is not."""

    def __init__(self, numbered: Mapping[Node, int]):
        self.numbered, self.leaves = numbered, 0
        self.at: dict[Place, Any] = {}
        self.known: dict[int, Place] = {}

    def place(self, x: Any) -> Place:
        """Which op gave x, as which of its outputs; or the number of a leaf, the next free one if it is new."""
        node = x.node if isinstance(x, Variable) else None
        place = self._leaf(x) if node is None else (self.numbered[node], x.index)
        self.at.setdefault(place, x)
        return place

    def _leaf(self, x: Any) -> Place:
        own = isinstance(x, Variable | np.ndarray)
        if own and id(x) in self.known:
            return self.known[id(x)]
        self.leaves += 1
        if own:
            self.known[id(x)] = -self.leaves, 0
        return -self.leaves, 0


def _gradients(output: Variable, at: Mapping[Place, Any]) -> dict[Place, Any]:
    wanted = {place: x for place, x in at.items() if isinstance(x, Variable) and x.requires_grad}
    found: list[Any] = grad(output, list(wanted.values()), retain_graph=True)
    return dict(zip(wanted, found, strict=True))
