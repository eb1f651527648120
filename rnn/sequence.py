"""One cell over a whole sequence: in one kernel or step by step, over rows of uneven lengths, forwards in time."""

from __future__ import annotations

from collections.abc import Mapping
from math import isqrt
from typing import Any, Literal

import numpy as np

from minigrad import Tensor, checkpoint, concat, stack, take, where
from minigrad.graph import Array, Op
from rnn.cells import Cell, add, unroll
from rnn.fused.elman import elman_sequence

Implementation = Literal["auto", "fused", "stepwise"]
Weights = Mapping[str, Tensor | None]
Input = Tensor | Array

FUSED: dict[str, Op] = {"elman": elman_sequence}
"""The kernel of each family of cells that has one."""


def project(weights: Weights, x: Input) -> Tensor:
    """W_ih x⁽ᵗ⁾ + b_ih for all steps in one product, or by looking up rows for integer x (T, B): (T, B, G·H)."""
    w = weights["weight_ih"]
    assert w is not None
    if isinstance(x, Tensor):
        return add((x.reshape(-1, x.shape[-1]) @ w.T).reshape(*x.shape[:2], -1), weights["bias_ih"])
    return add(take(w.T, x), weights["bias_ih"])


def states(cell: Cell, weights: Weights, x: Input, state: Any, *, fused: bool) -> tuple[Tensor, Any]:
    """The outputs (T, B, ·) and, part by part, the states after every step: one tensor (T, B, ·), or T of them."""
    recurrent = [weights[name] for name in cell.recurrent]
    if fused:
        h = FUSED[cell.family](project(weights, x), *state, *recurrent)
        return h, cell.State(h)
    steps = unroll(cell, project(weights, x), state, *recurrent)
    after = zip(*(cell.state(step) for step in steps), strict=True)
    return stack([cell.output(step) for step in steps]), cell.State(*after)


def run(
    cell: Cell,
    weights: Weights,
    x: Input,
    state: Any,
    lengths: Array | None = None,
    *,
    fused: bool = False,
    gradient_checkpointing: bool = False,
) -> tuple[Tensor, Any]:
    """The outputs (T, B, ·) and the last state, from a `State` to a `State`.

    Row b ends after lengths[b] steps: what x holds there is never read, the outputs there are zero, and the last
    state is that after the row's last step. With gradient checkpointing only every √T-th state is kept for
    backward, which computes those between again. [Chen et al. 2016]
    """
    steps = x.shape[0]
    if lengths is not None:
        x = _silenced(x, _real(lengths, steps))
    if not gradient_checkpointing:
        return _segment(cell, weights, x, state, lengths, fused)
    size, outputs = isqrt(steps - 1) + 1, []
    for start in range(0, steps, size):
        left = None if lengths is None else lengths - start
        output, state = _checkpointed(cell, weights, x[start : start + size], state, left, fused)
        outputs.append(output)
    return concat(outputs), state


def _segment(cell: Cell, weights: Weights, x: Input, state: Any, left: Array | None, fused: bool) -> tuple[Tensor, Any]:
    """Some steps in a row. left (B,) is how many of each row are still to come; a row at its end keeps its state."""
    output, after = states(cell, weights, x, state, fused=fused)
    steps = x.shape[0]
    if left is None or (left >= steps).all():
        return output, cell.State(*(part[-1] for part in after))
    output = where(_real(left, steps)[..., None], output, 0.0)
    here, rows = np.clip(left, 1, steps) - 1, np.arange(len(left))
    ends = (part if isinstance(part, Tensor) else stack(part) for part in after)
    going = (left > 0)[:, None]
    return output, cell.State(*(where(going, a[here, rows], b) for a, b in zip(ends, state, strict=True)))


def _checkpointed(
    cell: Cell, weights: Weights, x: Input, state: Any, left: Array | None, fused: bool
) -> tuple[Tensor, Any]:
    names = list(weights)

    def segment(x: Input, *rest: Any) -> tuple[Tensor, ...]:
        before, given = rest[: len(state)], rest[len(state) :]
        output, after = _segment(cell, dict(zip(names, given, strict=True)), x, cell.State(*before), left, fused)
        return (output, *after)

    output, *after = checkpoint(segment, x, *state, *weights.values())
    return output, cell.State(*after)


def _real(lengths: Array, steps: int) -> Array:
    """(T, B), true where a row has not ended."""
    return np.arange(steps)[:, None] < lengths


def _silenced(x: Input, real: Array) -> Input:
    """x with zeros after each row's end, whatever was there, so that not even NaN can leak from padding."""
    return where(real[..., None], x, 0.0) if isinstance(x, Tensor) else np.where(real, x, 0)


def reverse(x: Any, lengths: Array | None = None) -> Any:
    """x (T, B, ·) backwards in time: each row's real steps in reverse order, its padding where it was."""
    if lengths is None:
        return x[::-1]
    t = np.arange(x.shape[0])[:, None]
    return x[np.where(t < lengths, lengths - 1 - t, t), np.arange(len(lengths))]
