"""Long short-term memory, with or without peepholes. [D2L 9.2, seed 000; torch.nn.LSTM]"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from minigrad import Tensor
from rnn.cells import Shapes, add, chunks, gated


class LSTMState(NamedTuple):
    """The hidden state h and the cell state c, each (B, H); of a layer (layers·directions, B, H)."""

    h: Tensor
    c: Tensor


class LSTMStep(NamedTuple):
    """What the gates receive, the gates i and f, the candidate g, the gate o, the cell state and h; each (B, H)."""

    a_i: Tensor
    i: Tensor
    a_f: Tensor
    f: Tensor
    a_g: Tensor
    g: Tensor
    c: Tensor
    a_o: Tensor
    o: Tensor
    h: Tensor


class LSTMCell:
    """c⁽ᵗ⁾ = f ⊙ c⁽ᵗ⁻¹⁾ + i ⊙ g and h⁽ᵗ⁾ = o ⊙ tanh c⁽ᵗ⁾, with i, f, o = σ(b + W h⁽ᵗ⁻¹⁾ + U x⁽ᵗ⁾), g = tanh(the same).

    With peepholes the gates see the cell state too, entry by entry: i and f the one before, o the new one.
    """

    gates: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")
    State = LSTMState

    def __init__(self, peepholes: bool = False):
        self.peepholes = peepholes
        self.recurrent = ("weight_hh", "bias_hh", *(("weight_peephole",) if peepholes else ()))
        self.letters: dict[str, tuple[str, int]] = {
            f"{letter}_{gate}": (parameter, k)
            for letter, parameter in (("U", "weight_ih"), ("W", "weight_hh"), ("b", "bias_ih"))
            for k, gate in enumerate(self.gates)
        }
        if peepholes:
            self.letters |= {f"p_{gate}": ("weight_peephole", k) for k, gate in enumerate("ifo")}

    @property
    def family(self) -> str:
        """lstm, or peephole."""
        return "peephole" if self.peepholes else "lstm"

    def parameters(self, input_size: int, hidden_size: int) -> Shapes:
        """torch's four; with peepholes also weight_peephole (3H,), for i, f and o."""
        peepholes: Shapes = {"weight_peephole": (3 * hidden_size,)} if self.peepholes else {}
        return {**gated(4, input_size, hidden_size), **peepholes}

    def widths(self, hidden_size: int) -> tuple[int, ...]:
        """H for h, for c and for the output."""
        return (hidden_size, hidden_size, hidden_size)

    def step(
        self, x: Tensor, state: LSTMState, w_hh: Tensor, b_hh: Tensor | None, peephole: Tensor | None = None
    ) -> LSTMStep:
        """x is U x⁽ᵗ⁾ + b_ih (B, 4H), w_hh (4H, H), b_hh (4H,) or None, blocks in the order i, f, g, o."""
        a_i, a_f, a_g, a_o = chunks(add(x + state.h @ w_hh.T, b_hh), 4)
        if peephole is not None:
            p_i, p_f, p_o = peephole.split(3)
            a_i, a_f = a_i + p_i * state.c, a_f + p_f * state.c
        i, f, g = a_i.sigmoid(), a_f.sigmoid(), a_g.tanh()
        c = f * state.c + i * g
        if peephole is not None:
            a_o = a_o + p_o * c
        o = a_o.sigmoid()
        return LSTMStep(a_i, i, a_f, f, a_g, g, c, a_o, o, o * c.tanh())

    def state(self, step: LSTMStep) -> LSTMState:
        """h and c."""
        return LSTMState(step.h, step.c)

    def output(self, step: LSTMStep) -> Tensor:
        """h."""
        return step.h
