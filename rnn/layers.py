"""Recurrent layers. A layer knows time, batches and forms of input; the cell knows the gates."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from minigrad import Tensor, stack, take
from minigrad.graph import Array, Op
from minigrad.nn import Module, Parameter, uniform
from rnn.cells import Cell, unroll
from rnn.cells.elman import ElmanCell
from rnn.errors import RnnError
from rnn.fused.elman import elman_sequence

Implementation = Literal["auto", "fused", "stepwise"]

FUSED: dict[type, Op] = {ElmanCell: elman_sequence}


class RNN(Module):
    """The Elman network, h⁽ᵗ⁾ = tanh(W_ih x⁽ᵗ⁾ + b_ih + W_hh h⁽ᵗ⁻¹⁾ + b_hh), with torch's names and layouts.

    `weight_ih_l0` (H, I), `weight_hh_l0` (H, H), `bias_ih_l0` and `bias_hh_l0` (H,), all U(±1/√H).
    "stepwise" runs the cell's step op by op, "fused" one compiled kernel over the sequence; both give the same
    answer, and "auto" takes the kernel. [DLB 10.2, D2L 8.4]
    """

    cell: Cell = ElmanCell()

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        bias: bool = True,
        batch_first: bool = False,
        dtype: Any = np.float32,
        rng: np.random.Generator | None = None,
        implementation: Implementation = "auto",
    ):
        for name, size in (("input_size", input_size), ("hidden_size", hidden_size)):
            if size < 1:
                raise RnnError(f"{name} is {size}", "RNN", "give a whole number of at least 1")
        if implementation not in ("auto", "fused", "stepwise"):
            raise RnnError(f"no implementation {implementation!r}", "RNN", "give 'auto', 'fused' or 'stepwise'")
        rng = rng or np.random.default_rng()
        draw, rows = uniform(1 / np.sqrt(hidden_size)), len(self.cell.gates) * hidden_size
        self.input_size, self.hidden_size = input_size, hidden_size
        self.batch_first, self.implementation = batch_first, implementation
        self.weight_ih_l0 = Parameter(draw(rng, (rows, input_size)), dtype)
        self.weight_hh_l0 = Parameter(draw(rng, (rows, hidden_size)), dtype)
        self.bias_ih_l0 = Parameter(draw(rng, (rows,)), dtype) if bias else None
        self.bias_hh_l0 = Parameter(draw(rng, (rows,)), dtype) if bias else None

    def __call__(self, x: Any, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """All states (T, B, H) and the last one (1, B, H).

        x is (T, B, I), or (T, I) for one sequence; an *integer* x, (T, B) or (T,), stands for one-hot vectors,
        which are never built. With `batch_first` x and the output are (B, T, ·); a state is (1, B, H) always, or
        (1, H) for one sequence. T is at least 1.
        """
        data = x.data if isinstance(x, Tensor) else np.asarray(x)
        integer = data.dtype.kind in "iu"
        single = data.ndim == (1 if integer else 2)
        x = x if isinstance(x, Tensor) else data
        if single:
            x = x.reshape(data.shape[0], 1, *data.shape[1:])
        elif self.batch_first and data.ndim > 1:
            x = x.transpose((1, 0, *range(2, data.ndim)))
        self._check(data, x.shape, integer)
        h = self._run(self.project(x), self._initial(state, x.shape[1], single))
        last = h[-1:]
        if single:
            return h.reshape(h.shape[0], -1), last.reshape(1, -1)
        return (h.transpose((1, 0, 2)) if self.batch_first else h), last

    def project(self, x: Any) -> Tensor:
        """W_ih x⁽ᵗ⁾ + b_ih for all steps in one product, or by looking up rows for integer x. (T, B, G·H)"""
        if x.dtype.kind in "iu":
            y = take(self.weight_ih_l0.T, x.data if isinstance(x, Tensor) else x)
        else:
            y = (x.reshape(-1, self.input_size) @ self.weight_ih_l0.T).reshape(*x.shape[:2], -1)
        return y if self.bias_ih_l0 is None else y + self.bias_ih_l0

    def _run(self, x: Tensor, state: Tensor) -> Tensor:
        if self.implementation == "stepwise":
            steps = unroll(self.cell, x, state, self.weight_hh_l0, self.bias_hh_l0)
            return stack([self.cell.state(s) for s in steps])
        return FUSED[type(self.cell)](x, state, self.weight_hh_l0, self.bias_hh_l0)

    def _initial(self, state: Tensor | None, batch: int, single: bool) -> Tensor:
        if state is None:
            return Tensor(np.zeros((batch, self.hidden_size), self.weight_hh_l0.dtype))
        expected = (1, self.hidden_size) if single else (1, batch, self.hidden_size)
        if state.shape != expected:
            raise RnnError(f"the state has shape {state.shape}", "RNN", f"give one of shape {expected}")
        return state.reshape(batch, self.hidden_size)

    def _check(self, data: Array, shape: tuple[int, ...], integer: bool) -> None:
        if len(shape) != (2 if integer else 3):
            raise RnnError(
                f"the input has shape {data.shape}", "RNN", "give (T, B, I) or (T, I), or integers (T, B) or (T,)"
            )
        if 0 in shape:
            raise RnnError(f"the input has shape {data.shape}", "RNN", "give at least one step and one sequence")
        if integer and (data.min() < 0 or data.max() >= self.input_size):
            raise RnnError(
                f"ids from {data.min()} to {data.max()}",
                "RNN",
                f"give ids from 0 to {self.input_size - 1}, the input size less 1",
            )
        if not integer and shape[-1] != self.input_size:
            raise RnnError(f"the input's last axis is {shape[-1]}", "RNN", f"give {self.input_size}, the input size")


LAYERS: dict[str, type[RNN]] = {"rnn": RNN}
"""The layers by the name that `--cell` takes."""
