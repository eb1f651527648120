"""The long way to everything: all sequences of states written out, one product for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from minigrad.graph import Array
from rnn.baselines import HMM
from rnn.metrics import Ints


def joint(p: Array, A: Array, B: Array, states: Ints, ids: Sequence[int | None]) -> Array:
    """P(h₁ … h_τ, x₁ … x_τ): a factor for each move, and one for each thing heard; None where nothing is known."""
    found = p[states[0]]
    for now, then in pairwise(states):
        found = found * A[now, then]
    for h, x in zip(states, ids, strict=True):
        if x is not None:
            found = found * B[h, x]
    return found


def paths(states: int, steps: int) -> Ints:
    """All Kᵀ sequences of states, (T, Kᵀ)."""
    return np.indices((states,) * steps).reshape(steps, -1)


@dataclass(frozen=True)
class Listing:
    """What the equations say, added up over whole lists; steps count from 1 as they do there."""

    model: HMM
    ids: Ints

    @cached_property
    def heard(self) -> list[int | None]:
        """The ids, as a list in which some may be left out."""
        return [int(i) for i in self.ids]

    @property
    def P(self) -> float:
        """The probability of all that is heard."""
        return float(self._joint(self.heard)[1].sum())

    def best(self) -> tuple[Ints, float]:
        """The most probable sequence of states, and its probability with all that is heard."""
        states, found = self._joint(self.heard)
        return states[:, found.argmax()], float(found.max())

    def pi(self, t: int) -> Array:
        """P(hₜ, all heard before t), (K,)."""
        return self._ending([*self.heard[: t - 1], None])

    def alpha(self, t: int) -> Array:
        """P(hₜ, all heard up to t), (K,)."""
        return self._ending(self.heard[:t])

    def beta(self, t: int) -> Array:
        """P(all heard after t | hₜ), (K,)."""
        states, found = self._joint([None, *self.heard[t:]], np.ones(self.model.states))
        return self._sums(states[0], found)

    def gamma(self, t: int) -> Array:
        """P(hₜ | all that is heard), (K,)."""
        states, found = self._joint(self.heard)
        return self._sums(states[t - 1], found) / found.sum()

    def s(self, t: int) -> Array:
        """P(xₜ, all heard at other steps) for whatever might be heard at t, (V,)."""
        before, after = self.heard[: t - 1], self.heard[t:]
        return np.array([self._joint([*before, v, *after])[1].sum() for v in range(self.model.vocabulary)])

    def _joint(self, ids: list[int | None], start: Array | None = None) -> tuple[Ints, Array]:
        assert self.model.emissions is not None  # models of this lesson have them
        states = paths(self.model.states, len(ids))
        p = self.model.start if start is None else start
        return states, joint(p, self.model.transitions, self.model.emissions, states, ids)

    def _ending(self, ids: list[int | None]) -> Array:
        states, found = self._joint(ids)
        return self._sums(states[-1], found)

    def _sums(self, which: Ints, found: Array) -> Array:
        return np.bincount(which, found, self.model.states)
