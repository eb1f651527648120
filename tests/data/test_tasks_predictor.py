"""A source is itself a predictor of tokens: the one function that measures them all takes it."""

import numpy as np
import pytest

from data.tasks import Echo, held_key, random_markov_source
from rnn.metrics import evaluate

RNG = np.random.default_rng


@pytest.mark.parametrize("source", [random_markov_source(3, 2, RNG(1)), held_key(4, 2), Echo(3, 5, 0.2)])
@pytest.mark.parametrize("context", ["carry", 2])
def test_sources_are_evaluated_as_any_predictor(source, context):
    text = source.sample(2000, RNG(2))
    found = evaluate(source, text, context, rng=RNG(3))
    assert found.nats == pytest.approx(-source.log_probs(text, context).mean())
    assert found.perplexity == pytest.approx(np.exp(found.nats))
    assert found.zero_events == 0
