"""Witnesses for the Elman network with relu: problems that keep away from its corner, where it has no derivative."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from rnn.witnesses.network import Network, random_network

MARGIN = 0.03
"""How far from 0 every a⁽ᵗ⁾ is: further than differences move it, whatever it is that they move."""

LARGEST_SCORE = 4.0
"""relu is not bounded. With scores beyond this the softmax is all but 0 or 1, and gradients too small to measure."""


def random_relu(family: str, rng: np.random.Generator, *, scale: float = 0.5, **sizes: int) -> Network:
    """As `random_network`, drawn until no unit is near its corner and no score is large.

    At every step some unit is on, and not the same ones throughout, so that no slope passes for another step's. A
    single unit is on at some step and off at another. Meant for sequences of a few steps: long ones are seldom fit.
    """
    draw = partial(random_network, family, rng, scale=scale, **sizes)
    p = draw()
    while not _fit(p.graph.tensors):
        p = draw()
    return p


def _fit(tensors: dict[str, Any]) -> bool:
    a, o = (np.stack([tensor.data for tensor in tensors[name].values()]) for name in "ao")
    on = (a > 0).reshape(len(a), -1)
    met = on.any(axis=1).all() or on.shape[1] == 1
    changing = len(on) == 1 or (on[1:] != on[:-1]).any()
    return bool(met and changing and np.abs(a).min() > MARGIN and np.abs(o).max() < LARGEST_SCORE)
