"""The sources with a memory: what their docstrings derive, against their general machinery, rules and long samples."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import DataError
from data.tasks import Echo, Switched, held_key, markov_source, random_markov_source

seeds = st.integers(0, 2**32)


def rng(seed=0):
    return np.random.default_rng(seed)


def nats(chances):
    return -sum(p * np.log(p) for p in chances if p > 0)


def within_five_errors(source, text, of):
    """Whether the mean of −log P over a text is `of`, to five standard errors, from means over stretches."""
    parts = -source.log_probs(text).reshape(100, -1).mean(axis=1)
    return abs(parts.mean() - of) < 5 * parts.std(ddof=1) / 10


@pytest.mark.parametrize(
    "source", [random_markov_source(3, 2, rng(1)), held_key(4, 2), Echo(3, 5, 0.2), markov_source([0.2, 0.8])]
)
def test_a_long_sample_costs_the_entropy_rate_and_with_a_short_memory_its_floor(source):
    text = source.sample(50_000, rng(5))
    assert within_five_errors(source, text, source.entropy_rate)
    for context in (0, 1, 3):
        short = -source.log_probs(text, context).reshape(100, -1).mean(axis=1)
        assert abs(short.mean() - source.floor(context)) < 5 * short.std(ddof=1) / 10 + 1e-12


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 3), st.integers(1, 3), st.floats(0.05, 0.5), st.floats(0, 0.5))
def test_a_held_key_has_the_rate_and_the_floors_derived_for_it(keys, noise, told, asked):
    source, other = held_key(keys, noise, told, asked), 1 - told - asked
    rate = nats([told, asked, other]) + told * np.log(keys) + other * np.log(noise)
    assert source.entropy_rate == pytest.approx(rate / (1 + asked))
    for m in range(1, 6):
        more = asked / (1 + asked) * other ** (m - 1) * np.log(keys)
        assert source.floor(m) == pytest.approx(rate / (1 + asked) + more, abs=1e-9)


def test_a_held_key_written_turn_by_turn():
    """The game played by its rules, without states: the same source explains it at the same rate."""
    r, ids, key = rng(7), [], None
    while len(ids) < 50_000:
        turn = r.random()
        if turn < 0.05:
            key = r.integers(8)
            ids.append(5 + key)
        elif turn < 0.2:
            ids += [4, 5 + (key if key is not None else 0)]
        else:
            ids.append(r.integers(4))
    source = held_key(8, 4, 0.05, 0.15)
    assert within_five_errors(source, np.array(ids)[:50_000], source.entropy_rate)
    answers = source.log_probs(ids)[1:][np.array(ids[:-1]) == 4]
    assert (answers[1:] == 0).all()  # certain, once a key has been heard


@pytest.mark.parametrize(("tokens", "delay", "noise"), [(2, 3, 0.1), (3, 2, 0.4), (4, 1, 0.75), (2, 2, 0.0)])
def test_an_echo_is_the_markov_source_of_its_delay(tokens, delay, noise):
    echo = Echo(tokens, delay, noise)
    one = np.full((tokens, tokens), noise / (tokens - 1)) + np.eye(tokens) * (1 - noise - noise / (tokens - 1))
    shape = (tokens,) + (1,) * (delay - 1) + (tokens,)
    table = np.broadcast_to(one.reshape(shape), (tokens,) * (delay + 1))
    if noise:
        source = markov_source(table)
        assert echo.entropy_rate == pytest.approx(source.entropy_rate)
        for context in range(delay + 2):
            assert echo.floor(context) == pytest.approx(source.floor(context))
            text = rng(context).integers(tokens, size=30)
            np.testing.assert_allclose(echo.log_probs(text, context), source.log_probs(text, context))
            np.testing.assert_allclose(
                echo.next_distribution(text[:context]), source.next_distribution(text[:context]), atol=1e-12
            )
    text = echo.sample(30_001, rng(3))
    assert len(text) == 30_001
    changed = np.mean(text[delay:] != text[:-delay])
    assert abs(changed - noise) <= 5 * np.sqrt(noise * (1 - noise) / 30_000)
    if noise:
        others = (text[delay:] - text[:-delay])[text[delay:] != text[:-delay]] % tokens
        np.testing.assert_allclose(np.bincount(others, minlength=tokens)[1:] / len(others), 1 / (tokens - 1), atol=0.03)


def test_a_silent_echo_repeats_its_beginning():
    echo = Echo(5, 7, 0.0)
    text = echo.sample(50, rng(2))
    assert (text[7:] == text[:-7]).all()
    assert echo.entropy_rate == 0
    assert echo.log_probs(text).tolist()[7:] == [0.0] * 43
    assert echo.log_probs((text + np.arange(50)) % 5)[7] == -np.inf


@settings(max_examples=10, deadline=None)
@given(seeds, st.integers(0, 2))
def test_one_table_for_two_rules_costs_what_counting_both_shows(seed, context):
    one, other = (random_markov_source(2, 1, r) for r in (rng(seed), rng(seed + 1)))
    both = Switched(one, other)
    joint = ((one.blocks(context + 1) + other.blocks(context + 1)) / 2).reshape(-1, 2)
    table = joint / joint.sum(axis=1, keepdims=True)
    assert both.shared_floor(context) == pytest.approx(-(joint * np.log(np.maximum(table, 1e-300))).sum(), abs=1e-8)
    assert both.shared_floor(context) >= both.floor(context) - 1e-9
    assert both.floor(context) == pytest.approx((one.floor(context) + other.floor(context)) / 2)
    assert Switched(one, one).shared_floor(context) == pytest.approx(one.floor(context), abs=1e-9)


def test_counts_of_a_switched_text_reach_the_shared_floor():
    both = Switched(markov_source([[0.9, 0.1], [0.1, 0.9]]), markov_source([[0.2, 0.8], [0.8, 0.2]]))
    text = both.sample(100_001, rng(0))
    counts = np.bincount(2 * text[:-1] + text[1:], minlength=4).reshape(2, 2)
    loss = -(counts * np.log(counts / counts.sum(axis=1, keepdims=True))).sum() / counts.sum()
    assert loss == pytest.approx(both.shared_floor(1), abs=5e-3)
    assert both.shared_floor(1) - both.floor(1) > 0.2
    half = len(text) // 2
    halves = np.mean(text[1:half] == text[: half - 1]), np.mean(text[half + 1 :] == text[half:-1])
    np.testing.assert_allclose(halves, [0.9, 0.2], atol=0.01)


@settings(max_examples=20, deadline=None)
@given(seeds, st.integers(0, 60))
def test_the_same_seed_gives_the_same_text(seed, length):
    for source in (random_markov_source(3, 1, rng(seed)), held_key(2, 1), Echo(3, 4), Switched(held_key(), held_key())):
        n = length + 2
        text = source.sample(n, rng(seed))
        np.testing.assert_array_equal(text, source.sample(n, rng(seed)))
        assert text.shape == (n,)
        assert text.dtype == np.int64
        assert 0 <= text.min() <= text.max() < source.vocabulary
    a, b = (random_markov_source(3, 1, rng(seed)).emit for _ in range(2))
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: held_key(1), "keys is 1"),
        (lambda: held_key(noise=0), "noise is 0"),
        (lambda: held_key(told=1.2), "told is 1.2"),
        (lambda: held_key(told=0.0), "told is 0.0"),
        (lambda: held_key(told=0.6, asked=0.6), "told is 0.6 and asked 0.6"),
        (lambda: Echo(1), "vocabulary is 1"),
        (lambda: Echo(delay=0), "delay is 0"),
        (lambda: Echo(noise=1.1), "noise is 1.1"),
        (lambda: Echo().log_probs([9]), "ids run from 9"),
        (lambda: Echo().floor(-1), "context is -1"),
        (lambda: Switched(held_key(2), held_key(3)), "7 and 8 tokens"),
        (lambda: Switched(held_key(2), held_key(2)).sample(1, rng()), "length is 1"),
    ],
)
def test_refusals_are_one_line(call, message):
    with pytest.raises(DataError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert str(caught.value).count("; ") == 2
