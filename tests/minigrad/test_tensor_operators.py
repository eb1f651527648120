"""Arithmetic, methods, indexing and broadcasting against NumPy."""

import operator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import (
    array_shapes,
    basic_indices,
    integer_array_indices,
    mutually_broadcastable_shapes,
)

import minigrad
from minigrad import (
    Tensor,
    grad,
    gradcheck,
    ops,
    relative_error,
)

A = np.arange(6.0).reshape(2, 3)
OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv]


# Operators


@pytest.mark.parametrize("op", [*OPERATORS, operator.matmul])
def test_an_array_first_asks_the_tensor(op):
    a, b = A[:, :2] + 1, A[:, 1:] + 2
    for result in (op(a, Tensor(b)), op(Tensor(a), b), op(Tensor(a), Tensor(b))):
        assert type(result) is Tensor
        np.testing.assert_allclose(result.data, op(a, b), rtol=1e-15)


def test_numpy_functions_refuse_rather_than_strip_the_gradient():
    with pytest.raises(TypeError):
        np.exp(Tensor(1.0))
    with pytest.raises(TypeError):
        np.add(np.ones(2), Tensor(np.ones(2)))


def test_gradients_of_reversed_operators():
    """At x = 2: (5 − x)' = −1, (5/x)' = −5/4, and each keeps the array's order."""
    for f, value, slope in [
        (lambda x: 5 - x, 3, -1),
        (lambda x: 5 / x, 2.5, -1.25),
        (lambda x: 5 * x, 10, 5),
        (lambda x: 5 + x, 7, 1),
        (lambda x: -x, -2, -1),
        (lambda x: x - 5, -3, 1),
        (lambda x: x / 5, 0.4, 0.2),
        (lambda x: x**-1, 0.5, -0.25),
    ]:
        x = Tensor(2.0, requires_grad=True)
        y = f(x)
        assert (y.item(), grad(y, x).item()) == (value, slope)


METHODS = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "sum": np.sum,
    "mean": np.mean,
    "logsumexp": lambda a: np.log(np.exp(a).sum()),
    "softmax": lambda a: np.exp(a) / np.exp(a).sum(-1, keepdims=True),
    "log_softmax": lambda a: a - np.log(np.exp(a).sum(-1, keepdims=True)),
    "transpose": np.transpose,
}


@pytest.mark.parametrize("name", METHODS)
def test_methods_are_their_functions(name):
    x = np.random.default_rng(0).uniform(0.5, 2, (2, 3, 4))
    method = getattr(Tensor(x), name)()
    np.testing.assert_allclose(method.data, METHODS[name](x), rtol=1e-14)
    np.testing.assert_array_equal(method.data, getattr(ops, name)(Tensor(x)).data)


def test_methods_pass_their_arguments_on():
    a = np.random.default_rng(0).standard_normal((2, 3, 4))
    x = Tensor(a)
    for name in ("sum", "mean"):
        np.testing.assert_allclose(getattr(x, name)(1).data, getattr(np, name)(a, axis=1), rtol=1e-14)
        np.testing.assert_allclose(
            getattr(x, name)((0, -1), keepdims=True).data,
            getattr(np, name)(a, axis=(0, 2), keepdims=True),
            rtol=1e-13,
        )
    np.testing.assert_allclose(x.logsumexp(0, True).data, np.log(np.exp(a).sum(0, keepdims=True)), rtol=1e-13)
    np.testing.assert_allclose(x.softmax(1).data.sum(1), np.ones((2, 4)), rtol=1e-14)
    np.testing.assert_allclose(x.log_softmax(0).data, a - np.log(np.exp(a).sum(0)), rtol=1e-13)
    np.testing.assert_array_equal(x.transpose((2, 0, 1)).data, a.transpose(2, 0, 1))
    np.testing.assert_array_equal(x.T.data, a.T)
    np.testing.assert_array_equal(x.mT.data, a.swapaxes(1, 2))
    np.testing.assert_array_equal(x.reshape(4, -1).data, a.reshape(4, 6))
    np.testing.assert_array_equal(x.reshape((4, 6)).data, a.reshape(4, 6))
    np.testing.assert_array_equal(x.broadcast_to((2, 2, 3, 4)).data, [a, a])
    np.testing.assert_array_equal([p.data for p in x.unstack(2)], np.moveaxis(a, 2, 0))


# Iteration and indexing


def test_iteration_walks_the_first_axis_once():
    x = Tensor(A, requires_grad=True)
    rows = list(x)
    assert [r.data.tolist() for r in rows] == A.tolist()
    assert {r.node for r in rows} == {rows[0].node}  # one op for all rows: O(T) back, not O(T²)
    (rows[0] * rows[1] * rows[1]).sum().backward()
    np.testing.assert_array_equal(x.grad.data, [A[1] ** 2, 2 * A[0] * A[1]])


