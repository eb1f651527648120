"""The Elman cell. [DLB 10.2 eq. 10.8–10.9, seed 001 eq. 7–8; D2L 8.4, seed 004 eq. 4]"""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

from minigrad import Tensor
from rnn.cells import Shapes, add, gated

Nonlinearity = Literal["tanh", "relu"]


class ElmanState(NamedTuple):
    """h (B, H)."""

    h: Tensor


class ElmanStep(NamedTuple):
    """a = b + W h⁽ᵗ⁻¹⁾ + U x and h = φ(a), each (B, H)."""

    a: Tensor
    h: Tensor


class ElmanCell:
    """h⁽ᵗ⁾ = φ(b + W h⁽ᵗ⁻¹⁾ + U x⁽ᵗ⁾), φ = tanh or relu."""

    gates: ClassVar[tuple[str, ...]] = ("h",)
    letters: ClassVar[dict[str, tuple[str, int]]] = {"U": ("weight_ih", 0), "W": ("weight_hh", 0), "b": ("bias_ih", 0)}
    recurrent: ClassVar[tuple[str, ...]] = ("weight_hh", "bias_hh")
    State = ElmanState

    def __init__(self, nonlinearity: Nonlinearity = "tanh"):
        self.nonlinearity = nonlinearity

    @property
    def family(self) -> str:
        """elman, or relu."""
        return "elman" if self.nonlinearity == "tanh" else "relu"

    def parameters(self, input_size: int, hidden_size: int) -> Shapes:
        """torch's four."""
        return gated(1, input_size, hidden_size)

    def widths(self, hidden_size: int) -> tuple[int, ...]:
        """H for the state and for the output."""
        return (hidden_size, hidden_size)

    def step(self, x: Tensor, state: ElmanState, w_hh: Tensor, b_hh: Tensor | None) -> ElmanStep:
        """x is U x⁽ᵗ⁾ + b_ih (B, H), w_hh (H, H), b_hh (H,) or None."""
        a = add(x + state.h @ w_hh.T, b_hh)
        return ElmanStep(a, a.tanh() if self.nonlinearity == "tanh" else a.relu())

    def state(self, step: ElmanStep) -> ElmanState:
        """h."""
        return ElmanState(step.h)

    def output(self, step: ElmanStep) -> Tensor:
        """h."""
        return step.h
