"""Gradient checkpointing: memory for time. What a function computed on the way is computed again when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

import numpy as np

from minigrad.devices import placed
from minigrad.errors import GradError
from minigrad.graph import Array, Op, Storage, Variable, record, recording
from minigrad.tensor import Tensor

Result = TypeVar("Result")


def checkpoint(f: Callable[..., Result], *inputs: Any) -> Result:
    """f(*inputs), keeping the inputs and the outputs alone; backward runs f again and differentiates that.

    Of T steps in segments of √T about 2√T are held at a time instead of T, and each is computed twice; segments may
    have segments. f gives a tensor or a tuple of them, named or nested; its inputs may be such tuples too, and what
    is no tensor passes as it is. The gradients are f's own to the last bit; those of gradients, for which
    `create_graph` keeps the second run, up to rounding. Where nothing is recorded, or no input requires a gradient,
    this is f(*inputs) and saves nothing. A tensor that f uses without being given it gets its gradient too, but
    `replay` does not know of it: give f what matters.

    f must depend on nothing that changes and change nothing, since it runs at least twice: draw random numbers
    outside, or make their generator within. GradError if f gives no tensor or changes an input in place; and in
    backward, if an input was changed since, or f gives other values than before. Hooks on inputs and outputs are as
    ever; within f there can be none, as nothing there requires a gradient in the first run.
    [Griewank and Walther 2000; Chen et al. 2016]
    """
    tensors = list(_tensors(inputs))
    if not recording() or not any(x.requires_grad for x in tensors):
        return f(*inputs)
    before = [_changed(x) for x in tensors]
    with record(False):
        result = f(*inputs)
    if [_changed(x) for x in tensors] != before:
        raise GradError("checkpoint: f changed one of its inputs in place; let it change a copy")
    # An output may be an input, or a view that holds on to more than it shows: each gets memory of its own.
    arrays = tuple(placed(y.data, None, None) for y in _tensors(result))
    if not arrays:
        raise GradError(f"checkpoint: f gives {type(result).__name__}; it must give a Tensor or a tuple of them")
    kept = tuple((a, Storage()) for a in arrays)
    call = _Call(f, _filled(inputs, iter(tensors)), kept)
    outputs = _checkpoint.made((tensors, call), tensors, arrays)
    return _filled(result, map(_output, outputs, kept))


class _Call(NamedTuple):
    """f, its inputs, and the arrays that it gave, with the storage that knows whether they were changed since."""

    f: Callable[..., Any]
    inputs: tuple[Any, ...]
    kept: tuple[tuple[Array, Storage], ...]


def _forward(xs: list[Array], call: _Call) -> tuple[Array, ...]:
    with record(False):
        result = call.f(*_filled(call.inputs, map(Tensor.wrap, xs)))
    return tuple(y.data for y in _tensors(result))


def _again(xs: list[Variable], call: _Call) -> tuple[Variable, ...]:
    outputs = tuple(_tensors(call.f(*_filled(call.inputs, iter(xs)))))
    if len(outputs) != len(call.kept) or not all(map(_same, outputs, call.kept)):
        raise GradError(
            "checkpoint: f gave other values when it was run again; draw random numbers outside of it, "
            "and change nothing that it uses before backward"
        )
    return outputs


_checkpoint = Op("checkpoint", _forward, variadic=True, many=True, definition=_again)


def _same(y: Variable, kept: tuple[Array, Storage]) -> bool:
    """Whether y is what there was, to the last bit, as far as that can still be told."""
    array, storage = kept
    return storage.changed > 0 or np.array_equal(y.data, array, equal_nan=True)


def _output(y: Tensor, kept: tuple[Array, Storage]) -> Tensor:
    if y.data.dtype.kind != "f":
        return y.wrap(y.data)  # truth values and ids have no gradient
    y.storage = kept[1]
    return y


def _changed(x: Variable) -> int:
    return 0 if x.storage is None else x.storage.changed


def _tensors(value: Any) -> Iterator[Variable]:
    """The tensors in it, in order."""
    if isinstance(value, Variable):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _tensors(part)


def _filled(value: Any, tensors: Iterator[Any]) -> Any:
    """The same with these tensors in their places; lists and tuples are new ones."""
    if isinstance(value, Variable):
        return next(tensors)
    if isinstance(value, tuple | list):
        kind = type(value)
        return getattr(kind, "_make", kind)(_filled(part, tensors) for part in value)
    return value
