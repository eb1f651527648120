"""einsum against NumPy's, conv1d against a loop, both to second order and against numbers that torch gave."""

import json
from pathlib import Path

import numpy as np
import pytest

from minigrad import Tensor, grad, gradcheck, ops, relative_error
from minigrad.nn import Parameter

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "ops.json").read_text(encoding="utf-8"))["cases"]

SUBSCRIPTS = {
    "ij,jk->ik": [(2, 3), (3, 4)],
    "ij,jk": [(2, 3), (3, 4)],
    "ji,jk->ki": [(3, 2), (3, 4)],
    "ab,cd->acbd": [(2, 3), (4, 2)],
    "bij,bjk->bik": [(2, 2, 3), (2, 3, 4)],
    "bhid,bhjd->bhij": [(2, 2, 3, 2), (2, 2, 4, 2)],
    "ibj,jck->kbc": [(2, 3, 2), (2, 2, 3)],
    "ij,ij,ij->j": [(2, 3), (2, 3), (2, 3)],
    "i,ij,j->": [(2,), (2, 3), (3,)],
    "ijk->": [(2, 3, 2)],
    "ijk->kj": [(2, 3, 2)],
    "zy": [(2, 3)],
    "ii": [(3, 3)],
    "iij->ji": [(2, 2, 3)],
    "ii,ii->i": [(3, 3), (3, 3)],
    "...": [(2, 3)],
    "...i,i...->...": [(2, 3), (3, 2)],
    "i...,...j->...ij": [(2, 3, 1), (3, 4, 2)],
    "...ij,jk": [(2, 3, 2, 3), (3, 2)],
    "ij,...->i...": [(2, 3), (2, 2)],
    " i j , j -> i ": [(2, 3), (3,)],
    "aB,Bc->ca": [(2, 3), (3, 2)],
    "ab,bc,cd,de->ae": [(2, 3), (3, 2), (2, 4), (4, 2)],
}


@pytest.mark.parametrize("subscripts", SUBSCRIPTS)
def test_einsum_is_numpys(subscripts):
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(s) for s in SUBSCRIPTS[subscripts]]
    expected = np.einsum(subscripts, *arrays)
    result = ops.einsum(subscripts, *map(Tensor, arrays))
    assert result.shape == expected.shape
    assert relative_error(result.data, expected) < 1e-13
    assert gradcheck(lambda *xs: ops.einsum(subscripts, *xs), arrays, order=2) < 1e-7


def test_einsum_takes_one_tensor_twice():
    x = np.random.default_rng(0).standard_normal((3, 2))
    gradcheck(lambda t: ops.einsum("ij,ik->jk", t, t), [x], order=2)


def test_einsum_of_empty_axes_is_a_sum_of_nothing():
    a, b = Tensor(np.ones((2, 0)), requires_grad=True), Tensor(np.ones((0, 3)), requires_grad=True)
    y = ops.einsum("ij,jk->ik", a, b)
    np.testing.assert_array_equal(y.data, np.zeros((2, 3)))
    assert [g.shape for g in grad(y.sum(), [a, b])] == [(2, 0), (0, 3)]


CONVOLUTIONS = [
    # B, C, T, O, K, stride, dilation, padding
    (1, 1, 5, 1, 2, 1, 1, (0, 0)),
    (2, 3, 6, 2, 3, 1, 1, (2, 0)),
    (2, 2, 7, 3, 3, 2, 1, (1, 1)),
    (1, 2, 9, 2, 3, 1, 3, (0, 0)),
    (2, 1, 8, 2, 2, 3, 2, (0, 3)),
    (1, 2, 6, 1, 1, 4, 5, (0, 0)),
    (1, 1, 1, 2, 4, 1, 1, (3, 0)),
    (0, 2, 4, 3, 2, 1, 1, (0, 0)),
]


@pytest.mark.parametrize("sizes", CONVOLUTIONS, ids=str)
def test_conv1d_is_a_plain_loop(sizes):
    B, C, T, O, K, stride, dilation, (left, right) = sizes  # noqa: E741  # the letters of its docstring
    rng = np.random.default_rng(3)
    x, w = rng.standard_normal((B, C, T)), rng.standard_normal((O, C, K))
    length = (T + left + right - dilation * (K - 1) - 1) // stride + 1
    expected = np.zeros((B, O, length))
    for b, o, at, c, k in np.ndindex(B, O, length, C, K):
        t = at * stride + k * dilation - left
        if 0 <= t < T:
            expected[b, o, at] += w[o, c, k] * x[b, c, t]
    result = ops.conv1d(Tensor(x), Tensor(w), stride, dilation, (left, right))
    assert relative_error(result.data, expected) < 1e-13
    if B:
        gradcheck(lambda x, w: ops.conv1d(x, w, stride, dilation, (left, right)), [x, w], order=2)


def test_conv1d_to_third_order():
    """A convolution of a convolution's square: the derivative of a derivative is differentiated once more."""
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((1, 2, 4)), rng.standard_normal((2, 2, 2))

    def f(x, w):
        y = ops.conv1d(x, w, padding=(1, 0))
        return ops.conv1d(y * y, w, 2)

    gradcheck(f, [x, w], order=3)


def test_a_causal_convolution_feels_no_later_step():
    rng = np.random.default_rng(0)
    x = Tensor(rng.standard_normal((1, 2, 6)), requires_grad=True)
    y = ops.conv1d(x, rng.standard_normal((3, 2, 3)), 1, 2, (4, 0))
    assert y.shape == (1, 3, 6)
    felt = grad(y[:, :, 3].sum(), x).data.any(axis=(0, 1))
    assert felt.tolist() == [False, True, False, True, False, False]


def test_conv1d_reads_what_has_changed():
    w = Parameter(np.ones((1, 1, 2)))
    x = Tensor(np.ones((1, 1, 4)), requires_grad=True)
    y = ops.conv1d(x, w).sum()
    w.assign(np.zeros((1, 1, 2)))
    with pytest.raises(RuntimeError, match="an input of conv1d was changed in place"):
        y.backward()


@pytest.mark.parametrize("case", GOLDEN, ids=lambda c: c["name"])
def test_products_are_torchs(case):
    leaves = [Tensor(x, requires_grad=True) for x in case["inputs"]]
    if case["op"] == "einsum":
        y = ops.einsum(case["arguments"]["subscripts"], *leaves)
    else:
        y = ops.conv1d(*leaves, **{**case["arguments"], "padding": tuple(case["arguments"]["padding"])})
    assert relative_error(y.data, case["result"]) < 1e-12
    first = grad(y, leaves, create_graph=True, seed=np.array(case["cotangent"]))
    for g, expected in zip(first, case["gradients"], strict=True):
        assert relative_error(g.data, expected) < 1e-12
    total = sum(((g * g).sum() for g in first), Tensor(0.0))
    second = grad(total, leaves) if total.requires_grad else [Tensor(np.zeros(x.shape)) for x in leaves]
    for g, expected in zip(second, case["second"], strict=True):
        assert relative_error(g.data, expected) < 1e-12
