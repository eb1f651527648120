"""Clipping by its definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import GradError, Tensor
from minigrad.nn import Parameter
from minigrad.optim import clip_grad_norm, clip_grad_value


def with_gradients(*arrays, dtype=np.float64):
    params = [Parameter(np.zeros(np.shape(a)), dtype) for a in arrays]
    for p, a in zip(params, arrays, strict=True):
        p.grad = Tensor(a, dtype=dtype)
    return params


def test_clipping_by_hand():
    """‖(3, 4, 12)‖ = 13 over two parameters taken as one vector; θ = 6.5 halves it."""
    params = with_gradients([[3.0, 4.0]], [12.0])
    assert clip_grad_norm(iter(params), 6.5) == 13
    np.testing.assert_allclose(params[0].grad.data, [[1.5, 2]], rtol=1e-15)
    np.testing.assert_allclose(params[1].grad.data, [6], rtol=1e-15)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=8),
    st.floats(1e-3, 1e6),
    st.sampled_from([np.float32, np.float64]),
)
def test_clipping_bounds_the_norm_and_keeps_the_direction(values, theta, dtype):
    params = with_gradients(values[:2], values[2:], dtype=dtype)
    before = np.concatenate([p.grad.data for p in params]).astype(float)
    norm = clip_grad_norm(params, theta)
    after = np.concatenate([p.grad.data for p in params]).astype(float)
    assert {p.grad.dtype for p in params} == {np.dtype(dtype)}
    assert norm == pytest.approx(np.linalg.norm(before), rel=1e-6, abs=1e-20)
    assert np.linalg.norm(after) <= theta * (1 + 1e-6)
    if norm <= theta:
        np.testing.assert_array_equal(after, before)
    else:
        np.testing.assert_allclose(after * (norm / theta), before, rtol=1e-5, atol=1e-30)


def test_a_zero_gradient_stays_zero():
    params = with_gradients([0.0, 0.0])
    assert clip_grad_norm(params, 1.0) == 0
    assert params[0].grad.data.tolist() == [0, 0]


def test_missing_gradients_count_nothing():
    (p,), missing = with_gradients([3.0, 4.0]), Parameter([1.0])
    assert clip_grad_norm([missing, p], 1.0) == 5
    assert missing.grad is None
    assert clip_grad_norm([missing], 1.0) == 0


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_reported_and_left(value):
    params = with_gradients([value, 2.0], [3.0])
    assert not np.isfinite(clip_grad_norm(params, 1.0))
    assert params[1].grad.data.tolist() == [3]
    assert params[0].grad.data[1] == 2


def test_a_gradient_that_two_parameters_share_is_clipped_once():
    a, b = Parameter([3.0]), Parameter([4.0])
    (a + b).backward(np.array([1.0]), create_graph=True)
    assert clip_grad_norm([a, b], np.sqrt(2) / 2) == pytest.approx(np.sqrt(2))
    np.testing.assert_allclose([a.grad.data, b.grad.data], [[0.5], [0.5]], rtol=1e-15)


def test_a_threshold_from_numpy_does_not_promote():
    params = with_gradients([3.0, 4.0], dtype=np.float32)
    clip_grad_norm(params, np.float64(1.0))
    assert params[0].grad.dtype == np.float32


def test_a_parameter_given_twice_counts_once():
    (p,) = with_gradients([3.0, 4.0])
    assert clip_grad_norm([p, p], 2.5) == 5
    np.testing.assert_allclose(p.grad.data, [1.5, 2], rtol=1e-15)


def test_a_limit_of_zero_clears_and_none_is_infinite():
    params = with_gradients([3.0, 4.0])
    assert clip_grad_norm(params, np.inf) == 5
    assert params[0].grad.data.tolist() == [3, 4]
    assert clip_grad_norm(params, 0) == 5
    assert params[0].grad.data.tolist() == [0, 0]


@pytest.mark.parametrize("clip", [clip_grad_norm, clip_grad_value])
@pytest.mark.parametrize("limit", [-1.0, np.nan])
def test_a_limit_that_is_none_is_refused(clip, limit):
    params = with_gradients([3.0])
    with pytest.raises(GradError, match=f"{clip.__name__}: .* is {limit}; give a number of at least 0"):
        clip(params, limit)
    assert params[0].grad.data.tolist() == [3]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_clipping_by_value(dtype):
    """Entry by entry: what is within stays, NaN stays, and the arrays given stay as they were."""
    params = with_gradients([[3.0, -0.5], [-2.0, 0.0]], [np.inf, np.nan], dtype=dtype)
    missing, given = Parameter([1.0]), params[0].grad.data
    clip_grad_value(iter([*params, missing, params[0]]), np.float64(1.5))
    assert params[0].grad.data.tolist() == [[1.5, -0.5], [-1.5, 0]]
    np.testing.assert_array_equal(params[1].grad.data, [1.5, np.nan])
    assert {p.grad.dtype for p in params} == {np.dtype(dtype)}
    assert given[0, 0] == 3
    assert missing.grad is None
