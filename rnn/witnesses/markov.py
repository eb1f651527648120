"""Witnesses for Markov chains: the probability of every text of that length, written out. [D2L 8.1]

All else is summed out of that one table, or is a ratio of two such sums: no recursion, and no product of matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from minigrad import Tensor
from minigrad.graph import Array
from rnn.errors import RnnError
from rnn.formulas.registry import Values
from rnn.metrics import Ints
from rnn.witnesses.base import Graph, column

MOST_TEXTS = 200_000


@dataclass(frozen=True)
class Chain:
    """A chain of order 1, A (m, m) and p (m,), each row a distribution; and a text, `ids` (τ,)."""

    family: str
    A: Array
    p: Array
    ids: Ints

    @property
    def tau(self) -> int:
        """How many tokens."""
        return len(self.ids)

    def given(self) -> Values:
        """The two tables, the text as columns, ones and the identity."""
        m = len(self.p)
        y = np.eye(m)[self.ids][:, :, None]
        return {
            "A": self.A, "p": self.p[:, None], "y": dict(enumerate(y, 1)),
            "u": np.ones((m, 1)), "I": np.eye(m), "tau": self.tau,
        }  # fmt: skip

    def kernel(self) -> Values:
        """There is none."""
        return {}

    @cached_property
    def graph(self) -> Graph:
        """Each quantity from the probabilities of all texts."""
        m, steps, text = len(self.p), range(1, self.tau + 1), tuple(self.ids)
        found = {
            "J": self._of(1, 2), "D": self._of(1, 2, 3).reshape(m * m, m), "K": self._of(1, 3),
            "Q": _shares(self._of(1, 3)), "P": self._of(*steps)[text],
        }  # fmt: skip
        series = {
            "pi": {t: self._of(t) for t in steps},
            "R": {t: _shares(self._of(t, t + 1).T) for t in range(1, self._all.ndim)},
            "f": {t: self._of(*steps[:t])[text[:t]] for t in steps},
            "g": {t: self._of(*steps[t - 1 :])[text[t - 1 :]] for t in steps},
        }
        each = {name: {t: Tensor(np.float64(v)) for t, v in values.items()} for name, values in series.items()}
        tensors = {name: Tensor(np.float64(value)) for name, value in found.items()}
        return Graph({**tensors, **each}, tensors["P"], of_step=column)

    @cached_property
    def _all(self) -> Array:
        """P(x₁, x₂ …) of every text, (m, …, m); of three tokens at least, since D needs them."""
        length = max(self.tau, 3)
        texts = np.indices((len(self.p),) * length)
        found = self.p[texts[0]]
        for k in range(1, length):
            found = found * self.A[texts[k - 1], texts[k]]
        return found

    def _of(self, *steps: int) -> Array:
        """How probable each choice of tokens is at these steps, summed over what stands at the others."""
        others = [k for k in range(self._all.ndim) if k + 1 not in steps]
        return np.asarray(self._all.sum(axis=tuple(others)))


def _shares(joint: Array) -> Array:
    """P(column | row) from P(row, column)."""
    return np.stack([row / row.sum() for row in joint])


def random_markov(
    family: str, rng: np.random.Generator, *, steps: int, inputs: int, hidden: int, vocabulary: int
) -> Chain:
    """A chain over `vocabulary` tokens, and a text of `steps` of them; neither the second nor the last is the first.

    `inputs` and `hidden` are not looked at. RnnError where the texts are too many to be written out.
    """
    if vocabulary ** max(steps, 3) > MOST_TEXTS:
        what = f"{vocabulary} tokens over {steps} steps make {vocabulary**steps} texts"
        raise RnnError(what, "random_markov", f"at most {MOST_TEXTS} can be written out: take fewer")
    A, p = rng.dirichlet(np.ones(vocabulary), size=vocabulary), rng.dirichlet(np.ones(vocabulary))
    ids = rng.integers(0, vocabulary, steps)
    while min(steps, vocabulary) > 1 and ids[0] in ids[[1, -1]]:
        ids = rng.integers(0, vocabulary, steps)
    return Chain(family, A, p, ids)
