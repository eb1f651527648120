"""One time step of each kind of network, in Tensor ops, and the loop that repeats a step.

A cell has `gates` (its blocks of H rows in a weight matrix, in order), `letters` (which block of which parameter
each letter of its equations is) and `step`, which returns every named quantity of the step; `state` picks from
those what the next step needs. A cell knows nothing of sequences, layers or directions.
"""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from minigrad import Tensor


class Cell(Protocol):
    """What a layer, a witness and a fused kernel ask of a cell."""

    gates: ClassVar[tuple[str, ...]]
    letters: ClassVar[dict[str, tuple[str, int]]]

    def step(self, x: Tensor, state: Any, w_hh: Tensor, b_hh: Tensor | None) -> Any:
        """From the input's product W_ih x + b_ih (B, G·H) and the state before, all quantities of the step."""

    def state(self, step: Any) -> Any:
        """What the next step needs of this one."""


def unroll(cell: Cell, x: Tensor, state: Any, w_hh: Tensor, b_hh: Tensor | None) -> list[Any]:
    """Repeat the step over x (T, B, G·H): the list of all steps. [DLB 10.1, seed 001 eq. 4]"""
    steps = []
    for x_t in x.unstack():
        steps.append(cell.step(x_t, state, w_hh, b_hh))
        state = cell.state(steps[-1])
    return steps
