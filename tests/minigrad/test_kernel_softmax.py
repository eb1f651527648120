"""Softmax and cross-entropy of many rows: NumPy's answers in float64, whatever the scores; and the op around it."""

import importlib
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import DTYPES, LAYOUTS, normal, strangely_laid

from minigrad import ShapeError, Tensor, grad, gradcheck, ops, relative_error
from minigrad.kernels import WORTH_A_KERNEL, softmax
from minigrad.kernels.softmax import softmax_loss, softmax_loss_gradient

SIZE = st.integers(1, 70)
THE_OP = importlib.import_module("minigrad.ops.loss")
LIMIT = {np.float32: 2e-6, np.float64: 2e-14}


def reference(scores, ids):
    """p, the sum of the losses, and p − one-hot, in the greatest precision there is."""
    o = scores.astype(np.longdouble)
    with np.errstate(invalid="ignore", divide="ignore"):
        shifted = o - o.max(axis=1, keepdims=True)
        e = np.exp(shifted)
        p = e / e.sum(axis=1, keepdims=True)
        losses = np.log(e.sum(axis=1)) - shifted[np.arange(len(o)), ids]
    g = p.copy()
    g[np.arange(len(o)), ids] -= 1
    return p, losses.sum(), g


def check(scores, ids, limit=None):
    """p relatively, number by number; the loss relatively; the gradient to rounding."""
    dtype = scores.dtype.type
    limit = limit or LIMIT[dtype]
    p, loss = softmax_loss(scores, ids)
    g = softmax_loss_gradient(dtype(1), p, ids)
    exact_p, exact_loss, exact_g = reference(scores, ids)
    assert (p.dtype, g.dtype, p.shape, g.shape) == (dtype, dtype, scores.shape, scores.shape)
    normal_ = ~(exact_p < np.finfo(dtype).tiny)
    np.testing.assert_allclose(p[normal_], exact_p[normal_].astype(float), rtol=limit)
    assert (p[~normal_] <= 2 * np.finfo(dtype).tiny).all()
    np.testing.assert_allclose(loss, float(exact_loss), rtol=limit, atol=len(scores) * limit)
    np.testing.assert_allclose(g, exact_g.astype(float), rtol=limit, atol=limit)
    return p, loss, g


def problem(dtype, n, v, spread=3.0):
    rng = np.random.default_rng(n + 71 * v)
    return normal(rng, dtype, n, v) * dtype(spread), rng.integers(0, v, n)


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(DTYPES), SIZE, SIZE, st.sampled_from([0.0, 1.0, 10.0, 80.0]))
def test_any_size(dtype, n, v, spread):
    check(*problem(dtype, n, v, spread), limit=LIMIT[dtype] * max(1, spread))


