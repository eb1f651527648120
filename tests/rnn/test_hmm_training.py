"""Baum–Welch against counts over all paths, its gradient, and its promise never to lose; and sampling."""

import numpy as np
import pytest
from hmm_cases import Paths, arithmetic, problems, seen
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from rnn.baselines import HMM, baum_welch

BOTH = pytest.mark.parametrize("kind", ["plain", "logs"])


def counted(model, sequences):
    """Expected counts by brute force, (start, transitions, emissions)."""
    start, moves, shown = (
        np.zeros(model.start.shape),
        np.zeros(model.transitions.shape),
        np.zeros(model.emissions.shape),
    )
    for ids in sequences:
        paths = Paths(model.start, model.transitions, seen(model.emissions, ids))
        start += paths.at(0) / paths.total
        for t, token in enumerate(ids):
            shown[:, token] += paths.at(t) / paths.total
            moves += paths.pair(t) / paths.total if t + 1 < len(ids) else 0
    return start, moves, shown


def tables(model):
    return model.start, model.transitions, model.emissions


def rows(counts, before):
    sums = counts.sum(axis=-1, keepdims=True)
    return np.array(np.broadcast_to(before, counts.shape)) if not sums.any() else np.where(
        sums > 0, counts / np.where(sums > 0, sums, 1), before
    )  # fmt: skip


@BOTH
@settings(max_examples=30, deadline=None)
@given(problem=problems(), more=st.lists(st.integers(0, 3), min_size=1, max_size=5))
def test_one_update_divides_the_counts_over_all_paths(kind, problem, more):
    model, ids = problem
    sequences = [ids, np.array(more) % model.vocabulary]
    assume(np.isfinite(model.log_likelihood(sequences)))
    with arithmetic(kind):
        fit = baum_welch(model, sequences, updates=1, tolerance=0.0)
    for found, counts, before in zip(tables(fit.model), counted(model, sequences), tables(model), strict=True):
        assert_allclose(found, rows(counts, before), rtol=1e-11, atol=1e-300)
    assert fit.updates == 1
    expected = [model.log_likelihood(sequences), fit.model.log_likelihood(sequences)]
    assert_allclose(fit.log_likelihoods, expected, rtol=1e-12, atol=1e-12)


@BOTH
@settings(max_examples=15, deadline=None)
@given(problem=problems(least=2), added=st.sampled_from([0.0, 0.3, (0.0, 0.0, 1.0), (2.0, 0.1, 0.0)]))
def test_no_update_lowers_the_objective(kind, problem, added):
    model, ids = problem
    assume(np.isfinite(model.log_likelihood(ids)))
    with arithmetic(kind):
        fit = baum_welch(model, [ids, ids[:2]], updates=25, tolerance=0.0, pseudo_counts=added)
    gains = np.diff(fit.objectives[1:])  # before the first update a pseudo-count may find a 0
    assert (gains > -1e-10).all()
    assert fit.objectives[-1] > fit.objectives[0] - 1e-10
    assert_allclose(fit.log_likelihoods[-1], fit.model.log_likelihood([ids, ids[:2]]), rtol=1e-12, atol=1e-12)
    if added == 0.0:
        assert fit.objectives == fit.log_likelihoods


def test_the_objective_is_log_p_plus_the_logarithms_counted():
    rng = np.random.default_rng(3)
    ids = rng.integers(3, size=40)
    fit = baum_welch(HMM.random(2, 3, rng), ids, updates=3, tolerance=0.0, pseudo_counts=(0.5, 1.5, 2.5))
    prior = [added * np.log(t).sum() for added, t in zip((0.5, 1.5, 2.5), tables(fit.model), strict=True)]
    assert fit.objectives[-1] == pytest.approx(fit.model.log_likelihood(ids) + sum(prior), rel=1e-12)


