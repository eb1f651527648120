"""The parts of the lesson on perplexity: a coder by fractions, and predictors by hand."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.lessons.perplexity import anchors, reading
from cli.lessons.perplexity.coding import TOTAL, decode, encode, whole_shares
from cli.lessons.perplexity.predictors import BothSides, ByHeart, Coin, rows
from rnn.baselines import NGram

# The coder


@st.composite
def messages(draw):
    """Tables of two to five shares, and tokens."""
    size = draw(st.integers(2, 5))
    weights = st.lists(st.floats(0, 1), min_size=size, max_size=size).filter(lambda w: sum(w) > 0)
    tables = draw(st.lists(weights, min_size=1, max_size=12))
    ids = [draw(st.integers(0, size - 1)) for _ in tables]
    return ids, [whole_shares(np.array(w) / sum(w)) for w in tables]


@given(messages())
def test_what_is_sent_comes_back_in_few_bits(message):
    ids, tables = message
    number, bits = encode(ids, lambda before: tables[len(before)])
    assert decode(number, bits, len(ids), lambda before: tables[len(before)]) == ids
    p = math.prod(Fraction(t[x], TOTAL) for t, x in zip(tables, ids, strict=True))
    assert Fraction(1, 2**bits) <= p <= Fraction(4, 2**bits)
    assert 0 <= number < 2**bits


@given(messages())
def test_every_number_that_begins_so_is_in_the_interval(message):
    """The interval by fractions: whatever bits follow those sent, the message is the same."""
    ids, tables = message
    low, width = Fraction(0), Fraction(1)
    for table, x in zip(tables, ids, strict=True):
        low, width = low + width * Fraction(sum(table[:x]), TOTAL), width * Fraction(table[x], TOTAL)
    number, bits = encode(ids, lambda before: tables[len(before)])
    assert low <= Fraction(number, 2**bits)
    assert Fraction(number + 1, 2**bits) <= low + width
    assert decode(8 * number + 7, bits + 3, len(ids), lambda before: tables[len(before)]) == ids


def test_the_coder_by_hand():
    """Halves: the message is its own number, and the empty one needs a bit."""
    halves = [TOTAL // 2] * 2
    number, bits = encode([1, 0, 1], lambda before: halves)
    assert (number >> bits - 3, bits) == (0b101, 5)
    assert encode([], lambda before: halves) == (0, 2)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=80).filter(lambda p: sum(p) > 0))
def test_shares_are_whole_and_sum_up(p):
    shares = whole_shares(np.array(p))
    assert sum(shares) == TOTAL
    assert min(shares) >= 1
    assert np.array(shares, float) / TOTAL == pytest.approx(np.array(p) / sum(p), abs=1e-12)


# The predictors


def test_by_heart():
    reader = ByHeart(np.array([0, 1, 2, 1]), 3)
    assert reader.log_probs([0, 1, 2, 1]).tolist() == [0] * 4
    assert reader.log_probs([0, 1, 2, 1, 0]) == pytest.approx([0, 0, 0, 0, -math.log(3)])
    assert reader.log_probs([0, 2, 2]) == pytest.approx([0, -math.inf, -math.log(3)])
    assert reader.log_probs([]).size == 0


@given(st.lists(st.integers(0, 2), max_size=8), st.lists(st.integers(0, 2), max_size=8))
def test_log_probs_are_those_of_the_next_distributions(text, ids):
    for model in (ByHeart(np.array(text, int), 3), Coin(0.3)):
        given_ids = [min(i, model.vocabulary - 1) for i in ids]
        expected = [model.next_distribution(given_ids[:t])[x] for t, x in enumerate(given_ids)]
        assert np.exp(model.log_probs(given_ids)) == pytest.approx(expected)


@given(st.lists(st.integers(0, 2), min_size=4, max_size=12), st.lists(st.integers(0, 2), min_size=1, max_size=9))
@settings(deadline=None)
def test_rows_of_a_model_are_what_it_expects(text, ids):
    model = NGram(3, "witten-bell").fit(text, vocabulary=3)
    expected = [model.next_distribution(ids[:t]) for t in range(len(ids))]
    assert rows(model, np.array(ids)) == pytest.approx(np.array(expected))


def test_both_sides_by_hand():
    """1 stands between two 0 whatever comes before; alone, all three are as likely."""
    ahead, back = (NGram(2, "laplace").fit([0, 1, 0, 1, 0, 2, 2], vocabulary=3) for _ in range(2))
    model = BothSides(ahead, back, NGram(1, "laplace").fit([0, 1, 2], vocabulary=3))
    after_0 = ahead.next_distribution([0])
    table = after_0 * after_0
    assert model.log_probs([0, 1, 0])[1] == pytest.approx(math.log(table[1] / table.sum()))


def test_the_mean_of_either_kind():
    assert reading.means_of(np.array([2.0, 8.0])) == pytest.approx((3.2, 4.0, 5.0))


@given(st.floats(0.1, 8))
@settings(max_examples=20)
def test_a_sharpened_row_is_a_distribution(temperature):
    p = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    shaped = np.exp(anchors.sharpened(np.log(p), temperature))
    assert shaped.sum(axis=1) == pytest.approx(1)
    assert shaped == pytest.approx(p ** (1 / temperature) / (p ** (1 / temperature)).sum(axis=1, keepdims=True))
