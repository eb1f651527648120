"""n-grams against a dictionary of Fractions, and the limits that seed 004 8.3.1 and SEEDS S6 print."""

from collections.abc import Sequence
from fractions import Fraction
from warnings import catch_warnings, simplefilter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ngram_cases import Brute, Problem, problems
from numpy.testing import assert_allclose

from rnn.baselines import SMOOTHINGS, NGram, Uniform
from rnn.baselines.seen import Seen, Shares
from rnn.baselines.smoothing import SCORES, SHORT, smoothing
from rnn.errors import RnnError


def fitted(name: str, problem: Problem) -> tuple[NGram, Brute]:
    order, vocabulary, text, epsilon, _ = problem
    model = NGram(order, name, epsilon=[float(e) for e in epsilon]).fit(text, vocabulary=vocabulary)
    weights = [Fraction(weight) for weight in model.weights]
    return model, Brute(text, vocabulary, name, order, epsilon=epsilon, weights=weights)


@pytest.mark.parametrize("name", SMOOTHINGS)
@settings(max_examples=40, deadline=None)
@given(problem=problems())
def test_rows_equal_brute_force(name, problem):
    model, brute = fitted(name, problem)
    for end in range(len(problem[4]) + 1):
        past = problem[4][:end]
        context = tuple(past[max(end - model.order + 1, 0) :])
        expected = [float(brute.rule(context, w)) for w in range(brute.V)]
        assert_allclose(model.next_scores(past), expected, rtol=1e-13)


@pytest.mark.parametrize("name", SMOOTHINGS)
@settings(max_examples=40, deadline=None)
@given(problem=problems(), context=st.one_of(st.just("carry"), st.integers(0, 5)))
def test_log_probs_equal_brute_force(name, problem, context):
    model, brute = fitted(name, problem)
    other = problem[4]
    with catch_warnings():
        simplefilter("error")
        p = np.exp(model.log_scores(other, context))
    back = min(model.order - 1, 99 if context == "carry" else context)
    expected = [float(brute.rule(tuple(other[max(t - back, 0) : t]), w)) for t, w in enumerate(other)]
    assert_allclose(p, expected, rtol=1e-12)
    assert np.all(p <= 1)


@pytest.mark.parametrize("name", sorted(set(SMOOTHINGS) - SHORT - SCORES))
@settings(max_examples=30, deadline=None)
@given(problem=problems(longest=60))
def test_every_row_sums_to_one_and_agrees_with_log_probs(name, problem):
    order, vocabulary, text, epsilon, past = problem
    model = NGram(order, name, epsilon=[float(e) for e in epsilon]).fit(text, vocabulary=vocabulary)
    row = model.next_distribution(past)
    assert row.shape == (problem[1],)
    assert_allclose(row.sum(), 1, rtol=1e-12)
    assert np.all(row >= 0)
    following = [np.exp(model.log_probs([*past, w])[-1]) for w in range(problem[1])]
    assert_allclose(following, row, rtol=1e-12, atol=1e-300)


@settings(max_examples=60, deadline=None)
@given(problem=problems())
def test_printed_rows_fall_short_only_where_the_text_ends(problem):
    """Seed 004's n(x) counts the last token: its row lacks 1/(n(x) + ε), every other row sums to 1."""
    model, brute = fitted("d2l", problem)
    for end in range(len(problem[4]) + 1):
        context = tuple(problem[4][max(end - model.order + 1, 0) : end])
        ends_text = bool(context) and context == brute.text[-len(context) :]
        missing = 1 / (brute.n(*context) + brute.epsilon[len(context)]) if ends_text else 0
        assert_allclose(model.next_distribution(context).sum(), 1 - float(missing), atol=1e-12)


TEXT = [0, 1, 0, 2, 1, 0, 1, 1, 2, 0, 1, 0]  # V = 4: token 3 never occurs; it ends in (1, 0)


def rows(name: str, epsilon: Sequence[float], past: Sequence[int]) -> np.ndarray:
    return NGram(len(epsilon), name, epsilon=epsilon).fit(TEXT, vocabulary=4).next_distribution(past)


def test_large_epsilon_one_is_uniform():
    for name in ("d2l", "d2l-chain", "lidstone"):
        assert_allclose(rows(name, [1e13], []), 0.25, rtol=1e-11)


