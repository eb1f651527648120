"""Markov chains against counting by hand, every path written out, and linear algebra."""

import math
from collections import Counter
from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rnn.baselines import MarkovChain, NGram
from rnn.errors import RnnError
from rnn.metrics import evaluate

WEATHER = np.array([[0.9, 0.1], [0.4, 0.6]])  # stationary (4/5, 1/5)


def drawn(seed=0, *, order=1, vocabulary=3, start=True):
    """A chain with no zeros, and a start that is not stationary."""
    rng = np.random.default_rng(seed)
    shape = (vocabulary,) * order
    first = rng.dirichlet(np.ones(vocabulary**order)).reshape(shape) if start else None
    return MarkovChain.of(rng.dirichlet(np.ones(vocabulary), size=shape), first)


def joint(chain, ids):
    """P(x₁ … x_N), one factor after the other from the tables; N at least τ."""
    P, first, tau = chain.transition, chain.start, chain.order
    found = first[tuple(ids[:tau])]
    for t in range(tau, len(ids)):
        found = found * P[tuple(ids[t - tau : t + 1])]
    return found


# Counting


class Counted:
    """Fractions from substrings: P(w | c) = (n(c, w) + ε) / (n(c, ·) + ε V), and of the first τ tokens (n + ε) / …"""

    def __init__(self, text, order, vocabulary, epsilon):
        self.text, self.order, self.V, self.e = tuple(text), order, vocabulary, epsilon

    def n(self, *gram):
        return sum(self.text[k : k + len(gram)] == gram for k in range(len(self.text) - len(gram) + 1))

    def first(self, gram):
        return (self.n(*gram) + self.e) / (len(self.text) - self.order + 1 + self.e * self.V**self.order)

    def begins(self, tokens):
        """P of a text's first few tokens, at most τ of them: all that could follow them summed out."""
        rest = product(range(self.V), repeat=self.order - len(tokens))
        return sum(self.first((*tokens, *more)) for more in rest)

    def next(self, context, w):
        if len(context) < self.order:
            known = self.begins(context)
            return self.begins((*context, w)) / known if known else Fraction(1, self.V)
        total = sum(self.n(*context, v) for v in range(self.V)) + self.e * self.V
        return (self.n(*context, w) + self.e) / total if total else Fraction(1, self.V)


@st.composite
def problems(draw):
    """(order, V, text, ε, another text)."""
    order, vocabulary = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    tokens = st.integers(0, vocabulary - 1)
    text = draw(st.lists(tokens, min_size=order + 1, max_size=12))
    epsilon = draw(st.sampled_from([Fraction(0), Fraction(1, 8), Fraction(3)]))
    return order, vocabulary, text, epsilon, draw(st.lists(tokens, max_size=7))


@settings(max_examples=80, deadline=None)
@given(problem=problems(), context=st.one_of(st.just("carry"), st.integers(0, 4)))
def test_a_chain_that_counts_equals_fractions(problem, context):
    order, vocabulary, text, epsilon, other = problem
    chain = MarkovChain(order, epsilon=float(epsilon)).fit(text, vocabulary=vocabulary)
    counted = Counted(text, order, vocabulary, epsilon)
    back = min(order, 99 if context == "carry" else context)
    expected = [float(counted.next(tuple(other[max(t - back, 0) : t]), w)) for t, w in enumerate(other)]
    assert_allclose(np.exp(chain.log_probs(other, context)), expected, rtol=1e-12)
    recent = tuple(other[max(len(other) - order, 0) :])
    row = chain.next_distribution(other)
    assert_allclose(row, [float(counted.next(recent, w)) for w in range(vocabulary)], rtol=1e-12)
    assert_allclose(row.sum(), 1, rtol=1e-13)


@pytest.mark.parametrize("epsilon", [0.01, 2.0])
def test_order_1_is_the_bigram_that_adds_epsilon(epsilon):
    rng = np.random.default_rng(1)
    text, other = rng.integers(0, 5, 60), rng.integers(0, 5, 40)
    chain = MarkovChain(1, epsilon=epsilon).fit(text, vocabulary=5)
    assert_allclose(
        chain.log_probs(other), NGram(2, "lidstone", epsilon=epsilon).fit(text, vocabulary=5).log_probs(other)
    )