BIG = [
    (1, WORTH_A_KERNEL + 3),
    (1120, 28),
    (70, 70),
    (5, 3 * softmax.NUMBERS // 2),
    (softmax.NUMBERS + 5, 1),
    (6000, 3),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", BIG, ids=str)
def test_many_rows_or_columns_in_many_jobs(dtype, sizes):
    check(*problem(dtype, *sizes), limit=20 * LIMIT[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
def test_one_class_is_certain(dtype):
    p, loss, g = check(*problem(dtype, 9, 1))
    assert (p == 1).all()
    assert loss == 0
    assert not g.any()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("v", [2, 5, 33])
def test_ids_at_both_ends(dtype, v):
    """Two rows alike but for their ids; the loss of each is that of its own."""
    scores = np.tile(np.arange(v, dtype=dtype), (2, 1))
    ids = np.array([0, v - 1])
    _, loss, g = check(scores, ids)
    log_sum = math.log(sum(math.exp(k - v) for k in range(v))) + v
    assert loss == pytest.approx(2 * log_sum - (v - 1), rel=1e-6)
    assert g[0, 0] < 0 < g[0, v - 1]
    assert g[1, v - 1] < 0 < g[1, 0]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scale", [1.0, -1.0])
def test_huge_scores_neither_overflow_nor_vanish(dtype, scale):
    largest = np.finfo(dtype).max
    scores = np.array([[1e30, 1e30, 0], [-largest, -largest, -largest], [3e4, 3e4 - 1, 3e4 - 2]], dtype)
    p, loss, _ = check(scores * dtype(scale), np.array([0, 1, 2]), limit=10 * LIMIT[dtype])
    assert np.isfinite(loss)
    assert loss > 1e29 if scale < 0 else loss == pytest.approx(math.log(2) + math.log(3) + 2.4076059644443806)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_many_rows_of_large_sums(dtype):
    """The product of sums whose logarithm is taken must not overflow: 2,000 rows of e^6.2 make 10^5400."""
    scores, ids = np.zeros((2000, 500), dtype), np.zeros(2000, int)
    assert softmax_loss(scores, ids)[1] == pytest.approx(2000 * math.log(500), rel=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
def test_minus_infinity_is_a_probability_of_zero(dtype):
    scores, ids = problem(dtype, 6, 35)
    scores[:, ::2] = -np.inf
    ids[:] = 3
    p, loss, _ = check(scores, ids)
    assert (p[:, ::2] == 0).all()
    assert np.isfinite(loss)
    ids[4] = 34  # what cannot be has come
    p, loss = softmax_loss(scores, ids)
    assert loss == np.inf
    assert np.isfinite(p).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("strange", [np.nan, np.inf, "all -inf", "all nan"])
@pytest.mark.parametrize("column", [0, 17, 34])
def test_a_row_without_an_answer_is_nan_and_its_neighbours_are_not(dtype, strange, column):
    scores, ids = problem(dtype, 7, 35)
    if isinstance(strange, str):
        scores[3] = float(strange.split()[1])
    else:
        scores[3, column] = strange
    p, loss = softmax_loss(scores, ids)
    g = softmax_loss_gradient(dtype(1), p, ids)
    assert math.isnan(loss)
    assert np.isnan(p[3]).sum() == np.isnan(reference(scores, ids)[0][3]).sum() > 0
    others = np.arange(7) != 3
    np.testing.assert_allclose(p[others], reference(scores, ids)[0][others].astype(float), rtol=LIMIT[dtype])
    assert np.isfinite(g[others]).all()
    assert np.isnan(g[3, np.isnan(p[3])]).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("how", LAYOUTS)
def test_memory_order_does_not_matter(dtype, how):
    scores, ids = problem(dtype, 29, 31)
    wide = np.full(60, -1, np.int32)
    wide[1:59:2] = ids
    strange, strange_ids = strangely_laid(scores, how), wide[1:59:2]
    before = strange.copy()
    p, loss = softmax_loss(scores, ids)
    other_p, other_loss = softmax_loss(strange, strange_ids)
    np.testing.assert_array_equal(other_p, p)
    assert other_loss == loss
    np.testing.assert_array_equal(
        softmax_loss_gradient(dtype(0.3), p, ids), softmax_loss_gradient(dtype(0.3), p, strange_ids)
    )
    np.testing.assert_array_equal(strange, before)
    np.testing.assert_array_equal(strange_ids, ids)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_scale_is_that_of_each_loss(dtype):
    scores, ids = problem(dtype, 12, 7)
    p, _ = softmax_loss(scores, ids)
    kept = p.copy()
    whole = softmax_loss_gradient(dtype(1), p, ids)
    for scale in (0.25, -3.0, np.nan, 0.0):
        np.testing.assert_allclose(softmax_loss_gradient(dtype(scale), p, ids), whole * dtype(scale), rtol=1e-5)
    np.testing.assert_array_equal(p, kept)


# The op

ROWS, CLASSES = 90, 50  # more numbers than make a kernel worth its while


@pytest.fixture
def calls(monkeypatch):
    """The names of the kernels that the op calls."""
    seen = []

    def watched(name, function):
        return lambda *args: (seen.append(name), function(*args))[1]

    for name in ("softmax_loss", "softmax_loss_gradient"):
        monkeypatch.setattr(THE_OP, name, watched(name, getattr(THE_OP, name)))
    return seen


def loss_and_gradient(scores, ids, seed=None):
    leaf = Tensor(scores, requires_grad=True)
    loss = ops.cross_entropy(leaf, ids)
    return [loss.data, grad(loss, leaf, seed=seed).data]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("lead", [(ROWS,), (9, 10), (3, 1, 30)], ids=str)
def test_the_op_gives_the_same_with_and_without_kernels(monkeypatch, calls, dtype, lead):
    scores, ids = problem(dtype, ROWS, CLASSES)
    scores, ids, seed = scores.reshape(*lead, CLASSES), ids.reshape(lead), np.array(1.7, dtype)
    by_kernels = loss_and_gradient(scores, ids, seed)
    assert calls == ["softmax_loss", "softmax_loss_gradient"]
    monkeypatch.setattr(THE_OP, "WORTH_A_KERNEL", 1 << 60)
    by_numpy = loss_and_gradient(scores, ids, seed)
    assert len(calls) == 2
    for mine, theirs in zip(by_kernels, by_numpy, strict=True):
        assert (mine.shape, mine.dtype) == (theirs.shape, theirs.dtype)
        assert relative_error(mine, theirs) < 10 * LIMIT[dtype]
    _, total, g = reference(scores.reshape(ROWS, CLASSES), ids.reshape(-1))
    assert by_kernels[0] == pytest.approx(float(total) / ROWS, rel=10 * LIMIT[dtype])
    assert relative_error(by_kernels[1].reshape(ROWS, CLASSES), 1.7 * g / ROWS) < 10 * LIMIT[dtype]


def test_one_row_of_many_classes(calls):
    """Scores (V,) and a single id."""
    scores, ids = problem(np.float64, 1, WORTH_A_KERNEL)
    loss, g = loss_and_gradient(scores[0], ids[0])
    assert len(calls) == 2
    _, total, exact = reference(scores, ids)
    assert (g.shape, loss.shape) == ((WORTH_A_KERNEL,), ())
    assert loss == pytest.approx(float(total), rel=1e-13)
    assert relative_error(g, exact[0]) < 1e-13


def test_where_the_op_changes_over(calls):
    for size, expected in ((WORTH_A_KERNEL, ["softmax_loss"]), (WORTH_A_KERNEL - 64, [])):
        scores, ids = problem(np.float64, size // 64, 64)
        assert relative_error(ops.cross_entropy(scores, ids), reference(scores, ids)[1] / len(ids)) < 1e-13
        assert calls == expected
        calls.clear()
    scores, ids = problem(np.float16, 100, 64)
    assert ops.cross_entropy(scores, ids).dtype == np.float16
    assert calls == []


def test_no_row_has_more_weight_than_another():
    """The mean over all rows of the batch, whatever jobs they fell into."""
    scores, ids = problem(np.float64, 6000, 4)
    singles = [float(reference(scores[i : i + 1], ids[i : i + 1])[1]) for i in range(6000)]
    assert ops.cross_entropy(scores, ids) == pytest.approx(math.fsum(singles) / 6000, rel=1e-12)


def test_a_large_op_differentiates_twice_through_its_definition(calls):
    """H v of the mean loss is (p ⊙ v − p ⟨p, v⟩)/N for each row."""
    scores, ids = problem(np.float64, ROWS, CLASSES)
    vector = normal(np.random.default_rng(5), np.float64, ROWS, CLASSES)
    leaf = Tensor(scores, requires_grad=True)
    first = grad(ops.cross_entropy(leaf, ids), leaf, create_graph=True)
    p, _, g = reference(scores, ids)
    assert relative_error(first.data, g / ROWS) < 1e-12
    second = grad((first * vector).sum(), leaf)
    expected = (p * vector - p * (p * vector).sum(axis=1, keepdims=True)) / ROWS
    assert relative_error(second.data, expected) < 1e-12
    assert calls == ["softmax_loss"], "the definition is not the kernel"


def test_gradients_equal_differences_above_the_threshold(monkeypatch, calls):
    monkeypatch.setattr(THE_OP, "WORTH_A_KERNEL", 1)
    scores, ids = problem(np.float64, 4, 5)
    gradcheck(lambda x: ops.cross_entropy(x, ids), [scores], order=2)
    assert set(calls) == {"softmax_loss", "softmax_loss_gradient"}


@pytest.mark.parametrize("n", [3, ROWS])
def test_ids_that_do_not_fit_are_refused_at_every_size(n):
    """A kernel would read and write beyond the row."""
    scores, ids = problem(np.float64, n, CLASSES)
    for wrong in (np.where(np.arange(n) == 1, CLASSES, ids), np.where(np.arange(n) == 1, -1, ids), ids[:-1], ids[None]):
        with pytest.raises(ShapeError, match="cross_entropy"):
            ops.cross_entropy(Tensor(scores), wrong)


@pytest.mark.parametrize("n", [3, ROWS])
def test_numbers_in_another_byte_order_are_not_misread(n):
    scores, ids = problem(np.float64, n, CLASSES)
    swapped = Tensor(scores.astype(scores.dtype.newbyteorder()))
    assert relative_error(ops.cross_entropy(swapped, ids).data, reference(scores, ids)[1] / n) < 1e-13