def test_where_it_ends_the_likelihood_is_stationary():
    """Moving probability between two entries of a row changes log P by nothing, in first order: differences."""
    rng = np.random.default_rng(5)
    ids = HMM.random(2, 3, rng).sample(300, rng).ids
    model = baum_welch(HMM.random(2, 3, rng), ids, updates=1000, tolerance=1e-11).model
    slopes = []
    for which, table in enumerate(tables(model)[1:], 1):
        for h in range(2):
            j, k = np.argsort(table[h])[-2:]
            assert table[h, j] > 0.05
            step = 1e-4 * table[h, j]
            moved = []
            for sign in (1, -1):
                changed = [t.copy() for t in tables(model)]
                changed[which][h, [j, k]] += sign * step * np.array([1, -1])
                moved.append(HMM(*changed).log_likelihood(ids))
            slopes.append((moved[0] - moved[1]) / (2 * step))
    assert np.abs(slopes).max() < 1e-2 * np.sqrt(300)


def test_it_finds_the_model_that_made_the_text():
    """Up to the order of the states, within a few standard errors of 8,000 steps."""
    rng = np.random.default_rng(7)
    true = HMM([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], [[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]])
    ids = true.sample(8_000, rng).ids
    fits = [baum_welch(HMM.random(2, 3, np.random.default_rng(seed)), ids, updates=200) for seed in range(2)]
    best = max(fits, key=lambda fit: fit.log_likelihoods[-1])
    order = np.argsort(best.model.emissions[:, 2])
    assert_allclose(best.model.emissions[order], true.emissions, atol=0.05)
    assert_allclose(best.model.transitions[order][:, order], true.transitions, atol=0.05)
    assert best.log_likelihoods[-1] > true.log_likelihood(ids)


def test_it_stops_when_an_update_gains_less_than_the_tolerance_per_step():
    rng = np.random.default_rng(9)
    model, ids = HMM.random(2, 3, rng), rng.integers(3, size=200)
    fit = baum_welch(model, ids, tolerance=1e-4, updates=500)
    gains = np.diff(fit.objectives) / 200
    assert fit.converged
    assert gains[-1] < 1e-4
    assert (gains[:-1] >= 1e-4).all()
    short = baum_welch(model, ids, tolerance=0.0, updates=2)
    assert (short.converged, short.updates) == (False, 2)
    none = baum_welch(model, ids, updates=0)
    assert none.model is model
    assert none.log_likelihoods == pytest.approx([model.log_likelihood(ids)])


def test_the_same_seed_gives_the_same_fit_and_another_one_another():
    ids = np.random.default_rng(1).integers(4, size=100)
    first, again, other = (
        baum_welch(HMM.random(3, 4, np.random.default_rng(seed)), ids, updates=5).model for seed in (1, 1, 2)
    )
    assert_array_equal(first.emissions, again.emissions)
    assert np.abs(first.emissions - other.emissions).max() > 0.01


def test_a_sequence_given_twice_counts_twice():
    rng = np.random.default_rng(13)
    model, one, two = HMM.random(2, 3, rng), rng.integers(3, size=7), rng.integers(3, size=5)
    twice = baum_welch(model, [one, two, one], updates=1, tolerance=0.0).model
    joined = baum_welch(model, np.concatenate([one, two, one]), [7, 5, 7], updates=1, tolerance=0.0).model
    shuffled = baum_welch(model, [two, one, one], updates=1, tolerance=0.0).model
    for other in (joined, shuffled):
        for a, b in zip(tables(twice), tables(other), strict=True):
            assert_allclose(a, b, rtol=1e-12)


LEFT_RIGHT = HMM(
    [1.0, 0.0, 0.0],
    [[0.6, 0.4, 0.0], [0.0, 0.7, 0.3], [0.0, 0.0, 1.0]],
    [[0.5, 0.3, 0.2], [0.2, 0.6, 0.2], [0.1, 0.3, 0.6]],
)