INDICES = {
    "a number": 1,
    "a negative number": -2,
    "numpy's number": np.int64(2),
    "a slice": slice(1, 3),
    "a step back": slice(None, None, -2),
    "nothing": slice(3, 3),
    "two": (1, -1),
    "mixed": (slice(None), 2),
    "dots": (..., 0),
    "a new axis": (None, 1),
    "a new axis inside": (slice(1, 3), None, 0),
    "a list": [2, 0, 2],
    "an array": np.array([[0, -1], [3, 3]]),
    "a mask": np.array([True, False, True, True]),
    "a mask of all": np.arange(12).reshape(4, 3) % 3 == 0,
    "pairs, twice the same": (np.array([1, 1, -3]), np.array([2, 2, 2])),
    "array and slice": (np.array([3, 0, 3]), slice(1, None)),
    "slice and array": (slice(1, None), np.array([0, 0])),
    "numbers in order": (2, np.array([1, 1])),
    "everything": (),
    "a tensor": Tensor([1, 1, 0]),
}


@pytest.mark.parametrize("name", INDICES)
def test_indexing_is_numpys_and_goes_back_by_adding(name):
    where = INDICES[name]
    a = np.random.default_rng(0).standard_normal((4, 3))
    plain = where.data if isinstance(where, Tensor) else where
    x = Tensor(a, requires_grad=True)
    y = x[where]
    np.testing.assert_array_equal(y.data, a[plain])
    assert y.data.dtype == a.dtype
    seed = np.random.default_rng(1).standard_normal(y.shape)
    expected = np.zeros(12)
    for flat, g in zip(np.arange(12).reshape(4, 3)[plain].ravel(), np.ravel(seed), strict=True):
        expected[flat] += g
    np.testing.assert_allclose(grad(y, x, seed=seed).data, expected.reshape(4, 3), rtol=1e-14, atol=1e-14)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_any_index_equals_numpy(data):
    shape = data.draw(array_shapes(min_dims=1, max_dims=3, max_side=4))
    where = data.draw(st.one_of(basic_indices(shape, allow_newaxis=True), integer_array_indices(shape)))
    a = np.random.default_rng(0).standard_normal(shape)
    np.testing.assert_array_equal(Tensor(a)[where].data, a[where])
    if a[where].size:
        assert gradcheck(lambda t: t[where], [a], order=2) < 1e-8


# Broadcasting


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(
    mutually_broadcastable_shapes(num_shapes=2, min_dims=0, max_dims=3, min_side=1, max_side=3),
    st.sampled_from(OPERATORS),
    st.integers(0, 99),
)
def test_arithmetic_broadcasts_as_numpy_and_back(shapes, op, seed):
    rng = np.random.default_rng(seed)
    a, b = (rng.uniform(0.5, 2, s) for s in shapes.input_shapes)
    y = op(Tensor(a), Tensor(b))
    assert y.shape == shapes.result_shape
    assert relative_error(y.data, op(a, b)) < 1e-15
    assert gradcheck(op, [a, b], order=2) < 1e-7


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(mutually_broadcastable_shapes(num_shapes=3, min_dims=0, max_dims=3, min_side=0, max_side=3))
def test_gradients_have_the_shape_of_their_inputs(shapes):
    """With axes of length 0 as well: Σ a·b + c counts how often each entry of c was used."""
    a, b, c = (Tensor(np.full(s, 2.0), requires_grad=True) for s in shapes.input_shapes)
    y = (a * b + c).sum()
    ga, _, gc = grad(y, [a, b, c])
    assert (ga.shape, gc.shape) == (a.shape, c.shape)
    entries = int(np.prod(shapes.result_shape))
    np.testing.assert_array_equal(gc.data, np.full(c.shape, entries / max(c.size, 1)))
    np.testing.assert_array_equal(ga.data, np.full(a.shape, 2 * entries / max(a.size, 1)))


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(
    mutually_broadcastable_shapes(num_shapes=2, min_dims=0, max_dims=2, min_side=1, max_side=3),
    st.tuples(*[st.integers(1, 3)] * 3),
)
def test_matmul_broadcasts_as_numpy_and_back(shapes, sizes):
    rng = np.random.default_rng(0)
    n, k, m = sizes
    a, b = (
        rng.standard_normal((*shapes.input_shapes[0], n, k)),
        rng.standard_normal((*shapes.input_shapes[1], k, m)),
    )
    assert relative_error((Tensor(a) @ Tensor(b)).data, a @ b) < 1e-13
    gradcheck(operator.matmul, [a, b], order=2)


def test_the_public_names():
    for name in minigrad.__all__:
        assert getattr(minigrad, name) is not None
    assert len(set(minigrad.__all__)) == len(minigrad.__all__)
