"""Packed products: what NumPy gives, in any layout, to rounding; nothing beside C is written, nothing else is read."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kernel_cases import DTYPES, normal, rounding
from numpy.lib.stride_tricks import as_strided

from minigrad.kernels import gemm
from minigrad.kernels.gemm import ROWS, multiply, pack, pack_left, panels_size, tiles_size

GUARD = 12345.0  # what must not be written over
SIZE = st.integers(1, 70)


def memory(size, dtype, fill, at=0, after=80):
    """A flat array of `size` numbers after `at` others, with a zone behind in which nothing may change."""
    return np.full(at + size + after, fill, dtype)


def packed_columns(b, dtype, *, turned, at, extra, cut):
    """Panels of B (K, N), deeper than K by `extra`, from two calls of `pack`; what is not B's is NaN."""
    (k, n), width = b.shape, gemm.panel_width(dtype)
    depth, gap = k + extra, 2
    row, col = (1, k + gap) if turned else (n + gap, 1)
    source = memory(row * (k - 1) + col * (n - 1) + 1, dtype, np.nan, at)
    as_strided(source[at:], b.shape, (row * source.itemsize, col * source.itemsize))[...] = b
    panels = memory(panels_size(depth, n, dtype), dtype, np.nan, at)
    pack(source, at, row, col, cut, n, panels, at, depth)
    pack(source, at + row * cut, row, col, k - cut, n, panels, at + cut * width, depth)
    assert np.isnan(panels[:at]).all()
    assert np.isnan(panels[at + panels_size(depth, n, dtype) :]).all()
    return panels, depth


def laid_rows(a, dtype, *, how, at, extra, cut):
    """A (M, K) somewhere in memory: the array, and its strides row, block and col. What is not A's is NaN."""
    m, k = a.shape
    if how == "tiles":
        depth, ld = k + extra, m + 2
        source = memory(k * ld, dtype, np.nan, at)
        source[at : at + k * ld].reshape(k, ld)[:, :m] = a.T
        tiles = memory(tiles_size(m, depth), dtype, np.nan, at)
        pack_left(source, at, ld, cut, m, tiles, at, depth)
        pack_left(source, at + cut * ld, ld, k - cut, m, tiles, at + cut * ROWS, depth)
        assert np.isnan(tiles[:at]).all()
        assert np.isnan(tiles[at + tiles_size(m, depth) :]).all()
        return tiles, 1, depth, ROWS
    row, col = {"rows": (k + extra, 1), "turned": (1, m + extra), "gaps": (3 * k + extra, 3)}[how]
    array = memory(row * (m - 1) + col * (k - 1) + 1, dtype, np.nan, at)
    as_strided(array[at:], a.shape, (row * array.itemsize, col * array.itemsize))[...] = a
    return array, row, row, col


def product(a, b, c=None, *, left="rows", right=False, at=0, extra=0, cut=0):
    """A B, or C + A B, through `multiply`, with everything laid as asked; checks that only C is written."""
    (m, k), n, dtype = a.shape, b.shape[1], a.dtype
    panels, depth = packed_columns(b, dtype, turned=right, at=at, extra=extra, cut=cut)
    array, row, block, col = laid_rows(a, dtype, how=left, at=at, extra=extra, cut=cut)
    ldc = n + extra
    out = memory(m * ldc, dtype, GUARD, at)
    whole = out[at : at + m * ldc].reshape(m, ldc)
    if c is not None:
        whole[:, :n] = c
    before = [x.copy() for x in (array, panels)]
    multiply(array, at, row, block, col, panels, at, depth, out, at, ldc, m, n, k, c is not None)
    assert all(np.array_equal(x, y, equal_nan=True) for x, y in zip((array, panels), before, strict=True))
    for beside in (out[:at], out[at + m * ldc :], whole[:, n:]):
        assert (beside == GUARD).all()
    return whole[:, :n]


@settings(max_examples=120, deadline=None)
@given(
    SIZE, SIZE, SIZE, st.sampled_from(DTYPES), st.sampled_from(["rows", "turned", "gaps", "tiles"]), st.booleans(),
    st.booleans(), st.integers(0, 9), st.integers(0, 5), st.floats(0, 1),
)  # fmt: skip
@example(ROWS, 64, 1, np.float32, "tiles", True, True, 1, 1, 0.0)
@example(2 * ROWS + 7, 33, 7, np.float32, "tiles", False, True, 3, 2, 0.5)
@example(7, 1, 70, np.float64, "gaps", True, False, 5, 5, 1.0)
@example(1, 70, 70, np.float32, "turned", False, True, 0, 0, 0.0)
def test_a_product_of_any_size_and_layout(m, n, k, dtype, left, right, add, at, extra, part):
    rng = np.random.default_rng(m + 71 * n + 5041 * k)
    a, b, c = normal(rng, dtype, m, k), normal(rng, dtype, k, n), normal(rng, dtype, m, n)
    found = product(a, b, c if add else None, left=left, right=right, at=at, extra=extra, cut=int(part * k))
    exactly = a.astype(np.longdouble) @ b.astype(np.longdouble) + (c if add else 0)
    bound = rounding(dtype, k, np.abs(a).astype(float) @ np.abs(b) + (np.abs(c) if add else 0))
    assert (np.abs(found - exactly) <= bound).all()