def test_the_axes_are_the_tokens_in_reading_order():
    text = [0, 1, 2, 0, 1, 1, 0, 1, 2]
    chain = MarkovChain(2).fit(text, vocabulary=3)
    triples = Counter(zip(text, text[1:], text[2:], strict=False))
    assert chain.transition[0, 1, 2] == triples[0, 1, 2] / 3 == 2 / 3
    assert chain.start[0, 1] == 3 / 8  # of 8 pairs
    assert chain.transition[2, 2].tolist() == [1 / 3] * 3  # never seen
    assert chain.size == 27


# Steps at once


@pytest.mark.parametrize(("order", "vocabulary"), [(1, 3), (2, 3), (3, 2)])
@pytest.mark.parametrize("k", [0, 1, 2, 4])
def test_k_steps_are_the_sum_over_all_paths(order, vocabulary, k):
    chain = drawn(order, order=order, vocabulary=vocabulary)
    P, tokens = chain.transition, range(vocabulary)
    expected = np.zeros(P.shape)
    for context in product(tokens, repeat=order):
        for path in product(tokens, repeat=k):
            whole = (*context, *path)
            factors = [P[whole[t - order : t + 1]] for t in range(order, len(whole))]
            expected[(*context, whole[-1])] += math.prod(factors)
    assert_allclose(chain.k_step(k), expected, rtol=1e-12)


@pytest.mark.parametrize(("order", "k"), [(1, 7), (1, 100), (2, 47), (2, 1000), (2, 10**9)])
def test_many_steps_are_a_power_of_the_matrix_over_contexts(order, k):
    """Written out here by itself: from context (a, b) token c leads to (b, c)."""
    chain = drawn(3, order=order, vocabulary=2)
    contexts = list(product(range(2), repeat=order))
    lifted = np.array([[chain.transition[(*c, d[-1])] * (c[1:] == d[:-1]) for d in contexts] for c in contexts])
    power = np.linalg.matrix_power(lifted, k)
    expected = np.array(
        [[sum(p for p, d in zip(row, contexts, strict=True) if d[-1] == w) for w in (0, 1)] for row in power]
    )
    assert_allclose(chain.k_step(k).reshape(-1, 2), expected, rtol=1e-9)
    assert_allclose(chain.lifted().transition, lifted, rtol=1e-15)


@pytest.mark.parametrize("k", [40, 100, 101, 102])
def test_many_steps_of_a_chain_that_goes_round(k):
    """Each token is the sum of the last two, modulo 2: 0 1 1 0 1 1 …; the tokens are counted off."""
    chain = MarkovChain.of([[[1, 0], [0, 1]], [[0, 1], [1, 0]]])
    for a, b in product((0, 1), repeat=2):
        ids = [a, b]
        for _ in range(k):
            ids.append((ids[-1] + ids[-2]) % 2)
        assert chain.k_step(k)[a, b].tolist() == [1 - ids[-1], ids[-1]]


def test_two_steps_are_the_squared_matrix_and_what_is_counted():
    """Within four standard deviations of a share of n."""
    chain = drawn(4, vocabulary=4)
    ids = chain.sample(40_000, rng=np.random.default_rng(0))
    two = chain.k_step(2)
    assert_allclose(two, chain.transition @ chain.transition, rtol=1e-14)
    counts = np.zeros((4, 4))
    np.add.at(counts, (ids[:-2], ids[2:]), 1)
    n = counts.sum(axis=1, keepdims=True)
    assert (np.abs(counts / n - two) < 4 * np.sqrt(two * (1 - two) / n)).all()
    assert np.abs(counts / n - chain.transition).max() > 0.1  # one step is another matter


def test_many_steps_forget_where_they_began_and_a_periodic_chain_does_not():
    assert_allclose(MarkovChain.of(WEATHER).k_step(200), np.tile([0.8, 0.2], (2, 1)), rtol=1e-13)
    swap = MarkovChain.of([[0, 1], [1, 0]])
    assert swap.k_step(10**6).tolist() == [[1, 0], [0, 1]]
    assert swap.k_step(10**6 + 1).tolist() == [[0, 1], [1, 0]]


