"""The gated recurrent unit, in its two forms. [D2L 9.1, seed 000; torch.nn.GRU]"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from minigrad import Tensor
from rnn.cells import Shapes, add, block, chunks, gated


class GRUState(NamedTuple):
    """h (B, H)."""

    h: Tensor


class GRUStep(NamedTuple):
    """The gates r and z, the candidate n, what each receives, and the new state; each (B, H).

    q is what W_n is multiplied with, r ⊙ h⁽ᵗ⁻¹⁾, where the reset comes before the product; where it comes after, q is
    the product W_n h⁽ᵗ⁻¹⁾ + d, which r then scales.
    """

    a_r: Tensor
    r: Tensor
    a_z: Tensor
    z: Tensor
    q: Tensor
    a_n: Tensor
    n: Tensor
    h: Tensor


class GRUCell:
    """h⁽ᵗ⁾ = (1 − z⁽ᵗ⁾) ⊙ n⁽ᵗ⁾ + z⁽ᵗ⁾ ⊙ h⁽ᵗ⁻¹⁾ with gates r, z = σ(b + W h⁽ᵗ⁻¹⁾ + U x⁽ᵗ⁾) and a candidate n.

    n = tanh(b_n + U_n x + r ⊙ (W_n h⁽ᵗ⁻¹⁾ + d)) if `reset_after`, as torch's [torch.nn.GRU]; otherwise
    n = tanh(b_n + U_n x + W_n (r ⊙ h⁽ᵗ⁻¹⁾)), as in print [D2L 9.1]. These are different functions.
    """

    gates: ClassVar[tuple[str, ...]] = ("r", "z", "n")
    recurrent: ClassVar[tuple[str, ...]] = ("weight_hh", "bias_hh")
    State = GRUState

    def __init__(self, reset_after: bool = True):
        self.reset_after = reset_after
        self.letters: dict[str, tuple[str, int]] = {
            f"{letter}_{gate}": (parameter, k)
            for letter, parameter in (("U", "weight_ih"), ("W", "weight_hh"), ("b", "bias_ih"))
            for k, gate in enumerate(self.gates)
        }
        if reset_after:
            self.letters["d"] = ("bias_hh", 2)

    @property
    def family(self) -> str:
        """gru where the reset comes before the product, gru-after where it comes after."""
        return "gru-after" if self.reset_after else "gru"

    def parameters(self, input_size: int, hidden_size: int) -> Shapes:
        """torch's four."""
        return gated(3, input_size, hidden_size)

    def widths(self, hidden_size: int) -> tuple[int, ...]:
        """H for the state and for the output."""
        return (hidden_size, hidden_size)

    def step(self, x: Tensor, state: GRUState, w_hh: Tensor, b_hh: Tensor | None) -> GRUStep:
        """x is U x⁽ᵗ⁾ + b_ih (B, 3H), w_hh (3H, H), b_hh (3H,) or None, blocks in the order r, z, n."""
        h = state.h
        width: int = h.shape[-1]
        x_r, x_z, x_n = chunks(x, 3)
        if self.reset_after:
            h_r, h_z, q = chunks(add(h @ w_hh.T, b_hh), 3)
        else:
            h_r, h_z = chunks(add(h @ w_hh[: 2 * width].T, None if b_hh is None else b_hh[: 2 * width]), 2)
        a_r, a_z = x_r + h_r, x_z + h_z
        r, z = a_r.sigmoid(), a_z.sigmoid()
        if self.reset_after:
            a_n = x_n + r * q
        else:
            q = r * h
            a_n = x_n + add(q @ block(w_hh, 2, width).T, block(b_hh, 2, width))
        n = a_n.tanh()
        return GRUStep(a_r, r, a_z, z, q, a_n, n, (1 - z) * n + z * h)

    def state(self, step: GRUStep) -> GRUState:
        """h."""
        return GRUState(step.h)

    def output(self, step: GRUStep) -> Tensor:
        """h."""
        return step.h
