"""Long short-term memory as a fused layer."""

from __future__ import annotations

import numpy as np

from minigrad.graph import Array
from rnn.fused import lstm_kernels
from rnn.fused.family import Arrays, Family, bias


class LSTM(Family):
    """Gates i, f, g, o; a step keeps them and c. `flag`: with peepholes."""

    name, room, back, keeps = "lstm", 5, 4, True
    forward, backward = staticmethod(lstm_kernels.forward), staticmethod(lstm_kernels.backward)

    def given(self, w: Arrays) -> tuple[Array, Array]:
        """Both biases together; the peepholes, or zeros."""
        units = w["weight_hh"].shape[1]
        return bias(w), w["weight_peephole"] if self.flag else np.zeros(3 * units, w["weight_hh"].dtype)

    def extra(self, units: int) -> int:
        """Peepholes."""
        return 3 * units if self.flag else 0

    def finished(self, w_hh: Array, d_bias: Array, d_extra: Array) -> dict[str, Array]:
        """Both biases get the same."""
        return {"weight_hh": w_hh, "bias_ih": d_bias, "bias_hh": d_bias.copy(), "weight_peephole": d_extra}