# One joint from both ends


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), order=st.integers(1, 3), length=st.integers(0, 8))
def test_both_factorisations_give_one_joint(seed, order, length):
    chain = drawn(seed, order=order)
    ids = np.random.default_rng(seed).integers(0, 3, length)
    forwards, backwards = chain.log_joint(ids), chain.log_joint(ids, "backwards")
    assert backwards == pytest.approx(forwards, rel=1e-11, abs=1e-12)
    if length >= order:
        assert forwards == pytest.approx(math.log(joint(chain, ids)), rel=1e-12)
    assert (chain.log_probs_backwards(ids) <= 0).all()


@pytest.mark.parametrize("order", [1, 2, 3])
def test_each_factor_backwards_is_a_ratio_of_sums_over_all_texts(order):
    chain, length = drawn(9, order=order), 5
    texts = {ids: joint(chain, ids) for ids in product(range(3), repeat=length)}
    assert sum(texts.values()) == pytest.approx(1, rel=1e-13)
    ids = (2, 0, 1, 1, 0)
    ends = [sum(p for other, p in texts.items() if other[t:] == ids[t:]) for t in range(length + 1)]
    expected = [a / b for a, b in pairwise(ends)]
    assert_allclose(np.exp(chain.log_probs_backwards(ids)), expected, rtol=1e-12)


def test_a_text_that_cannot_be_has_no_joint_either_way():
    chain = MarkovChain.of([[0, 1], [1, 0]], [1, 0])
    assert (
        np.exp(chain.log_probs([0, 1, 0])).tolist()
        == [1, 1, 1]
        == np.exp(chain.log_probs_backwards([0, 1, 0])).tolist()
    )
    for ids in ([1, 0], [0, 0], [0, 1, 1], [1]):
        assert chain.log_joint(ids) == chain.log_joint(ids, "backwards") == -math.inf


def test_no_factor_is_above_1():
    """The last token is certain, as five probabilities say that round to 1 + 2e-16 together."""
    start = np.zeros((5, 5))
    start[:, 2] = np.random.default_rng(1).dirichlet(np.ones(5))
    assert MarkovChain.of(np.full((5, 5, 5), 0.2), start).log_probs_backwards([0, 2])[1] <= 0


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_reversed_chain_reads_the_same_texts_from_the_right(order):
    chain = drawn(5, order=order, start=False)
    reverse = chain.reversed()
    for ids in product(range(3), repeat=4):
        assert reverse.log_joint(ids[::-1]) == pytest.approx(chain.log_joint(ids), rel=1e-11)
        assert_allclose(reverse.log_probs(ids[::-1])[::-1], chain.log_probs_backwards(ids), rtol=1e-10)
    assert_allclose(reverse.reversed().transition, chain.transition, rtol=1e-11)
    assert_allclose(reverse.stationary(), chain.stationary().T, rtol=1e-11)


def test_the_reversed_chain_is_bayes_rule():
    """π = (1/3, 1/3, 1/3) for rows and columns that sum to 1: then the way back is the transpose."""
    turn = np.array([[0.0, 0.9, 0.1], [0.1, 0.0, 0.9], [0.9, 0.1, 0.0]])
    assert_allclose(MarkovChain.of(turn).reversed().transition, turn.T, rtol=1e-14)
    assert_allclose(MarkovChain.of(WEATHER).reversed().transition, WEATHER, rtol=1e-14)  # of two states always


# Sampling


def test_a_sample_is_drawn_from_the_rows():
    chain = drawn(6, order=2)
    ids = chain.sample(60_000, rng=np.random.default_rng(2))
    counts = np.zeros((3, 3, 3))
    np.add.at(counts, (ids[:-2], ids[1:-1], ids[2:]), 1)
    n, P = counts.sum(axis=2, keepdims=True), chain.transition
    assert (np.abs(counts / n - P) < 4.5 * np.sqrt(P * (1 - P) / n)).all()


def test_the_first_tokens_follow_the_start_and_a_context_goes_on():
    rng, chain = np.random.default_rng(3), drawn(7, order=2, vocabulary=2)
    pairs = np.array([chain.sample(2, rng=rng) for _ in range(4000)])
    shares = [[np.mean((pairs == (a, b)).all(axis=1)) for b in (0, 1)] for a in (0, 1)]
    assert np.abs(shares - chain.start).max() < 4 * 0.5 / math.sqrt(4000)
    cycle = MarkovChain.of(np.roll(np.eye(3), 1, axis=1), [1, 0, 0])
    assert cycle.sample(5, rng=rng).tolist() == [0, 1, 2, 0, 1]
    assert cycle.sample(3, rng=rng, context=[0, 0, 1]).tolist() == [2, 0, 1]
    assert cycle.sample(0, rng=rng).shape == (0,)
    again = [chain.sample(50, rng=np.random.default_rng(8)).tolist() for _ in range(2)]
    assert again[0] == again[1]


