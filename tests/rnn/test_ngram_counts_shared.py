"""The counts of a lower order are part of those of a higher one."""

import numpy as np
import pytest

from rnn.baselines import SMOOTHINGS, NGram
from rnn.baselines.counts import count


@pytest.mark.parametrize("size", [1, 2, 3, 7, 300])
def test_counts_up_to_an_order_are_those_counted_by_it(size):
    ids = np.random.default_rng(size).integers(0, 4, size)
    counts = count(ids, 4, 6)
    for order in range(1, 7):
        shared, alone = counts.up_to(order), count(ids, 4, order)
        assert (shared.vocabulary, shared.length, shared.order) == (alone.vocabulary, alone.length, alone.order)
        pairs = [(shared.head, alone.head), (shared.tail, alone.tail)]
        for mine, theirs in zip(shared.levels, alone.levels, strict=True):
            pairs += zip(mine, theirs, strict=True)
        assert all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("smoothing", [name for name in SMOOTHINGS if name != "stupid-backoff"])
def test_a_model_of_shared_counts_is_the_same(smoothing):
    rng = np.random.default_rng(3)
    ids, other = rng.integers(0, 5, 400), rng.integers(0, 6, 100)
    counts = count(ids, 6, 5)
    for order in (1, 3, 5):
        alone = NGram(order, smoothing).fit(ids, vocabulary=6)
        shared = NGram(order, smoothing).refit(counts.up_to(order), weights=alone.weights)
        assert np.array_equal(shared.log_probs(other), alone.log_probs(other))
