"""Every row of every smoothing sums to 1, exactly as far as doubles can; the exceptions by exactly what is said."""

import numpy as np
import pytest

from rnn.baselines import SMOOTHINGS, NGram
from rnn.baselines.smoothing import SCORES, SHORT
from rnn.metrics import evaluate

V = 12


def text(rng, length=3000):
    """Tokens 0 … 10 with a long tail, each drawn after the last; 11 never occurs."""
    rows = rng.dirichlet(1.5 / np.arange(1, V), size=V - 1)
    ids = [0]
    while len(ids) < length:
        ids.append(int(rng.choice(V - 1, p=rows[ids[-1]])))
    return np.array(ids)


TEXT = text(np.random.default_rng(4))


def contexts(order):
    """All that occur, of every length that the order can use, and random ones."""
    for length in range(order):
        seen = np.lib.stride_tricks.sliding_window_view(TEXT, length) if length else np.zeros((1, 0), int)
        yield np.unique(seen, axis=0)
    yield np.random.default_rng(5).integers(0, V, (300, order))


@pytest.mark.parametrize("order", range(1, 6))
@pytest.mark.parametrize("smoothing", sorted(set(SMOOTHINGS) - SCORES - SHORT))
def test_rows_sum_to_one(smoothing, order):
    model = NGram(order, smoothing, epsilon=0.3).fit(TEXT, vocabulary=V)
    for asked in contexts(order):
        rows = model.next_distribution(asked)
        assert abs(rows.sum(axis=1) - 1).max() < 1e-12
        assert rows.min() >= 0


@pytest.mark.parametrize("order", range(1, 6))
def test_the_printed_form_is_short_where_the_text_ends_and_nowhere_else(order):
    """By 1/(n(c) + ε), where n(c) counts the c that ends the text."""
    model = NGram(order, "d2l", epsilon=0.3).fit(TEXT, vocabulary=V)
    for asked in contexts(order):
        if asked.shape[1] >= order:
            asked = asked[:, asked.shape[1] - order + 1 :]
        length = asked.shape[1]
        ends = (asked == TEXT[TEXT.size - length :]).all(axis=1) & (length > 0)
        times = (
            np.lib.stride_tricks.sliding_window_view(TEXT, length or 1)[:, :length] == TEXT[TEXT.size - length :]
        ).all(1)
        short = np.where(ends, 1 / (times.sum() + 0.3), 0)
        assert abs(model.next_distribution(asked).sum(axis=1) - 1 + short).max() < 1e-12


def test_katz_where_hardly_anything_is_left():
    """Token 3 is followed once by each of 0, 1, 2: half of its row goes to two tokens of some 1e-6 below."""
    usual = np.tile([0, 1, 2, 0, 2, 1], 100_000)
    model = NGram(2, "katz").fit(np.append(usual, [3, 0, 3, 1, 3, 2]), vocabulary=5)
    row = model.next_distribution([3])
    assert row[3] + row[4] == pytest.approx(0.5)
    assert abs(row.sum() - 1) < 1e-13


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_a_text_is_scored_by_its_rows(smoothing):
    """A walk along the text comes to the same states as a look-up of each context."""
    strange = np.random.default_rng(9).choice(V, size=400, p=np.append(np.full(V - 1, 0.99 / (V - 1)), 0.01))
    model = NGram(4, smoothing).fit(TEXT, vocabulary=V)
    rows = [model.next_scores(strange[max(t - 3, 0) : t])[token] for t, token in enumerate(strange)]
    np.testing.assert_allclose(np.exp(model.log_scores(strange)), rows, rtol=1e-12)


def test_no_event_is_impossible_but_by_maximum_likelihood():
    """Token 11 was never counted, and neither was most of this."""
    strange = np.random.default_rng(6).integers(0, V, 500)
    for smoothing in SMOOTHINGS:
        model = NGram(4, smoothing).fit(TEXT, vocabulary=V)
        assert np.isfinite(model.log_scores(strange)).all() == (smoothing != "mle")
    found = evaluate(NGram(4, "mle").fit(TEXT, vocabulary=V), strange, rng=np.random.default_rng(7))
    assert found.perplexity == np.inf
    assert found.zero_events == np.isinf(NGram(4, "mle").fit(TEXT, vocabulary=V).log_probs(strange)).sum() > 100


def test_no_event_is_impossible_at_high_orders_either():
    """In logarithms: the product of what fifty orders spare would be 0 in doubles."""
    model = NGram(50, "d2l-chain", epsilon=1e-100).fit(np.tile(TEXT[:60], 3), vocabulary=V)
    assert model.log_probs(TEXT[60:200]).min() < -800
    assert np.isfinite(model.log_probs(TEXT[60:200])).all()


@pytest.mark.parametrize("smoothing", sorted(set(SMOOTHINGS) - SCORES))
def test_no_model_sees_the_future(smoothing):
    """`evaluate` tries that, and an n-gram model passes; one that peeks is refused."""

    class Peeking(NGram):
        def log_probs(self, ids, context="carry"):
            ids = np.asarray(ids)
            return super().log_probs(np.append(ids[1:], ids[:1]), context)

    rng = np.random.default_rng(8)
    model = NGram(3, smoothing).fit(TEXT, vocabulary=V)
    assert evaluate(model, TEXT[:800], rng=rng).tokens == 800
    with pytest.raises(ValueError, match="only later tokens change"):
        evaluate(Peeking(3, smoothing).fit(TEXT, vocabulary=V), TEXT[:800], rng=rng)


def test_scores_are_refused_as_probabilities():
    model = NGram(2, "stupid-backoff").fit(TEXT, vocabulary=V)
    for asked in (
        model.log_probs,
        model.next_distribution,
        lambda ids: evaluate(model, ids, rng=np.random.default_rng()),
    ):
        with pytest.raises(ValueError, match=r"scores, not probabilities; .*; ask for "):
            asked(TEXT)
    assert model.next_scores([0]).sum() > 1.01