class Edge:
    """A generator that draws the ends of [0, 1)."""

    def __init__(self, value):
        self.value = value

    def random(self, size):
        return np.full(size, self.value)


@pytest.mark.parametrize(("value", "token"), [(0.0, 1), (np.nextafter(1, 0), 10)])
def test_what_has_no_probability_is_never_drawn(value, token):
    row = [0, *[0.1] * 10, 0]  # sums to 1 − 1e-16 from the left
    chain = MarkovChain.of([row] * 12, row)
    assert set(chain.sample(20, rng=Edge(value))) == {token}


# As a predictor


def test_evaluation_of_a_sample_comes_to_the_entropy_rate():
    """The floor of every perplexity there: the true chain has it, one that has counted half the text comes near."""
    chain = drawn(8, vocabulary=4)
    ids = chain.sample(40_000, rng=np.random.default_rng(4))
    rng = np.random.default_rng(5)
    true = evaluate(chain, ids, rng=rng).nats
    assert true == pytest.approx(chain.entropy_rate(), abs=0.01)
    counted = evaluate(MarkovChain(epsilon=0.5).fit(ids[:20_000], vocabulary=4), ids[20_000:], rng=rng)
    blind = evaluate(chain, ids, 0, rng=rng).nats
    assert true - 0.01 < counted.nats < true + 0.01 < blind
    assert counted.zero_events == 0


def test_zero_events_are_counted():
    chain = MarkovChain().fit([0, 1, 0, 1, 2], vocabulary=3)
    found = evaluate(chain, [0, 0, 1, 1], rng=np.random.default_rng(0))
    assert (found.zero_events, found.perplexity) == (2, math.inf)


def test_a_series_that_changes_its_ways_is_not_one_chain():
    """Seed 004: sharing one conditional over t needs that it is the same at every t [SEEDS S34]."""
    rng, parts = np.random.default_rng(6), (drawn(10), drawn(11))
    halves = [chain.sample(5000, rng=rng) for chain in parts]
    one = MarkovChain().fit(np.concatenate(halves), vocabulary=3)
    shared = np.mean([one.log_probs(ids).mean() for ids in halves])
    told = np.mean([MarkovChain().fit(ids, vocabulary=3).log_probs(ids).mean() for ids in halves])
    assert told > shared + 0.05


# What is refused


