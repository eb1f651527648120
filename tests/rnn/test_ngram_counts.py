"""Counting in pieces, merging, high orders, discounts and weights."""

from collections import Counter
from itertools import chain, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from rnn.baselines import NGram
from rnn.baselines.counts import Counts, count
from rnn.baselines.discounts import absolute_discount, good_turing, modified_discounts
from rnn.baselines.interpolation import learn_weights
from rnn.errors import RnnError


def tokens(most=3):
    return st.lists(st.integers(0, most - 1), max_size=25)


def grams(counts: Counts):
    """{gram: count} of each order, from the levels."""
    found, before = [], [()]
    for level in counts.levels:
        before = [(*before[c], int(w)) for c, w in zip(level.contexts, level.tokens, strict=True)]
        assert before == sorted(before)
        found.append(dict(zip(before, level.counts.tolist(), strict=True)))
    return found


def assert_same(a: Counts, b: Counts):
    assert (a.vocabulary, a.length, a.order) == (b.vocabulary, b.length, b.order)
    for left, right in zip([a.head, a.tail, *chain(*a.levels)], [b.head, b.tail, *chain(*b.levels)], strict=True):
        assert_array_equal(left, right)


@settings(max_examples=60, deadline=None)
@given(ids=tokens(), order=st.integers(1, 7), vocabulary=st.sampled_from([3, 50_000, 2**40]))
def test_counts_are_those_of_a_dictionary_however_many_fit_one_key(ids, order, vocabulary):
    """With 2^40 tokens a key has room for one order, with 50,000 for four."""
    counts = count(np.array(ids, np.int64), vocabulary, order)
    for k, found in enumerate(grams(counts), 1):
        assert found == Counter(tuple(ids[i : i + k]) for i in range(len(ids) - k + 1))
    below = grams(counts)
    for k in range(2, order + 1):
        suffixes = [list(below[k - 2])[link] for link in counts.levels[k - 1].links]
        assert suffixes == [gram[1:] for gram in below[k - 1]]


@settings(max_examples=60, deadline=None)
@given(
    first=tokens(),
    pieces=st.lists(tokens(), max_size=4),
    order=st.integers(1, 5),
    vocabulary=st.sampled_from([3, 2**40]),
)
def test_pieces_count_as_the_whole(first, pieces, order, vocabulary):
    first = [0, 1, 2, 1, 0, *first]
    model = NGram(order).fit(first, vocabulary=vocabulary)
    for piece in pieces:
        model.partial_fit(piece)
    whole = NGram(order).fit(list(chain(first, *pieces)), vocabulary=vocabulary)
    assert_same(model.counts, whole.counts)


@settings(max_examples=60, deadline=None)
@given(a=tokens(), b=tokens(), c=tokens(), order=st.integers(1, 5))
def test_merged_models_are_those_of_texts_in_a_row(a, b, c, order):
    texts = [[0, 1, 2, 1, 0, *text] for text in (a, b, c)]
    one, two, three = (NGram(order).fit(text, vocabulary=3) for text in texts)
    whole = NGram(order).fit(list(chain(*texts)), vocabulary=3).counts
    assert_same(NGram(order).refit(one.counts).merge(two).merge(three).counts, whole)
    assert_same(one.merge(two.merge(three)).counts, whole)


