"""The fused Elman op by itself, against loops in plain Python and against its own definition."""

import math

import numpy as np
import pytest

from minigrad import GradError, Tensor, grad, gradcheck, relative_error
from minigrad.graph import Op
from rnn.fused.elman import elman_sequence
from rnn.layers import VARIANTS
from rnn.sequence import FUSED


def arrays(T=4, B=2, H=9, seed=0, dtype=np.float64):
    """x, h0, W, b: nine units are a block of eight and one more."""
    rng = np.random.default_rng(seed)
    return [
        (s * rng.standard_normal(shape)).astype(dtype)
        for s, shape in ((1, (T, B, H)), (1, (B, H)), (0.3, (H, H)), (1, (H,)))
    ]


def by_loops(x, h0, w, b):
    """h⁽ᵗ⁾ = tanh(x⁽ᵗ⁾ + W h⁽ᵗ⁻¹⁾ + b), number by number."""
    T, B, H = x.shape
    out = np.zeros((T, B, H))
    for i in range(B):
        before = h0[i].tolist()
        for t in range(T):
            before = [math.tanh(x[t, i, j] + math.fsum(w[j, k] * before[k] for k in range(H)) + b[j]) for j in range(H)]
            out[t, i] = before
    return out


@pytest.mark.parametrize("sizes", [(1, 1, 1), (4, 2, 9), (3, 1, 16), (2, 5, 7), (30, 2, 3)], ids=str)
def test_forward_is_the_loop(sizes):
    given = arrays(*sizes)
    assert relative_error(elman_sequence(*given), by_loops(*given)) < 1e-13


def test_without_bias():
    x, h0, w, b = arrays()
    assert relative_error(elman_sequence(x, h0, w, None), by_loops(x, h0, w, 0 * b)) < 1e-13
    leaves = [Tensor(a, requires_grad=True) for a in (x, h0, w)]
    gradcheck(lambda *ts: elman_sequence(*ts, None), [x[:2, :, :2], h0[:, :2], w[:2, :2]], order=2)
    assert all(g.data.any() for g in grad(elman_sequence(*leaves, None).sum(), leaves))


@pytest.mark.parametrize("sizes", [(1, 2, 3), (3, 2, 2), (2, 1, 9)], ids=str)
def test_gradients_equal_differences_to_second_order(sizes):
    gradcheck(elman_sequence, arrays(*sizes), order=1 if sizes[-1] > 8 else 2)


def test_each_gradient_equals_the_definitions():
    given = arrays(T=6, B=3, H=10)
    seed = np.random.default_rng(4).standard_normal(given[0].shape)
    results = []
    for f in (elman_sequence, elman_sequence.definition):
        leaves = [Tensor(a, requires_grad=True) for a in given]
        results.append([g.data for g in grad(f(*leaves), leaves, seed=seed)])
    for mine, theirs in zip(*results, strict=True):
        assert relative_error(mine, theirs) < 1e-12


@pytest.mark.parametrize("wanted", range(4))
def test_any_one_input_may_want_its_gradient_alone(wanted):
    given = arrays(H=3)
    leaves = [Tensor(a, requires_grad=True) for a in given]
    some = [Tensor(a, requires_grad=k == wanted) for k, a in enumerate(given)]
    for create_graph in (False, True):
        alone = grad((elman_sequence(*some) ** 2).sum(), some[wanted], create_graph=create_graph)
        among = grad((elman_sequence(*leaves) ** 2).sum(), leaves)[wanted]
        assert relative_error(alone.data, among.data) < 1e-12


def test_an_input_used_twice_gets_both_parts():
    """The same array as h⁽⁰⁾ and, one step long, as x."""
    h = np.random.default_rng(0).standard_normal((2, 3))
    w = np.random.default_rng(1).standard_normal((3, 3))
    gradcheck(lambda h, w: elman_sequence(h.reshape(1, 2, 3), h, w, None), [h, w], order=2)
    gradcheck(lambda w: elman_sequence(w.reshape(1, 3, 3), w, w, w[0]), [w], order=2)


@pytest.mark.parametrize("k", range(4))
def test_memory_order_does_not_matter(k):
    given = arrays(T=3, B=4, H=9)
    seed = np.random.default_rng(4).standard_normal((9, 4, 3)).T

    def run(values):
        leaves = [Tensor(0, requires_grad=False) for _ in values]
        for leaf, a in zip(leaves, values, strict=True):
            leaf.data, leaf.requires_grad = a, True
        y = elman_sequence(*leaves)
        return [y.data, *(g.data for g in grad(y, leaves, seed=seed))]

    turned = list(given)
    turned[k] = np.repeat(given[k], 2, axis=-1)[..., ::2] if k == 3 else np.asfortranarray(given[k])
    assert k == 3 or not turned[k].flags.c_contiguous
    for mine, theirs in zip(run(turned), run(given), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-13)


def test_nothing_given_is_written_to():
    given = arrays()
    before = [a.copy() for a in given]
    seed = np.ones_like(given[0])
    leaves = [Tensor(0.0) for _ in given]
    for leaf, a in zip(leaves, given, strict=True):
        leaf.data, leaf.requires_grad = a, True
    y = elman_sequence(*leaves)
    kept = y.data.copy()
    grad(y, leaves, seed=seed)
    assert all(np.array_equal(a, b) for a, b in zip(given, before, strict=True))
    np.testing.assert_array_equal(seed, 1)
    np.testing.assert_array_equal(y.data, kept)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept(dtype):
    leaves = [Tensor(a, requires_grad=True) for a in arrays(dtype=dtype)]
    y = elman_sequence(*leaves)
    assert {t.dtype for t in (y, *grad(y.sum(), leaves))} == {np.dtype(dtype)}


def test_the_same_bits_twice():
    given = arrays(T=20, B=5, H=33, dtype=np.float32)
    assert elman_sequence(*given).tobytes() == elman_sequence(*given).tobytes()


def test_a_wrong_definition_would_be_noticed():
    broken = Op(
        "broken",
        elman_sequence.forward,
        joint=elman_sequence.joint[0],
        inputs=4,
        definition=lambda x, h0, w, b: elman_sequence.definition(x, h0, w.T, b),
    )
    with pytest.raises(GradError, match="off by"):
        gradcheck(broken, arrays(3, 2, 2), order=2)


def test_every_kernel_is_a_cells_and_its_definition_that_cells_step():
    assert FUSED.keys() <= VARIANTS.keys()
    for family, op in FUSED.items():
        cell = VARIANTS[family](3)
        assert cell.family == family
        assert op.n_inputs == 1 + len(cell.State._fields) + len(cell.recurrent)
