"""The Elman cell. [DLB 10.2 eq. 10.8–10.9, seed 001 eq. 7–8; D2L 8.4, seed 004 eq. 4]"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from minigrad import Tensor


class ElmanStep(NamedTuple):
    """a = b + W h⁽ᵗ⁻¹⁾ + U x and h = tanh a, each (B, H)."""

    a: Tensor
    h: Tensor


class ElmanCell:
    """h⁽ᵗ⁾ = tanh(b + W h⁽ᵗ⁻¹⁾ + U x⁽ᵗ⁾); the state is h (B, H)."""

    gates: ClassVar[tuple[str, ...]] = ("h",)
    letters: ClassVar[dict[str, tuple[str, int]]] = {"U": ("weight_ih", 0), "W": ("weight_hh", 0), "b": ("bias_ih", 0)}

    def step(self, x: Tensor, state: Tensor, w_hh: Tensor, b_hh: Tensor | None) -> ElmanStep:
        """x is U x⁽ᵗ⁾ + b_ih (B, H), state h⁽ᵗ⁻¹⁾ (B, H), w_hh (H, H), b_hh (H,) or None."""
        a = x + state @ w_hh.T
        if b_hh is not None:
            a = a + b_hh
        return ElmanStep(a, a.tanh())

    def state(self, step: ElmanStep) -> Tensor:
        """h."""
        return step.h
