"""Where a function has a corner its derivative is a choice: here are ours, and that the value is NumPy's."""

import numpy as np
import pytest

from minigrad import Tensor, grad, ops

BOTH = pytest.mark.parametrize("create_graph", [False, True])
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def slopes(f, *values, dtype=np.float64, create_graph=False):
    """The gradients of Σ w · f for w = 1, 2, 3, …"""
    xs = [Tensor(v, requires_grad=True, dtype=dtype) for v in values]
    y = f(*xs)
    weights = np.arange(1, y.size + 1).reshape(y.shape).astype(dtype)
    found = grad(y, xs, create_graph, seed=weights)
    assert {g.dtype for g in found} == {np.dtype(dtype)}
    return [g.data.tolist() for g in found]


@BOTH
@DTYPES
def test_relu_and_abs_are_flat_at_zero(dtype, create_graph):
    assert slopes(ops.relu, [-1.0, 0.0, -0.0, 2.0], dtype=dtype, create_graph=create_graph) == [[0, 0, 0, 4]]
    assert slopes(ops.abs, [-1.0, 0.0, -0.0, 2.0], dtype=dtype, create_graph=create_graph) == [[-1, 0, 0, 4]]


@BOTH
@DTYPES
def test_clip_passes_inside_and_at_its_bounds(dtype, create_graph):
    x, options = [-1.5, -1.0, 0.0, 0.5, 0.75], {"dtype": dtype, "create_graph": create_graph}
    assert slopes(lambda t: t.clip(-1, 0.5), x, **options) == [[0, 2, 3, 4, 0]]
    assert slopes(lambda t: t.clip(-1), x, **options) == [[0, 2, 3, 4, 5]]
    assert slopes(lambda t: t.clip(high=0.5), x, **options) == [[1, 2, 3, 4, 0]]
    assert slopes(lambda t: t.clip(), x, **options) == [[1, 2, 3, 4, 5]]
    bounds = np.array([-2, -0.5, 0, 1, 0.75], dtype)
    assert slopes(lambda t: t.clip(bounds, 1), x, **options) == [[1, 0, 3, 0, 5]]


@BOTH
@DTYPES
def test_maximum_and_minimum_halve_at_a_tie(dtype, create_graph):
    a, b, options = [1.0, 2.0, 3.0], [2.0, 2.0, 2.0], {"dtype": dtype, "create_graph": create_graph}
    assert slopes(ops.maximum, a, b, **options) == [[0, 1, 3], [1, 1, 0]]
    assert slopes(ops.minimum, a, b, **options) == [[1, 1, 0], [0, 1, 3]]
    assert slopes(lambda t: t.maximum(2), a, **options) == [[0, 1, 3]]
    assert slopes(lambda t: ops.minimum(2, t), a, **options) == [[1, 1, 0]]
    assert slopes(lambda t: ops.maximum(t, t), a, **options) == [[1, 2, 3]]


@BOTH
@DTYPES
@pytest.mark.parametrize(("f", "sign"), [(ops.max, 1), (ops.min, -1)], ids=["max", "min"])
def test_entries_that_tie_for_the_extreme_share_equally(f, sign, dtype, create_graph):
    x, options = sign * np.array([[3.0, 1, 3], [2, 2, 2]]), {"dtype": dtype, "create_graph": create_graph}
    assert slopes(f, x, **options) == [[[0.5, 0, 0.5], [0, 0, 0]]]
    third = float(np.asarray(2, dtype) * (np.asarray(1, dtype) / 3))
    assert slopes(lambda t: f(t, -1), x, **options) == [[[0.5, 0, 0.5], [third] * 3]]
    assert slopes(lambda t: f(t, (0, 1), True), x, **options) == [[[0.5, 0, 0.5], [0, 0, 0]]]


@BOTH
def test_the_norm_is_flat_at_its_tip(create_graph):
    found = slopes(lambda t: t.norm(1), [[0.0, 0.0], [3.0, 4.0]], create_graph=create_graph)
    np.testing.assert_allclose(found, [[[0, 0], [2 * 0.6, 2 * 0.8]]], rtol=1e-15)


@pytest.mark.parametrize("name", ["relu", "abs", "clip", "maximum", "max"])
def test_the_second_derivative_of_a_broken_line_is_zero(name):
    x = Tensor([-1.0, 0.25, 2.0], requires_grad=True)
    f = {"clip": lambda t: t.clip(0, 1), "maximum": lambda t: t.maximum(0.5)}.get(name, ops.TABLE[name])
    first = grad((f(x) * f(x)).sum(), x, create_graph=True)
    curvature = grad(first.sum(), x).data
    np.testing.assert_array_equal(curvature, 2 * grad(f(x).sum(), x).data ** 2)


def test_where_passes_nothing_to_what_was_not_chosen():
    """Not even from an infinite gradient, whose product with 0 would not be a number."""
    x = Tensor([0.0, 4.0], requires_grad=True)
    safe = ops.where(x > 0, x, 1.0)
    for create_graph in (False, True):
        g = grad(ops.where(x > 0, ops.sqrt(safe), 0.0).sum(), x, create_graph, retain_graph=True)
        assert g.data.tolist() == [0, 0.25]
    a, b = Tensor([1.0, 2.0], requires_grad=True), Tensor(5.0, requires_grad=True)
    y = ops.where([True, False], a, b)
    assert y.data.tolist() == [1, 5]
    assert [g.data.tolist() for g in grad(y, [a, b], seed=[np.inf, 3.0])] == [[np.inf, 0], 3]


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout_keeps_the_mean_and_the_right_share(p):
    x = Tensor(np.full((200, 200), 3.0), requires_grad=True)
    y = ops.dropout(x, p, np.random.default_rng(0))
    kept = y.data != 0
    assert kept.mean() == pytest.approx(1 - p, abs=0.01)
    np.testing.assert_allclose(y.data[kept], 3 / (1 - p), rtol=1e-15)
    np.testing.assert_allclose(grad(y.sum(), x).data, kept / (1 - p), rtol=1e-15)


def test_dropout_at_its_ends_and_its_generator():
    x, rng = Tensor(np.ones((3, 4)), requires_grad=True, dtype=np.float32), np.random.default_rng(5)
    assert ops.dropout(x, 0, rng) is x
    assert rng.random() == np.random.default_rng(5).random()  # nothing was drawn
    none = ops.dropout(x, 1, rng)
    assert not none.data.any()
    assert not grad(none.sum(), x).data.any()
    one, two = (ops.dropout(x, 0.5, np.random.default_rng(7)).data for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, ops.dropout(x, 0.5, np.random.default_rng(8)).data)
    assert one.dtype == np.float32
