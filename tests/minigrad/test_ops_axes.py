"""Reductions along any axes, and parts put together and taken apart, on shapes that hypothesis draws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from minigrad import ShapeError, Tensor, grad, gradcheck, ops, relative_error

quick = settings(max_examples=40, deadline=None, derandomize=True, database=None)
SHAPES = array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4)
REDUCTIONS = {
    "sum": np.sum,
    "mean": np.mean,
    "var": np.var,
    "max": np.max,
    "min": np.min,
    "norm": lambda x, axis, keepdims: np.sqrt(np.sum(np.abs(x) ** 2, axis=axis, keepdims=keepdims)),
    "logsumexp": lambda x, axis, keepdims: np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims)),
}


def some_axes(ndim):
    one = st.integers(-ndim, ndim - 1)
    several = st.lists(one, unique_by=lambda a: a % ndim, max_size=ndim).map(tuple)
    return st.one_of(st.none(), one, several)


def drawn_array(shape):
    return np.random.default_rng(sum(shape)).permutation(np.linspace(-2, 2, int(np.prod(shape)))).reshape(shape)


@pytest.mark.parametrize("name", REDUCTIONS)
@quick
@given(st.data())
def test_reductions_are_numpys_along_any_axes(name, data):
    shape = data.draw(SHAPES)
    axis, keepdims = data.draw(some_axes(len(shape))), data.draw(st.booleans())
    x = drawn_array(shape)
    result = getattr(Tensor(x), name)(axis, keepdims)
    expected = REDUCTIONS[name](x, axis=axis, keepdims=keepdims)
    assert result.shape == expected.shape
    assert relative_error(result.data, expected) < 1e-12
    gradcheck(lambda t: getattr(t, name)(axis, keepdims) + 3 * t.sum(), [x])


@quick
@given(st.data())
def test_cumsum_is_numpys_and_ends_in_the_sum(data):
    shape = data.draw(SHAPES)
    axis = data.draw(st.one_of(st.none(), st.integers(-len(shape), len(shape) - 1)))
    x = drawn_array(shape)
    y = Tensor(x).cumsum(axis)
    np.testing.assert_array_equal(y.data, np.cumsum(x, axis))
    last = y.data.take(-1, axis=axis or 0)
    np.testing.assert_allclose(last, x.sum(axis), atol=1e-12)
    gradcheck(lambda t: t.cumsum(axis), [x])


@quick
@given(st.data())
def test_split_and_concat_undo_each_other(data):
    shape = data.draw(SHAPES)
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    cuts = sorted(data.draw(st.lists(st.integers(0, shape[axis]), max_size=3)))
    x = Tensor(drawn_array(shape), requires_grad=True)
    parts = x.split(cuts, axis)
    for part, expected in zip(parts, np.split(x.data, cuts, axis), strict=True):
        np.testing.assert_array_equal(part.data, expected)
    whole = ops.concat(parts, axis)
    np.testing.assert_array_equal(whole.data, x.data)
    seed = np.random.default_rng(0).standard_normal(shape)
    for create_graph in (False, True):
        np.testing.assert_array_equal(grad(whole, x, create_graph, seed=seed, retain_graph=True).data, seed)


@quick
@given(st.data())
def test_padding_is_numpys_and_is_undone_by_an_index(data):
    shape = data.draw(SHAPES)
    widths = data.draw(st.tuples(*[st.tuples(st.integers(0, 3), st.integers(0, 3))] * len(shape)))
    x = Tensor(drawn_array(shape), requires_grad=True)
    y = x.pad(widths)
    np.testing.assert_array_equal(y.data, np.pad(x.data, widths))
    back = y[tuple(slice(before, before + n) for n, (before, _) in zip(shape, widths, strict=True))]
    np.testing.assert_array_equal(back.data, x.data)
    seed = np.random.default_rng(0).standard_normal(y.shape)
    np.testing.assert_array_equal(
        grad(y, x, seed=seed).data,
        seed[tuple(slice(b, m - a) for m, (b, a) in zip(y.shape, widths, strict=True))],
    )


@pytest.mark.parametrize(
    "widths", [0, 2, (1, 2), [1, 2], ((1, 2),), ((1, 0), (0, 3)), np.array([[1, 0], [0, 3]])], ids=str
)
def test_widths_are_said_in_numpys_ways(widths):
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(ops.pad(Tensor(x), widths).data, np.pad(x, widths))


@quick
@given(st.data())
def test_flipping_twice_changes_nothing_and_axes_come_and_go(data):
    shape = data.draw(SHAPES)
    axis = data.draw(some_axes(len(shape)))
    x = Tensor(drawn_array(shape), requires_grad=True)
    np.testing.assert_array_equal(x.flip(axis).data, np.flip(x.data, axis))
    np.testing.assert_array_equal(x.flip(axis).flip(axis).data, x.data)
    axes = axis if isinstance(axis, tuple) else () if axis is None else (axis,)
    wider = x.expand_dims(axes)
    assert wider.shape == np.expand_dims(x.data, axes).shape
    np.testing.assert_array_equal(wider.squeeze(axes).data, x.data)


def test_every_part_of_a_split_goes_back_to_its_place_even_alone():
    x = Tensor(np.arange(5.0), requires_grad=True)
    for k, expected in enumerate(([1, 1, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 1, 1, 1])):
        part = x.split([2, 2])[k]
        if part.size:
            assert grad(part.sum(), x).data.tolist() == expected


def test_a_tensor_inside_a_tuple_of_indices_is_an_array():
    x = np.random.default_rng(0).standard_normal((4, 3))
    rows, mask = Tensor([1, 1, 3]), Tensor([True, False, True])
    np.testing.assert_array_equal(Tensor(x)[rows, 0].data, x[[1, 1, 3], 0])
    np.testing.assert_array_equal(Tensor(x)[1:, mask].data, x[1:, [0, 2]])
    gradcheck(lambda t: t[rows, 0], [x], order=2)
    gradcheck(lambda t: t[1:, mask], [x], order=2)
    with pytest.raises(ShapeError, match="index: "):
        Tensor(x)[np.array([1.5])]


@pytest.mark.parametrize("shape", [(), (1,), (2, 3)])
def test_variance_with_ddof_is_numpys(shape):
    x = np.random.default_rng(0).standard_normal((*shape, 4))
    np.testing.assert_allclose(Tensor(x).var(-1, ddof=1).data, x.var(-1, ddof=1), rtol=1e-14)
    gradcheck(lambda t: t.var(-1, ddof=1), [x], order=2)


def test_variance_far_from_zero_loses_nothing():
    """The mean of squares minus the square of the mean would give garbage here."""
    x = Tensor(1e8 + np.array([0.0, 1.0, 2.0]), requires_grad=True)
    y = x.var()
    assert y.item() == pytest.approx(2 / 3, rel=1e-12)
    np.testing.assert_allclose(grad(y, x).data, [-2 / 3, 0, 2 / 3], atol=1e-12)
