"""The record of a computation: variables, ops, and the nodes that applying ops leaves behind.

Knows no op and no Tensor. Applying an `Op` to variables computes its arrays and, while recording, makes a `Node`:
which op, with which arguments, giving which arrays. Nodes carry one rising sequence number, so descending order of
that number is a topological order: nothing is sorted, nothing recurses, and a chain of 100,000 ops is as easy as
three. `minigrad.backward` walks the record.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy import ndarray  # by its own name, since looking it up in numpy each time costs

from minigrad.devices import launcher, settled
from minigrad.errors import DeviceError, GradError
from minigrad.refusals import check_precision, misfit
from minigrad.remote import Remote, device_of, mixed

Array = np.ndarray[Any, np.dtype[Any]]

_new: Any = object.__new__
_numbers = count(1)
_recording = True
_observer: Observer | None = None


class Observer(Protocol):
    """Something that sees every application of an op and every cotangent, as anomaly mode does."""

    def applied(self, op: Op, arrays: list[Any], outputs: tuple[Array, ...], node: Node | None) -> None:
        """`op` gave `outputs` for the inputs `arrays`."""

    def pulled(self, node: Node, cotangents: list[Any], result: Any) -> None:
        """A rule of the node's op gave `result` for the cotangents of its outputs."""


class Storage:
    """Memory that several variables may share; `changed` is the number of the last change in place, 0 for none."""

    __slots__ = ("changed",)

    def __init__(self) -> None:
        self.changed = 0


class Variable:
    """An array and where it came from. `minigrad.Tensor` adds the vocabulary.

    `node` is None for a leaf; otherwise this is output `index` of `node`. `storage` is made when it is first
    needed: by a view, or by a change in place. `hooks` are a leaf's; those of other variables lie with their node.
    """

    __slots__ = ("__weakref__", "data", "grad", "hooks", "index", "node", "requires_grad", "storage")

    result_type: ClassVar[type]  # what is computed from a variable of this class

    data: Array
    grad: Any
    hooks: list[Callable[[Any], Any]] | None
    index: int
    node: Node | None
    requires_grad: bool
    storage: Storage | None

    @classmethod
    def wrap(cls, data: Array, node: Node | None = None, index: int = 0) -> Any:
        """The variable for output `index` of `node`, around `data` itself (no copy)."""
        self: Variable = _new(cls.result_type)
        self.data = data
        self.grad = self.hooks = self.storage = None
        self.node = node
        self.index = index
        self.requires_grad = node is not None
        return self

    def shared(self) -> Storage:
        """The storage of the data, to be shared with views of it."""
        if self.storage is None:
            self.storage = Storage()
            if self.node is not None:
                self.node.storage = self.storage
        return self.storage

    def touch(self) -> None:
        """Note a change in place, so that backward through an earlier use of the value can refuse."""
        self.shared().changed = next(_numbers)

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return self.data.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.data.ndim


class Node:
    """One application of an op: its arguments, the arrays it gave, its place in the order of events.

    `kept` is what the op left for its rule besides the outputs. `storage` is that of its outputs once one is needed;
    `notes` holds hooks, what was written over and, in anomaly mode, the line that made it.
    """

    __slots__ = ("args", "kept", "notes", "op", "outputs", "seq", "storage")

    op: Op
    args: tuple[Any, ...] | None
    kept: Any
    outputs: tuple[Array, ...]
    seq: int
    storage: Storage | None
    notes: dict[Any, Any] | None

    @property
    def inputs(self) -> tuple[Any, ...]:
        """The differentiable arguments; none once freed."""
        return () if self.args is None else self.op.inputs_of(self.args)

    def free(self) -> None:
        """Let go of everything kept for backward."""
        self.args, self.kept, self.outputs = None, None, ()


