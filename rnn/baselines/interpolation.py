"""Jelinek–Mercer weights: how far each order is to be trusted, learnt from text that was not counted.

A token is drawn from the order at which a walk stops: from the highest order whose context was followed by something
it goes down, and at order k it stops with probability λₖ, else at 1/V. The text does not say where; EM does [Jelinek,
Mercer 1980].
"""

from __future__ import annotations

import numpy as np

from rnn.baselines.counts import Counts
from rnn.baselines.ngram_kernels import expect, ratios
from rnn.baselines.trees import tree_of
from rnn.metrics import Floats, Ints

ROUNDS = 500
SETTLED = 1e-9  # the largest change of a weight that ends it


def learn_weights(counts: Counts, held_out: Ints) -> tuple[float, ...]:
    """λ₁ … λₙ that maximise Σ log P(held_out) + ½ Σₖ log λₖ(1 − λₖ).

    The second sum is as if each order had been right once by half and wrong once by half, so that no weight comes to 0
    or 1, where an unseen token would have probability 0. An order of which the text says nothing gets ½.
    """
    found = _ratios(counts, held_out)
    weights = np.full(counts.order, 0.5)
    stopped, came = np.empty(counts.order), np.empty(counts.order)
    for _ in range(ROUNDS):
        expect(found, weights, 1.0 / counts.vocabulary, stopped, came)
        before, weights = weights, (stopped + 0.5) / (came + 1)
        if np.abs(weights - before).max() < SETTLED:
            break
    return tuple(weights.tolist())


def _ratios(counts: Counts, ids: Ints) -> Floats:
    """n(c, w)/n(c, ·) of each order at each token of `ids`, (N, n); −1 where nothing follows c."""
    tree = tree_of(counts.levels)
    times = np.concatenate([[counts.length], *(level.counts for level in counts.levels)]).astype(np.float64)
    totals = [np.bincount(level.contexts, level.counts, level.starts.size - 1) for level in counts.levels]
    out = np.full((ids.size, counts.order), -1.0)
    ratios(tree, times, np.concatenate(totals), counts.order - 1, ids, out)
    return out
