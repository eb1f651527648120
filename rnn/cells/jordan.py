"""Networks whose output is fed back. [seed 000; DLB 10.2 fig. 10.4, seed 001 pattern 2]"""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

from minigrad import Tensor
from rnn.cells import Shapes, add

Feedback = Literal["probabilities", "scores"]


class JordanState(NamedTuple):
    """What is fed back: the probabilities ŷ (B, O)."""

    y_hat: Tensor


class OutputState(NamedTuple):
    """What is fed back: the scores o (B, O)."""

    o: Tensor


class JordanStep(NamedTuple):
    """a = b + W (what is fed back) + U x and h = tanh a (B, H); o = c + V h and ŷ = softmax o (B, O)."""

    a: Tensor
    h: Tensor
    o: Tensor
    y_hat: Tensor


class JordanCell:
    """h⁽ᵗ⁾ = tanh(b + W ŷ⁽ᵗ⁻¹⁾ + U x⁽ᵗ⁾), o⁽ᵗ⁾ = c + V h⁽ᵗ⁾, ŷ⁽ᵗ⁾ = softmax(o⁽ᵗ⁾); the state is ŷ [seed 000].

    With feedback of "scores" o⁽ᵗ⁻¹⁾ stands in the place of ŷ⁽ᵗ⁻¹⁾, and the state is o: the network with output
    recurrence only [DLB 10.2, seed 001 pattern 2]. There is no way from h to the next h
    but through the output, so what the output does not tell is forgotten.
    """

    gates: ClassVar[tuple[str, ...]] = ("h",)
    letters: ClassVar[dict[str, tuple[str, int]]] = {
        "U": ("weight_ih", 0), "W": ("weight_yh", 0), "b": ("bias_ih", 0), "V": ("weight_hy", 0), "c": ("bias_hy", 0),
    }  # fmt: skip
    recurrent: ClassVar[tuple[str, ...]] = ("weight_yh", "weight_hy", "bias_hy")

    def __init__(self, output_size: int, feedback: Feedback = "probabilities"):
        self.output_size, self.feedback = output_size, feedback
        self.State: type[JordanState] | type[OutputState] = JordanState if feedback == "probabilities" else OutputState

    @property
    def family(self) -> str:
        """jordan, or output-recurrence."""
        return "jordan" if self.feedback == "probabilities" else "output-recurrence"

    def parameters(self, input_size: int, hidden_size: int) -> Shapes:
        """U, W, b, V and c."""
        return {
            "weight_ih": (hidden_size, input_size),
            "weight_yh": (hidden_size, self.output_size),
            "weight_hy": (self.output_size, hidden_size),
            "bias_ih": (hidden_size,),
            "bias_hy": (self.output_size,),
        }

    def widths(self, hidden_size: int) -> tuple[int, ...]:
        """O for the state and for the output."""
        return (self.output_size, self.output_size)

    def step(
        self, x: Tensor, state: JordanState | OutputState, w_yh: Tensor, w_hy: Tensor, b_hy: Tensor | None
    ) -> JordanStep:
        """x is U x⁽ᵗ⁾ + b_ih (B, H), w_yh (H, O), w_hy (O, H), b_hy (O,) or None."""
        (fed,) = state
        a = x + fed @ w_yh.T
        h = a.tanh()
        o = add(h @ w_hy.T, b_hy)
        return JordanStep(a, h, o, o.softmax())

    def state(self, step: JordanStep) -> JordanState | OutputState:
        """ŷ, or o."""
        return JordanState(step.y_hat) if self.feedback == "probabilities" else OutputState(step.o)

    def output(self, step: JordanStep) -> Tensor:
        """The scores o."""
        return step.o