@BOTH
@pytest.mark.parametrize("added", [0.0, 1.0])
def test_what_cannot_happen_stays_so(kind, added):
    """From left to right after training too; a token never seen keeps a probability if it is counted beforehand."""
    with arithmetic(kind):
        model = baum_welch(LEFT_RIGHT, [[0, 0, 1, 1, 0], [0, 1, 1]], updates=10, pseudo_counts=added).model
    assert (model.transitions[LEFT_RIGHT.transitions == 0] == 0).all()
    assert_array_equal(model.start, LEFT_RIGHT.start)
    assert ((model.emissions[:, 2] > 0) == bool(added)).all()
    assert_allclose(model.emissions.sum(axis=1), 1)


def test_a_row_that_nothing_is_expected_of_stays():
    unreached = HMM([1.0, 0.0], np.eye(2), [[0.5, 0.5], [0.25, 0.75]])
    model = baum_welch(unreached, [0, 0, 1], updates=1, tolerance=0.0).model
    assert_array_equal(model.transitions, np.eye(2))
    assert_allclose(model.emissions, [[2 / 3, 1 / 3], [0.25, 0.75]])
    only = baum_welch(HMM.random(2, 2, np.random.default_rng(0)), [1], updates=1, tolerance=0.0).model
    assert_array_equal(only.transitions, HMM.random(2, 2, np.random.default_rng(0)).transitions)


def test_log_likelihoods_teach_start_and_transitions():
    rng = np.random.default_rng(17)
    model, ids = HMM.random(3, 4, rng), rng.integers(4, size=30)
    logs = np.log(model.emissions[:, ids].T)
    from_logs = baum_welch(HMM(model.start, model.transitions), logs, updates=1, tolerance=0.0).model
    from_ids = baum_welch(model, ids, updates=1, tolerance=0.0).model
    assert_allclose(from_logs.transitions, from_ids.transitions, rtol=1e-12)
    assert_allclose(from_logs.start, from_ids.start, rtol=1e-12)
    assert from_logs.emissions is None
    kept = baum_welch(model, logs, updates=4, tolerance=0.0, pseudo_counts=0.5)
    assert_array_equal(kept.model.emissions, model.emissions)
    assert (np.diff(kept.objectives) > 0).all()


# Sampling


def test_draws_are_turned_into_states_and_ids_by_their_place_in_the_rows():
    model = HMM.random(3, 4, np.random.default_rng(1))
    found = model.sample(50, np.random.default_rng(2))
    draws = np.random.default_rng(2).random((50, 2))
    row = model.start
    for t in range(50):
        state = next(h for h in range(3) if draws[t, 0] < row[: h + 1].sum())
        assert found.states[t] == state
        assert found.ids[t] == next(x for x in range(4) if draws[t, 1] < model.emissions[state, : x + 1].sum())
        row = model.transitions[state]


def test_frequencies_are_the_model_s():
    model = HMM([0.3, 0.7], [[0.9, 0.1], [0.4, 0.6]], [[0.5, 0.5, 0.0], [0.0, 0.2, 0.8]])
    found = model.sample(100_000, np.random.default_rng(3))
    for h in range(2):
        followers = found.states[1:][found.states[:-1] == h]
        assert np.bincount(followers, minlength=2) / len(followers) == pytest.approx(model.transitions[h], abs=0.012)
        shown = np.bincount(found.ids[found.states == h], minlength=3) / (found.states == h).sum()
        assert shown == pytest.approx(model.emissions[h], abs=0.012)
        assert (shown[model.emissions[h] == 0] == 0).all()
    first = [model.sample(1, np.random.default_rng(seed)).states[0] for seed in range(400)]
    assert np.mean(first) == pytest.approx(0.7, abs=0.1)


def test_nothing_of_probability_0_is_drawn_even_at_the_ends():
    class Ends:
        def random(self, shape):
            return np.resize([0.0, np.nextafter(1, 0)], shape[::-1]).T.copy()

    rows = [0.0, 1 / 3, 1 / 3, 1 / 3 - 1e-9, 0.0]
    found = HMM([0.0, 1.0, 0.0], np.tile([0.0, 1.0, 0.0], (3, 1)), [rows] * 3).sample(4, Ends())
    assert found.states.tolist() == [1] * 4
    assert set(found.ids.tolist()) <= {1, 3}
