"""Truncated backpropagation through time over a long sequence, for any recurrent layer. [D2L 8.7]"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from minigrad import Tensor, concat
from rnn.composition import Layer
from rnn.errors import RnnError
from rnn.inputs import arrange, check_ids

Loss = Callable[[Tensor, slice], Tensor]
_WHERE = "truncated_bptt"


class Stride(NamedTuple):
    """Some steps of the sequence: what `loss` gives for them, which they are, and the state after the last of them.

    The state is cut from its history, so it can begin the next sequence.
    """

    loss: Tensor
    steps: slice
    state: Any


def truncated_bptt(
    layer: Layer, x: Any, loss: Loss, *, window: int, stride: int | None = None, state: Any = None
) -> Iterator[Stride]:
    """Walk over x in strides; the loss of each stride reaches back `window` steps, counted from the stride's end.

    x is whatever the layer reads, of any length T, and `state` where it begins. `loss(output, steps)` gives the loss
    of some steps, the slice `steps` of the sequence, from the layer's outputs for them:

        for part in truncated_bptt(layer, x, lambda h, steps: cross_entropy(head(h), ids[steps]), window=50, stride=10):
            part.loss.backward()

    Each step is in one stride, the last of which may be shorter. Without `stride` it is the window: the usual kind, in
    which a loss reaches back from 1 to `window` steps; with a shorter one each reaches back at least
    window − stride + 1. Sums of losses give, added up, the gradient of the equations TBPTT-2 to TBPTT-6, in which the
    state before a window is a constant. [Williams and Peng 1990, BPTT(h; h′); Sutskever 2013, k₁ = stride, k₂ = window]

    Memory, besides x, is that of a window, or of two where `backward` is not called on each part, and does not grow
    with T. Each step is computed window/stride times, since every window is run again from its first state, with the
    parameters as they are when the next part is asked for. An optimiser may therefore step between two parts: nothing
    of the old parameters is differentiated; only the state at which a window begins still comes from the run before.
    Where there is dropout between layers each run draws its own.

    A `state` that requires a gradient receives it from the windows that begin there, as x does from each; give both
    as leaves, since what lies behind them is freed by the first `backward`. RnnError, at once, for a window below 1
    or below the stride, a stride below 1, a layer that reads the future, or an x that does not fit the layer.
    """
    stride = window if stride is None else stride
    _refuse(layer, window, stride)
    x = x if isinstance(x, Tensor) else np.asarray(x)
    inward, form = arrange(x, layer.input_size, layer.dtype, layer.batch_first, _WHERE)
    if not isinstance(inward, Tensor):
        check_ids(inward, None, layer.input_size, _WHERE)
    axis = int(form.batch_first and not form.single)
    return _strides(layer, _Sequence(x, axis, len(inward)), loss, window, stride, state)


class _Sequence(NamedTuple):
    """A sequence of `steps` steps, with its axis of time."""

    x: Any
    axis: int
    steps: int

    def part(self, of: Any, first: int, end: int) -> Any:
        """Some steps of x, or of an output."""
        return of[:, first:end] if self.axis else of[first:end]


def _strides(layer: Layer, sequence: _Sequence, loss: Loss, window: int, stride: int, state: Any) -> Iterator[Stride]:
    """Each window in two runs: up to where the next one begins, so that its first state is known, and from there."""
    begin = 0
    for first in range(0, sequence.steps, stride):
        end = min(first + stride, sequence.steps)
        later = max(0, min(end + stride, sequence.steps) - window)
        outputs, middle = _run(layer, sequence, begin, later, state)
        rest, last = _run(layer, sequence, later, end, middle)
        outputs += rest
        output = outputs[0] if len(outputs) == 1 else concat(outputs, axis=sequence.axis)
        steps = slice(first, end)
        yield Stride(loss(sequence.part(output, first - begin, end - begin), steps), steps, _detached(last))
        begin, state = later, _detached(middle) if later > begin else state


def _run(layer: Layer, sequence: _Sequence, first: int, end: int, state: Any) -> tuple[list[Tensor], Any]:
    """The outputs of some steps, nothing for none, and the state after them."""
    if first == end:
        return [], state
    output, state = layer(sequence.part(sequence.x, first, end), state)
    return [output], state


def _detached(state: Any) -> Any:
    """The state cut from its history: a tensor, or a tuple of states, named or not."""
    if isinstance(state, tuple):
        return getattr(type(state), "_make", tuple)(map(_detached, state))
    return state.detach()


def _refuse(layer: Layer, window: int, stride: int) -> None:
    for name, length in (("window", window), ("stride", stride)):
        if isinstance(length, bool) or not isinstance(length, int | np.integer) or length < 1:
            raise RnnError(f"the {name} is {length!r}", _WHERE, "give a whole number of steps, at least 1")
    if window < stride:
        what = f"a window of {window} does not reach back over a stride of {stride}"
        raise RnnError(what, _WHERE, f"give a window of at least {stride}, or a shorter stride")
    if layer.bidirectional:
        raise RnnError("the layer reads the future too", _WHERE, "give one that reads in one direction")