def fitted(order=1):
    return MarkovChain(order).fit([0, 1, 0, 0, 1, 1, 0], vocabulary=2)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: MarkovChain(0), "order is 0; order; give a whole number of at least 1"),
        (lambda: MarkovChain(1.5), "order is 1.5"),
        (lambda: MarkovChain(33), "order is 33; order; give at most 32"),
        (lambda: MarkovChain(epsilon=-1), "epsilon is -1"),
        (lambda: MarkovChain(epsilon=math.nan), "epsilon is nan"),
        (lambda: MarkovChain(epsilon="much"), "epsilon is 'much'"),
        (lambda: MarkovChain().fit([], vocabulary=2), "the text is empty; MarkovChain.fit; give at least 2 tokens"),
        (lambda: MarkovChain().fit([0], vocabulary=2), "order 1 takes 2 tokens, and the text has 1"),
        (lambda: MarkovChain(3).fit([0, 1, 0], vocabulary=2), "order 3 takes 4 tokens, and the text has 3"),
        (lambda: MarkovChain().fit([0, 2], vocabulary=2), r"id 2 is outside 0..1; ids\[1\]"),
        (lambda: MarkovChain().fit([0, -1], vocabulary=2), "id -1 is outside"),
        (lambda: MarkovChain().fit([0.0, 1.0], vocabulary=2), "not integers"),
        (lambda: MarkovChain().fit([0, 1], vocabulary=0), "vocabulary is 0"),
        (lambda: MarkovChain(5).fit([0] * 9, vocabulary=28), r"28 \*\* 6 probabilities take 3.59 GiB, more than 1"),
        (lambda: MarkovChain(32).fit([0] * 40, vocabulary=10**9), "GiB, more than 1; MarkovChain.fit; lower the order"),
        (lambda: MarkovChain(1).fit([0, 1], vocabulary=10**6), "take an NGram, which stores only what occurs"),
        (lambda: MarkovChain.of(np.full((110,) * 3, 1 / 110)).lifted(), r"110 \*\* 4 probabilities take 1.09 GiB"),
        (lambda: MarkovChain.of([[0.5, 0.6], [1, 0]]), r"sum to 1.1, not 1; transition\[0\]"),
        (lambda: MarkovChain.of(np.full((2, 2, 2), 0.4)), r"sum to 0.8, not 1; transition\[0, 0\]"),
        (lambda: MarkovChain.of([[1, 0], [1.5, -0.5]]), r"a probability is -0.5; transition\[1, 1\]"),
        (lambda: MarkovChain.of([[1, 0], [math.nan, 1]]), r"a probability is nan; transition\[1, 0\]"),
        (lambda: MarkovChain.of([[1, 0], [math.inf, 1]]), "sum to inf"),
        (lambda: MarkovChain.of([[0.5, 0.5]]), r"shape is \(1, 2\)"),
        (lambda: MarkovChain.of([1.0]), r"shape is \(1,\)"),
        (lambda: MarkovChain.of(np.zeros((0, 0))), r"shape is \(0, 0\)"),
        (lambda: MarkovChain.of([["a"]]), "no array of numbers; transition"),
        (lambda: MarkovChain.of([[1, 0], [0]]), "no array of numbers; transition"),
        (lambda: MarkovChain.of(WEATHER, [1.0]), r"shape is \(1,\); start; give shape \(2,\)"),
        (lambda: MarkovChain.of(WEATHER, [0.5, 0.6]), "sum to 1.1, not 1; start;"),
        (lambda: MarkovChain.of(WEATHER, [1.5, -0.5]), r"a probability is -0.5; start\[1\]"),
        (lambda: MarkovChain().k_step(1), "call fit"),
        (lambda: MarkovChain().log_probs([0]), "call fit"),
        (lambda: MarkovChain().vocabulary, "call fit"),
        (lambda: fitted().k_step(-1), "k is -1; k; give a whole number of at least 0"),
        (lambda: fitted().k_step(0.5), "k is 0.5"),
        (lambda: fitted().log_probs([2]), "id 2 is outside"),
        (lambda: fitted().log_probs([0], -1), "context is -1"),
        (lambda: fitted().log_probs_backwards([0, 3]), "id 3 is outside"),
        (lambda: fitted().next_distribution([2]), "id 2 is outside"),
        (lambda: fitted().sample(-1, rng=np.random.default_rng(0)), "length is -1"),
        (lambda: fitted().sample(1, rng=np.random.default_rng(0), context=[2]), "id 2 is outside"),
        (lambda: fitted().log_joint([0], "sideways"), "direction is 'sideways'"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_three_parts(call, says):
    with pytest.raises(RnnError, match=says) as caught:
        call()
    assert str(caught.value) == "; ".join((caught.value.what, caught.value.where, caught.value.remedy))


def test_a_failed_fit_leaves_the_chain_as_it_was_and_what_it_hands_out_is_a_copy():
    chain = fitted()
    before = chain.log_probs([0, 1, 1])
    with pytest.raises(RnnError):
        chain.fit([0, 5], vocabulary=2)
    for handed in (chain.transition, chain.start, chain.k_step(1), chain.next_distribution([0]), chain.stationary()):
        handed[...] = 7
    assert_allclose(chain.log_probs([0, 1, 1]), before)
    assert chain.fit([1, 0, 1], vocabulary=3).vocabulary == 3  # and counts anew


def test_rounding_in_rows_is_divided_out():
    rows = np.float32([[0.1, 0.2, 0.7], [1 / 3, 1 / 3, 1 / 3], [0.9, 0.05, 0.05]])
    assert_allclose(MarkovChain.of(rows).transition.sum(axis=1), 1, rtol=1e-15)


def test_one_token_alone():
    chain = MarkovChain(3, epsilon=1).fit([0] * 5, vocabulary=1)
    assert chain.log_probs([0, 0, 0, 0]).tolist() == [0] * 4
    assert chain.stationary().shape == (1, 1, 1)
    assert chain.entropy_rate() == 0
