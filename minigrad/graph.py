"""The record of a computation, and the walk back through it. Knows no op and no Tensor.

Applying an `Op` to variables computes its arrays and, while recording, leaves a `Node` behind: which op, with
which arguments, giving which arrays. Nodes carry one rising sequence number, so descending order of that number
is a topological order: nothing is sorted, nothing recurses, and a chain of 100,000 ops is as easy as three.

A rule (the op's derivative) is written with operators, methods and other ops of its arguments. It therefore runs
on plain arrays when only numbers are wanted, and on variables when the gradient itself is to be differentiated.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from heapq import heappop, heappush
from itertools import count
from typing import Any

import numpy as np

from minigrad.errors import DtypeError, GradError, ShapeError

Array = np.ndarray[Any, np.dtype[Any]]

_numbers = count(1)
_recording = True


class Variable:
    """An array and where it came from. `minigrad.Tensor` adds the vocabulary.

    `node` is None for a leaf; otherwise this is output `index` of `node`. `changed` is the sequence number of the
    last in-place change, 0 if there was none.
    """

    __slots__ = ("__weakref__", "changed", "data", "grad", "index", "node", "requires_grad")

    data: Array
    grad: Any
    requires_grad: bool
    node: Node | None
    index: int
    changed: int

    @classmethod
    def wrap(cls, data: Array, node: Node | None = None, index: int = 0) -> Any:
        """The variable for output `index` of `node`, around `data` itself (no copy)."""
        self = cls.__new__(cls)
        self.data = data
        self.grad = None
        self.requires_grad = node is not None
        self.node = node
        self.index = index
        self.changed = 0
        return self

    def touch(self) -> None:
        """Note an in-place change, so that backward through an older use of the value can refuse."""
        self.changed = next(_numbers)

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return self.data.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.data.ndim


class Node:
    """One application of an op: its arguments, the arrays it gave, its place in the order of events."""

    __slots__ = ("args", "inputs", "op", "outputs", "seq")

    def __init__(self, op: Op, args: tuple[Any, ...], inputs: tuple[Any, ...], outputs: tuple[Array, ...]):
        self.op = op
        self.args: tuple[Any, ...] = args
        self.inputs: tuple[Any, ...] | None = inputs
        self.outputs = outputs
        self.seq = next(_numbers)

    def free(self) -> None:
        """Let go of everything kept for backward."""
        self.args, self.inputs, self.outputs = (), None, ()


class Op:
    """A NumPy function and its derivative.

    `rule` is one function for an op of one input, or a tuple with one function per input: from the cotangent `g`
    of the output to that of the input. Its further parameters name what it reads: `y` (the output), `shape` (of
    the first input), or a parameter of `forward`. Nothing else is read, and broadcasting is undone by the engine.
    `joint` gives the cotangents of all inputs at once, for ops whose inputs come as a sequence (`variadic`) or
    whose backward is one computation. Inputs come first among the parameters; the rest are constants.
    `many`: `forward` gives a tuple, and `g` and `y` are tuples too. `definition` is the same function written in
    other ops: where given, second order goes through it.
    """

    __slots__ = (
        "definition", "forward", "joint", "many", "n_inputs", "name", "names", "rules", "samples", "signature",
        "variadic",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        rule: Callable[..., Any] | tuple[Callable[..., Any], ...] | None = None,
        *,
        joint: Callable[..., Any] | None = None,
        inputs: int = 1,
        variadic: bool = False,
        many: bool = False,
        definition: Callable[..., Any] | None = None,
        samples: Sequence[Any] = (),
    ):
        self.name = name
        self.forward = forward
        self.variadic = variadic
        self.many = many
        self.definition = definition
        self.samples = samples
        self.signature = None if isinstance(forward, np.ufunc) else inspect.signature(forward)
        self.names = _parameter_names(forward, self.signature)
        rules = () if rule is None else rule if isinstance(rule, tuple) else (rule,)
        self.rules = tuple((r, self._reads(r)) for r in rules)
        self.joint = None if joint is None else (joint, self._reads(joint))
        self.n_inputs = inputs if joint is not None else len(rules)

    def _reads(self, rule: Callable[..., Any]) -> tuple[int, ...]:
        special = {"y": -1, "shape": -2}
        wanted = list(inspect.signature(rule).parameters)[1:]
        return tuple(special[n] if n in special else self.names.index(n) for n in wanted)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the op; the result is of the type of the first variable given, or an array if there is none."""
        if kwargs or len(args) != len(self.names):
            args = self._bind(args, kwargs)
        return apply(self, args)

    def _bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        if self.signature is None:
            raise TypeError(f"{self.name} takes {len(self.names)} arguments, {len(args) + len(kwargs)} were given")
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.name}: {error}") from None
        bound.apply_defaults()
        return tuple(bound.arguments.values())

    def __repr__(self) -> str:
        return f"<op {self.name}({', '.join(self.names)})>"


