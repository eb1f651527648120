"""Ops where the table's samples do not reach: no entries, no axes, odd ids, large scores."""

import itertools
import math

import numpy as np
import pytest

from minigrad import ShapeError, Tensor, grad, gradcheck, ops

# Arrays without entries, and without axes

EMPTY = {
    "add": lambda x: x + Tensor(np.zeros((1, 2))),
    "mul": lambda x: 3 * x,
    "div": lambda x: x / x,
    "exp": ops.exp,
    "sum of nothing": ops.sum,
    "sum along nothing": lambda x: x.sum(0),
    "mean along the rest": lambda x: x.mean(1),
    "softmax": ops.softmax,
    "log_softmax": ops.log_softmax,
    "logsumexp": lambda x: x.logsumexp(1),
    "matmul": lambda x: x @ Tensor(np.ones((2, 3))),
    "matmul over nothing": lambda x: x.T @ x,
    "reshape": lambda x: x.reshape(2, 0),
    "transpose": ops.transpose,
    "broadcast_to": lambda x: x.broadcast_to((3, 0, 2)),
    "stack": lambda x: ops.stack([x, x]),
    "index": lambda x: x[:0],
    "index by array": lambda x: x[np.array([], int)],
    "take": lambda x: ops.take(x, np.array([], int)),
    "unstack": lambda x: ops.stack(x.unstack(1)),
    "power": lambda x: x**3,
}


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("name", EMPTY)
def test_an_array_without_entries_has_a_gradient_without_entries(name, create_graph):
    x = Tensor(np.zeros((0, 2), np.float32), requires_grad=True, dtype=np.float64)
    y = EMPTY[name](x)
    assert not y.data.any()  # a sum of nothing is 0
    g = grad(y, x, seed=np.ones(y.shape), create_graph=create_graph)
    assert g.shape == (0, 2)


def test_sums_over_nothing_along_an_axis_give_zeros_and_keep_the_other_gradients():
    x, w = Tensor(np.zeros((0, 2)), requires_grad=True), Tensor([1.0, -3.0], requires_grad=True)
    y = ((x.sum(0) + 2) * w).sum()
    gx, gw = grad(y, [x, w])
    assert y.item() == -4
    assert gx.shape == (0, 2)
    np.testing.assert_array_equal(gw.data, [2, 2])


def test_take_of_no_rows_gives_a_gradient_of_zeros():
    x = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = ops.take(x, np.zeros((0, 3), int))
    assert y.shape == (0, 3, 2)
    np.testing.assert_array_equal(grad(y.sum() + 5 * x[1, 0], x).data, [[0, 0], [5, 0]])


ZERO_AXES = {
    "arithmetic": lambda x: (2 - x) * x / (x + 3) - -x,
    "reductions": lambda x: x.sum() * x.mean() * x.sum(axis=()) * x.logsumexp(keepdims=True),
    "elementwise": lambda x: x.tanh() * x.exp() + x.log() * x.sqrt() - x.sigmoid() ** 3,
    "shape": lambda x: (x.reshape(1, 1).T.broadcast_to((2, 3)) * x.transpose())[1].sum(),
    "stack": lambda x: ops.stack([x, x * x]).unstack()[1],
    "index": lambda x: x[()] * x[None][0] * x[...],
}


@pytest.mark.parametrize("name", ZERO_AXES)
def test_an_array_without_axes(name):
    f = ZERO_AXES[name]
    assert gradcheck(f, [np.array(0.7)], order=2) < 1e-8
    assert f(Tensor(0.7, dtype=np.float32)).dtype == np.float32


# What the table's samples do not reach


@pytest.mark.parametrize("where", [-1, np.array([-1, -1, 2, -4]), np.array([[0, -3], [3, -1]])], ids=str)
def test_negative_ids_count_from_the_end_in_both_directions(where):
    """-1 and 3 are the same row of four, and what they receive is added up."""
    x = np.random.default_rng(0).standard_normal((4, 2))
    ids = np.asarray(where)
    gradcheck(lambda t: ops.take(t, ids), [x], order=2)
    gradcheck(lambda t: t[ids], [x], order=2)
    np.testing.assert_array_equal(ops.take(x, ids), x[ids])


def test_ids_may_be_a_list():
    x = np.random.default_rng(0).standard_normal((3, 4))
    gradcheck(lambda t: ops.take(t, [2, 0, 2]), [x], order=2)
    gradcheck(lambda t: t[[2, 0, 2]], [x], order=2)
    gradcheck(lambda t: ops.cross_entropy(t, [3, 0, 1]), [x], order=2)


def test_ids_may_be_a_tensor():
    x = np.random.default_rng(0).standard_normal((3, 4))
    ids = Tensor([2, 0, 2])
    gradcheck(lambda t: ops.take(t, ids), [x], order=2)
    gradcheck(lambda t: ops.cross_entropy(t, ids), [x], order=2)


@pytest.mark.parametrize("ids", [[-1, 0, 1], [0, 4, 1], [[0, 1, 2]], [1], [0, 1]], ids=str)
def test_cross_entropy_refuses_ids_that_name_no_class_or_no_row(ids):
    with pytest.raises(ShapeError, match="cross_entropy"):
        ops.cross_entropy(Tensor(np.ones((3, 4)), requires_grad=True), np.array(ids))


