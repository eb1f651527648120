"""The sine, the rule that changes and the cause and its effect, against their formulas and large samples."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import DataError
from data.series import SwitchedRule, cause_and_effect, noisy_sine


def rng(seed=0):
    return np.random.default_rng(seed)


def test_the_sine_is_the_printed_one():
    series = noisy_sine(rng(3))
    times = np.arange(1, 1001)
    assert series.times.tolist() == times.tolist()
    np.testing.assert_allclose(series.signal, np.sin(0.01 * times), atol=1e-15)
    noise = series.values - series.signal
    assert abs(noise.mean()) < 5 * 0.2 / np.sqrt(1000)  # five standard errors
    assert abs(noise.var() - series.floor) < 5 * 0.04 * np.sqrt(2 / 1000)
    assert series.floor == pytest.approx(0.04)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.001, 3), st.integers(3, 200))
def test_a_sine_without_noise_obeys_its_recursion(rate, length):
    x = noisy_sine(rng(), length, noise=0, rate=rate).values
    np.testing.assert_allclose(x[2:], 2 * np.cos(rate) * x[1:-1] - x[:-2], atol=1e-12)
    assert x[0] == pytest.approx(np.sin(rate))


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 50), st.integers(0, 2**32))
def test_the_same_seed_gives_the_same_series(length, seed):
    for make in (
        lambda r: noisy_sine(r, length).values,
        lambda r: cause_and_effect("cubic", length, r).effect,
        SwitchedRule(0.5, -0.2, length + 3).sample,
    ):
        np.testing.assert_array_equal(make(rng(seed)), make(rng(seed)))
        assert len(np.unique(np.concatenate([make(rng(seed)), make(rng(seed + 1))]))) > len(make(rng(seed)))


def test_opposite_rules_leave_a_shared_one_nothing():
    rule = SwitchedRule(0.9, -0.9, 1001, noise=0.5)
    assert rule.shared_floor == pytest.approx(0.25 / (1 - 0.81))
    assert rule.floor == 0.25
    assert rule.rules.tolist() == [0.9] * 500 + [-0.9] * 500


@settings(max_examples=8, deadline=None)
@given(st.floats(-0.9, 0.9), st.floats(-0.9, 0.9), st.integers(4, 40))
def test_the_shared_floor_is_that_of_the_best_rule_on_many_series(before, after, length):
    rule = SwitchedRule(before, after, length, noise=2)
    rows = np.array([rule.sample(r) for r in map(rng, range(2000))])
    past, now = rows[:, :-1], rows[:, 1:]
    shared = (past * now).sum() / (past**2).sum()
    losses = ((now - shared * past) ** 2).mean(axis=1)
    assert abs(losses.mean() - rule.shared_floor) < 5 * losses.std() / np.sqrt(len(rows)) + 1e-2
    known = ((now - rule.rules * past) ** 2).mean(axis=1)
    assert abs(known.mean() - rule.floor) < 5 * known.std() / np.sqrt(len(rows))
    assert rule.shared_floor >= rule.floor
    first = rows[:, 0]
    assert abs(first.var() * (1 - before**2) / 4 - 1) < 5 * np.sqrt(2 / len(rows))  # stationary from the start


def spread(x, y, pieces=12):
    """Within slices of equally many x: the variance of what is left of y after a straight line."""
    found = []
    for part in np.array_split(np.argsort(x), pieces):
        line = np.polyfit(x[part], y[part], 1)
        found.append(np.var(y[part] - np.polyval(line, x[part])))
    return np.array(found[1:-1])  # the outer slices are wide


@pytest.mark.parametrize(("rule", "backward"), [("linear", (1, 1.15)), ("cubic", (3, 100))])
def test_the_noise_tells_the_direction_only_where_the_rule_bends(rule, backward):
    cause, effect = cause_and_effect(rule, 60_000, rng(1), noise=0.5)
    forward = spread(cause, effect - (cause**3 if rule == "cubic" else 0))
    assert forward.max() / forward.min() < 1.15
    np.testing.assert_allclose(forward, 0.25, rtol=0.08)
    back = spread(effect, cause)
    assert backward[0] <= back.max() / back.min() < backward[1]
    if rule == "linear":
        np.testing.assert_allclose(back, 0.25 / 1.25, rtol=0.08)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: noisy_sine(rng(), 0), "length is 0"),
        (lambda: noisy_sine(rng(), noise=-0.1), "noise is -0.1"),
        (lambda: noisy_sine(rng(), noise=float("nan")), "noise is nan"),
        (lambda: noisy_sine(rng(), rate=float("inf")), "rate holds NaN or infinity"),
        (lambda: SwitchedRule(1.0, 0.5), "before is 1.0"),
        (lambda: SwitchedRule(0.5, -1.5), "after is -1.5"),
        (lambda: SwitchedRule(0.5, 0.5, 3), "length is 3"),
        (lambda: SwitchedRule(0.5, 0.5, noise=0), "noise is 0"),
        (lambda: cause_and_effect("square", 5, rng()), 'no rule "square"'),
        (lambda: cause_and_effect("cubic", 0, rng()), "count is 0"),
        (lambda: cause_and_effect("cubic", 5, rng(), noise=-1), "noise is -1"),
    ],
)
def test_refusals_are_one_line(call, message):
    with pytest.raises(DataError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
