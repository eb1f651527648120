"""One time step of each kind of network, in Tensor ops, and the loop that repeats a step.

A cell says which parameters it has, which of them a step reads, and what a step computes: every named quantity of
it. `state` picks from those what the next step needs, `output` what the layer gives. A cell knows nothing of
sequences, layers or directions.
"""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from minigrad import Tensor
from minigrad.graph import Array

Shapes = dict[str, tuple[int, ...]]


class Cell(Protocol):
    """What a layer, a witness and a fused kernel ask of a cell.

    `gates` are the blocks of H rows in its weights, in order.
    """

    gates: ClassVar[tuple[str, ...]]

    @property
    def letters(self) -> dict[str, tuple[str, int]]:
        """Letter → (parameter, which of its blocks)."""

    @property
    def recurrent(self) -> tuple[str, ...]:
        """The parameters that `step` takes, in order."""

    @property
    def State(self) -> type[Any]:
        """The named tuple of what goes from step to step, under the letters of the equations."""

    @property
    def family(self) -> str:
        """The family of its equations in `rnn.formulas`."""

    def parameters(self, input_size: int, hidden_size: int) -> Shapes:
        """The shape of each parameter by torch's name, biases included."""

    def widths(self, hidden_size: int) -> tuple[int, ...]:
        """The width of each part of the state, and last that of the output."""

    def step(self, x: Tensor, state: Any, *recurrent: Any) -> Any:
        """From the input's product W_ih x + b_ih (B, G·H) and the state before, all quantities of the step."""

    def state(self, step: Any) -> Any:
        """What the next step needs of this one, as a `State`."""

    def output(self, step: Any) -> Tensor:
        """What the step puts out."""


def gated(gates: int, input_size: int, hidden_size: int) -> Shapes:
    """torch's four parameters of a cell with that many gates."""
    rows = gates * hidden_size
    return {
        "weight_ih": (rows, input_size),
        "weight_hh": (rows, hidden_size),
        "bias_ih": (rows,),
        "bias_hh": (rows,),
    }


def unroll(cell: Cell, x: Tensor, state: Any, *recurrent: Any) -> list[Any]:
    """Repeat the step over x (T, B, G·H): the list of all steps. [DLB 10.1, seed 001 eq. 4]"""
    steps = []
    for x_t in x.unstack():
        steps.append(cell.step(x_t, state, *recurrent))
        state = cell.state(steps[-1])
    return steps


def chunks(x: Tensor, gates: int) -> Any:
    """The blocks of each gate in (B, G·H), as they stand side by side."""
    width: int = x.shape[-1] // gates
    return [x[:, k * width : (k + 1) * width] for k in range(gates)]


def block(weight: Any, k: int, width: int) -> Any:
    """Gate k's block of rows in a weight matrix or bias; None of None."""
    return None if weight is None else weight[k * width : (k + 1) * width]


def add(x: Tensor, bias: Tensor | Array | None) -> Tensor:
    """x + bias, or x without one."""
    return x if bias is None else x + bias