@pytest.mark.parametrize("name", ["d2l", "d2l-chain"])
def test_large_epsilon_two_is_the_unigram(name):
    assert_allclose(rows(name, [0.5, 1e13], [1]), rows(name, [0.5], []), rtol=1e-11)


def test_large_epsilon_three_is_the_unigram_as_printed_and_the_bigram_when_chained():
    unigram, bigram = rows("d2l-chain", [0.5], []), rows("d2l-chain", [0.5, 1.0], [1])
    assert_allclose(rows("d2l", [0.5, 1.0, 1e13], [0, 1]), unigram, rtol=1e-11)
    assert_allclose(rows("d2l-chain", [0.5, 1.0, 1e13], [0, 1]), bigram, rtol=1e-11)
    assert abs(unigram - bigram).max() > 0.1


@pytest.mark.parametrize("name", ["lidstone", "d2l", "d2l-chain"])
@pytest.mark.parametrize("tiny", [0.0, 1e-14])
def test_small_epsilon_is_maximum_likelihood_where_the_context_was_seen(name, tiny):
    """(0, 1) occurs three times, followed by 0, 1, 0."""
    assert_allclose(rows(name, [tiny] * 3, [0, 1]), [2 / 3, 1 / 3, 0, 0], atol=1e-12)


def test_zero_epsilon_and_an_unseen_context_give_the_lower_distribution():
    unigram = [5 / 12, 5 / 12, 2 / 12, 0]
    for name in ("mle", "lidstone", "d2l", "d2l-chain"):
        assert_allclose(rows(name, [0.0] * 3, [3, 3]), unigram, rtol=1e-13)
    after_1 = [3 / 5, 1 / 5, 1 / 5, 0]
    assert_allclose(rows("mle", [0.0] * 3, [3, 1]), [3 / 5, 1 / 5, 1 / 5, 0], rtol=1e-13)
    assert_allclose(rows("d2l-chain", [0.0] * 3, [3, 1]), after_1, rtol=1e-13)
    assert_allclose(rows("d2l", [0.0] * 3, [3, 1]), unigram, rtol=1e-13)


def test_a_text_starts_with_the_lower_orders():
    """P(x₁) P(x₂|x₁) P(x₃|x₁,x₂) [seed 004 8.3.2]."""
    models = [NGram(k).fit(TEXT, vocabulary=4) for k in (1, 2, 3)]
    start = [models[k].next_distribution(TEXT[:k])[TEXT[k]] for k in (0, 1, 2)]
    assert_allclose(models[2].log_probs(TEXT)[:3], np.log(start))


def test_counts_are_stored_once_per_distinct_gram():
    grams = {tuple(TEXT[i : i + k]) for k in (1, 2, 3) for i in range(len(TEXT) - k + 1)}
    assert NGram(3).fit(TEXT, vocabulary=4).size == len(grams)


def test_an_order_that_fills_63_bits_keeps_its_grams_apart():
    """7^22 < 2^63 < 7^23, and 8^21 = 2^63: the highest digit matters as much as the lowest, on either side."""
    for order in (20, 21, 22, 23, 50):
        text = [6] * order + [0] + [6] * (order - 1) + [1]
        model = NGram(order, "mle").fit(text, vocabulary=7)
        assert_allclose(model.next_distribution([6] * (order - 1)), [1 / 3, 1 / 3, 0, 0, 0, 0, 1 / 3])
        assert model.next_distribution([0, *[6] * (order - 2)])[6] == 1