def test_a_loss_of_one_wide_row_is_a_mean_in_nats():
    """Scores ln 1, ln 2, ln 5 are the probabilities 1/8, 2/8, 5/8."""
    logits = Tensor(np.log([[1.0, 2.0, 5.0]]), requires_grad=True)
    loss = ops.cross_entropy(logits, np.array([2]))
    loss.backward()
    assert loss.item() == pytest.approx(math.log(8 / 5), rel=1e-15)
    np.testing.assert_allclose(logits.grad.data, [[1 / 8, 2 / 8, -3 / 8]], rtol=1e-14)


@pytest.mark.parametrize(
    "f",
    [ops.softmax, ops.log_softmax, ops.logsumexp, ops.sigmoid, ops.tanh],
    ids=["softmax", "log_softmax", "logsumexp", "sigmoid", "tanh"],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_scores_overflow_nowhere(f, dtype):
    x = Tensor([1e4, -1e4, 0, 3e4], requires_grad=True, dtype=dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y = f(x)
        g = grad(y.sum(), x)
    assert np.isfinite(y.data).all()
    assert np.isfinite(g.data).all()


def test_sigmoid_is_exact_in_both_tails():
    y = ops.sigmoid(np.array([-800.0, -30.0, 0.0, 30.0, 800.0]))
    assert y[0] == 0
    assert y[2] == 0.5
    assert y[-1] == 1
    assert y[1] == pytest.approx(math.exp(-30), abs=1e-16)


VECTORS = [((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((3,), (4, 3, 2)), ((4, 2, 3), (3,)), ((1,), (1, 1))]


@pytest.mark.parametrize("shapes", VECTORS, ids=str)
def test_matmul_with_vectors_is_numpys(shapes):
    rng = np.random.default_rng(2)
    a, b = (rng.standard_normal(s) for s in shapes)
    np.testing.assert_allclose((Tensor(a) @ Tensor(b)).data, a @ b, rtol=1e-14)
    gradcheck(ops.matmul, [a, b], order=2)


@pytest.mark.parametrize(
    ("axis", "keepdims"), list(itertools.product([None, 0, 1, -1, (0, 2), ()], [False, True])), ids=str
)
def test_mean_is_numpys(axis, keepdims):
    x = np.random.default_rng(4).standard_normal((2, 3, 4))
    np.testing.assert_allclose(Tensor(x).mean(axis, keepdims).data, x.mean(axis=axis, keepdims=keepdims), rtol=1e-14)
    gradcheck(lambda t: t.mean(axis, keepdims), [x], order=2)


def test_one_hot_by_hand():
    np.testing.assert_array_equal(ops.one_hot(np.array([[2], [0]]), 3, np.float32), [[[0, 0, 1]], [[1, 0, 0]]])


def test_unstack_gives_zeros_to_the_parts_that_are_not_used():
    x = Tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], requires_grad=True)
    _, middle, last = x.unstack()
    for create_graph in (False, True):
        g = grad((middle * last).sum(), x, create_graph=create_graph, retain_graph=True)
        np.testing.assert_array_equal(g.data, [[0, 0], [5, 6], [3, 4]])


def test_nan_goes_through():
    x = Tensor([1.0, np.nan, 2.0], requires_grad=True)
    y = (x.tanh() * x).exp()
    y.backward(np.ones(3))
    assert np.isnan(y.data).tolist() == np.isnan(x.grad.data).tolist() == [False, True, False]


@pytest.mark.parametrize(
    "name", ["sum", "mean", "var", "max", "norm", "logsumexp", "cumsum", "softmax", "flip", "unstack"]
)
def test_an_axis_may_be_numpys_integer(name):
    x = np.random.default_rng(0).standard_normal((2, 3))
    gradcheck(lambda t: ops.TABLE[name](t, np.int64(1))[0] * 1, [x], order=2)


@pytest.mark.parametrize("exponent", [0, 0.0, np.array([0, 1])], ids=str)
def test_the_zeroth_power_is_flat_at_zero(exponent):
    x = Tensor([0.0, 0.0], requires_grad=True)
    with np.errstate(all="raise"):
        y = x**exponent
        first = grad(y, x, seed=[2.0, 3.0], create_graph=True)
        second = grad(first.sum(), x)
    slopes = np.broadcast_to(exponent, 2)
    assert y.data.tolist() == [1, 1 - slopes[1]]
    assert first.data.tolist() == [0, 3 * slopes[1]]
    assert second.data.tolist() == [0, 0]


def test_small_powers_at_zero():
    """x² has slope 0 and curvature 2 there, x¹ slope 1 and curvature 0."""
    for exponent, slope, curvature in ((2, 0, 2), (1, 1, 0), (3, 0, 0)):
        x = Tensor(0.0, requires_grad=True)
        first = grad(x**exponent, x, create_graph=True)
        assert (first.item(), grad(first, x).item()) == (slope, curvature)
