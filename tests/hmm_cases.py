"""Hidden Markov models by brute force: every path of states written out, and its probability as one product."""

from contextlib import contextmanager
from unittest import mock

import numpy as np
from hypothesis import strategies as st

from rnn.baselines import HMM, hmm_messages

MOST_PATHS = 4096


class Paths:
    """All K^T paths of a model, and P(path, seen) of each; `e` (T, K) has P(seen at t | h), 1 where nothing is."""

    def __init__(self, start, transitions, e):
        e = np.asarray(e, dtype=float)
        steps, states = e.shape
        self.states = np.indices((states,) * steps).reshape(steps, -1).T
        self.p = np.asarray(start)[self.states[:, 0]]
        for t in range(1, steps):
            self.p = self.p * np.asarray(transitions)[self.states[:, t - 1], self.states[:, t]]
        for t in range(steps):
            self.p = self.p * e[t][self.states[:, t]]

    @property
    def total(self):
        return self.p.sum()

    def at(self, t):
        """Σ over the paths with state h at t, (K,)."""
        return np.bincount(self.states[:, t], self.p, self.states.max() + 1)

    def pair(self, t):
        """Σ over the paths with h at t and h′ at t+1, (K, K)."""
        size = self.states.max() + 1
        joined = self.states[:, t] * size + self.states[:, t + 1]
        return np.bincount(joined, self.p, size * size).reshape(size, size)

    def best(self):
        return self.states[self.p.argmax()], self.p.max()


def seen(emissions, ids, known=None):
    """P(x_t | h), (T, K); 1 where the step is not in `known`."""
    e = np.asarray(emissions)[:, ids].T.copy()
    e[[t for t in range(len(ids)) if known is not None and t not in known]] = 1.0
    return e


def table(rng, rows, columns, *, zeros):
    """Random distributions, some entries 0 if asked for."""
    values = rng.dirichlet(np.ones(columns), rows)
    if zeros:
        keep = rng.random(values.shape) < 0.6
        keep[np.arange(rows), rng.integers(columns, size=rows)] = True
        values = values * keep
    return values / values.sum(axis=1, keepdims=True)


@st.composite
def problems(draw, *, zeros=None, least=1):
    """(model, ids): K ≤ 4, V ≤ 4, T ≤ 8, at most MOST_PATHS paths."""
    states, vocabulary, steps = draw(st.integers(1, 4)), draw(st.integers(1, 4)), draw(st.integers(least, 8))
    while states**steps > MOST_PATHS:
        states -= 1
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    with_zeros = draw(st.booleans()) if zeros is None else zeros
    tables = [table(rng, *size, zeros=with_zeros) for size in ((1, states), (states, states), (states, vocabulary))]
    return HMM(tables[0][0], tables[1], tables[2]), rng.integers(vocabulary, size=steps)


@contextmanager
def arithmetic(kind):
    """Plain numbers where they will do, or logarithms always."""
    with mock.patch.object(hmm_messages, "LEAST_SEEN", 2.0 if kind == "logs" else hmm_messages.LEAST_SEEN):
        yield