def _parameter_names(forward: Callable[..., Any], signature: inspect.Signature | None) -> tuple[str, ...]:
    if signature is None:
        return ("x",) if forward.nin == 1 else ("a", "b")  # type: ignore[attr-defined]  # a ufunc has nin
    return tuple(signature.parameters)


def apply(op: Op, args: tuple[Any, ...]) -> Any:
    """Compute `op` and, if an input wants a gradient, record it."""
    if len(args) > op.n_inputs and not op.variadic:
        args = (*args[: op.n_inputs], *(_constant(op, a) for a in args[op.n_inputs :]))
        inputs = args[: op.n_inputs]
    else:
        inputs = args[0] if op.variadic else args
    first, wanted, mixed, arrays = None, False, False, []
    for x in inputs:
        if isinstance(x, Variable):
            arrays.append(x.data)
            if first is None:
                first = x
            elif x.data.dtype is not first.data.dtype:
                mixed = True
            if x.requires_grad:
                wanted = True
        else:
            arrays.append(x)
            if type(x) is np.ndarray:
                mixed = True
    if mixed and first is not None:
        _check_precision(op, arrays)  # before computing: NumPy would promote, and a kernel would not compile
    try:
        if inputs is args:
            data = op.forward(*arrays)
        elif op.variadic:
            data = op.forward(arrays, *args[1:])
        else:
            data = op.forward(*arrays, *args[op.n_inputs :])
    except (ValueError, IndexError) as error:
        raise ShapeError(_misfit(op, arrays, args, error)) from None
    if first is None:
        return data
    outputs = data if op.many else (data if type(data) is np.ndarray else np.asarray(data),)
    if outputs and outputs[0].dtype is not first.data.dtype:
        _check_precision(op, [*arrays, outputs[0]])
    node = Node(op, args, inputs, outputs) if wanted and _recording else None
    if op.many:
        return tuple(first.wrap(d, node, i) for i, d in enumerate(outputs))
    return first.wrap(outputs[0], node)


def _constant(op: Op, a: Any) -> Any:
    """What a constant of an op is: a tensor of ids becomes its array; one that wants a gradient would get none."""
    if not isinstance(a, Variable):
        return a
    if a.requires_grad and _recording:
        raise GradError(
            f"{op.name}: only its first {op.n_inputs} of {', '.join(op.names)} can be differentiated; detach the rest"
        )
    return a.data


def _misfit(op: Op, arrays: list[Any], args: tuple[Any, ...], error: Exception) -> str:
    shapes = " and ".join(str(np.shape(a)) for a in arrays)
    constants = ", ".join(repr(c) for c in (args[1:] if op.variadic else args[op.n_inputs :]))
    detail = f" with {constants}" if constants else ""
    return f"{op.name}: shapes {shapes}{detail} do not fit; {str(error).splitlines()[0]}"


def _check_precision(op: Op, arrays: list[Any]) -> None:
    found = {str(a.dtype) for a in arrays if isinstance(a, np.ndarray | np.generic) and a.dtype.kind == "f"}
    if len(found) > 1:
        raise DtypeError(f"{op.name}: {' and '.join(sorted(found))} do not mix; convert one with Tensor(x, dtype=...)")


@contextmanager
def no_grad() -> Iterator[None]:
    """Within, nothing is recorded."""
    with _record(False):
        yield


@contextmanager
def _record(on: bool) -> Iterator[None]:
    global _recording
    before, _recording = _recording, on
    try:
        yield
    finally:
        _recording = before


