"""Rank and frequency against a dictionary, the fits against other routes, and the figures of a real text."""

import math
import os
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rnn.baselines import rank_frequency, zipf
from rnn.baselines.zipf import least_squares, maximum_likelihood
from rnn.errors import RnnError

REAL = Path(os.environ.get("RNN_LAB_DATA") or "absent") / "timemachine.txt"
real = pytest.mark.skipif(not REAL.exists(), reason="RNN_LAB_DATA does not have the text")
ORDERS = (1, 2, 3)


def grams(text, order):
    return [tuple(text[k : k + order]) for k in range(len(text) - order + 1)]


# Counting


@settings(max_examples=100, deadline=None)
@given(text=st.lists(st.integers(0, 4), min_size=1, max_size=40), order=st.integers(1, 6))
def test_ranks_are_those_of_a_dictionary(text, order):
    """`Counter.most_common` puts equally frequent ones in the order in which they first occur."""
    order = min(order, len(text))
    found = rank_frequency(text, order, vocabulary=5)
    expected = Counter(grams(text, order)).most_common()
    assert list(zip(map(tuple, found.grams.tolist()), found.frequencies.tolist(), strict=True)) == expected
    assert found.distinct == len(expected)
    assert found.singletons == sum(n == 1 for _, n in expected) / len(expected)
    assert found.coverage == pytest.approx(len(expected) / 5**order)


@pytest.mark.parametrize("order", [7, 30, 900])
def test_any_order_however_many_there_might_be(order):
    """1000 ** 7 is beyond 63 bits; of 2,000 tokens there are at most 2,000 k-grams."""
    rng = np.random.default_rng(order)
    piece = rng.integers(0, 1000, 1000)
    piece[:3] = [999, 0, 500]
    text = [*piece.tolist(), *piece.tolist()]
    found = rank_frequency(text, order, vocabulary=1000)
    expected = Counter(grams(text, order)).most_common()
    assert [tuple(g) for g in found.grams[:50].tolist()] == [g for g, _ in expected[:50]]
    assert found.frequencies.tolist() == [n for _, n in expected]


def test_the_oldest_token_counts_as_much_as_the_last():
    """Of 70 tokens from two, the first would stand beyond the 64 bits of a number."""
    found = rank_frequency([0, *[1] * 70, 0, *[1] * 70], 70, vocabulary=2)
    assert found.frequencies[:2].tolist() == [2, 2]
    assert found.grams[:2].tolist() == [[0, *[1] * 69], [1] * 70]


def test_points_for_logarithmic_axes():
    found = rank_frequency(np.repeat(np.arange(40), np.arange(40, 0, -1)), vocabulary=40)
    x, y = found.log_log(10)
    assert_allclose(10**y, 41 - 10**x)  # rank i occurs 41 − i times
    assert (x[0], 10 ** x[-1]) == (0, pytest.approx(40))
    assert len(x) <= 10
    assert np.diff(x).max() < 0.31  # no wider than from rank 1 to 2
    few = rank_frequency([0, 0, 1], vocabulary=2).log_log()
    assert_allclose(few, [[0, math.log10(2)], [math.log10(2), 0]])


# The exponent


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0, 2.5])
@pytest.mark.parametrize("ranks", [(1, 50), (10, 200)])
@pytest.mark.parametrize("fit", [least_squares, maximum_likelihood])
def test_of_an_exact_power_law_both_find_the_exponent(alpha, ranks, fit):
    n = 7e9 * np.arange(1, 301) ** -alpha
    found = fit(n, ranks)
    assert found.exponent == pytest.approx(alpha, abs=1e-12)
    assert found.constant == pytest.approx(math.log(7e9), rel=1e-12)
    assert_allclose(found.frequency([1, 50, 1000]), 7e9 * np.array([1, 50, 1000.0]) ** -alpha, rtol=1e-9)
    assert found.ranks == ranks


def some(seed=0, size=60):
    return np.sort(np.random.default_rng(seed).geometric(0.01, size))[::-1]


@pytest.mark.parametrize("seed", range(5))
def test_least_squares_is_the_line_that_numpy_fits(seed):
    n, (first, last) = some(seed), (3, 41)
    i = np.arange(first, last + 1)
    slope, constant = np.polyfit(np.log(i), np.log(n[i - 1]), 1)
    found = least_squares(n, (first, last))
    assert (found.exponent, found.constant) == (pytest.approx(-slope), pytest.approx(constant))
    assert found.method == "least squares"


@pytest.mark.parametrize("seed", range(5))
def test_maximum_likelihood_is_where_the_likelihood_is_largest(seed):
    n, (first, last) = some(seed), (2, 37)
    i = np.arange(first, last + 1.0)
    found = maximum_likelihood(n, (first, last))

    def likelihood(alpha):
        return math.fsum(n[first - 1 : last] * np.log(i**-alpha / (i**-alpha).sum()))

    best = likelihood(found.exponent)
    assert best >= max(likelihood(found.exponent + d) for d in (-1e-4, 1e-4, -0.1, 0.1))
    slope = (likelihood(found.exponent + 1e-5) - likelihood(found.exponent - 1e-5)) / 2e-5
    assert abs(slope) < 1e-4 * n.sum()
    assert found.frequency(i).sum() == pytest.approx(n[first - 1 : last].sum())  # what c is chosen for
    assert found.method == "maximum likelihood"