@pytest.mark.parametrize("ids", [np.array([0, 1, 2], np.uint8), (0, 1, 2), [0, 1, 2], np.array([0, 1, 2], np.int32)])
def test_any_integer_ids_will_do(ids):
    expected = NGram(2).fit(np.array([0, 1, 2]), vocabulary=300).log_probs([0, 1, 2])
    assert_allclose(NGram(2).fit(ids, vocabulary=300).log_probs(ids), expected)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: NGram(0), "order is 0"),
        (lambda: NGram(2.0), "order is 2.0"),
        (lambda: NGram(2, "good-turing"), "choose one of mle, laplace"),
        (lambda: NGram(2, epsilon=-0.1), "epsilon is -0.1"),
        (lambda: NGram(2, epsilon=float("nan")), "epsilon is nan"),
        (lambda: NGram(2, epsilon=float("inf")), "epsilon is inf"),
        (lambda: NGram(2, epsilon="some"), "epsilon is 'some'"),
        (lambda: NGram(2, epsilon=[1.0, 1.0, 1.0]), "or 2 such numbers"),
        (
            lambda: NGram(2, "absolute", discount=1.0),
            r"discount is 1.0; NGram; give a number of at least 0 and below 1",
        ),
        (lambda: NGram(2, "kneser-ney", discount=-0.1), "discount is -0.1"),
        (lambda: NGram(2, "kneser-ney", discount=[0.5] * 3), "or 2 of them"),
        (lambda: NGram(2, "kneser-ney", discount="much"), "discount is 'much'"),
        (lambda: NGram(2, "modified-kneser-ney", discount=0.5), r"D2 in \[0, 2\)"),
        (lambda: NGram(2, "modified-kneser-ney", discount=[1.0, 1.0, 1.5]), "discount is"),
        (lambda: NGram(2, "modified-kneser-ney", discount=[0.5, 2.0, 1.5]), "discount is"),
        (lambda: NGram(2, "katz", discount=0.5), "katz takes no discount; NGram; leave it out"),
        (lambda: NGram(2, "jelinek-mercer", weight=1.1), "weight is 1.1"),
        (lambda: NGram(2, "jelinek-mercer", weight=float("nan")), "weight is nan"),
        (lambda: NGram(2, "katz", weight=0.5), "katz takes no weight"),
        (lambda: NGram(3).fit([0, 1], vocabulary=2), "order 3 is above the text's 2"),
        (lambda: NGram(1).fit([], vocabulary=2), "the text is empty"),
        (lambda: NGram(1).fit([0], vocabulary=0), "vocabulary is 0"),
        (lambda: NGram(1).fit([0, 2], vocabulary=2), r"id 2 is outside 0..1; ids\[1\]"),
        (lambda: NGram(1).fit([0, -1], vocabulary=2), "id -1 is outside"),
        (lambda: NGram(1).fit([0.0, 1.0], vocabulary=2), "not integers"),
        (lambda: NGram(1).fit([True], vocabulary=2), "not integers"),
        (lambda: NGram(1).fit([[0, 1]], vocabulary=2), r"shape \(1, 2\)"),
        (lambda: NGram(1).log_probs([0]), "call fit"),
        (lambda: NGram(1).next_distribution([0]), "call fit"),
        (lambda: NGram(1).size, "call fit"),
        (lambda: NGram(1).fit([0], vocabulary=2).log_probs([2]), "id 2 is outside"),
        (lambda: NGram(2).fit([0, 0], vocabulary=2).next_distribution([2]), "id 2 is outside"),
        (lambda: NGram(1).fit([0], vocabulary=2).log_probs([0], -1), "context is -1"),
        (lambda: NGram(1).fit([0], vocabulary=2).log_probs([0], "reset"), "context is 'reset'"),
        (lambda: Uniform(0), "vocabulary is 0"),
        (lambda: Uniform(3).log_probs([3]), "id 3 is outside"),
    ],
)
def test_bad_input_is_refused_in_three_parts(call, says):
    with pytest.raises(RnnError, match=says) as caught:
        call()
    assert str(caught.value) == "; ".join((caught.value.what, caught.value.where, caught.value.remedy))


def test_a_failed_fit_leaves_the_model_as_it_was():
    model = NGram(2).fit(TEXT, vocabulary=4)
    before = model.log_probs(TEXT)
    with pytest.raises(RnnError):
        model.fit([0, 9], vocabulary=4)
    assert_allclose(model.log_probs(TEXT), before)


def test_uniform():
    assert_allclose(Uniform(5).log_probs([0, 4]), [-np.log(5)] * 2)
    assert_allclose(Uniform(5).next_distribution([]), [0.2] * 5)


def test_a_smoothing_is_one_function():
    """A function entered in the table is a choice at once, under the one recursion."""

    def half_and_half(seen: Seen) -> Shares:
        spare = np.where(seen.total > 0, 0.5, 1.0)
        return seen.mixed(seen.counts / seen.total[seen.contexts] / 2, spare, seen.lower)

    try:
        smoothing(half_and_half)
        row = rows("half-and-half", [1.0, 1.0], [1])
    finally:
        del SMOOTHINGS["half-and-half"]
    unigram = (np.array([5, 5, 2, 0]) / 12 + 1 / 4) / 2
    assert_allclose(row, (np.array([3, 1, 1, 0]) / 5 + unigram) / 2)