def nodes(output: Variable) -> list[Node]:
    """Every node that `output` came from, oldest first."""
    seen: set[Node] = set()
    stack = [output.node]
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        stack.extend(x.node for x in node.inputs or () if isinstance(x, Variable))
    return sorted(seen, key=lambda n: n.seq)


def replay(output: Variable, replaced: Sequence[tuple[Variable, Array]]) -> Array:
    """The array `output` would be, were the variables of `replaced` (leaves or interior) those arrays instead.

    Runs forwards only, through the nodes that feel the change: the basis of differences with respect to any
    quantity in the graph. The graph must not have been freed.
    """
    values: dict[Any, Array] = {_key(x): array for x, array in replaced}
    for node in nodes(output):
        inputs = node.inputs or ()
        if not any(isinstance(x, Variable) and _key(x) in values for x in inputs):
            continue
        arrays = [values.get(_key(x), x.data) if isinstance(x, Variable) else x for x in inputs]
        data = (
            node.op.forward(arrays, *node.args[1:])
            if node.op.variadic
            else node.op.forward(*arrays, *node.args[len(arrays) :])
        )
        for i, d in enumerate(data if node.op.many else (data,)):
            values.setdefault((node, i), np.asarray(d))
    return values.get(_key(output), output.data)


def backward(output: Variable, seed: Any = None, *, retain_graph: bool = False, create_graph: bool = False) -> None:
    """Add ∂⟨seed, output⟩/∂leaf to `.grad` of every leaf that wants a gradient. The seed of a scalar is 1."""
    _needs_graph(output)
    leaves = _sweep([(output, _seed(output, seed, create_graph))], {}, create_graph, retain_graph or create_graph)
    for leaf, g in leaves:
        if not isinstance(g, Variable):
            g = leaf.wrap(np.array(g, dtype=leaf.data.dtype))
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
    found: dict[Any, Any] = {_key(x): None for x in wanted}
    _sweep([(output, _seed(output, seed, create_graph))], found, create_graph, retain_graph or create_graph)
    gradients = [_finished(x, found[_key(x)]) for x in wanted]
    return gradients[0] if isinstance(inputs, Variable) else gradients


def _finished(x: Variable, g: Any) -> Any:
    if isinstance(g, Variable):
        return g
    return x.wrap(np.zeros_like(x.data) if g is None else np.array(g, dtype=x.data.dtype))


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
    if np.shape(seed.data if isinstance(seed, Variable) else seed) != output.shape:
        raise ShapeError(f"backward: the seed's shape {np.shape(seed)} is not the output's {output.shape}")
    if create_graph:
        return seed if isinstance(seed, Variable) else output.wrap(np.asarray(seed, dtype=output.data.dtype))
    return np.asarray(seed.data if isinstance(seed, Variable) else seed, dtype=output.data.dtype)


def _key(x: Variable) -> Any:
    return id(x) if x.node is None else (x.node, x.index)


def _sweep(
    roots: list[tuple[Variable, Any]],
    found: dict[Any, Any],
    create_graph: bool,
    retain_graph: bool,
    stop: bool = False,
) -> list[tuple[Variable, Any]]:
    """Carry cotangents from `roots` down to the leaves, newest node first.

    Whatever reaches a key of `found` is added up there too (and, with `stop`, goes no further). Returns the
    leaves with what they received, in order of first arrival.
    """
    pending: dict[Node, list[Any]] = {}
    leaves: dict[int, list[Any]] = {}
    heap: list[tuple[int, Node]] = []

    def send(x: Variable, g: Any) -> None:
        if found:
            key = _key(x)
            if key in found:
                found[key] = g if found[key] is None else found[key] + g
                if stop:
                    return
        node = x.node
        if node is None:
            slot = leaves.setdefault(id(x), [x, None])
            slot[1] = g if slot[1] is None else slot[1] + g
            return
        slots = pending.get(node)
        if slots is None:
            slots = pending[node] = [None] * len(node.outputs)
            heappush(heap, (-node.seq, node))
        old = slots[x.index] if slots else _freed(node)
        slots[x.index] = g if old is None else old + g

    with _record(create_graph):
        for x, g in roots:
            send(x, g)
        while heap:
            node = heappop(heap)[1]
            for x, g in _pull(node, pending.pop(node), create_graph):
                send(x, g)
            if not retain_graph:
                node.free()
    return [(x, g) for x, g in leaves.values()]