def test_the_law_is_found_in_a_sample_of_it():
    """Tokens drawn with P(i) ∝ i^−1.2: the standard error is 1/√(n Var log i), here some 0.005."""
    rng, i = np.random.default_rng(2), np.arange(1, 101)
    p = i**-1.2 / (i**-1.2).sum()
    ids = rng.choice(100, size=40_000, p=p)
    found = maximum_likelihood(rank_frequency(ids, vocabulary=100).frequencies, (1, 50))
    assert found.exponent == pytest.approx(1.2, abs=0.025)


def test_equal_frequencies_have_exponent_0_and_steep_ones_a_large_one():
    flat = np.full(20, 3)
    assert least_squares(flat, (1, 20)).exponent == pytest.approx(0, abs=1e-15)
    assert maximum_likelihood(flat, (1, 20)).exponent == pytest.approx(0, abs=1e-15)
    assert maximum_likelihood([1e12, 1.0], (1, 2)).exponent == pytest.approx(math.log2(1e12), rel=1e-6)
    cliff = maximum_likelihood([1e30] * 10 + [1.0], (10, 11))  # 10^−725 is no number
    assert cliff.exponent == pytest.approx(math.log(1e30) / math.log(1.1), rel=1e-6)
    assert_allclose(cliff.frequency([10, 11]), [1e30, 1], rtol=1e-6)


# A real text


@pytest.fixture(scope="module")
def words():
    """The words of The Time Machine, cleaned line by line as D2L does, and their ids."""
    lines = [re.sub("[^A-Za-z]+", " ", line).strip().lower() for line in REAL.read_text(encoding="utf-8").split("\n")]
    assert len("".join(lines)) == 170_580
    text = [word for line in lines for word in line.split()]
    names = sorted(set(text))
    number = {name: k for k, name in enumerate(names)}
    return names, np.array([number[word] for word in text])


@pytest.fixture(scope="module")
def rankings(words):
    names, ids = words
    return {order: rank_frequency(ids, order, vocabulary=len(names)) for order in ORDERS}


MOST_FREQUENT = {
    1: [("the", 2261), ("i", 1267), ("and", 1245), ("of", 1155), ("a", 816)],
    2: [("of the", 309), ("in the", 169), ("i had", 130)],
    3: [("the time traveller", 59), ("the time machine", 30), ("the medical man", 24)],
}


@real
@pytest.mark.parametrize("order", ORDERS)
def test_most_frequent_in_the_time_machine(words, rankings, order):
    names, ids = words
    assert (len(ids), len(names)) == (32_775, 4579)
    top = rankings[order]
    found = [(" ".join(names[i] for i in g), int(n)) for g, n in zip(top.grams[:5], top.frequencies, strict=False)]
    assert found[: len(MOST_FREQUENT[order])] == MOST_FREQUENT[order]


@real
@pytest.mark.parametrize(("order", "exponent", "singletons"), [(1, 1.04, 52), (2, 0.69, 82), (3, 0.47, 94.5)])
def test_exponents_in_the_time_machine(rankings, order, exponent, singletons):
    """Least squares on ranks 10 to 1000; what occurs once, in per cent of what occurs."""
    top = rankings[order]
    assert round(least_squares(top.frequencies).exponent, 2) == exponent
    assert zipf.RANKS == (10, 1000)
    assert 100 * top.singletons == pytest.approx(singletons, abs=0.4)


@real
def test_likelihood_weighs_tokens_and_finds_a_little_less(rankings):
    found = [maximum_likelihood(rankings[order].frequencies).exponent for order in ORDERS]
    assert_allclose(found, [1.001, 0.670, 0.461], atol=6e-4)


@real
def test_few_of_all_word_pairs_and_triples_occur(rankings):
    assert rankings[2].coverage < 1e-3
    assert rankings[3].coverage < 1e-6


# What is refused


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: rank_frequency([], vocabulary=2), "the text is empty; rank_frequency"),
        (lambda: rank_frequency([0, 1], 3, vocabulary=2), "order 3 is above the text's 2 tokens"),
        (lambda: rank_frequency([0, 1], 0, vocabulary=2), "order is 0"),
        (lambda: rank_frequency([0, 2], vocabulary=2), "id 2 is outside 0..1"),
        (lambda: rank_frequency([0, -1], vocabulary=2), "id -1 is outside"),
        (lambda: rank_frequency([0.5], vocabulary=2), "not integers"),
        (lambda: rank_frequency([0], vocabulary=0), "vocabulary is 0"),
        (lambda: rank_frequency([0], vocabulary=1).log_log(1), "points is 1"),
        (lambda: least_squares([3, 2, 1]), "ranks 10 to 1000 of 3; least_squares"),
        (lambda: maximum_likelihood([3, 2, 1], (2, 4)), "ranks 2 to 4 of 3; maximum_likelihood"),
        (lambda: least_squares([3, 2, 1], (2, 2)), "ranks 2 to 2 of 3"),
        (lambda: least_squares([3, 2, 1], (3, 1)), "ranks 3 to 1 of 3"),
        (lambda: least_squares([3, 2, 1], (0, 2)), "ranks is 0"),
        (lambda: least_squares([1, 2, 3], (1, 3)), "no frequencies by rank"),
        (lambda: least_squares([2, 1, 0], (1, 2)), "no frequencies by rank"),
        (lambda: least_squares([math.nan, 1, 1], (2, 3)), "no frequencies by rank"),
        (lambda: least_squares([math.inf, 1, 1], (2, 3)), "no frequencies by rank"),
        (lambda: least_squares([[2, 1]], (1, 2)), "no frequencies by rank"),
    ],
)
def test_bad_input_is_refused_in_three_parts(call, says):
    with pytest.raises(RnnError, match=says) as caught:
        call()
    assert str(caught.value) == "; ".join((caught.value.what, caught.value.where, caught.value.remedy))
