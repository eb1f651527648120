"""x Wᵀ + b by packed products: NumPy's answers in float64, at any size, from any memory; and the op around it."""

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import DTYPES, LAYOUTS, normal, rounding, strangely_laid

from minigrad import DtypeError, ShapeError, Tensor, grad, ops, relative_error
from minigrad.kernels import ROWS_WORTH_A_KERNEL, linear
from minigrad.kernels.linear import affine, affine_gradients

SIZE = st.integers(1, 70)
THE_OP = importlib.import_module("minigrad.ops.linear")  # `ops.linear` is the op itself
MANY = (2 * linear.BLOCK + 3, 13, 40)  # rows, inputs, outputs: three jobs, the last of a few rows


def problem(dtype, m, k, n):
    """x, W, b and a cotangent g of y, all different in every place."""
    rng = np.random.default_rng(m + 71 * k + 5041 * n)
    return normal(rng, dtype, m, k), normal(rng, dtype, n, k), normal(rng, dtype, n), normal(rng, dtype, m, n)


def check_forward(dtype, m, k, n, bias):
    x, w, b, _ = problem(dtype, m, k, n)
    y = affine(x, w, b if bias else None)
    high = [a.astype(np.longdouble) for a in (x, w, b)]
    exactly = high[0] @ high[1].T + (high[2] if bias else 0)
    bound = rounding(dtype, k + 1, np.abs(x).astype(float) @ np.abs(w).T + np.abs(b))
    assert (y.shape, y.dtype) == ((m, n), dtype)
    assert (np.abs(y - exactly) <= bound).all()


def check_gradients(dtype, m, k, n, bias, wide):
    x, w, _, g = problem(dtype, m, k, n)
    dx, dw, db = affine_gradients(g, x, w, bias, wide)
    hx, hw, hg = (a.astype(np.longdouble) for a in (x, w, g))
    sx, sw, sg = (np.abs(a).astype(float) for a in (x, w, g))
    expected = [(dw, hg.T @ hx, rounding(dtype, m, sg.T @ sx))]
    if bias:
        expected.append((db, hg.sum(axis=0), rounding(dtype, m, sg.sum(axis=0))))
    if wide:
        expected.append((dx, hg @ hw, rounding(dtype, n, sg @ sw)))
    assert (db is None, dx is None) == (not bias, not wide)
    for found, exactly, bound in expected:
        assert (found.shape, found.dtype) == (exactly.shape, dtype)
        assert (np.abs(found - exactly) <= bound).all()


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(DTYPES), SIZE, SIZE, SIZE, st.booleans())
def test_forward_at_any_size(dtype, m, k, n, bias):
    check_forward(dtype, m, k, n, bias)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(DTYPES), SIZE, SIZE, SIZE, st.booleans(), st.booleans())
def test_gradients_at_any_size(dtype, m, k, n, bias, wide):
    check_gradients(dtype, m, k, n, bias, wide)


