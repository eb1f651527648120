"""Tokens are drawn from the rows, whichever way they are drawn."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from rnn.baselines import SMOOTHINGS, NGram
from rnn.errors import RnnError

V = 6
TEXT = np.random.default_rng(0).choice(V - 1, p=[0.4, 0.3, 0.2, 0.06, 0.04], size=400)


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def model(order=3, smoothing="kneser-ney", **settings):
    return NGram(order, smoothing, **settings).fit(TEXT, vocabulary=V)


def shaped(p, temperature=1.0, top_k=V, top_p=1.0):
    """What is left of a row, by sorting."""
    q = np.where(p == p.max(), 1.0, 0.0) if temperature == 0 else p ** (1 / temperature)
    order = np.lexsort((np.arange(p.size), -p))
    q[order[top_k:]] = 0
    before = np.cumsum(q[order]) - q[order]
    q[order[before >= top_p * q.sum() * (1 - 1e-12)]] = 0
    return q / q.sum()


def first_draws(m, context, rng, times=6000, **shape):
    found = [m.sample(1, context=context, rng=rng, **shape)[0] for _ in range(times)]
    return np.bincount(found, minlength=V) / times


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_draws_follow_the_row(smoothing, rng):
    """Many draws of a long text, each after two tokens: counted by context and held against the rows."""
    m = model(smoothing=smoothing)
    drawn = m.sample(60_000, rng=rng)
    rows = m.next_scores(np.stack(np.meshgrid(range(V), range(V), indexing="ij"), axis=-1).reshape(-1, 2))
    expected = rows / rows.sum(axis=1, keepdims=True)
    times = np.zeros((V * V, V))
    np.add.at(times, (drawn[:-2] * V + drawn[1:-1], drawn[2:]), 1)
    total = times.sum(axis=1, keepdims=True)
    error = (times - total * expected) / np.sqrt(np.maximum(total * expected * (1 - expected), 1))
    assert abs(error).max() < 5  # standard deviations, over 216 cells
    assert not times[expected == 0].any()


@pytest.mark.parametrize(
    "shape",
    [
        {"temperature": 0.5},
        {"temperature": 2.5},
        {"top_k": 2},
        {"top_p": 0.7},
        {"top_p": 0.999},
        {"temperature": 1.5, "top_k": 4, "top_p": 0.8},
        {"temperature": 0},
        {"top_k": 1},
        {"top_k": 50, "top_p": 1.0},
    ],
)
def test_shaped_draws_follow_the_shaped_row(shape, rng):
    m = model()
    for context in ([], [1], [0, 1], [4, 5]):
        expected = shaped(m.next_distribution(context), **shape)
        found = first_draws(m, context, rng, times=3000, **shape)
        assert_allclose(found, expected, atol=5 * np.sqrt(0.25 / 3000))
        assert not found[expected == 0].any()


def test_equals_stand_in_the_order_of_their_ids(rng):
    m = NGram(1, "laplace").fit([0, 1, 2, 3, 4, 5], vocabulary=6)
    assert set(m.sample(200, top_k=3, rng=rng).tolist()) == {0, 1, 2}
    assert set(m.sample(200, top_p=0.5, rng=rng).tolist()) == {0, 1, 2}
    assert set(m.sample(20, temperature=0, rng=rng).tolist()) == {0}


def test_every_draw_sees_those_before_it():
    """A text that is certain goes on as it must, from wherever it starts."""
    m = NGram(3, "mle").fit([0, 1, 2, 0, 2, 1] * 4, vocabulary=3)
    for shape in ({}, {"temperature": 0.7}):
        drawn = m.sample(12, context=[0, 2, 1], rng=np.random.default_rng(0), **shape)
        assert_array_equal(drawn, [0, 1, 2, 0, 2, 1] * 2)


def test_a_seed_is_a_text(rng):
    m = model()
    one, two = (m.sample(50, rng=np.random.default_rng(4)) for _ in range(2))
    assert_array_equal(one, two)
    assert (m.sample(50, rng=rng) != one).any()
    assert m.sample(0, rng=rng).shape == (0,)


def test_a_row_without_any_mass():
    """`d2l` as printed, ε = 0, after the token that only ends the text: 0/1 for every token."""
    m = NGram(2, "d2l", epsilon=0).fit([0, 0, 1], vocabulary=3)
    assert m.next_distribution([1]).sum() == 0
    assert {m.sample(1, context=[1], rng=np.random.default_rng(seed))[0] for seed in range(20)} == {0, 1, 2}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"temperature": -0.1}, "the temperature is -0.1; sample; give 0 or more"),
        ({"temperature": float("nan")}, "the temperature is nan"),
        ({"temperature": float("inf")}, "the temperature is inf"),
        ({"top_k": 0}, "top_k is 0"),
        ({"top_k": 1.5}, "top_k is 1.5"),
        ({"top_p": 0.0}, "top_p is 0.0"),
        ({"top_p": 1.1}, "top_p is 1.1"),
        ({"top_p": float("nan")}, "top_p is nan"),
        ({"context": [9]}, "id 9 is outside"),
        ({"length": -1}, "length is -1"),
    ],
)
def test_numbers_that_make_no_sense(settings, says, rng):
    with pytest.raises(RnnError, match=says):
        model().sample(**{"length": 3, "rng": rng, **settings})


# Many contexts at once


@pytest.mark.parametrize("smoothing", ["kneser-ney", "laplace", "d2l", "katz"])
@pytest.mark.parametrize("length", [0, 1, 2, 3, 7])
def test_a_batch_is_one_context_after_the_other(smoothing, length, rng):
    m = model(order=4, smoothing=smoothing)
    contexts = rng.integers(0, V, (20, length))
    rows = m.next_distribution(contexts)
    assert rows.shape == (20, V)
    assert_array_equal(rows, [m.next_distribution(context) for context in contexts])
    assert_array_equal(m.next_distribution(contexts.tolist()), rows)
    assert m.next_distribution(contexts[:0]).shape == (0, V)


@pytest.mark.parametrize(
    ("contexts", "says"),
    [
        ([[0, 1], [2]], "the contexts have different lengths; next_distribution; give contexts of one length"),
        ([[0, 9]], "id 9 is outside 0..5"),
        (np.zeros((2, 2, 2), int), r"shape \(2, 2, 2\)"),
        ([[0.5]], "not integers"),
    ],
)
def test_batches_that_are_none(contexts, says):
    with pytest.raises(RnnError, match=says):
        model().next_distribution(contexts)
