"""Sources against their own blocks, listed one by one: every probability, entropy and floor a second time."""

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from data import DataError
from data.tasks import Source, held_key, markov_source, random_markov_source

seeds = st.integers(0, 2**32)


def rng(seed=0):
    return np.random.default_rng(seed)


def drawn(seed, states, tokens):
    """A random source, some of whose probabilities are 0; None where it may end up in two places."""
    r = rng(seed)
    emit = r.dirichlet(np.ones(tokens), states) * (r.random((states, tokens)) < 0.8) + 1e-3 * np.eye(tokens)[0]
    try:
        return Source(emit / emit.sum(axis=1, keepdims=True), r.integers(states, size=(states, tokens)))
    except DataError:
        return None


def shares(source):
    """π as the mean over time of many steps from everywhere, not by solving for it."""
    moves = np.zeros((len(source.emit),) * 2)
    for (s, x), p in np.ndenumerate(source.emit):
        moves[s, source.follow[s, x]] += p
    lazy = np.linalg.matrix_power((moves + np.eye(len(moves))) / 2, 2**40)
    return lazy[0] / lazy[0].sum()


def listed(source, length):
    """P of every block, one path from one first state at a time."""
    found = {}
    for block in product(range(source.vocabulary), repeat=length):
        total = 0.0
        for state, p in enumerate(shares(source)):
            for x in block:
                p *= source.emit[state, x]
                state = source.follow[state, x]
            total += p
        found[block] = total
    return found


def nats(chances):
    return -sum(p * np.log(p) for p in chances if p > 0)


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(1, 4), st.integers(2, 3))
def test_blocks_floors_and_shares_are_those_of_a_list(seed, states, tokens):
    source = drawn(seed, states, tokens)
    assume(source is not None)
    np.testing.assert_allclose(source.stationary, shares(source), atol=1e-9)
    lists = [listed(source, n) for n in range(5)]
    for n, found in enumerate(lists):
        np.testing.assert_allclose(source.blocks(n).ravel(), list(found.values()), atol=1e-9)
    for n in range(4):
        difference = nats(lists[n + 1].values()) - nats(lists[n].values())
        assert source.floor(n) == pytest.approx(difference, abs=1e-8)
        assert source.floor(n) >= source.entropy_rate - 1e-9


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(1, 4), st.integers(2, 3))
def test_probabilities_are_ratios_of_blocks(seed, states, tokens):
    source = drawn(seed, states, tokens)
    assume(source is not None)
    lists = [listed(source, n) for n in range(6)]
    text = tuple(source.sample(5, rng(seed)).tolist())
    for k in ("carry", 0, 1, 2, 7):
        pasts = [text[max(0, t - (5 if k == "carry" else k)) : t] for t in range(5)]
        ratios = [lists[len(c) + 1][(*c, x)] / lists[len(c)][c] for c, x in zip(pasts, text, strict=True)]
        np.testing.assert_allclose(np.exp(source.log_probs(text, k)), ratios, rtol=1e-7)
        rows = [source.next_distribution(np.array(c, int)) for c in pasts]
        np.testing.assert_allclose([row[x] for row, x in zip(rows, text, strict=True)], ratios, rtol=1e-7)
        np.testing.assert_allclose(np.sum(rows, axis=1), 1)


@settings(max_examples=20, deadline=None)
@given(seeds, st.integers(2, 4), st.integers(0, 3))
def test_a_markov_source_has_the_entropy_rate_of_its_table(seed, tokens, order):
    source = random_markov_source(tokens, order, rng(seed), concentration=4.0)
    table = source.emit.reshape((tokens,) * (order + 1))
    P = np.ones(1)  # P(context), by pushing every context along, not as states of a source
    joint = np.full((tokens,) * order, tokens**-order) if order else P.reshape(())
    for _ in range(600):
        joint = 0.5 * joint + 0.5 * (joint[..., None] * table).sum(axis=0) if order else joint
    rate = -(joint[..., None] * table * np.log(table)).sum()
    assert source.entropy_rate == pytest.approx(rate, rel=1e-7)
    assert source.floor(order) == pytest.approx(rate, rel=1e-7)
    assert source.floor(order + 1) == pytest.approx(rate, rel=1e-7)
    if order:
        assert source.floor(order - 1) > rate
        context = rng(seed).integers(tokens, size=order)
        np.testing.assert_allclose(source.next_distribution(context), table[tuple(context)])


