"""n-grams against a dictionary of Fractions, and the limits that seed 004 8.3.1 and SEEDS S6 print."""

import warnings
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rnn.baselines import SMOOTHINGS, NGram, Uniform
from rnn.baselines.counts import Seen
from rnn.baselines.smoothing import smoothing
from rnn.errors import RnnError

Row = list[Fraction]
ROWS_THAT_FALL_SHORT = {"d2l"}


class Brute:
    """The formulas, one event at a time, by counting substrings."""

    def __init__(self, text: Sequence[int], vocabulary: int, name: str, epsilon: Sequence[Fraction]) -> None:
        self.text, self.V, self.epsilon = tuple(text), vocabulary, epsilon
        self.rule: Callable[[tuple[int, ...], int], Fraction] = getattr(self, name.replace("-", "_"))

    def n(self, *gram: int) -> int:
        places = range(len(self.text) - len(gram) + 1)
        return sum(self.text[i : i + len(gram)] == gram for i in places)

    def followed(self, context: tuple[int, ...]) -> int:
        return sum(self.n(*context, w) for w in range(self.V))

    def lower(self, context: tuple[int, ...], w: int) -> Fraction:
        return self.rule(context[1:], w) if context else Fraction(1, self.V)

    def mle(self, context: tuple[int, ...], w: int) -> Fraction:
        total = self.followed(context)
        return Fraction(self.n(*context, w), total) if total else self.lower(context, w)

    def laplace(self, context: tuple[int, ...], w: int) -> Fraction:
        return Fraction(self.n(*context, w) + 1, self.followed(context) + self.V)

    def lidstone(self, context: tuple[int, ...], w: int) -> Fraction:
        e = self.epsilon[len(context)]
        bottom = self.followed(context) + e * self.V
        return (self.n(*context, w) + e) / bottom if bottom else self.lower(context, w)

    def d2l(self, context: tuple[int, ...], w: int) -> Fraction:
        e = self.epsilon[len(context)]
        base = self.d2l((), w) if context else Fraction(1, self.V)
        bottom = (self.n(*context) if context else len(self.text)) + e
        return (self.n(*context, w) + e * base) / bottom if bottom else base

    def d2l_chain(self, context: tuple[int, ...], w: int) -> Fraction:
        e, lower = self.epsilon[len(context)], self.lower(context, w)
        bottom = self.followed(context) + e
        return (self.n(*context, w) + e * lower) / bottom if bottom else lower


EPSILONS = st.sampled_from([Fraction(0), Fraction(1, 8), Fraction(1), Fraction(5, 2), Fraction(100)])


@st.composite
def problems(draw: st.DrawFn) -> tuple[int, int, list[int], list[Fraction], list[int]]:
    """(order, V, training text, ε per order, another text)."""
    order, vocabulary = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    tokens = st.integers(0, vocabulary - 1)
    text = draw(st.lists(tokens, min_size=order, max_size=14))
    epsilon = draw(st.lists(EPSILONS, min_size=order, max_size=order))
    return order, vocabulary, text, epsilon, draw(st.lists(tokens, max_size=8))


def fitted(name: str, problem: tuple[int, int, list[int], list[Fraction], list[int]]) -> tuple[NGram, Brute]:
    order, vocabulary, text, epsilon, _ = problem
    model = NGram(order, name, epsilon=[float(e) for e in epsilon]).fit(text, vocabulary=vocabulary)
    return model, Brute(text, vocabulary, name, epsilon)


BY_HAND = ["mle", "laplace", "lidstone", "d2l", "d2l-chain"]


@pytest.mark.parametrize("name", BY_HAND)
@settings(max_examples=60, deadline=None)
@given(problem=problems())
def test_rows_equal_brute_force(name, problem):
    model, brute = fitted(name, problem)
    for end in range(len(problem[4]) + 1):
        past = problem[4][:end]
        context = tuple(past[max(end - model.order + 1, 0) :])
        expected = [float(brute.rule(context, w)) for w in range(brute.V)]
        assert_allclose(model.next_distribution(past), expected, rtol=1e-13)


@pytest.mark.parametrize("name", BY_HAND)
@settings(max_examples=60, deadline=None)
@given(problem=problems(), context=st.one_of(st.just("carry"), st.integers(0, 5)))
def test_log_probs_equal_brute_force(name, problem, context):
    model, brute = fitted(name, problem)
    other = problem[4]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        p = np.exp(model.log_probs(other, context))
    back = min(model.order - 1, 99 if context == "carry" else context)
    expected = [float(brute.rule(tuple(other[max(t - back, 0) : t]), w)) for t, w in enumerate(other)]
    assert_allclose(p, expected, rtol=1e-12)
    assert np.all(p <= 1)


@pytest.mark.parametrize("name", sorted(set(SMOOTHINGS) - ROWS_THAT_FALL_SHORT))
@settings(max_examples=60, deadline=None)
@given(problem=problems())
def test_every_row_sums_to_one_and_agrees_with_log_probs(name, problem):
    model, _ = fitted(name, problem)
    past = problem[4]
    row = model.next_distribution(past)
    assert row.shape == (problem[1],)
    assert_allclose(row.sum(), 1, rtol=1e-12)
    assert np.all(row >= 0)
    following = [np.exp(model.log_probs([*past, w])[-1]) for w in range(problem[1])]
    assert_allclose(following, row, rtol=1e-12, atol=1e-300)


@settings(max_examples=100, deadline=None)
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


def test_an_order_that_fills_63_bits_keeps_its_keys_apart():
    """7^22 < 2^63 < 7^23: the highest digit matters as much as the lowest."""
    text = [6] * 22 + [0] + [6] * 21 + [1]
    model = NGram(22, "mle").fit(text, vocabulary=7)
    assert_allclose(model.next_distribution([6] * 21), [1 / 3, 1 / 3, 0, 0, 0, 0, 1 / 3])
    assert model.next_distribution([0, *[6] * 20])[6] == 1
    with pytest.raises(RnnError, match="63 bits"):
        NGram(23).fit(text, vocabulary=7)


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

    def half_and_half(seen: Seen, lower: np.ndarray) -> np.ndarray:
        return np.where(seen.total > 0, (seen.joint / np.maximum(seen.total, 1) + lower) / 2, lower)

    try:
        smoothing(half_and_half)
        row = rows("half-and-half", [1.0, 1.0], [1])
    finally:
        del SMOOTHINGS["half-and-half"]
    unigram = (np.array([5, 5, 2, 0]) / 12 + 1 / 4) / 2
    assert_allclose(row, (np.array([3, 1, 1, 0]) / 5 + unigram) / 2)
