"""The walk back through a record: from the cotangent of an output to those of everything it came from."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from heapq import heappop, heappush
from math import inf
from typing import Any

import numpy as np

from minigrad.devices import backward_launcher, beside, settled
from minigrad.errors import GradError, ShapeError
from minigrad.graph import Node, Observer, Op, Variable, as_used, key, observer, record
from minigrad.kernels.workspace import copied
from minigrad.remote import Remote, device_of, mixed

Cotangents = dict[Any, Any]
Send = Callable[[Variable, Any], None]


def backward(output: Variable, seed: Any = None, *, retain_graph: bool = False, create_graph: bool = False) -> None:
    """Add ∂⟨seed, output⟩/∂leaf to `.grad` of every leaf that wants a gradient. The seed of a scalar is 1.

    The graph is freed as it is walked unless it is to be retained or the gradients are to be differentiated.
    """
    _needs_graph(output)
    leaves = sweep(output, _seed(output, seed, create_graph), {}, create_graph, retain_graph or create_graph)
    for leaf, g, ours in leaves:
        if not isinstance(g, Variable):
            g = leaf.wrap(g if ours else _own(g))  # unless it is ours the array may be another leaf's too
        leaf.grad = g if leaf.grad is None else leaf.grad + g


def grad(
    output: Variable,
    inputs: Any,
    create_graph: bool = False,
    *,
    seed: Any = None,
    retain_graph: bool = False,
) -> Any:
    """∂⟨seed, output⟩/∂x for each x of `inputs`, in the same form (one, or a list); `.grad` is left alone.

    An input that the output does not depend on gets zeros. With `create_graph` the result can be differentiated
    again. Inputs may be interior variables as well as leaves.
    """
    _needs_graph(output)
    wanted = [inputs] if isinstance(inputs, Variable) else list(inputs)
    found: Cotangents = {key(x): None for x in wanted}
    sweep(output, _seed(output, seed, create_graph), found, create_graph, retain_graph or create_graph)
    gradients = [_finished(x, found[key(x)]) for x in wanted]
    return gradients[0] if isinstance(inputs, Variable) else gradients


def _finished(x: Variable, g: Any) -> Any:
    if isinstance(g, Variable):
        return g
    return x.wrap(np.zeros_like(x.data) if g is None else _own(g))


def _needs_graph(output: Variable) -> None:
    if not output.requires_grad:
        raise GradError(
            "backward: the output depends on nothing that requires a gradient; set requires_grad=True on an input"
        )


def _seed(output: Variable, seed: Any, create_graph: bool) -> Any:
    if seed is None:
        if output.data.size != 1:
            raise GradError(f"backward: an output of shape {output.shape} is not a scalar; give a seed of that shape")
        seed = np.ones_like(output.data)
    given = seed.data if isinstance(seed, Variable) else seed
    if isinstance(seed, Variable) and device_of(given) != device_of(output.data):
        raise mixed("backward", output.data, given)
    if np.shape(given) != output.shape:
        raise ShapeError(f"backward: the seed's shape {np.shape(given)} is not the output's {output.shape}")
    if create_graph:
        return seed if isinstance(seed, Variable) else output.wrap(beside(seed, output.data))
    return beside(given, output.data)


def sweep(
    output: Variable, seed: Any, found: Cotangents, create_graph: bool, retain_graph: bool, stop: bool = False
) -> list[tuple[Variable, Any, bool]]:
    """Carry cotangents from `output` down to the leaves, newest node first.

    Whatever reaches a key of `found` is added up there too (and, with `stop`, goes no further). Returns the
    leaves with what they received, and whether that is nobody else's, in order of first arrival.
    """
    pending: dict[int, tuple[Node, list[Any]]] = {}  # −seq → the node, and a cotangent for each of its outputs
    heap: list[int] = []
    leaves: dict[int, list[Any]] = {}
    now, fresh = inf, False  # the number of the node whose rule is at work, and whether what it gives is new

    def send(x: Variable, g: Any) -> None:
        node = x.node
        if node is not None and node.seq > now:  # x was written over after it was used
            x = as_used(x, now)
            if not x.requires_grad:
                return
            node = x.node
        if found:
            place = key(x)
            if place in found and not (node is None and x.hooks):
                found[place] = g if found[place] is None else found[place] + g
                if stop:
                    return
        if node is None:
            slot = leaves.get(id(x))
            if slot is None:
                leaves[id(x)] = [x, g, fresh and not found]
            elif slot[2] and g.__class__ is slot[1].__class__:
                slot[1] += g  # the sum is ours alone, so it can be added to in place
            else:
                slot[1], slot[2] = slot[1] + g, _is_array(slot[1])
            return
        order = -node.seq
        entry = pending.get(order)
        if entry is None:
            if node.args is None:
                raise _freed(node)
            slots = [None] * len(node.outputs)
            pending[order] = node, slots
            heappush(heap, order)
        else:
            slots = entry[1]
        old = slots[x.index]
        slots[x.index] = g if old is None else old + g

    watching = observer()
    with record(create_graph):
        send(output, seed)
        while heap:
            node, cotangents = pending.pop(heappop(heap))
            now = inf if _redone(node.op, create_graph) else node.seq
            fresh = node.op.fresh and not create_graph and watching is None
            if node.notes is not None and "hooks" in node.notes:
                _hooked(node, cotangents, found)
            if not node.op.plain or watching is not None or create_graph:
                _pull(node, cotangents, create_graph, _watched(watching, node, cotangents, send))
            else:
                _pull_each(node, cotangents[0], False, send)
            if not retain_graph:
                node.free()
        return [_arrived(x, g, ours, found) for x, g, ours in leaves.values()]


def _pull_each(node: Node, g: Any, create_graph: bool, send: Send) -> None:
    """Send each input its cotangent by its own rule: most of all nodes, so it is quick."""
    args: Any = node.args
    for k, rule, reads in node.op.rules:
        x = args[k]
        if isinstance(x, Variable) and x.requires_grad:
            if not reads:
                gx = rule(g)
            elif len(reads) == 1:
                gx = rule(g, _value(node, args, reads[0], create_graph))
            else:
                gx = rule(g, *[_value(node, args, position, create_graph) for position in reads])
            data = x.data
            if gx.shape != data.shape or gx.dtype is not data.dtype:
                gx = _fit(node, gx, x)
            send(x, gx)


def _value(node: Node, args: tuple[Any, ...], position: int, create_graph: bool) -> Any:
    """What a rule reads: as an array, or as a variable when the gradient is to be differentiated."""
    if position >= 0:
        value = args[position]
        if isinstance(value, Variable):
            if value.storage is None:  # the usual case, without another call
                return value if create_graph else value.data
            return _current(node, value, create_graph)
        if node.op.variadic and position == 0:
            return [_current(node, x, create_graph) if isinstance(x, Variable) else x for x in value]
        return value
    if position == -3:
        return node.kept
    if position == -4:
        return tuple([isinstance(x, Variable) and x.requires_grad for x in node.op.inputs_of(args)])
    if position == -2:
        return np.shape(args[0].data if isinstance(args[0], Variable) else args[0])
    if node.storage is not None and node.storage.changed > node.seq:
        raise _stale(node, "the output")
    return _outputs(node) if create_graph else node.outputs if node.op.many else node.outputs[0]


def _current(node: Node, x: Variable, create_graph: bool) -> Any:
    """An input that has not been changed since."""
    if x.storage is not None and x.storage.changed > node.seq:
        raise _stale(node, "an input")
    return x if create_graph else x.data


def _watched(watching: Observer | None, node: Node, cotangents: list[Any], send: Send) -> Send:
    if watching is None:
        return send

    def observed(x: Variable, g: Any) -> None:
        watching.pulled(node, cotangents, g)
        send(x, g)

    return observed


def _freed(node: Node) -> GradError:
    return GradError(
        f"backward: the graph behind {node.op.name} was freed by an earlier pass; pass retain_graph=True there"
    )


def _pull(node: Node, cotangents: list[Any], create_graph: bool, send: Send) -> None:
    """Send the inputs of a node their cotangents, from those of its outputs."""
    op = node.op
    if _redone(op, create_graph):
        _through_definition(node, cotangents, send)
        return
    if op.many:
        g: Any = tuple(np.zeros_like(out) if c is None else c for c, out in zip(cotangents, node.outputs, strict=True))
    else:
        g = cotangents[0]
    joint = op.joint if g.__class__ is np.ndarray else _joint(op, g)
    if joint is not None:
        rule, reads = joint
        values = [_value(node, node.args or (), position, create_graph) for position in reads]
        for x, gx in zip(node.inputs, rule(g, *values), strict=True):
            if isinstance(x, Variable) and x.requires_grad and gx is not None:
                send(x, _fit(node, gx, x))
    else:
        _pull_each(node, g, create_graph, send)


def _joint(op: Op, g: Any) -> Any:
    """The rule for all inputs at once, with what it reads: on a device there may be one of its own."""
    return (_launched(op) if isinstance(g, Remote) else None) or op.joint


@lru_cache(maxsize=256)
def _launched(op: Op) -> Any:
    rule = backward_launcher(op.name)
    return None if rule is None else (rule, op.reads(rule))


def _is_array(x: Any) -> bool:
    return x.__class__ is np.ndarray or isinstance(x, Remote)


def _own(g: Any) -> Any:
    """A copy, where the array lies."""
    return g.copy() if isinstance(g, Remote) else copied(g)


def _redone(op: Op, create_graph: bool) -> bool:
    """Whether the walk goes through the op's definition, which is recorded anew."""
    return op.definition is not None and (create_graph or not (op.rules or op.joint))


