"""GRU layers of both forms."""

from __future__ import annotations

import numpy as np

import rnn.formulas.gru_after  # noqa: F401  # enters the equations of both forms
from rnn.layers import GRU


def gru(inputs: int, hidden: int, rng: np.random.Generator, *, reset_after: bool) -> GRU:
    """A layer in float64 that runs op by op, with normal weights."""
    layer = GRU(inputs, hidden, reset_after=reset_after, dtype=np.float64, rng=rng, implementation="stepwise")
    for p in layer.parameters():
        p.assign(0.8 * rng.standard_normal(p.shape))
    return layer