def test_two_states_by_hand():
    """a → b with .1, b → a with .3: shares 3/4 and 1/4."""
    source = markov_source([[0.9, 0.1], [0.3, 0.7]])
    np.testing.assert_allclose(source.stationary, [0.75, 0.25])
    assert source.entropy_rate == pytest.approx(0.75 * nats([0.9, 0.1]) + 0.25 * nats([0.3, 0.7]))
    assert source.floor(0) == pytest.approx(nats([0.75, 0.25]))
    np.testing.assert_allclose(np.exp(source.log_probs([0, 0, 1, 0])), [0.75, 0.9, 0.1, 0.3])
    np.testing.assert_allclose(np.exp(source.log_probs([0, 0, 1, 0], 0)), [0.75, 0.75, 0.25, 0.75])
    swing = markov_source([[0.0, 1.0], [1.0, 0.0]])  # a period of two
    np.testing.assert_allclose(swing.stationary, [0.5, 0.5])
    assert swing.entropy_rate == 0
    assert swing.log_probs([0, 1, 1])[2] == -np.inf


class Largest:
    """Draws the largest number below 1, always."""

    def random(self, count):
        return np.full(count, 1 - 2**-53)


def test_rounded_sums_never_lead_past_the_last_possible_token():
    tenths = [0.1] * 10  # their running sum ends at 1 − 2⁻⁵³
    assert np.cumsum(tenths)[-1] == 1 - 2**-53
    assert markov_source(tenths).sample(3, Largest()).tolist() == [9] * 3
    assert markov_source([*tenths, 0.0]).sample(3, Largest()).tolist() == [9] * 3


def test_after_an_impossible_token_the_text_goes_on():
    source = markov_source([[0.0, 1.0], [0.25, 0.75]])
    for context in ("carry", 1, 2):
        np.testing.assert_allclose(np.exp(source.log_probs([1, 0, 0, 1, 0], context)[1:]), [0.25, 0, 1, 0.25])
    keys = held_key(2, 1, 0.1, 0.3)  # noise 0, question 1, keys 2 and 3
    for context in ("carry", 2):  # a question cannot be followed by noise; after it, all is as after any answer
        np.testing.assert_allclose(np.exp(keys.log_probs([1, 0, 0], context)[1:]), [0, 0.6])
    np.testing.assert_allclose(keys.next_distribution([1, 0]), [0.6, 0.3, 0.05, 0.05])


def test_a_table_is_kept_as_it_was():
    table = np.array([[0.5, 0.5], [0.25, 0.75]])
    source = markov_source(table)
    table[:] = 0
    assert source.emit.tolist() == [[0.5, 0.5], [0.25, 0.75]]
    with pytest.raises(ValueError, match="read-only"):
        source.emit[0, 0] = 1


TWO = np.full((2, 2), 0.5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: markov_source([[0.5, 0.6], [0.5, 0.5]]), "a row sums to 1 ± 0.1"),
        (lambda: markov_source([[1.5, -0.5], [0.5, 0.5]]), "below 0"),
        (lambda: markov_source([[0.5, np.nan], [0.5, 0.5]]), "NaN"),
        (lambda: markov_source([1.0]), "1 symbol or none"),
        (lambda: markov_source(np.full((3, 2), 0.5)), "shape"),
        (lambda: markov_source(np.eye(2)), "more than one set of states"),
        (lambda: random_markov_source(1, 2, rng()), "vocabulary is 1"),
        (lambda: random_markov_source(2, -1, rng()), "order is -1"),
        (lambda: random_markov_source(2, 11, rng()), "2,048 contexts"),
        (lambda: random_markov_source(2, 1, rng(), 0), "concentration is 0"),
        (lambda: Source(TWO, np.array([[0, 1], [1, 2]])), "does not exist"),
        (lambda: Source(TWO, np.zeros((2, 3), int)), "do not fit"),
        (lambda: Source(TWO, np.zeros((2, 2))), "do not fit"),
        (lambda: Source(np.full((1025, 2), 0.5), np.zeros((1025, 2), int)), "1,025 states"),
        (lambda: markov_source(TWO).floor(-1), "context is -1"),
        (lambda: markov_source(TWO).sample(-1, rng()), "length is -1"),
        (lambda: markov_source(TWO).log_probs([0, 2]), "ids run from 0 to 2"),
        (lambda: markov_source(TWO).log_probs([0.5]), "dtype"),
        (lambda: markov_source(TWO).log_probs([0], -1), "context is -1"),
        (lambda: markov_source(TWO).next_distribution([3]), "ids run from 3"),
        (lambda: markov_source(TWO).blocks(40), "too many blocks"),
    ],
)
def test_refusals_are_one_line(call, message):
    with pytest.raises(DataError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert str(caught.value).count("; ") == 2
