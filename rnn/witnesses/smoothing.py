"""Witnesses for smoothing: the n-gram models, which count the text themselves. [D2L 8.3.1]"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product

import numpy as np

from minigrad import Tensor
from minigrad.graph import Array
from rnn.baselines import NGram
from rnn.formulas.registry import Values
from rnn.metrics import Floats, Ints, perplexity
from rnn.witnesses.base import Graph


@dataclass(frozen=True)
class Smoothing:
    """A text that is counted, `ids` (N,), and one that is measured: `measured` (τ + 1,), whose first token is given.

    `vocabulary` is m, `epsilon` has ε₁, ε₂ and ε₃.
    """

    family: str
    ids: Ints
    measured: Ints
    vocabulary: int
    epsilon: tuple[float, float, float]

    @property
    def tau(self) -> int:
        """How many tokens are measured."""
        return len(self.measured) - 1

    def given(self) -> Values:
        """The counts, and the tokens of the other text as columns."""
        m, ids = self.vocabulary, self.ids.tolist()
        y = np.eye(m)[self.measured][:, :, None]
        return {
            "n": _counts(list(zip(ids, strict=True)), m).reshape(m, 1),
            "C": _counts(list(pairwise(ids)), m),
            "D": _counts(list(zip(ids, ids[1:], ids[2:], strict=False)), m),
            **{f"epsilon_{k}": value for k, value in enumerate(self.epsilon, 1)},
            "u": np.ones((m, 1)), "m": float(m), "N": float(len(ids)), "y": dict(enumerate(y)), "tau": self.tau,
        }  # fmt: skip

    def kernel(self) -> Values:
        """There is none."""
        return {}

    @cached_property
    def graph(self) -> Graph:
        """The distributions of each order's model, context by context, and how the second one does."""
        log_probs = self._model(2, "d2l").log_probs(self.measured)[1:]
        loss = -log_probs.mean()
        tables = {
            "p": self._table(1, "d2l")[0], "Q": self._table(2, "d2l"), "R": self._table(3, "d2l"),
            "Q_c": self._table(2, "d2l-chain"), "R_c": self._table(3, "d2l-chain"), "L": loss, "G": perplexity(loss),
        }  # fmt: skip
        s = {t: Tensor(value) for t, value in enumerate(np.exp(log_probs), 1)}
        tables["f"] = _followed(self.ids, self.vocabulary)
        tensors = {name: Tensor(np.float64(value)) for name, value in tables.items()}
        return Graph({**tensors, "s": s}, tensors["L"])

    def _model(self, order: int, smoothing: str) -> NGram:
        model = NGram(order, smoothing, epsilon=self.epsilon[:order])
        return model.fit(self.ids, vocabulary=self.vocabulary)

    def _table(self, order: int, smoothing: str) -> Floats:
        """The next token's distribution after every context, in the order of its ids."""
        model = self._model(order, smoothing)
        contexts = product(range(self.vocabulary), repeat=order - 1)
        return np.stack([model.next_distribution(list(context)) for context in contexts])


def _followed(ids: Ints, vocabulary: int) -> Array:
    """How often each token stands before another one."""
    return np.array([float((ids[:-1] == x).sum()) for x in range(vocabulary)])


def _counts(grams: list[tuple[int, ...]], vocabulary: int) -> Array:
    """How often each gram is there; the last token runs along the columns, those before it along the rows."""
    times = Counter(grams)
    all_grams = product(range(vocabulary), repeat=len(grams[0]))
    return np.array([float(times[gram]) for gram in all_grams]).reshape(-1, vocabulary)


def random_smoothing(
    family: str, rng: np.random.Generator, *, steps: int, inputs: int, hidden: int, vocabulary: int
) -> Smoothing:
    """A text in which some tokens are frequent and others rare; another one of `steps` tokens.

    The first one ends with another token than it begins with: otherwise as many pairs end with each token as begin
    with it. `inputs` and `hidden` are not looked at.
    """
    often = rng.dirichlet(np.ones(vocabulary))
    ids = rng.choice(vocabulary, size=4 * vocabulary, p=often)
    while vocabulary > 1 and ids[0] == ids[-1]:
        ids = rng.choice(vocabulary, size=4 * vocabulary, p=often)
    measured = rng.integers(0, vocabulary, steps + 1)
    one, two, three = (float(e) for e in rng.uniform(0.3, 3, 3))
    return Smoothing(family, ids, measured, vocabulary, (one, two, three))
