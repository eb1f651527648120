"""Witnesses for the hidden Markov model: every sequence of states written out, one product for each. [D2L 9.4.1]

No recursion: a probability is the sum of the products along all sequences of states that belong to it. The
distribution of a state comes from the engine, as the derivative of log P by the logarithm of what each state emits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from minigrad import Tensor, exp, log
from minigrad.graph import Array
from rnn.errors import RnnError
from rnn.formulas.registry import Values
from rnn.metrics import Ints
from rnn.witnesses.base import Graph

MOST_PATHS = 200_000


class Posterior(Graph):
    """A graph that also gives γ: how log P moves with the logarithm of what a state emits at a step."""

    def value(self, name: str) -> Any:
        """As for any graph."""
        return self._emissions(super().value("grad_log_e")) if name == "gamma" else super().value(name)

    def difference(self, name: str) -> Any:
        """The same by central differences."""
        return self._emissions(super().difference("log_e")) if name == "gamma" else super().difference(name)

    def _emissions(self, of_loss: dict[int, Array]) -> dict[int, Array]:
        """The loss is −log P."""
        return {t: -g for t, g in of_loss.items()}


@dataclass(frozen=True)
class HiddenMarkov:
    """One sequence of observations: A (H, H), B (H, V), p (H,), each row a distribution; `ids` (τ,)."""

    family: str
    A: Tensor
    B: Tensor
    p: Tensor
    ids: Ints

    @property
    def tau(self) -> int:
        """How many steps."""
        return len(self.ids)

    def given(self) -> Values:
        """The three tables, the observations as columns, and ones."""
        x = np.eye(self.B.shape[1])[self.ids][:, :, None]
        return {
            "A": self.A.data, "B": self.B.data, "p": self.p.data[:, None], "x": dict(enumerate(x, 1)),
            "u": np.ones((len(self.p), 1)), "tau": self.tau,
        }  # fmt: skip

    def kernel(self) -> Values:
        """There is none."""
        return {}

    @cached_property
    def graph(self) -> Graph:
        """Each quantity as a sum over all sequences of states that belong to it."""
        tau, steps, ids = self.tau, range(1, self.tau + 1), dict(enumerate(self.ids, 1))
        e = {t: self.B[:, ids[t]] for t in steps}
        log_e = {t: Tensor(np.log(e[t].data), requires_grad=True) for t in steps}
        seen = {t: {k: e[k] for k in steps if k <= t} for t in (0, *steps)}
        later = {t: {k - t: e[k] for k in steps if k > t} for t in steps}
        others = {t: {k: e[k] for k in steps if k != t} for t in steps}
        paths = _Paths(self.A, self.p)
        P = paths.along(tau, {t: exp(log_e[t]) for t in steps}).sum()
        found = {
            "e": e, "log_e": log_e, "P": P,
            "pi": {t: paths.through(t, t, seen[t - 1]) for t in steps},
            "alpha": {t: paths.through(t, t, seen[t]) for t in steps},
            "beta": {t: paths.after(tau - t, later[t]) for t in steps},
            "s": {t: paths.emitted(t, tau, others[t], self.B) for t in steps},
        }  # fmt: skip
        return Posterior(found, -log(P))


@dataclass(frozen=True)
class _Paths:
    """Products along sequences of states; `e` has what is emitted at those steps that count."""

    A: Tensor
    p: Tensor

    def along(self, length: int, e: dict[int, Tensor]) -> Tensor:
        """One product for each of the H^length sequences from step 1 on."""
        states = self._states(length)
        return self._product(self.p[states[:, 0]], states, e, 1)

    def through(self, t: int, length: int, e: dict[int, Tensor]) -> Tensor:
        """For each state, the sum over all sequences of that length that have it at t."""
        return self._belonging(self._states(length)[:, t - 1]) @ self.along(length, e)

    def after(self, further: int, e: dict[int, Tensor]) -> Tensor:
        """For each state, the sum over all sequences of so many further steps; `e` counts them from 1."""
        states = self._states(further + 1)
        return self._belonging(states[:, 0]) @ self._product(Tensor(np.ones(len(states))), states, e, 0)

    def emitted(self, t: int, length: int, e: dict[int, Tensor], B: Tensor) -> Tensor:
        """For everything that step t might emit, the sum over all sequences of that length."""
        return self.along(length, e) @ B[self._states(length)[:, t - 1]]

    def _product(self, found: Tensor, states: Ints, e: dict[int, Tensor], first: int) -> Tensor:
        for k in range(states.shape[1]):
            if k:
                found = found * self.A[states[:, k - 1], states[:, k]]
            if first + k in e:
                found = found * e[first + k][states[:, k]]
        return found

    def _states(self, length: int) -> Ints:
        return np.indices((len(self.p),) * length).reshape(length, -1).T

    def _belonging(self, states: Ints) -> Tensor:
        """(H, N): 1 where a sequence has the state, 0 elsewhere."""
        return Tensor(np.equal(np.arange(len(self.p))[:, None], states).astype(float))


def random_hmm(
    family: str, rng: np.random.Generator, *, steps: int, inputs: int, hidden: int, vocabulary: int
) -> HiddenMarkov:
    """A model with `hidden` states and `vocabulary` different observations, and `steps` of them, not all the same.

    There is no input, and `inputs` is not looked at. RnnError where the sequences of states are too many to be
    written out.
    """
    if hidden**steps > MOST_PATHS:
        what = f"{hidden} states over {steps} steps take {hidden**steps} sequences"
        raise RnnError(what, "random_hmm", f"at most {MOST_PATHS} can be written out: take fewer")
    A, B = (Tensor(rng.dirichlet(np.ones(n), size=hidden)) for n in (hidden, vocabulary))
    p = Tensor(rng.dirichlet(np.ones(hidden)))
    ids = rng.integers(0, vocabulary, steps)
    while steps > 1 and vocabulary > 1 and len(set(ids.tolist())) == 1:
        ids = rng.integers(0, vocabulary, steps)
    return HiddenMarkov(family, A, B, p, ids)
