"""Witnesses for the loss averaged over time: the Elman network, its losses put together in another way. [D2L 8.7]"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from minigrad import Tensor
from rnn.witnesses.base import total
from rnn.witnesses.network import Network, random_network


class Mean(Network):
    """The same network; the loss of the sequence is the mean of those of its steps."""

    def combine(self, losses: Iterable[Tensor]) -> Tensor:
        """(1/τ) Σₜ L⁽ᵗ⁾."""
        each = list(losses)
        return total(each) / len(each)


def random_mean(family: str, rng: np.random.Generator, **sizes: int) -> Network:
    """As `random_network`."""
    p = random_network("elman", rng, **sizes)
    return Mean(family, p.layer, p.x, p.start, p.targets, p.head)