def _stale(node: Node, what: str) -> GradError:
    return GradError(
        f"backward: {what} of {node.op.name} was changed in place after it was used; "
        "change a copy, or call backward first"
    )


def _outputs(node: Node) -> Any:
    kind = next(x for x in node.inputs if isinstance(x, Variable))
    variables = tuple(kind.wrap(d, node, i) for i, d in enumerate(node.outputs))
    return variables if node.op.many else variables[0]


def _through_definition(node: Node, cotangents: list[Any], send: Send) -> None:
    """Do again, recorded, what the node did. The walk goes on there: nothing that waits is as new as those nodes."""
    for x in node.inputs:
        if isinstance(x, Variable):
            _current(node, x, True)
    assert node.op.definition is not None
    with record(True):
        outputs = node.op.definition(*(node.args or ()))
    for y, g in zip(outputs if node.op.many else (outputs,), cotangents, strict=True):
        if g is not None and y.requires_grad:
            send(y, g)


def _hooked(node: Node, cotangents: list[Any], found: Cotangents) -> None:
    """Run the hooks of a node's outputs on what they received; a hook may put another gradient in its place."""
    assert node.notes is not None
    kind = next(x for x in node.inputs if isinstance(x, Variable))
    for index, hooks in node.notes["hooks"].items():
        if cotangents[index] is not None:
            cotangents[index] = _run(hooks, cotangents[index], kind)
            if (node, index) in found:
                found[node, index] = cotangents[index]


