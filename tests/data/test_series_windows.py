"""Windows, the split by time, scales and forecasts: against loops, D2L's table and the reference results of SEEDS C."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import DataError
from data.series import Scale, Windows, by_time, forecasts, noisy_sine, windows

sizes = st.tuples(st.integers(1, 6), st.integers(1, 5), st.integers(0, 30))


def d2l_table(x, tau):
    """D2L's features and labels, column by column as the book fills them."""
    features = np.zeros((len(x) - tau, tau))
    for i in range(tau):
        features[:, i] = x[i : len(x) - tau + i]
    return features, x[tau:].reshape(-1, 1)


def fitted(training):
    """The affine least-squares predictor of the first target."""
    with_one = lambda inputs: np.column_stack([inputs, np.ones(len(inputs))])
    weights = np.linalg.lstsq(with_one(training.inputs), training.targets[:, 0], rcond=None)[0]
    return lambda inputs: with_one(inputs) @ weights


@settings(max_examples=20, deadline=None)
@given(sizes)
def test_windows_hold_what_a_loop_finds(size):
    tau, steps, extra = size
    x = np.random.default_rng(extra).normal(size=tau + steps + extra)
    found = windows(x, tau, steps)
    assert found.inputs.shape == (extra + 1, tau)
    for i in range(extra + 1):
        assert found.inputs[i].tolist() == [x[i + j] for j in range(tau)]
        assert found.targets[i].tolist() == [x[i + tau + j] for j in range(steps)]


def test_one_step_is_d2ls_table():
    x = noisy_sine(np.random.default_rng(0)).values
    features, labels = d2l_table(x, 4)
    found = windows(x, 4)
    np.testing.assert_array_equal(found.inputs, features)
    np.testing.assert_array_equal(found.targets, labels)


@settings(max_examples=20, deadline=None)
@given(sizes, st.data())
def test_no_target_is_both_trained_and_tested_on(size, data):
    tau, steps, extra = size
    times = np.arange(tau + 2 * steps + extra)
    found = windows(times, tau, steps)
    cut = data.draw(st.integers(1, len(found.inputs) - steps))
    training, test = by_time(found, cut)
    assert len(training.inputs) == len(training.targets) == cut
    assert test.targets.min() == training.targets.max() + 1  # nothing twice, and nothing skipped
    assert len(test.inputs) == len(found.inputs) - cut - steps + 1
    assert (test.inputs[:, -1] == test.targets[:, 0] - 1).all()


def test_forecasts_feed_on_themselves():
    rule = lambda seen: seen[:, 1] + seen[:, 0]  # Fibonacci
    made = forecasts(rule, np.array([[0.0, 1.0], [2.0, 1.0]]), 6)
    assert made.tolist() == [[1, 2, 3, 5, 8, 13], [3, 4, 7, 11, 18, 29]]
    np.testing.assert_array_equal(forecasts(lambda seen: rule(seen)[:, None], np.array([[0.0, 1.0]]), 6), made[:1])


def test_the_reference_errors_of_least_squares():
    """SEEDS C: medians of 40 seeds, τ = 4: .049 .054 .069 .243 for k = 1 4 16 64, over all windows."""
    horizons, errors = np.array([1, 4, 16, 64]), []
    for seed in range(40):
        x = noisy_sine(np.random.default_rng(seed)).values
        training, _ = by_time(windows(x, 4), 600)
        every = windows(x, 4, 64)
        squares = (forecasts(fitted(training), every.inputs, 64) - every.targets) ** 2
        errors.append(squares.mean(axis=0)[horizons - 1])
    np.testing.assert_allclose(np.median(errors, axis=0), [0.049, 0.054, 0.069, 0.243], atol=1.5e-3)


@pytest.mark.parametrize(("tau", "low", "high"), [(1, 5.5e-5, 6.2e-5), (2, 0, 1e-20)])
def test_without_noise_two_values_are_enough_and_one_is_not(tau, low, high):
    x = noisy_sine(np.random.default_rng(0), noise=0).values
    training, test = by_time(windows(x, tau), 600)
    assert low <= np.mean((fitted(training)(test.inputs) - test.targets[:, 0]) ** 2) <= high


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 30), st.integers(1, 3), st.integers(0, 9))
def test_a_scale_knows_the_training_part_only(rows, width, seed):
    values = np.random.default_rng(seed).normal(3, 5, (rows, width))
    scale = Scale.of(values)
    z = scale.apply(values)
    np.testing.assert_allclose([z.mean(0), (z**2).mean(0)], [[0] * width, [1] * width], atol=1e-9)
    later = values[::-1] * 7 - 2
    np.testing.assert_allclose(scale.undo(scale.apply(later)), later, atol=1e-9)
    by_hand = (later - values.sum(0) / rows) / np.sqrt(((values - values.mean(0)) ** 2).sum(0) / rows)
    np.testing.assert_allclose(scale.apply(later), by_hand, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: windows(np.arange(5), 4, 2), "5 values are too few"),
        (lambda: windows(np.arange(5), 0), "tau is 0"),
        (lambda: windows(np.arange(5), 2.5), "tau is 2.5"),
        (lambda: windows(np.arange(5), 1, 0), "steps is 0"),
        (lambda: windows([1, np.nan, 2], 1), "NaN"),
        (lambda: windows(np.zeros((3, 3)), 1), "shape"),
        (lambda: windows(["a", "b"], 1), "cannot be read"),
        (lambda: by_time(windows(np.arange(9), 2, 3), 3), "leave none to test on"),
        (lambda: by_time(windows(np.arange(9), 2), 0), "training is 0"),
        (lambda: forecasts(lambda x: x, np.zeros((3, 2)), 1), "returned shape"),
        (lambda: forecasts(lambda x: x[:, 0], np.zeros(3), 1), "shape"),
        (lambda: forecasts(lambda x: x[:, 0], np.zeros((3, 2)), 0), "steps is 0"),
        (lambda: Scale.of([2.0, 2.0]), "do not vary"),
        (lambda: Scale.of([]), "no values"),
    ],
)
def test_refusals_are_one_line(call, message):
    with pytest.raises(DataError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert str(caught.value).count("; ") == 2


def test_windows_are_copies():
    x = np.arange(5.0)
    found = windows(x, 2)
    found.inputs[:] = -1
    assert x.tolist() == [0, 1, 2, 3, 4]
    assert isinstance(found, Windows)
