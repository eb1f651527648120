"""The Elman network as a fused layer."""

from __future__ import annotations

import numpy as np

from minigrad.graph import Array
from rnn.fused import elman_kernels
from rnn.fused.family import Arrays, Family, bias


class Elman(Family):
    """A step keeps nothing but its output. `flag`: with relu."""

    name, room, back, keeps = "elman", 1, 1, False
    forward, backward = staticmethod(elman_kernels.forward), staticmethod(elman_kernels.backward)

    def given(self, w: Arrays) -> tuple[Array, Array]:
        """Both biases together."""
        return bias(w), np.empty(0, w["weight_hh"].dtype)

    def finished(self, w_hh: Array, d_bias: Array, d_extra: Array) -> dict[str, Array]:
        """Both biases get the same."""
        return {"weight_hh": w_hh, "bias_ih": d_bias, "bias_hh": d_bias.copy()}
