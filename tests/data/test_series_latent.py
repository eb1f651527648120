"""The latent linear series: every exact error against the covariance matrix of the whole series, and samples."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import DataError
from data.series import LatentLinear, autoregression, forecasts, turning_phase, windows


def rng(seed=0):
    return np.random.default_rng(seed)


def drawn(seed, size):
    """A random stable model of d = `size` states."""
    r = rng(seed)
    A = r.normal(size=(size, size))
    A *= r.uniform(0.1, 0.95) / np.abs(np.linalg.eigvals(A)).max()
    half = r.normal(size=(size, size))
    return LatentLinear(A, r.normal(size=size), half @ half.T, r.uniform(0, 2))


def covariances(model, length):
    """Cov(x_s, x_t) (N, N) from P as a sum, P = Σ Aʲ Q Aʲᵀ, which needs no equation to be solved."""
    P, power = np.zeros_like(model.A), np.eye(len(model.C))
    for _ in range(2000):
        P += power @ model.Q @ power.T
        power = model.A @ power
    lags = [model.C @ np.linalg.matrix_power(model.A, h) @ P @ model.C for h in range(length)]
    lags[0] += model.R
    return np.array([[lags[abs(s - t)] for t in range(length)] for s in range(length)])


def regression_error(joint, window, steps):
    """Var(x_{w+k−1} | x_0 … x_{w−1}): the Schur complement, no recursion."""
    cross, inner = joint[:window, window + steps - 1], joint[:window, :window]
    return joint[0, 0] - cross @ np.linalg.lstsq(inner, cross, rcond=None)[0]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 3), st.integers(0, 6), st.integers(1, 4))
def test_the_floor_is_the_error_of_the_best_linear_prediction(seed, size, window, steps):
    model = drawn(seed, size)
    joint = covariances(model, window + steps)
    assert model.variance == pytest.approx(joint[0, 0], rel=1e-8)
    assert model.floor(window, steps) == pytest.approx(regression_error(joint, window, steps), rel=1e-7)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 3))
def test_expected_is_the_conditional_mean_of_the_joint_gaussian(seed, size):
    model = drawn(seed, size)
    x, joint = model.sample(12, rng(seed)), covariances(model, 12)
    means = [joint[t, :t] @ np.linalg.lstsq(joint[:t, :t], x[:t], rcond=None)[0] if t else 0.0 for t in range(12)]
    np.testing.assert_allclose(model.expected(x), means, atol=1e-6 * np.abs(x).max())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 3))
def test_more_of_the_past_never_hurts_and_more_steps_never_help(seed, size):
    model = drawn(seed, size)
    by_window = [model.floor(w) for w in range(8)] + [model.floor()]
    by_step = [model.floor(steps=k) for k in range(1, 8)] + [model.variance]
    assert all(np.diff(by_window) <= 1e-9 * model.variance)
    assert all(np.diff(by_step) >= -1e-9 * model.variance)
    assert by_window[0] == pytest.approx(model.variance)


def test_an_autoregression_reaches_its_noise_at_its_order():
    model = autoregression([0.5, -0.3, 0.2], noise=1.5)
    assert model.floor(2) > 2.25 * (1 + 1e-3)
    assert model.floor(3) == pytest.approx(2.25)
    assert model.floor() == pytest.approx(2.25)
    psi = [1.0, 0.5, 0.5 * 0.5 - 0.3]
    assert model.floor(3, steps=3) == pytest.approx(2.25 * sum(p * p for p in psi))
    assert autoregression([0.8]).variance == pytest.approx(1 / (1 - 0.64))


def test_a_sample_obeys_the_rule_of_an_autoregression():
    x = autoregression([0.5, -0.3], noise=1.0).sample(40_000, rng(2))
    found = windows(x, 2)
    weights, left, _, _ = np.linalg.lstsq(found.inputs, found.targets[:, 0], rcond=None)
    np.testing.assert_allclose(weights, [-0.3, 0.5], atol=5 / np.sqrt(40_000))  # the oldest first
    assert left[0] / len(found.inputs) == pytest.approx(1.0, abs=5 * np.sqrt(2 / 40_000))


def test_samples_are_stationary_from_the_first_value():
    model = turning_phase(rate=0.7, keep=0.9, push=1.0, noise=0.5)
    rows = np.array([model.sample(3, r) for r in map(rng, range(3000))])
    np.testing.assert_allclose(np.cov(rows.T), covariances(model, 3), atol=5 * model.variance * np.sqrt(2 / 3000))


def test_the_past_beyond_any_window_tells_more():
    model = turning_phase(rate=0.05, keep=0.999, push=0.01, noise=0.2)
    x = model.sample(20_000, rng(4))
    best = np.mean((x - model.expected(x))[200:] ** 2)
    assert best == pytest.approx(model.floor(), abs=5 * model.floor() * np.sqrt(2 / 20_000))
    found = windows(x, 4)
    weights = np.linalg.lstsq(found.inputs, found.targets[:, 0], rcond=None)[0]
    left = np.mean((forecasts(lambda seen: seen @ weights, found.inputs, 1) - found.targets) ** 2)
    assert left == pytest.approx(model.floor(4), abs=5 * model.floor(4) * np.sqrt(2 / 20_000))
    assert model.floor(4) > 1.1 * model.floor()
    assert model.floor(64) > model.floor() > 0.04


def test_what_is_certain_costs_nothing():
    silent = LatentLinear(np.array([[0.5]]), np.array([1.0]), np.array([[0.0]]))
    assert silent.floor() == silent.floor(3) == silent.variance == 0
    assert silent.sample(4, rng()).tolist() == [0, 0, 0, 0]
    assert silent.expected([0.0, 0.0]).tolist() == [0, 0]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32))
def test_the_same_seed_gives_the_same_series(seed):
    model = turning_phase()
    np.testing.assert_array_equal(model.sample(9, rng(seed)), model.sample(9, rng(seed)))
    assert (model.sample(9, rng(seed)) != model.sample(9, rng(seed + 1))).any()


ONE = np.eye(1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: autoregression([1.0]), "largest eigenvalue of A has modulus 1"),
        (lambda: autoregression([0.5, 0.6]), "largest eigenvalue"),
        (lambda: autoregression([]), "no coefficients"),
        (lambda: autoregression([0.5], noise=-1), "noise is -1"),
        (lambda: turning_phase(keep=1.0), "largest eigenvalue"),
        (lambda: LatentLinear(np.eye(2) / 2, np.ones(3), np.eye(2)), "do not fit"),
        (lambda: LatentLinear(ONE / 2, np.ones(1), -ONE), "no covariance"),
        (lambda: LatentLinear(np.eye(2) / 2, np.ones(2), np.array([[1.0, 0.5], [0.0, 1.0]])), "no covariance"),
        (lambda: LatentLinear(ONE / 2, np.ones(1), ONE, -1.0), "R is -1.0"),
        (lambda: LatentLinear(ONE * np.nan, np.ones(1), ONE), "A holds NaN"),
        (lambda: turning_phase().floor(-1), "window is -1"),
        (lambda: turning_phase().floor(steps=0), "steps is 0"),
        (lambda: turning_phase().sample(0, rng()), "length is 0"),
    ],
)
def test_refusals_are_one_line(call, message):
    with pytest.raises(DataError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
