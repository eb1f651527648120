"""Witnesses for Zipf's law: the fits of `rnn.baselines.zipf`, and a power law whose loss the engine differentiates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from minigrad import Tensor, exp, log
from minigrad.graph import Array
from rnn.baselines.zipf import least_squares, rank_frequency
from rnn.formulas.registry import Values
from rnn.witnesses.base import Graph


@dataclass(frozen=True)
class Counted:
    """`frequencies` (K,) by rank, the window of ranks `first` … `last`, and any exponent for the power law."""

    family: str
    frequencies: Array
    first: int
    last: int
    exponent: float

    def given(self) -> Values:
        """What is counted in the window, and the exponent."""
        n, r = self._window
        return {
            "n": n[:, None], "r": r[:, None], "u": np.ones((len(n), 1)), "w": float(len(n)), "N": float(n.sum()),
            "a": self.exponent,
        }  # fmt: skip

    def kernel(self) -> Values:
        """There is none."""
        return {}

    @property
    def _window(self) -> tuple[Array, Array]:
        r = np.arange(self.first, self.last + 1)
        return self.frequencies[r - 1].astype(float), r.astype(float)

    @cached_property
    def graph(self) -> Graph:
        """The line as it is fitted; the power law as powers of the ranks, token by token."""
        (n, r), a = self._window, Tensor(np.float64(self.exponent), requires_grad=True)
        fit = least_squares(self.frequencies, (self.first, self.last))
        powers = exp(-a * Tensor(np.log(r)))
        p = powers / powers.sum()
        tokens = np.repeat(np.arange(len(n)), n.astype(int))
        loss = -log(p[tokens]).mean()
        values: Values = {
            "z": np.array([np.log(i) - np.log(r).mean() for i in r]), "alpha": fit.exponent, "c": fit.constant,
            "e": np.log(n / fit.frequency(r)),
        }  # fmt: skip
        tensors = {name: Tensor(np.float64(value)) for name, value in values.items()}
        return Graph({**tensors, "a": a, "p": p, "L": loss}, loss)


def random_zipf(
    family: str, rng: np.random.Generator, *, steps: int, inputs: int, hidden: int, vocabulary: int
) -> Counted:
    """The tokens of a text in which some are frequent and others rare, and a window that leaves out the first ranks.

    At least `vocabulary` + 2 of them occur, not all as often. `steps`, `inputs` and `hidden` are not looked at.
    """
    size, first = vocabulary + 4, int(rng.integers(2, 4))
    often = np.arange(1, size + 1) ** -rng.uniform(0.7, 1.3)
    while True:
        ids = rng.choice(size, size=8 * size, p=often / often.sum())
        n = rank_frequency(ids, vocabulary=size).frequencies
        if n.size >= vocabulary + 2 and n[first - 1] > n[-1]:
            return Counted(family, n, first, n.size, float(rng.uniform(0.4, 1.6)))
