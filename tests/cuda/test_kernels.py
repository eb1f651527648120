"""Kernels on shapes that need several blocks, tiles and parts, on views of all kinds; NumPy is the witness."""

import numpy as np
import pytest

from minigrad import DeviceError, ShapeError, relative_error
from minigrad.devices import found

RNG = np.random.default_rng(0)


@pytest.fixture
def room():
    from minigrad import cuda

    return cuda


def views(x):
    """The array, and views of it that lie in memory in other ways."""
    yield x
    yield x[::-1]
    yield x[..., ::2]
    yield np.moveaxis(x, 0, -1)
    yield x[1:, None]
    yield np.broadcast_to(x[:1], x.shape)


@pytest.mark.parametrize("k", range(6))
def test_views_are_read_and_written_where_they_lie(room, k):
    x = RNG.standard_normal((3, 2, 4))
    there = room.from_numpy(x)
    here, seen = list(views(x))[k], list(views(there)) if k < 3 else None
    if seen is None:
        seen = [None, None, None, np.moveaxis(there, 0, -1), there[1:, None], there[:1].broadcast_to(there.shape)]
    view = seen[k]
    assert view.shape == here.shape
    np.testing.assert_array_equal(view.numpy(), here)
    np.testing.assert_allclose((view * 2 + view).numpy(), here * 3)
    np.testing.assert_allclose(view.reshape(-1).numpy(), here.reshape(-1))
    np.testing.assert_allclose(view.sum(0).numpy(), here.sum(0))
    np.testing.assert_allclose((view @ view.mT).numpy(), here @ here.mT)
    if k < 5:
        view[0] = 5.0
        here[0] = 5.0
        np.testing.assert_array_equal(there.numpy(), x)


def test_what_overlaps_is_copied_first(room):
    x = np.arange(9.0)
    there = room.from_numpy(x)
    there[1:] = there[:-1]
    np.testing.assert_array_equal(there.numpy(), [0, *range(8)])
    there += there[::-1]
    expected = np.array([0.0, *range(8)])
    np.testing.assert_array_equal(there.numpy(), expected + expected[::-1])


@pytest.mark.parametrize("axis", [None, 0, 1, 2, (0, 2)])
def test_reductions(room, axis):
    x = RNG.standard_normal((3, 2, 9))
    there = room.from_numpy(x)
    for f in (np.sum, np.max, np.min, np.mean, np.var):
        found = f(there, axis=axis, keepdims=True)
        assert relative_error(found.numpy(), f(x, axis=axis, keepdims=True)) < 1e-12
    assert relative_error(there.transpose(2, 0, 1).sum(axis).numpy(), x.transpose(2, 0, 1).sum(axis)) < 1e-12


def test_many_entries_in_parts_give_the_same_bits(room):
    x = RNG.standard_normal(333)
    there = room.from_numpy(x)
    first = there.sum().numpy()
    assert relative_error(first, x.sum()) < 1e-13
    assert relative_error(there.max().numpy(), x.max()) == 0
    assert first.tobytes() == there.sum().numpy().tobytes()
    counted = room.from_numpy(np.arange(150) % 3 == 0).sum()
    assert (counted.dtype, counted.item()) == (np.int64, 50)


def test_not_a_number_is_the_largest_and_the_smallest(room):
    x = room.from_numpy(np.array([[1.0, np.nan, 2.0], [3.0, 4.0, -np.inf]]))
    np.testing.assert_array_equal(np.max(x, axis=1).numpy(), [np.nan, 4])
    np.testing.assert_array_equal(np.min(x, axis=1).numpy(), [np.nan, -np.inf])
    np.testing.assert_array_equal(np.maximum(x, 2.5).numpy(), [[2.5, np.nan, 2.5], [3, 4, 2.5]])
    np.testing.assert_array_equal(np.sign(x).numpy(), [[1, np.nan, 1], [1, 1, -1]])
    np.testing.assert_array_equal((x**-1).numpy(), [[1, np.nan, 0.5], [1 / 3, 0.25, -0.0]])


@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 3, 2), (4, 8, 9), (3, 40, 2), (2, 35, 3), (9, 0, 2), (0, 3, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_products(room, shape, dtype):
    m, k, n = shape
    a, b, c = (RNG.standard_normal(s).astype(dtype) for s in ((m, k), (k, n), (m, n)))
    bias = RNG.standard_normal(n).astype(dtype)
    there = [room.from_numpy(x) for x in (a, b, c, np.ascontiguousarray(a.T), np.ascontiguousarray(b.T), bias)]
    bound = 1e-5 if dtype == np.float32 else 1e-12
    one, two, out, at, bt, biases = there
    assert relative_error(room.product(one, two).numpy(), a @ b) < bound
    assert relative_error(room.product(at, bt, transpose_a=True, transpose_b=True).numpy(), a @ b) < bound
    assert relative_error(room.product(one, two, bias=biases).numpy(), a @ b + bias) < bound
    assert relative_error(room.product(one, two, out, accumulate=True).numpy(), c + a @ b) < bound
    assert relative_error(out.numpy(), c + a @ b) < bound


def test_more_matrices_than_a_launch_takes(room):
    a, b = RNG.standard_normal((7, 2, 3)), RNG.standard_normal((7, 3, 1))
    assert relative_error((room.from_numpy(a) @ room.from_numpy(b)).numpy(), a @ b) < 1e-12


def test_products_that_do_not_fit(room):
    a, b = room.zeros((2, 3), np.float64), room.zeros((2, 3), np.float64)
    with pytest.raises(ShapeError, match=r"product: shapes \(2, 3\) and \(2, 3\) do not fit"):
        room.product(a, b)
    with pytest.raises(ShapeError, match="cannot hold"):
        room.product(a, b, room.zeros((2, 2), np.float32), transpose_b=True)
    with pytest.raises(DeviceError, match=r"raw: .* is not in order; use plain\(\)"):
        room.raw(a.T)


def test_wide_rows_of_scores(room):
    from minigrad import ops

    x = RNG.standard_normal((3, 11)) * 30
    for op in (ops.softmax, ops.log_softmax, ops.logsumexp):
        for axis in (0, 1):
            assert relative_error(op(room.from_numpy(x), axis).numpy(), op(x, axis)) < 1e-12
    x[0] = -np.inf
    x[1, 4] = np.inf
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(ops.logsumexp(room.from_numpy(x), 1).numpy(), ops.logsumexp(x, 1))


def test_rows_that_are_picked_often_add_up_in_order(room):
    from minigrad.cuda.indexing import untake

    ids = RNG.integers(-4, 4, (6, 5))
    g = RNG.standard_normal((6, 5, 7))
    expected = np.zeros((4, 7))
    np.add.at(expected, ids, g)
    found = untake(room.from_numpy(g), ids, 4)
    assert relative_error(found.numpy(), expected) < 1e-13
    assert found.numpy().tobytes() == untake(room.from_numpy(g), ids, 4).numpy().tobytes()


def test_a_gpu_is_found():
    about = found()
    assert not about.missing
    assert about.package.startswith("numba")
    assert about.device