def short(rng, dtype, *shape):
    """Numbers of so few digits that a product of two is exact, while their sums are rounded."""
    digits = np.finfo(dtype).nmant // 2 - 1
    whole = rng.integers(1, 1 << digits, shape) * rng.choice([-1, 1], shape)
    return np.ldexp(whole.astype(dtype), rng.integers(-digits, 0, shape))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("add", [False, True])
def test_sums_are_in_order_of_k_to_the_last_bit(dtype, add):
    """As a loop over k adds them; with exact products it makes no difference whether multiply and add are fused."""
    rng = np.random.default_rng(3)
    a, b, c = short(rng, dtype, 2 * ROWS + 6, 61), short(rng, dtype, 61, 37), short(rng, dtype, 2 * ROWS + 6, 37)
    expected = c.copy() if add else np.zeros_like(c)
    for k in range(61):
        expected += a[:, k : k + 1] * b[k]
    np.testing.assert_array_equal(product(a, b, c if add else None), expected)
    assert (a.astype(np.longdouble) @ b != expected).any(), "the order must be seen in these numbers"


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_rows_result_does_not_depend_on_how_rows_are_divided(dtype):
    """Any even number of rows at a time gives the bits that all together give."""
    rng = np.random.default_rng(4)
    a, b = normal(rng, dtype, 38, 53), normal(rng, dtype, 53, 40)
    whole = product(a, b)
    for size in (2, 4, 6, ROWS, ROWS + 2, 2 * ROWS, 36):
        parts = [product(a[i : i + size], b, left="turned") for i in range(0, 38, size)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_alone_has_its_result_whatever_the_others_are(dtype):
    """The odd row that is left over is summed as one by itself: four sums side by side."""
    rng = np.random.default_rng(5)
    a, b = normal(rng, dtype, 2 * ROWS + 1, 53), normal(rng, dtype, 53, 40)
    alone = product(a[-1:], b)
    for m in (3, ROWS + 1, 2 * ROWS + 1):
        np.testing.assert_array_equal(product(a[-m:], b)[-1:], alone)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("m", [1, 2, 5, ROWS, ROWS + 3])
@pytest.mark.parametrize("strange", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_reach_what_they_belong_to_and_nothing_else(dtype, m, strange):
    """Zeros in the other operand do not hide them: 0 · ∞ is NaN."""
    rng = np.random.default_rng(6)
    a, b, c = normal(rng, dtype, m, 9), normal(rng, dtype, 9, 35), normal(rng, dtype, m, 35)
    a[:, 4], b[4, ::3] = 0, 0
    for spoil in ("a", "b", "c"):
        given_a, given_b, given_c = a.copy(), b.copy(), c.copy()
        {"a": given_a, "b": given_b, "c": given_c}[spoil][(m // 2, 4) if spoil != "b" else (4, 33)] = strange
        with np.errstate(invalid="ignore"):
            expected = given_a.astype(float) @ given_b.astype(float) + given_c
        found = product(given_a, given_b, given_c, extra=3)
        np.testing.assert_allclose(found, expected, rtol=1e-4 if dtype is np.float32 else 1e-12, atol=1e-6)
        assert 0 < (~np.isfinite(found)).sum() <= 35 * m


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_empty_sum_is_zero_and_no_rows_or_columns_are_nothing(dtype):
    c, empty = np.full(100, GUARD, dtype), np.full(100, np.nan, dtype)
    multiply(empty, 0, 1, 1, 1, empty, 0, 5, c, 10, 7, 3, 5, 0, True)
    multiply(empty, 0, 1, 1, 1, empty, 0, 5, c, 10, 7, 0, 5, 4, False)
    multiply(empty, 0, 1, 1, 1, empty, 0, 5, c, 10, 7, 3, 0, 4, False)
    assert (c == GUARD).all()
    multiply(empty, 0, 1, 1, 1, empty, 0, 5, c, 10, 7, 3, 5, 0, False)
    rows = c[10:31].reshape(3, 7)
    assert (rows[:, :5] == 0).all()
    assert (rows[:, 5:] == GUARD).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 7, 33, 64])
def test_panels_lie_as_the_docstring_says(dtype, n):
    """Panel p holds B[k, pP + q] at (p · depth + k)P + q, and zeros beyond N."""
    b, width, depth = normal(np.random.default_rng(n), dtype, 5, n), gemm.panel_width(dtype), 7
    panels, _ = packed_columns(b, dtype, turned=True, at=3, extra=2, cut=2)
    count = -(-n // width)
    shaped = panels[3 : 3 + panels_size(depth, n, dtype)].reshape(count, depth, width)
    rows = np.concatenate(list(shaped[:, :5]), axis=1)
    np.testing.assert_array_equal(rows[:, :n], b)
    np.testing.assert_array_equal(rows[:, n:], 0)
    assert np.isnan(shaped[:, 5:]).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("m", [1, 2, ROWS - 1, ROWS, 2 * ROWS + 3])
def test_tiles_lie_as_the_docstring_says(dtype, m):
    """Number (i, k) is at (i − i mod ROWS) · depth + ROWS · k + i mod ROWS."""
    a = normal(np.random.default_rng(m), dtype, m, 5)
    tiles, *strides = laid_rows(a, dtype, how="tiles", at=3, extra=2, cut=2)
    assert strides == [1, 7, ROWS]
    for i, k in np.ndindex(m, 5):
        assert tiles[3 + (i - i % ROWS) * 7 + ROWS * k + i % ROWS] == a[i, k]