def _arrived(x: Variable, g: Any, ours: bool, found: Cotangents) -> tuple[Variable, Any, bool]:
    """A leaf and the whole of what it received, after its hooks, which may keep what they see."""
    if x.hooks:
        g, ours = _run(x.hooks, g, x), False
        if id(x) in found:
            found[id(x)] = g
    return x, g, ours


def _run(hooks: list[Callable[[Any], Any]], g: Any, kind: Variable) -> Any:
    for hook in tuple(hooks):
        shown = g if isinstance(g, Variable) else kind.wrap(settled(g))
        replaced = hook(shown)
        if replaced is not None:
            if replaced.shape != shown.shape or replaced.data.dtype != shown.data.dtype:
                gave = f"{replaced.data.dtype} of shape {replaced.shape}"
                raise GradError(f"hook: gave {gave} for a gradient of {shown.data.dtype} of shape {shown.shape}")
            g = replaced if isinstance(g, Variable) else replaced.data
    return g


def _fit(node: Node, g: Any, x: Variable) -> Any:
    """Undo the broadcasting of `x`: sum over the axes it was stretched along."""
    op: Op = node.op
    shape = x.data.shape
    if g.shape != shape:
        axes = _stretched(g.shape, shape)
        if axes is None:
            raise GradError(f"backward: the rule of {op.name} gave shape {g.shape} for an input of shape {shape}")
        g = np.add.reduce(g, axes) if g.__class__ is np.ndarray else g.sum(axis=axes)
        if g.shape != shape:
            g = g.reshape(shape)
    if g.dtype != x.data.dtype:
        raise GradError(f"backward: the rule of {op.name} gave {g.dtype} for an input of {x.data.dtype}")
    return g


@lru_cache(maxsize=1024)
def _stretched(wide: tuple[int, ...], narrow: tuple[int, ...]) -> tuple[int, ...] | None:
    """The axes along which `narrow` was stretched to become `wide`, or None if that is not what happened."""
    lead = len(wide) - len(narrow)
    if lead < 0 or any(n not in (1, m) for n, m in zip(narrow, wide[lead:], strict=True)):
        return None
    return tuple(range(lead)) + tuple(i + lead for i, n in enumerate(narrow) if n == 1 != wide[i + lead])
