"""One cell over a whole sequence, step by step in ops of the engine: the definition of what every kernel computes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from minigrad import Tensor, concat, stack, take, where
from minigrad.graph import Array
from rnn.cells import Cell, add, unroll

Weights = Mapping[str, Tensor | None]
Input = Tensor | Array


def project(weights: Weights, x: Input) -> Tensor:
    """W_ih x⁽ᵗ⁾ + b_ih for all steps in one product, or by looking up rows for integer x (T, B): (T, B, G·H)."""
    w = weights["weight_ih"]
    assert w is not None
    if isinstance(x, Tensor):
        return add((x.reshape(-1, x.shape[-1]) @ w.T).reshape(*x.shape[:2], -1), weights["bias_ih"])
    return add(take(w.T, x), weights["bias_ih"])


def layer(
    cell: Cell, directions: list[Weights], x: Input, states: list[Any], lengths: Array | None
) -> tuple[Tensor, list[Any]]:
    """The outputs (T, B, ·) of a layer in one direction or both, side by side, and the last state of each."""
    outputs, last = [], []
    for backwards, (weights, state) in enumerate(zip(directions, states, strict=True)):
        output, state = sequence(cell, weights, reverse(x, lengths) if backwards else x, state, lengths)
        outputs.append(reverse(output, lengths) if backwards else output)
        last.append(state)
    return outputs[0] if len(outputs) == 1 else concat(outputs, axis=-1), last


def sequence(cell: Cell, weights: Weights, x: Input, state: Any, lengths: Array | None) -> tuple[Tensor, Any]:
    """The outputs (T, B, ·) and the last state. Row b has lengths[b] steps, 0 … T; at its end it keeps its state."""
    steps = unroll(cell, project(weights, x), state, *(weights[name] for name in cell.recurrent))
    output, total = stack([cell.output(step) for step in steps]), len(steps)
    if lengths is None or (lengths >= total).all():
        return output, cell.state(steps[-1])
    output = where(real(lengths, total)[..., None], output, 0.0)
    here, rows = np.clip(lengths, 1, total) - 1, np.arange(len(lengths))
    ends = map(stack, zip(*(cell.state(step) for step in steps), strict=True))
    going = (lengths > 0)[:, None]
    return output, cell.State(*(where(going, a[here, rows], b) for a, b in zip(ends, state, strict=True)))


def real(lengths: Array, steps: int) -> Array:
    """(T, B), true where a row has not ended."""
    return np.arange(steps)[:, None] < lengths


def silenced(x: Input, lengths: Array) -> Input:
    """x with zeros after each row's end, whatever was there, so that not even NaN can leak from padding."""
    kept = real(lengths, x.shape[0])
    return where(kept[..., None], x, 0.0) if isinstance(x, Tensor) else np.where(kept, x, 0)


def reverse(x: Any, lengths: Array | None = None) -> Any:
    """x (T, B, ·) backwards in time: each row's real steps in reverse order, its padding where it was."""
    if lengths is None:
        return x[::-1]
    t = np.arange(x.shape[0])[:, None]
    return x[np.where(t < lengths, lengths - 1 - t, t), np.arange(len(lengths))]
