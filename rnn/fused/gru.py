"""Gated recurrent units as a fused layer."""

from __future__ import annotations

import numpy as np

from minigrad.graph import Array
from rnn.fused import gru_kernels
from rnn.fused.family import Arrays, Family, bias


class GRU(Family):
    """Gates r, z, n; a step keeps them and q. `flag`: the reset comes after the product."""

    name, room, back, keeps = "gru", 4, 4, True
    forward, backward = staticmethod(gru_kernels.forward), staticmethod(gru_kernels.backward)

    def given(self, w: Arrays) -> tuple[Array, Array]:
        """Both biases together; but where the reset comes after the product, d, that of n, is beside them."""
        n, both = w["weight_hh"].shape[1], bias(w)
        if not self.flag:
            return both, np.empty(0, both.dtype)
        if w["bias_hh"] is None:
            return both, np.zeros(n, both.dtype)
        both[2 * n :] = 0 if w["bias_ih"] is None else w["bias_ih"][2 * n :]
        return both, w["bias_hh"][2 * n :]

    def extra(self, units: int) -> int:
        """The gradient of d."""
        return units if self.flag else 0

    def first(self, units: int) -> int:
        """n stands before r and z."""
        return 2 * units

    def finished(self, w_hh: Array, d_bias: Array, d_extra: Array) -> dict[str, Array]:
        """The rows of W_hh back in the order r, z, n."""
        n, hidden = w_hh.shape[1], d_bias.copy()
        if self.flag:
            hidden[2 * n :] = d_extra
        return {"weight_hh": np.roll(w_hh, -n, axis=0), "bias_ih": d_bias, "bias_hh": hidden}
