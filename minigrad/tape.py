"""Tape: a graph of Values as flat arrays, which Numba replays with other numbers, forwards and back.

`compile` walks the graph once and keeps op codes, operands and constants of it, nothing else; a replay touches no
Python objects. It adds and multiplies in the order of `Value.backward`, and takes exp, log, tanh and powers from the
C library that Python takes them from: the bits are the same, for one vector and for any number of them at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from minigrad.errors import DtypeError, GradError, ShapeError
from minigrad.graph import Array, observer
from minigrad.scalar import OPS, Value, apply, history, power
from minigrad.steps import Nodes, steps

_CODES = {op: code for code, op in enumerate(OPS)}
_JOB = 1 << 18  # operands to read before a thread looks for more work


class Tape:
    """A function of n numbers and its gradient, made by `compile`.

    Slots number what it computes with: first its `n_inputs` inputs, then its `constants`, then the result of each of
    its `nodes`; the last is the output.
    """

    def __init__(self, n_inputs: int, constants: Array, nodes: Nodes):
        self.n_inputs, self.constants, self.nodes = n_inputs, constants, nodes
        self._leaves = n_inputs + len(constants)
        self._program, self._slots = steps(nodes, self._leaves)

    def __call__(self, inputs: Any) -> tuple[Any, Array]:
        """The output and its gradient: a number and (n,) for inputs (n,); (batch,) and (batch, n) for (batch, n).

        All is float64. Infinities and nan arise as they do in NumPy, but without warnings; `detect_anomaly` names the
        op that gave the first. Inputs that do not fit raise ShapeError or DtypeError.
        """
        x = self._checked(inputs)
        if observer() is not None:
            for row in x.reshape(-1, self.n_inputs):
                self.rebuild(row).backward()
        return self._one(x) if x.ndim == 1 else self._many(x)

    def __len__(self) -> int:
        """Number of nodes."""
        return len(self.nodes.codes)

    def __repr__(self) -> str:
        return f"Tape({self.n_inputs:,} inputs, {len(self.constants):,} constants, {len(self):,} nodes)"

    def rebuild(self, inputs: Sequence[float] | Array) -> Value:
        """The graph that was compiled, as Values again, with these inputs; its output."""
        slots = [Value(float(x)) for x in (*inputs, *self.constants)]
        for code, a, b in zip(*map(np.ndarray.tolist, self.nodes), strict=True):
            slots.append(apply(OPS[code], *(slots[k] for k in (a, b) if k >= 0)))
        return slots[-1]

    def _checked(self, inputs: Any) -> Array:
        try:
            x = np.asarray(inputs)
        except ValueError:
            raise ShapeError(f"tape: rows of different lengths; give {self.n_inputs} numbers in each") from None
        if x.dtype.kind not in "iub" and x.dtype.type is not np.float64:
            raise DtypeError(f"tape: inputs of {x.dtype}; give float64, as x.astype(np.float64) does")
        if x.ndim not in (1, 2) or x.shape[-1] != self.n_inputs:
            raise ShapeError(f"tape: inputs of shape {x.shape}; give ({self.n_inputs},) or (batch, {self.n_inputs})")
        return np.require(x, np.float64, ["C", "A", "W"])  # a copy where it cannot be written to: a kernel less

    def _one(self, x: Array) -> tuple[Any, Array]:
        from minigrad.kernels.tape import replay  # here and not above, since Numba is slow to import

        values, grads = np.empty(self._slots), np.zeros(self._slots)
        values[: self.n_inputs] = x
        values[self.n_inputs : self._leaves] = self.constants
        replay(self._program, self._slots - 1, values, grads)
        return values[-1], grads[: self.n_inputs].copy()

    def _many(self, x: Array) -> tuple[Array, Array]:
        """In jobs whose size depends on the program only, so that nothing depends on the number of threads."""
        from minigrad.kernels.lanes import WIDTH
        from minigrad.kernels.threads import run

        outputs, gradients = np.empty(len(x)), np.empty(x.shape)
        rows = WIDTH * max(4, _JOB // max(1, WIDTH * len(self._program.operands)))
        parts = [slice(first, first + rows) for first in range(0, len(x), rows)]
        run([partial(self._rows, x[part], outputs[part], gradients[part]) for part in parts])
        return outputs, gradients

    def _rows(self, x: Array, outputs: Array, gradients: Array) -> None:
        from minigrad.kernels.lanes import WIDTH
        from minigrad.kernels.tape import replay_rows
        from minigrad.kernels.workspace import aligned

        values, grads = (aligned((self._slots, WIDTH), np.float64) for _ in range(2))
        values[self.n_inputs : self._leaves] = self.constants[:, None]
        grads[...] = 0
        replay_rows(self._program, self._slots - 1, values, grads, self._leaves, x, outputs, gradients)


def compile(output: Value, inputs: Sequence[Value]) -> Tape:
    """The function that takes numbers for `inputs`, leaves that `output` was computed from, to output and gradient.

    Every other leaf is a constant from here on. Raises GradError for inputs that are not such leaves or are repeated.
    """
    if isinstance(inputs, Value):
        raise GradError("compile: the inputs are one Value; give a list, [x]")
    inputs = list(inputs)
    _check_inputs(output, inputs)
    order = history(output)
    slots = {value: k for k, value in enumerate(inputs)}
    leaves = dict.fromkeys(p for value in order for p in value.parents if p.op is None)
    _check_reached(inputs, {*leaves, output}, order)
    constants = [leaf for leaf in leaves if leaf not in slots]
    for value in (*constants, *order):
        slots[value] = len(slots)
    codes = np.array([_CODES[value.op] for value in order if value.op], np.uint8)
    left = np.array([slots[value.parents[0]] for value in order], np.int64)
    right = np.array([slots[value.parents[1]] if len(value.parents) == 2 else -1 for value in order], np.int64)
    return Tape(len(inputs), np.array([float(c.data) for c in constants]), Nodes(codes, left, right))


def _check_inputs(output: Value, inputs: list[Value]) -> None:
    if not isinstance(output, Value):
        raise GradError(f"compile: the output is a {type(output).__name__}; give the Value to compute")
    if not inputs:
        raise GradError("compile: there are no inputs; give the leaves that are to vary")
    seen: dict[Value, int] = {}
    for k, value in enumerate(inputs):
        if not isinstance(value, Value):
            raise GradError(f"compile: input {k} is a {type(value).__name__}; give leaves of the output's graph")
        if value.op is not None:
            raise GradError(f"compile: input {k} was computed by {value.op.name}; give leaves")
        if seen.setdefault(value, k) != k:
            raise GradError(f"compile: inputs {seen[value]} and {k} are the same Value; give each once")


def _check_reached(inputs: list[Value], reached: set[Value], order: list[Value]) -> None:
    exponents = {value.parents[1] for value in order if value.op is power}
    for k, value in enumerate(inputs):
        if value not in reached:
            raise GradError(f"compile: the output was not computed from input {k}, {value}; leave it out")
        if value in exponents:
            raise GradError(f"compile: input {k} is the exponent of a power, which is a constant; leave it out")