LONG = [
    MANY,
    (linear.BLOCK, 5, 3),
    (linear.BLOCK + 1, 3, 5),
    (linear.BLOCK * linear.PARTS + 7, 2, 3),  # more rows than that make longer jobs, not more of them
    (1120, 70, 28),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", LONG, ids=str)
def test_many_rows(dtype, sizes):
    check_forward(dtype, *sizes, bias=True)
    check_gradients(dtype, *sizes, bias=True, wide=True)
    check_gradients(dtype, *sizes, bias=False, wide=False)


@settings(deadline=None)
@given(st.integers(1, 10**6))
def test_jobs_cover_all_rows_once_in_whole_tiles(rows):
    """However many rows there are, there is a limit to the jobs, as each holds a sum of its own."""
    blocks = linear._blocks(rows)
    assert [first for first, _ in blocks] == [0, *(last for _, last in blocks[:-1])]
    assert blocks[-1][1] == rows
    assert all(first < last for first, last in blocks)
    assert all(first % linear.ROWS == 0 for first, _ in blocks)
    assert len(blocks) <= linear.PARTS


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("how", LAYOUTS)
def test_memory_order_does_not_matter(dtype, how):
    x, w, b, g = problem(dtype, 37, 23, 19)
    y, gradients = affine(x, w, b), affine_gradients(g, x, w, True, True)
    strange = [strangely_laid(a, how) for a in (x, w, b, g)]
    before = [a.copy() for a in strange]
    np.testing.assert_array_equal(affine(*strange[:3]), y)
    for found, expected in zip(affine_gradients(strange[3], *strange[:2], True, True), gradients, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert all(np.array_equal(a, c) for a, c in zip(strange, before, strict=True)), "what is given is not written to"


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_returned_is_the_callers(dtype):
    """No later call writes there, though kernels use their memory again."""
    x, w, b, g = problem(dtype, *MANY)
    first = [affine(x, w, b), *affine_gradients(g, x, w, True, True)]
    before = [a.copy() for a in first]
    second = [affine(-x, 2 * w, b), *affine_gradients(3 * g, x - 1, w, True, True)]
    assert all(np.array_equal(a, c) for a, c in zip(first, before, strict=True))
    every = first + second
    assert not any(np.shares_memory(a, c) for i, a in enumerate(every) for c in every[:i])


@pytest.mark.parametrize("dtype", DTYPES)
def test_nan_and_infinity_go_through(dtype):
    x, w, b, g = problem(dtype, 21, 6, 35)
    x[17, 2], g[20, 34], w[3, 3], b[9] = np.nan, np.inf, -np.inf, np.nan
    with np.errstate(invalid="ignore"):
        exactly = [x @ w.T + b, g @ w, g.T @ x, g.sum(axis=0)]
    for found, expected in zip([affine(x, w, b), *affine_gradients(g, x, w, True, True)], exactly, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-3 if dtype is np.float32 else 1e-11, atol=1e-5)
        assert 0 < np.isfinite(found).sum() < found.size


# The op


@pytest.fixture
def calls(monkeypatch):
    """The names of the kernels that the op calls."""
    seen = []

    def watched(name, function):
        return lambda *args: (seen.append(name), function(*args))[1]

    for name in ("affine", "affine_gradients"):
        monkeypatch.setattr(THE_OP, name, watched(name, getattr(THE_OP, name)))
    return seen


def op_and_gradients(x, w, b, g):
    leaves = [Tensor(a, requires_grad=True) for a in (x, w, b) if a is not None]
    y = ops.linear(leaves[0], leaves[1], leaves[2] if len(leaves) > 2 else None)
    return [y.data, *(t.data for t in grad(y, leaves, seed=g))]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("lead", [(64,), (4, 16), (2, 1, 32)], ids=str)
def test_the_op_gives_the_same_with_and_without_kernels(monkeypatch, calls, dtype, bias, lead):
    x, w, b, g = problem(dtype, 64, 41, 52)
    given_ = (x.reshape(*lead, 41), w, b if bias else None, g.reshape(*lead, 52))
    by_kernels = op_and_gradients(*given_)
    assert calls == ["affine", "affine_gradients"]
    monkeypatch.setattr(THE_OP, "WORTH_A_KERNEL", 1 << 60)
    by_numpy = op_and_gradients(*given_)
    assert calls == ["affine", "affine_gradients"]
    limit = 1e-5 if dtype is np.float32 else 1e-13
    for mine, theirs in zip(by_kernels, by_numpy, strict=True):
        assert (mine.shape, mine.dtype) == (theirs.shape, theirs.dtype)
        assert relative_error(mine, theirs) < limit


def test_where_the_op_changes_over(calls):
    """32 · 4,096 multiply-adds, and eight rows."""
    rows, (k, n) = ROWS_WORTH_A_KERNEL, (128, 128)
    for m, expected in ((rows, ["affine"]), (rows - 1, [])):
        x, w, b, _ = problem(np.float64, m, k, n)
        assert relative_error(ops.linear(x, w, b), x @ w.T + b) < 1e-13
        assert calls == expected
        calls.clear()
    x, w, b, _ = problem(np.float64, rows, k, n - 1)
    ops.linear(x, w, b)
    ops.linear(np.ones((1000, 200), np.float16), np.ones((3, 200), np.float16), None)
    ops.linear(np.ones((1000, 200), np.int64), np.ones((30, 200), np.int64), None)
    assert calls == []


def test_a_large_op_differentiates_twice_through_its_definition(calls):
    """Σ cos-like weights of the gradient, differentiated again: as x Wᵀ + b written out does."""
    rng = np.random.default_rng(0)
    x, w, b, _ = problem(np.float64, 64, 41, 52)
    vectors = [normal(rng, np.float64, *a.shape) for a in (x, w, b)]
    results = []
    for f in (ops.linear, lambda x, w, b: x @ w.transpose() + b):
        leaves = [Tensor(a, requires_grad=True) for a in (x, w, b)]
        first = grad((f(*leaves).tanh() ** 2).sum(), leaves, create_graph=True)
        second = grad(sum((g * v).sum() for g, v in zip(first, vectors, strict=True)), leaves)
        results.append([t.data for t in (*first, *second)])
    assert "affine" in calls
    for mine, theirs in zip(*results, strict=True):
        assert np.abs(theirs).max() > 1e-3
        assert relative_error(mine, theirs) < 1e-12


def test_the_gradient_equals_differences_at_a_few_places():
    x, w, b, g = problem(np.float64, 64, 41, 52)
    _, *gradients = op_and_gradients(x, w, b, g)
    rng = np.random.default_rng(1)
    for k, found in enumerate(gradients):
        for _ in range(3):
            place, given_ = tuple(rng.integers(found.shape)), [x, w, b]
            ends = []
            for step in (1e-5, -1e-5):
                moved = given_[k].copy()
                moved[place] += step
                ends.append((ops.linear(*given_[:k], moved, *given_[k + 1 :]) * g).sum())
            assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(found[place], rel=1e-6, abs=1e-6)


def test_any_of_the_three_may_want_its_gradient_alone():
    x, w, b, g = problem(np.float64, 64, 41, 52)
    _, *among = op_and_gradients(x, w, b, g)
    for wanted in range(3):
        leaves = [Tensor(a, requires_grad=k == wanted) for k, a in enumerate((x, w, b))]
        np.testing.assert_array_equal(grad(ops.linear(*leaves), leaves[wanted], seed=g).data, among[wanted])
        others = [t for k, t in enumerate(leaves) if k != wanted]
        ops.linear(*leaves).backward(g)
        assert [t.grad for t in others] == [None, None]


@pytest.mark.parametrize("m", [3, 64])
def test_what_does_not_fit_is_refused_by_name_at_every_size(m):
    x, w, b, _ = problem(np.float64, m, 41, 52)
    for wrong in ((x, w[:, :-1], b), (x, w, b[:-1]), (x[:, :-1], w, b), (x, w[0], None), (1.0, w, b)):
        with pytest.raises(ShapeError, match="linear: shapes"):
            ops.linear(*(Tensor(a) if a is not None else None for a in wrong))
    with pytest.raises(DtypeError, match="linear: float32 and float64 do not mix"):
        ops.linear(Tensor(x), Tensor(w, dtype=np.float32), Tensor(b))


@pytest.mark.parametrize("m", [3, 64])
def test_plain_arrays_of_two_precisions_are_numpys_answer_or_refused(m):
    """Between arrays that are no tensors NumPy's rules hold; what is given must not be misread."""
    x, w, b, _ = problem(np.float64, m, 41, 52)
    low = w.astype(np.float32)
    for given_ in ((x, low, b), (x.astype(np.float32), w, b), (x, w, b.astype(np.float32))):
        try:
            y = ops.linear(*given_)
        except DtypeError:
            continue
        assert relative_error(y, given_[0] @ given_[1].T + given_[2]) < 1e-5


@pytest.mark.parametrize("m", [3, 64])
def test_numbers_in_another_byte_order_are_not_misread(m):
    x, w, b, _ = problem(np.float64, m, 41, 52)
    swapped = [Tensor(a.astype(a.dtype.newbyteorder())) for a in (x, w, b)]
    assert relative_error(ops.linear(*swapped).data, x @ w.T + b) < 1e-13
