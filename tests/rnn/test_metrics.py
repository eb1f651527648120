"""The anchors of perplexity, and an evaluation that cannot be cheated."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rnn.baselines import NGram, Uniform
from rnn.errors import RnnError
from rnn.metrics import Evaluation, Predictor, bits, evaluate, perplexity


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def ids(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 5, 400)


@dataclass
class Model:
    """A predictor made of one function of the ids."""

    score: Any
    vocabulary: int = 5

    def log_probs(self, ids, context="carry"):
        return self.score(ids)

    def next_distribution(self, context):
        return np.full(self.vocabulary, 1 / self.vocabulary)


def test_perplexity_is_one_at_best_v_when_uniform_and_infinite_at_worst():
    """Seed 004 8.4.4's three anchors."""
    assert perplexity(0.0) == 1
    assert_allclose(perplexity(math.log(28)), 28)
    assert perplexity(math.inf) == math.inf
    assert perplexity(1e4) == math.inf


def test_perplexity_is_the_geometric_mean_of_one_over_p():
    """Not the harmonic mean of the seed's words: for p = ½, ⅛ that would be 3.2, the arithmetic one 5."""
    p = np.array([1 / 2, 1 / 8])
    assert_allclose(perplexity(-np.log(p).mean()), 4)


def test_bits():
    assert_allclose([bits(math.log(2)), bits(math.log(8))], [1, 3])


def test_uniform_has_perplexity_v(rng, ids):
    result = evaluate(Uniform(5), ids, rng=rng)
    assert result == Evaluation(400, result.nats, result.perplexity, result.bits_per_character, 0)
    assert_allclose([result.nats, result.perplexity], [math.log(5), 5])
    assert_allclose(result.bits_per_character, math.log2(5))


def test_a_sure_predictor_has_perplexity_one(rng, ids):
    result = evaluate(Model(lambda ids: np.zeros(ids.size)), ids, rng=rng)
    assert (result.nats, result.perplexity, math.copysign(1, result.nats)) == (0, 1, 1)


def test_an_ngram_is_measured_on_its_own_log_probs(rng, ids):
    model = NGram(3).fit(ids, vocabulary=5)
    for context in ("carry", 0, 1, 9):
        result = evaluate(model, ids, context, rng=rng)
        assert_allclose(result.nats, -model.log_probs(ids, context).mean())
        assert_allclose(result.perplexity, np.prod(np.exp(-model.log_probs(ids, context) / ids.size)))
    assert evaluate(model, ids, 1, rng=rng).nats == evaluate(NGram(2).fit(ids, vocabulary=5), ids, rng=rng).nats


def test_impossible_tokens_are_counted(rng):
    model = NGram(1, "mle").fit([0, 0, 1], vocabulary=3)
    result = evaluate(model, [0, 2, 1, 2], rng=rng)
    assert (result.tokens, result.zero_events) == (4, 2)
    assert (result.nats, result.perplexity, result.bits_per_character) == (math.inf,) * 3


def test_bits_per_character_of_words_counts_characters(rng):
    """Four words of 20 characters at 2 bits a word are 8 bits over 20 characters."""
    result = evaluate(Uniform(4), [0, 1, 2, 3], rng=rng, characters=20)
    assert_allclose([result.bits_per_character, result.perplexity], [0.4, 4])


def look_ahead(ids):
    """Surer where the next token is 0."""
    return np.where(np.append(ids[1:], 0) == 0, -0.5, -2.0)


def whole_text(ids):
    """Knows the text's own frequencies: each token moves every score a little."""
    return np.log(np.bincount(ids, minlength=5) / ids.size)[ids]


def both_directions_in_windows(ids):
    """A bidirectional model reset every 35 tokens."""
    window = np.arange(ids.size) // 35
    return -1.0 - np.bincount(window, weights=ids)[window] / 100


def zero_when_followed_by_four(ids):
    return np.where(np.append(ids[1:], 0) == 4, -np.inf, -1.0)


@pytest.mark.parametrize("score", [look_ahead, whole_text, both_directions_in_windows, zero_when_followed_by_four])
def test_a_model_that_reads_the_future_is_refused(score, ids):
    for seed in range(20):
        with pytest.raises(RnnError, match="only later tokens change"):
            evaluate(Model(score), ids, rng=np.random.default_rng(seed))


def test_a_model_that_draws_at_random_is_refused(rng, ids):
    noise = Model(lambda ids: -rng.random(ids.size))
    with pytest.raises(RnnError, match="dropout"):
        evaluate(noise, ids, rng=rng)


def test_a_model_with_a_long_memory_is_not_refused(rng, ids):
    """Everything before t may count, t itself too, and rounding of float32 is no crime."""
    jitter = np.random.default_rng(0)

    def running_mean(ids):
        scores = -1 - np.cumsum(ids) / np.arange(1, ids.size + 1)
        return (scores * (1 + 1e-7 * jitter.standard_normal(ids.size))).astype(np.float32)

    for _ in range(20):
        assert evaluate(Model(running_mean), ids, rng=rng).zero_events == 0


@pytest.mark.parametrize(
    ("score", "says"),
    [
        (lambda ids: np.where(np.arange(ids.size) == 3, np.nan, -1.0), "NaN; Model.log_probs, token 3"),
        (
            lambda ids: np.where(np.arange(ids.size) == 3, 1e-5, -1.0),
            "1e-05, above 0; Model.log_probs, token 3",
        ),
        (lambda ids: -np.ones(ids.size - 1), r"shape \(399,\) for 400 tokens"),
        (lambda ids: -np.ones((ids.size, 1)), r"shape \(400, 1\)"),
    ],
)
def test_scores_that_break_the_contract_are_refused(score, says, rng, ids):
    with pytest.raises(RnnError, match=says):
        evaluate(Model(score), ids, rng=rng)


def test_rounding_above_zero_is_forgiven(rng, ids):
    assert evaluate(Model(lambda ids: np.full(ids.size, 1e-7)), ids, rng=rng).perplexity == 1


@pytest.mark.parametrize(
    ("ids", "says"), [([], "the text is empty"), ([5], "id 5 is outside 0..4"), ([0.5], "not integers")]
)
def test_bad_text_is_refused(ids, says, rng):
    with pytest.raises(RnnError, match=says):
        evaluate(Uniform(5), ids, rng=rng)


def test_one_token_and_one_symbol_have_no_future_to_change(rng):
    assert_allclose(evaluate(Uniform(3), [2], rng=rng).perplexity, 3)
    assert evaluate(NGram(2).fit([0, 0], vocabulary=1), [0, 0, 0], rng=rng).perplexity == 1


def test_the_caller_keeps_the_ids(rng, ids):
    before = ids.copy()
    evaluate(Uniform(5), ids, rng=rng)
    assert np.array_equal(ids, before)


def test_predictors_satisfy_the_protocol(ids):
    predictors: list[Predictor] = [Uniform(5), NGram(2).fit(ids, vocabulary=5)]
    for model in predictors:
        start = model.next_distribution([])
        assert_allclose(np.exp(model.log_probs(ids)[0]), start[ids[0]])
        assert start.shape == (model.vocabulary,)
