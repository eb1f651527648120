"""The table of a Markov chain of order τ, and what follows from it without ever listing sequences.

A row is P(· | context); its number is that of the context's τ tokens in base V, the oldest first.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from rnn.baselines.markov_checks import MOST_BYTES, check_size
from rnn.baselines.markov_classes import balanced, closed_classes
from rnn.errors import RnnError
from rnn.metrics import Floats, Ints


def numbers(ids: Ints, length: int, vocabulary: int) -> Ints:
    """Every run of `length` tokens of `ids` (N,) as a number in base V, (N − length + 1,)."""
    return sliding_window_view(ids, length) @ vocabulary ** np.arange(length)[::-1]


def normalised(table: Floats) -> Floats:
    """Each row divided by its sum; where that is 0, the uniform distribution."""
    total = table.sum(axis=-1, keepdims=True)
    return np.where(total > 0, table / np.where(total > 0, total, 1), 1 / table.shape[-1])


@dataclass(frozen=True, eq=False)
class Law:
    """`rows` (V^τ, V), and the distribution of the first τ tokens (V^τ,) or None for the stationary one."""

    rows: Floats
    order: int
    given: Floats | None = None

    @property
    def vocabulary(self) -> int:
        """V."""
        return self.rows.shape[1]

    @cached_property
    def classes(self) -> list[tuple[Ints, int, Floats]]:
        """The closed classes: numbers of the contexts, period, stationary distribution."""
        return [(members, period, balanced(self.rows, members)) for members, period in closed_classes(self.rows)]

    @cached_property
    def stationary(self) -> Floats:
        """(V^τ,); RnnError where there are several."""
        if len(self.classes) > 1:
            what = f"the chain has {len(self.classes)} closed classes, each with a stationary distribution of its own"
            raise RnnError(what, "MarkovChain.stationary", "take one from classes(), and give it as start if you like")
        members, _, distribution = self.classes[0]
        found = np.zeros(len(self.rows))
        found[members] = distribution
        return found

    @property
    def start(self) -> Floats:
        """The distribution of the first τ tokens, (V^τ,)."""
        return self.stationary if self.given is None else self.given

    def table(self, known: int) -> Floats:
        """P(· | the `known` tokens since the start), (V^known, V); with τ of them, the rows."""
        return self.rows if known == self.order else self._early[known]

    @cached_property
    def _early(self) -> list[Floats]:
        V = self.vocabulary
        joint = [self.start.reshape(V**k, V, -1).sum(axis=2) for k in range(self.order)]
        return [normalised(table) for table in joint]

    def after(self, p: Floats) -> Floats:
        """The contexts' distribution a token later, (V^τ,): p⁽ᵗ⁺¹⁾ = Aᵀ p⁽ᵗ⁾ of the contexts."""
        return (p[:, None] * self.rows).reshape(self.vocabulary, -1).sum(axis=0)

    def ahead(self, k: int) -> Floats:
        """P(x_{t+k} | the τ tokens up to t), (V^τ, V): by k steps of dynamic programming, or by squaring."""
        size, V = self.rows.shape
        squaring = 2 * k.bit_length() * size**3 < k * size * V * V
        if squaring and size * size * 8 <= MOST_BYTES:
            whole = np.linalg.matrix_power(self.lifted(), k)
            return whole.reshape(size, -1, V).sum(axis=1)
        found = np.tile(np.eye(V), (size // V, 1))
        for _ in range(k):
            found = self._one_more(found)
        return found

    def _one_more(self, found: Floats) -> Floats:
        """Σ_v P(v | c) P(x_{t+k} | c without its oldest token, v): one product for each τ − 1 tokens that stay."""
        V = self.vocabulary
        by_last = self.rows.reshape(V, -1, V).transpose(1, 0, 2)
        return (by_last @ found.reshape(-1, V, V)).transpose(1, 0, 2).reshape(self.rows.shape)

    def lifted(self) -> Floats:
        """The matrix of order 1 over contexts, (V^τ, V^τ)."""
        size, V = self.rows.shape
        check_size(V, 2 * self.order, "MarkovChain.lifted")
        matrix = np.zeros((size, size))
        contexts = np.arange(size)[:, None]
        matrix[contexts, contexts % (size // V) * V + np.arange(V)] = self.rows
        return matrix

    def backwards(self, ids: Ints) -> Floats:
        """P(xₜ | all later tokens), (N,), by Bayes from the contexts' distribution at each t.

        0 where the later tokens cannot be. O(N V^(τ+1)).
        """
        V, known = self.vocabulary, min(ids.size, self.order)
        p = self.start.reshape(V**known, -1).sum(axis=1)
        contexts, found = numbers(ids, known, V), []
        for now, then, token in zip(contexts[:-1], contexts[1:], ids[known:], strict=True):
            later = self.after(p)
            found.append(_share(p[now] * self.rows[now, token], later[then]))
            p = later
        return np.array([*found, *self._last(p, ids[ids.size - known :])])

    def _last(self, p: Floats, ids: Ints) -> list[float]:
        """The same of the last tokens, from their joint distribution p (V^N,)."""
        V = self.vocabulary
        joint = [p.reshape(V**k, -1).sum(axis=0) for k in range(ids.size)]
        each = [float(joint[k][numbers(ids[k:], ids.size - k, V)[0]]) for k in range(ids.size)]
        return [_share(a, b) for a, b in zip(each, [*each[1:], 1.0], strict=False)]


def _share(part: float, whole: float) -> float:
    return min(float(part / whole), 1.0) if whole > 0 else 0.0  # a sum of probabilities may round above 1