def test_a_model_may_be_merged_with_itself_and_forgets_its_probabilities():
    model = NGram(3, "kneser-ney").fit([0, 1, 2, 0, 1, 1], vocabulary=3)
    before = model.next_distribution([0, 1])
    assert_array_equal(model.merge(model).next_distribution([0, 1]), NGram(3, "kneser-ney").fit(
        [0, 1, 2, 0, 1, 1] * 2, vocabulary=3).next_distribution([0, 1]))  # fmt: skip
    assert abs(model.next_distribution([0, 1]) - before).max() > 0.05


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (
            lambda m: m.merge(NGram(3).fit([0, 1, 0], vocabulary=3)),
            "order 3 and 3 tokens do not fit 2 and 3; NGram.merge",
        ),
        (lambda m: m.merge(NGram(2).fit([0, 1, 0], vocabulary=4)), "order 2 and 4 tokens do not fit 2 and 3"),
        (lambda m: m.merge(NGram(2)), "counted nothing yet"),
        (lambda m: m.partial_fit([3]), "id 3 is outside 0..2"),
        (lambda m: NGram(2).partial_fit([0]), "counted nothing yet"),
        (lambda m: NGram(3).refit(m.counts), "the counts are of order 2, not 3"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(call, says):
    model = NGram(2).fit([0, 1, 2, 1], vocabulary=3)
    with pytest.raises(RnnError, match=says):
        call(model)
    assert_same(model.counts, count(np.array([0, 1, 2, 1]), 3, 2))


def test_order_fifty():
    """A period of 100 and one error: what comes next is known to anyone who remembers as much."""
    rng = np.random.default_rng(1)
    period = rng.permutation(100)
    text = np.tile(period, 20)
    model = NGram(50, "kneser-ney").fit(text, vocabulary=1000)
    assert np.exp(model.log_probs(text)[50:]).min() > 0.9
    assert model.next_distribution(text[:49])[text[49]] > 0.9
    assert model.size == sum(100 for _ in range(50))


def test_one_text_under_several_smoothings_is_counted_once():
    counts = NGram(3).fit([0, 1, 2, 0, 1, 1], vocabulary=3).counts
    again = NGram(3, "katz").refit(counts)
    assert_array_equal(
        again.log_probs([0, 1]), NGram(3, "katz").fit([0, 1, 2, 0, 1, 1], vocabulary=3).log_probs([0, 1])
    )


# Discounts


def counted(**times):
    """So many grams of each count: n1=3 gives three ones."""
    return np.concatenate([np.full(n, int(name[1:])) for name, n in times.items()])


def test_discounts_by_hand():
    """n = 10, 5, 2, 1: Y = 10/20; 1 − 2Y 5/10, 2 − 3Y 2/5, 3 − 4Y 1/2."""
    counts = counted(n1=10, n2=5, n3=2, n4=1, n9=4)
    assert absolute_discount(counts).values == (0.5,)
    assert_allclose(modified_discounts(counts).values, (0.5, 1.4, 2.0))
    assert_array_equal(
        modified_discounts(counts).of(np.array([1, 2, 3, 4, 50])), (*modified_discounts(counts).values, 2, 2)
    )


def test_good_turing_by_hand():
    """What is taken away in all is n1, the mass of what was never seen."""
    discount = good_turing(counted(n1=100, n2=40, n3=24, n4=16, n5=12, n6=9))
    a = 6 * 9 / 100
    kept = [
        ((r + 1) * n / m / r - a) / (1 - a)
        for r, (m, n) in enumerate([(100, 40), (40, 24), (24, 16), (16, 12), (12, 9)], 1)
    ]
    assert discount.fallback is None
    assert_allclose(discount.values, [*(r * (1 - d) for r, d in enumerate(kept, 1)), 0])
    lost = discount.of(counted(n1=100, n2=40, n3=24, n4=16, n5=12, n6=9)).sum()
    assert lost == pytest.approx(100)


@pytest.mark.parametrize(
    ("estimate", "counts", "values", "says"),
    [
        (absolute_discount, counted(n1=3), (0.5,), "n2 = 0"),
        (absolute_discount, counted(n2=3), (0.5,), "n1 = 0"),
        (modified_discounts, counted(n1=9, n2=4, n4=1), (0.5, 1.0, 1.5), "n3 = 0"),
        (modified_discounts, counted(n5=4), (0.5, 1.0, 1.5), "n1, n2, n3, n4 = 0"),
        (modified_discounts, counted(n1=4, n2=1, n3=9, n4=1), (0.5, 1.0, 1.5), "D2 = -16 is not between 0 and 2"),
        (good_turing, counted(n7=4), (0.5,) * 5 + (0.0,), "n1, n2, n3, n4, n5, n6 = 0"),
        (good_turing, counted(n1=1, n2=9), (0.5,) * 5 + (0.0,), "n3, n4, n5, n6 = 0"),
    ],
)
def test_an_estimate_that_does_not_exist_says_why(estimate, counts, values, says):
    assert estimate(counts) == (values, says)


def test_the_model_tells_what_it_takes():
    text = np.random.default_rng(2).zipf(1.5, 3000).clip(max=29)
    found = NGram(3, "modified-kneser-ney").fit(text, vocabulary=30).discounts
    assert [discount.fallback is None for discount in found] == [False, True, True]
    assert found[0].values == (0.5, 1.0, 1.5)
    assert NGram(2, "kneser-ney", discount=[0.2, 0.7]).fit(text, vocabulary=30).discounts == (
        ((0.2,), None),
        ((0.7,), None),
    )
    assert NGram(2, "laplace").fit(text, vocabulary=30).discounts == (None, None)


# Weights of Jelinek–Mercer


def likelihood(weights, counts, held_out):
    """Σ log P + ½ Σ log λ(1 − λ), which the weights should make as large as can be."""
    model = NGram(counts.order, "jelinek-mercer", weight=weights).refit(counts)
    return model.log_probs(held_out).sum() + np.log(np.multiply(weights, np.subtract(1, weights))).sum() / 2


@pytest.mark.parametrize("order", [1, 2, 3])
def test_weights_are_the_best_of_all(order):
    """The start of a held-out text has short contexts: there, EM knows the order that fits, as the model does."""
    rng = np.random.default_rng(order)
    rows = rng.dirichlet(np.full(5, 0.5), size=(5, 5))
    text = [0, 0]
    while len(text) < 900:
        text.append(int(rng.choice(5, p=rows[text[-2], text[-1]])))
    text = np.array(text)
    counts, held_out = count(text[:600], 6, order), text[600:]
    weights = learn_weights(counts, held_out)
    best = likelihood(weights, counts, held_out)
    for k, step in product(range(order), (-0.05, 0.05)):
        moved = np.array(weights)
        moved[k] += step * moved[k] * (1 - moved[k])
        assert likelihood(moved, counts, held_out) < best
    grid = [likelihood(w, counts, held_out) for w in product([0.01, 0.3, 0.6, 0.9, 0.99], repeat=order)]
    assert max(grid) < best


def test_weights_are_learnt_from_the_last_ninth_or_from_what_is_given():
    rng = np.random.default_rng(3)
    text, other = rng.integers(0, 4, 900), np.zeros(300, int)
    model = NGram(2, "jelinek-mercer").fit(text, vocabulary=5)
    assert model.weights == learn_weights(count(text[:800], 5, 2), text[800:])
    assert model.counts.length == 900
    assert NGram(2, "jelinek-mercer").fit(text, vocabulary=5, held_out=other).weights == learn_weights(
        count(text, 5, 2), other
    )
    assert NGram(2, "jelinek-mercer", weight=0.3).fit(text, vocabulary=5).weights == (0.3, 0.3)
    assert NGram(2, "jelinek-mercer").fit([0, 1], vocabulary=5).weights == (0.5, 0.5)