class Op:
    """A NumPy function and its derivative.

    `rule` is one function for an op of one input, or a tuple with one function per input: from the cotangent `g`
    of the output to that of the input. Its further parameters name what it reads: `y` (the output), `shape` (of
    the first input), `kept`, `wanted` (for each input, whether anybody wants its cotangent), or a parameter of
    `forward`. Nothing else is read, and broadcasting is undone by the engine.
    `joint` gives the cotangents of all inputs at once, for ops whose inputs come as a sequence (`variadic`) or
    whose backward is one computation. Inputs come first among the parameters; the rest are constants.
    `many`: `forward` gives a tuple, and `g` and `y` are tuples too. `view`: outputs may share the input's memory.
    `keeps`: `forward` gives a pair, what it would otherwise give and what its rule may read as `kept`. `fresh`: what
    `joint` gives is new memory, each array its own, so that it need not be copied to become a leaf's gradient.
    `definition` is the same function written in other ops: where given, second order goes through it, and first
    order too where there is no rule.

    A rule is written with operators, methods and other ops of its arguments. It runs on plain arrays when only
    numbers are wanted, and on variables when the gradient itself is to be differentiated.
    """

    __slots__ = (
        "arity", "defaults", "definition", "forward", "fresh", "joint", "keeps", "many", "n_inputs", "name", "names",
        "plain", "rules", "samples", "signature", "variadic", "view",
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
        view: bool = False,
        keeps: bool = False,
        fresh: bool = False,
        definition: Callable[..., Any] | None = None,
        samples: Sequence[Any] = (),
    ):
        self.name, self.forward, self.definition, self.samples = name, forward, definition, samples
        self.variadic, self.many, self.view, self.keeps, self.fresh = variadic, many, view, keeps, fresh
        self.signature = None if isinstance(forward, np.ufunc) else inspect.signature(forward)
        self.names = _parameter_names(forward, self.signature)
        self.arity = len(self.names)
        parameters = self.signature.parameters.values() if self.signature else ()
        self.defaults = tuple(p.default for p in parameters if p.default is not p.empty)
        rules = () if rule is None else rule if isinstance(rule, tuple) else (rule,)
        self.rules = tuple((k, r, self.reads(r)) for k, r in enumerate(rules))  # the input, its rule, what it reads
        self.joint = None if joint is None else (joint, self.reads(joint))
        self.n_inputs = len(rules) or (inputs if joint or definition else 0)
        # The common case, inlined forwards and backwards: inputs only, one output with memory of its own.
        self.plain = not (variadic or many or view or keeps or joint) and self.arity == len(rules)

    def reads(self, rule: Callable[..., Any]) -> tuple[int, ...]:
        """What the parameters of a rule after the first name, as places that `minigrad.backward` looks up."""
        special = {"y": -1, "shape": -2, "kept": -3, "wanted": -4}
        wanted = list(inspect.signature(rule).parameters)[1:]
        return tuple(special[n] if n in special else self.names.index(n) for n in wanted)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the op; the result is of the type of the first variable given, or an array if there is none."""
        if kwargs or len(args) != self.arity:
            args = self._bind(args, kwargs)
        if not self.plain:
            return self._apply(args)
        # Inlined for speed from here on: this is what every elementary op costs beyond NumPy.
        first, wanted, mixed, arrays = None, False, False, []
        for x in args:
            if isinstance(x, Variable):
                if first is None:
                    first, dtype = x, x.data.dtype
                elif x.data.dtype is not dtype:
                    mixed = True
                if x.requires_grad:
                    wanted = _recording
                arrays.append(x.data)
            else:
                arrays.append(x)
                if x.__class__ is ndarray:
                    mixed = True
        if mixed and first is not None:
            check_precision(self.name, arrays)
        try:
            data = self.forward(*arrays)
        except (ValueError, IndexError, TypeError) as error:
            raise misfit(self.name, arrays, self.constants_of(args), error) from None
        if first is None:
            return data
        if data.__class__ is not ndarray:
            data = settled(data)
        if data.dtype is not dtype:
            check_precision(self.name, arrays)
        out = _new(first.result_type)
        out.data, out.index = data, 0
        out.grad = out.hooks = out.storage = None
        if wanted:
            out.node = node = _new(Node)
            node.op, node.args, node.outputs, node.seq = self, args, (data,), next(_numbers)
            node.kept = node.storage = node.notes = None
            out.requires_grad = True
        else:
            out.node, out.requires_grad = None, False
        if _observer is not None:
            _observer.applied(self, arrays, (data,), out.node)
        return out

    def _apply(self, args: tuple[Any, ...]) -> Any:
        """The same for ops with constants, sequences of inputs, several outputs, or views."""
        n = self.n_inputs
        if not self.variadic and self.arity > n:
            for a in args[n:]:
                if isinstance(a, Variable):
                    args = (*args[:n], *(_constant(self, c, args) for c in args[n:]))
                    break
        inputs = self.inputs_of(args)
        arrays = [x.data if isinstance(x, Variable) else x for x in inputs]
        variables = [x for x in inputs if isinstance(x, Variable)]
        if variables and len(inputs) > 1:
            check_precision(self.name, arrays)
        try:
            data, kept = self.computed(arrays, args)
        except (ValueError, IndexError, TypeError) as error:
            raise misfit(self.name, arrays, self.constants_of(args), error) from None
        if not variables:
            return data
        if self.many:
            outputs = tuple([d if d.__class__ is ndarray else settled(d) for d in data])
            return self.made(args, variables, outputs, kept)
        return self.made(args, variables, (data if data.__class__ is ndarray else settled(data),), kept)[0]

    def computed(self, arrays: Sequence[Any], args: tuple[Any, ...]) -> tuple[Any, Any]:
        """What the op gives for these input arrays and the constants among `args`, and what it keeps."""
        forward = self.forward
        for a in arrays:
            if a.__class__ is not ndarray and isinstance(a, Remote):
                forward = self._remote(arrays)
                break
        data = forward(arrays, *args[1:]) if self.variadic else forward(*arrays, *args[self.n_inputs :])
        return data if self.keeps else (data, None)

    def _remote(self, arrays: Sequence[Any]) -> Callable[..., Any]:
        """What computes the op on the device: its launcher, or its own function, if that asks for no numbers."""
        if any(a.__class__ is ndarray for a in arrays):
            raise mixed(self.name, *arrays)
        return launcher(self.name) or partial(_without_launcher, self)

    def made(
        self, args: tuple[Any, ...], variables: list[Any], outputs: tuple[Array, ...], kept: Any = None
    ) -> tuple[Any, ...]:
        """Variables for the arrays that the op gave for `args`, which hold `variables`; recording leaves a node."""
        first, node = variables[0], None
        if _recording and any(x.requires_grad for x in variables):
            node = Node()
            node.op, node.args, node.kept, node.outputs, node.seq = self, args, kept, outputs, next(_numbers)
            node.storage = node.notes = None
        made = tuple([first.__class__.wrap(d, node, i) for i, d in enumerate(outputs)])
        if self.view:
            _share(first, made)
        if _observer is not None:
            arrays = [x.data if isinstance(x, Variable) else x for x in self.inputs_of(args)]
            _observer.applied(self, arrays, outputs, node)
        return made

    def inputs_of(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The differentiable ones of the arguments."""
        return tuple(args[0]) if self.variadic else args[: self.n_inputs]

    def constants_of(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The others."""
        return args[1:] if self.variadic else args[self.n_inputs :]

    def _bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        given = len(args)
        if not kwargs and self.arity - len(self.defaults) <= given < self.arity:
            return args + self.defaults[given - self.arity :]
        if self.signature is None:
            raise TypeError(f"{self.name} takes {self.arity} arguments, {len(args) + len(kwargs)} were given")
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


def _without_launcher(op: Op, *args: Any) -> Any:
    try:
        return op.forward(*args)
    except DeviceError as error:
        raise DeviceError(f"{op.name}: has no launcher on cuda; {error}") from None


def _constant(op: Op, a: Any, args: tuple[Any, ...]) -> Any:
    """What a constant of an op is: a tensor of ids becomes its array; one that wants a gradient would get none."""
    if not isinstance(a, Variable):
        return a
    if isinstance(args[0], Variable) and device_of(a.data) != device_of(args[0].data):
        raise mixed(op.name, args[0].data, a.data)
    if a.requires_grad and _recording:
        names = ", ".join(op.names)
        raise GradError(f"{op.name}: only its first {op.n_inputs} of {names} can be differentiated; detach the rest")
    return a.data


def _share(source: Variable, made: tuple[Any, ...]) -> None:
    """Let views know the storage that they look at."""
    base = source.data.base  # of memory that is lent the owner is no array, and NumPy's views end at its borrower
    owner = base if base.__class__ is source.data.__class__ else source.data
    for x in made:
        if x.data.base is owner or x.data is owner:
            x.storage = source.shared()
            if x.node is not None:
                x.node.storage = x.storage


@contextmanager
def no_grad() -> Iterator[None]:
    """Within, nothing is recorded."""
    with record(False):
        yield


@contextmanager
def record(on: bool) -> Iterator[None]:
    """Within, recording is on or off."""
    global _recording
    before, _recording = _recording, on
    try:
        yield
    finally:
        _recording = before


def recording() -> bool:
    """Whether applying an op leaves a node behind."""
    return _recording


@contextmanager
def observe(observer: Observer) -> Iterator[None]:
    """Within, the observer sees everything."""
    global _observer
    before, _observer = _observer, observer
    try:
        yield
    finally:
        _observer = before


def observer() -> Observer | None:
    """Who is watching, if anybody."""
    return _observer


def key(x: Variable) -> Any:
    """What identifies a variable in a walk: its place in the graph, or itself for a leaf."""
    return id(x) if x.node is None else (x.node, x.index)


def as_used(x: Variable, seq: float) -> Variable:
    """The variable as the op of that number met it: one that was written over since has got another history."""
    while x.node is not None and x.node.seq > seq:
        assert x.node.notes is not None  # whoever writes over a variable leaves it there as it was
        x = x.node.notes["before"]
    return x


def nodes(output: Variable) -> list[Node]:
    """Every node that `output` came from, oldest first."""
    seen: set[Node] = set()
    stack = [output.node]
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        stack.extend(as_used(x, node.seq).node for x in node.inputs if isinstance(x, Variable))
    return sorted(seen, key=lambda n: n.seq)
