"""One layer over a whole sequence: in one kernel or step by step, over rows of uneven lengths, in every direction."""

from __future__ import annotations

from functools import partial
from math import isqrt
from typing import Any, Literal

from minigrad import Tensor, checkpoint, concat
from minigrad.graph import Array
from minigrad.remote import device_of
from rnn import stepwise
from rnn.cells import Cell
from rnn.fused import fused as kernels
from rnn.stepwise import Input, Weights, reverse, silenced

Implementation = Literal["auto", "fused", "stepwise"]


def run(
    cell: Cell,
    directions: list[Weights],
    x: Input,
    states: list[Any],
    lengths: Array | None = None,
    *,
    fused: bool = False,
    gradient_checkpointing: bool = False,
) -> tuple[Tensor, list[Any]]:
    """The outputs (T, B, ·) and the last state of each direction, from a `State` to a `State`.

    Row b ends after lengths[b] steps: what x holds there is never read, the outputs there are zero, and the last
    state is that after the row's last step, where the second direction starts. With gradient checkpointing only every
    √T-th state is kept for backward, which computes those between again. [Chen et al. 2016]
    """
    if lengths is not None:
        x = silenced(x, lengths)
    if not gradient_checkpointing:
        return _whole(cell, directions, x, states, lengths, fused)
    outputs, last = [], []
    for backwards, (weights, state) in enumerate(zip(directions, states, strict=True)):
        output, state = _in_segments(cell, weights, reverse(x, lengths) if backwards else x, state, lengths, fused)
        outputs.append(reverse(output, lengths) if backwards else output)
        last.append(state)
    return outputs[0] if len(outputs) == 1 else concat(outputs, axis=-1), last


def _whole(
    cell: Cell, directions: list[Weights], x: Input, states: list[Any], lengths: Array | None, fused: bool
) -> tuple[Tensor, list[Any]]:
    if not fused:
        return stepwise.layer(cell, directions, x, states, lengths)
    w = directions[0]["weight_ih"]
    assert w is not None
    return kernels(cell.family, device_of(w.data))(cell, directions, x, states, lengths)


def _in_segments(
    cell: Cell, weights: Weights, x: Input, state: Any, lengths: Array | None, fused: bool
) -> tuple[Tensor, Any]:
    """√T steps at a time, of which only the inputs and outputs are kept."""
    steps, names = x.shape[0], list(weights)
    size, outputs = isqrt(steps - 1) + 1, []
    for start in range(0, steps, size):
        piece = x[start : start + size]
        left = None if lengths is None else (lengths - start).clip(0, piece.shape[0])

        segment = partial(_segment, cell, names, left, fused)
        output, *after = checkpoint(segment, piece, *state, *weights.values())
        outputs.append(output)
        state = cell.State(*after)
    return concat(outputs), state


def _segment(
    cell: Cell, names: list[str], lengths: Array | None, fused: bool, x: Input, *rest: Any
) -> tuple[Tensor, ...]:
    """The outputs of some steps, then the parts of the last state; `rest` is the first state, then the parameters."""
    parts = len(rest) - len(names)
    weights = dict(zip(names, rest[parts:], strict=True))
    output, (after,) = _whole(cell, [weights], x, [cell.State(*rest[:parts])], lengths, fused)
    return (output, *after)