def _freed(node: Node) -> Any:
    raise GradError(
        f"backward: the graph behind {node.op.name} was freed by an earlier pass; pass retain_graph=True there"
    )


def _pull(node: Node, cotangents: list[Any], create_graph: bool) -> Iterator[tuple[Variable, Any]]:
    """The cotangents of a node's inputs, from those of its outputs."""
    op, inputs = node.op, node.inputs
    if inputs is None:
        _freed(node)
        return
    if op.many:
        g = tuple(np.zeros_like(out) if c is None else c for c, out in zip(cotangents, node.outputs, strict=True))
    else:
        g = cotangents[0]
    if create_graph and op.definition is not None:
        yield from _through_definition(node, g)
    elif op.joint is not None:
        rule, reads = op.joint
        for x, gx in zip(inputs, rule(g, *_read(node, reads, create_graph)), strict=True):
            if isinstance(x, Variable) and x.requires_grad and gx is not None:
                yield x, _fit(op, gx, x)
    else:
        for x, (rule, reads) in zip(inputs, op.rules, strict=True):
            if isinstance(x, Variable) and x.requires_grad:
                yield x, _fit(op, rule(g, *_read(node, reads, create_graph)), x)


def _read(node: Node, reads: tuple[int, ...], create_graph: bool) -> list[Any]:
    """The values a rule names: as arrays, or as variables when the gradient is to be differentiated."""
    return [_lift(node, position, create_graph) for position in reads]


def _lift(node: Node, position: int, create_graph: bool) -> Any:
    if position == -2:
        return np.shape(node.args[0].data if isinstance(node.args[0], Variable) else node.args[0])
    if position == -1:
        return _outputs(node) if create_graph else node.outputs if node.op.many else node.outputs[0]
    value = node.args[position]
    if isinstance(value, Variable):
        if _last_change(value) > node.seq:
            raise GradError(f"backward: an input of {node.op.name} was changed in place after it was used")
        return value if create_graph else value.data
    if node.op.variadic and position == 0 and not create_graph:
        return [x.data if isinstance(x, Variable) else x for x in value]
    return value


def _last_change(x: Variable) -> int:
    """When the storage of `x` was last changed in place, under its own name or that of what it is a view of."""
    latest, owner = x.changed, x.data.base
    while owner is not None and x.node is not None:
        sources = [
            s for s in x.node.inputs or () if isinstance(s, Variable) and (s.data is owner or s.data.base is owner)
        ]
        if not sources:
            break
        x = sources[0]
        latest = max(latest, x.changed)
    return latest


def _outputs(node: Node) -> Any:
    kind = next(x for x in node.inputs or () if isinstance(x, Variable))
    variables = tuple(kind.wrap(d, node, i) for i, d in enumerate(node.outputs))
    return variables if node.op.many else variables[0]


def _through_definition(node: Node, g: Any) -> Iterator[tuple[Variable, Any]]:
    _read(node, tuple(range(node.op.n_inputs)), True)  # refuses where an input was changed in place
    unique = {_key(x): x for x in node.inputs or () if isinstance(x, Variable) and x.requires_grad}
    found: dict[Any, Any] = dict.fromkeys(unique)
    assert node.op.definition is not None
    _sweep([(node.op.definition(*node.args), g)], found, True, True, stop=True)
    for key, gx in found.items():
        if gx is not None:
            yield unique[key], gx


def _fit(op: Op, g: Any, x: Variable) -> Any:
    """Undo the broadcasting of `x`: sum over the axes it was stretched along."""
    shape = x.data.shape
    if g.shape != shape:
        lead = g.ndim - len(shape)
        if lead < 0 or any(n not in (1, m) for n, m in zip(shape, g.shape[lead:], strict=True)):
            raise GradError(f"backward: the rule of {op.name} gave shape {g.shape} for an input of shape {shape}")
        stretched = tuple(range(lead)) + tuple(i + lead for i, n in enumerate(shape) if n == 1 != g.shape[i + lead])
        g = g.sum(axis=stretched).reshape(shape)
    if g.dtype != x.data.dtype:
        raise GradError(f"backward: the rule of {op.name} gave {g.dtype} for an input of {x.data.dtype}")
    return g
