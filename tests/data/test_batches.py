"""Sampling [D2L 8.3.4]: the printed batches of seed 004, and what holds for every text, batch and window."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import DataError, batches_per_epoch, random_batches, sequential_batches

PRINTED_RANDOM = [  # seed 004, 8.3.4.1: the first id of each row
    [14, 29],
    [19, 9],
    [4, 24],
]
PRINTED_SEQUENTIAL = [  # seed 004, 8.3.4.2
    [[1, 2, 3, 4, 5], [17, 18, 19, 20, 21]],
    [[6, 7, 8, 9, 10], [22, 23, 24, 25, 26]],
    [[11, 12, 13, 14, 15], [27, 28, 29, 30, 31]],
]
COUNTING = np.arange(35)

sizes = st.tuples(st.integers(1, 6), st.integers(1, 7), st.integers(0, 80), st.integers(0, 2**32))


def generator(seed=0):
    return np.random.default_rng(seed)


def text_of(batch, window, extra):
    """A text just long enough, and `extra` more; every id occurs once, so that it tells its place."""
    length = (batch + 1) * window + extra
    ids = generator(length).permutation(length) + 1000
    return ids, {token: place for place, token in enumerate(ids.tolist())}


def places_of(minibatches, where):
    """The place in the text of every input, after checking that each target stands one further on."""
    found = []
    for inputs, targets in minibatches:
        places = np.array([[where[token] for token in row] for row in inputs.tolist()])
        assert targets.tolist() == [[where_next(where, place) for place in row] for row in places]
        found.append(places)
    return np.array(found)


def where_next(where, place):
    return next(token for token, at in where.items() if at == place + 1)


def test_the_printed_random_batches():
    starts = [14, 29, 19, 9, 4, 24]
    minibatches = list(random_batches(COUNTING, 2, 5, rng=generator(), offset=4, starts=starts))
    rows = [[list(range(first, first + 5)) for first in pair] for pair in PRINTED_RANDOM]
    assert [m.inputs.tolist() for m in minibatches] == rows
    assert [m.targets.tolist() for m in minibatches] == (np.array(rows) + 1).tolist()


def test_the_printed_sequential_batches():
    minibatches = list(sequential_batches(COUNTING, 2, 5, offset=1))
    assert [m.inputs.tolist() for m in minibatches] == PRINTED_SEQUENTIAL
    assert [m.targets.tolist() for m in minibatches] == (np.array(PRINTED_SEQUENTIAL) + 1).tolist()


@pytest.mark.parametrize("offset", range(5))
def test_35_tokens_make_6_pairs_in_3_minibatches(offset):
    for minibatches in (
        list(random_batches(COUNTING, 2, 5, rng=generator(), offset=offset)),
        list(sequential_batches(COUNTING, 2, 5, offset=offset)),
    ):
        assert len(minibatches) == batches_per_epoch(35, 2, 5, offset) == 3
        assert all(m.inputs.shape == m.targets.shape == (2, 5) for m in minibatches)
        assert all(m.inputs.dtype == m.targets.dtype == np.int64 for m in minibatches)


def test_an_offset_of_a_whole_window_loses_a_minibatch():
    assert len(list(sequential_batches(COUNTING, 2, 5, offset=5))) == batches_per_epoch(35, 2, 5, 5) == 2


def test_over_all_offsets_every_token_but_the_first_is_a_target():
    drawn, ordered = set(), set()
    for offset in range(5):
        drawn |= {t for m in random_batches(COUNTING, 2, 5, rng=generator(), offset=offset) for t in m.targets.flat}
        ordered |= {t for m in sequential_batches(COUNTING, 2, 5, offset=offset) for t in m.targets.flat}
    assert drawn == ordered == set(range(1, 35))


def test_offsets_are_drawn_from_0_to_window_less_1_and_each_occurs():
    rng = generator()
    ordered = [next(sequential_batches(COUNTING, 2, 5, rng=rng)).inputs[0, 0] for _ in range(200)]
    drawn = [next(random_batches(COUNTING, 1, 5, rng=rng)).inputs[0, 0] % 5 for _ in range(200)]
    for offsets in (ordered, drawn):
        assert np.bincount(offsets, minlength=5).min() > 20
        assert max(offsets) == 4


def test_without_rng_a_sequential_pass_begins_at_the_first_token():
    assert next(sequential_batches(COUNTING, 2, 5)).inputs[:, 0].tolist() == [0, 17]


@given(sizes)
def test_random_windows_are_those_of_one_offset_each_at_most_once(size):
    batch, window, extra, seed = size
    ids, where = text_of(batch, window, extra)
    places = places_of(random_batches(ids, batch, window, rng=generator(seed)), where).reshape(-1, window)
    firsts = places[:, 0].tolist()
    offset = firsts[0] % window
    whole = [s for s in range(offset, len(ids)) if (s - offset) % window == 0 and s + window < len(ids)]
    assert (np.diff(places, axis=1) == 1).all()
    assert len(set(firsts)) == len(firsts) == len(whole) // batch * batch
    assert set(firsts) <= set(whole)


@given(sizes)
def test_rows_of_a_sequential_pass_read_on_side_by_side(size):
    batch, window, extra, seed = size
    ids, where = text_of(batch, window, extra)
    places = places_of(sequential_batches(ids, batch, window, rng=generator(seed)), where)
    stretches = places.transpose(1, 0, 2).reshape(batch, -1)
    offset = int(stretches[0, 0])
    stretch = (len(ids) - 1 - offset) // batch
    assert offset < window
    assert (np.diff(stretches, axis=1) == 1).all()
    assert stretches[:, 0].tolist() == [offset + row * stretch for row in range(batch)]
    assert stretch - window < stretches.shape[1] <= stretch


@given(sizes, st.integers(0, 6))
def test_the_number_of_minibatches_is_known_beforehand(size, offset):
    batch, window, extra, seed = size
    ids, _ = text_of(batch, window, extra + offset)
    expected = batches_per_epoch(len(ids), batch, window, offset)
    assert len(list(random_batches(ids, batch, window, rng=generator(seed), offset=offset))) == expected
    assert len(list(sequential_batches(ids, batch, window, offset=offset))) == expected


def test_random_order_differs_between_passes_and_repeats_with_the_seed():
    def first_ids(rng):
        return [int(m.inputs[0, 0]) for m in random_batches(np.arange(2001), 1, 5, rng=rng, offset=0)]

    rng = generator(1)
    first, second = first_ids(rng), first_ids(rng)
    assert first == first_ids(generator(1))
    assert first != second
    assert sorted(first) == sorted(second) == list(range(0, 2000, 5)) != first


@pytest.mark.parametrize("sampling", [random_batches, sequential_batches])
def test_all_randomness_is_drawn_at_the_call(sampling):
    rng, other = generator(3), generator(3)
    minibatches = sampling(COUNTING, 2, 5, rng=rng)
    state = rng.bit_generator.state
    assert state != other.bit_generator.state
    read = [m.inputs.tolist() for m in minibatches]
    assert rng.bit_generator.state == state
    assert read == [m.inputs.tolist() for m in sampling(COUNTING, 2, 5, rng=other)]


@pytest.mark.parametrize("sampling", [random_batches, sequential_batches])
def test_minibatches_are_copies(sampling):
    ids = np.arange(35)
    for minibatch in sampling(ids, 2, 5, rng=generator()):
        minibatch.inputs[...] = minibatch.targets[...] = -1
    assert ids.tolist() == list(range(35))


@pytest.mark.parametrize("sampling", [random_batches, sequential_batches])
@pytest.mark.parametrize("length", range(20))
def test_a_text_is_long_enough_for_every_offset_or_for_none(sampling, length):
    outcomes = set()
    for seed in range(30):
        try:
            outcomes.add(len(list(sampling(np.arange(length), 2, 5, rng=generator(seed)))) > 0)
        except DataError as error:
            outcomes.add(str(error))
    need = f"the text has {length} tokens and one minibatch needs 15; batch 2, window 5, offset up to 4; "
    assert outcomes == ({True} if length >= 15 else {need + "give a longer text, or a smaller batch or window"})


def test_a_fixed_offset_needs_just_one_minibatch_behind_it():
    assert len(list(sequential_batches(np.arange(11), 2, 5))) == 1
    assert len(list(random_batches(np.arange(14), 2, 5, rng=generator(), offset=3))) == 1
    with pytest.raises(DataError, match="has 10 tokens and one minibatch needs 11"):
        sequential_batches(np.arange(10), 2, 5)
    with pytest.raises(DataError, match="has 13 tokens and one minibatch needs 14"):
        random_batches(np.arange(13), 2, 5, rng=generator(), offset=3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch": 0}, "the batch is 0"),
        ({"window": 0}, "the window is 0"),
        ({"window": -3}, "the window is -3"),
        ({"offset": -1}, "the offset is -1"),
        ({"ids": np.arange(35.0)}, "dtype float64"),
        ({"ids": np.zeros((5, 7), int)}, r"shape \(5, 7\)"),
    ],
)
def test_bad_settings_are_refused_at_the_call(change, message):
    settings = {"ids": COUNTING, "batch": 2, "window": 5, "rng": generator(), **change}
    for sampling in (random_batches, sequential_batches):
        with pytest.raises(DataError, match=message):
            sampling(**settings)


@pytest.mark.parametrize("starts", [[], [4], [4, 4], [4, 10], [-1, 4], [4, 34]])
def test_starts_must_be_different_windows_of_the_offset(starts):
    with pytest.raises(DataError, match=r"windows begin at 4 … 29"):
        random_batches(COUNTING, 2, 5, rng=generator(), offset=4, starts=starts)


def test_starts_need_their_offset():
    with pytest.raises(DataError, match="without their offset"):
        random_batches(COUNTING, 2, 5, rng=generator(), starts=[4, 9])
