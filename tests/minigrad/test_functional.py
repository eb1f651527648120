"""vjp, jvp, jacobian, hessian, hvp: against closed forms and differences, and nested."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import GradError, ShapeError, Tensor, differences, hessian, hvp, jacobian, jvp, relative_error, stack, vjp

RNG = np.random.default_rng(5)
A = RNG.standard_normal((3, 4))


def f(x):
    return (Tensor(A) @ x).tanh() + x[0] * x[1:4]


def numpy_f(x):
    return np.tanh(A @ x) + x[0] * x[1:4]


@given(st.integers(0, 2**32 - 1))
def test_products_from_both_sides_are_those_of_the_jacobian(seed):
    rng = np.random.default_rng(seed)
    x, t, v = rng.standard_normal(4), rng.standard_normal(4), rng.standard_normal(3)
    j = differences(numpy_f, x).T
    value, pushed = jvp(f, [x], [t])
    assert relative_error(value.data, numpy_f(x)) < 1e-14
    assert relative_error(pushed.data, j @ t) < 1e-7
    assert relative_error(vjp(f, [x], v)[1][0].data, v @ j) < 1e-7
    assert relative_error(jacobian(f, x).data, j) < 1e-7


def test_several_inputs():
    a, b = RNG.standard_normal((2, 3)), RNG.standard_normal((3, 2))
    da, db, v = RNG.standard_normal((2, 3)), RNG.standard_normal((3, 2)), RNG.standard_normal((2, 2))
    _, pushed = jvp(lambda a, b: a @ b, [a, b], [da, db])
    assert np.allclose(pushed.data, da @ b + a @ db)
    _, (ga, gb) = vjp(lambda a, b: a @ b, [a, b], v)
    assert np.allclose(ga.data, v @ b.T)
    assert np.allclose(gb.data, a.T @ v)


def test_hessian_of_a_quartic_and_its_product_with_a_direction():
    m, x, d = RNG.standard_normal((3, 3)), RNG.standard_normal(3), RNG.standard_normal(3)

    def quartic(x):
        q = x @ (Tensor(m) @ x)
        return q * q

    s, q = m + m.T, x @ m @ x
    expected = 2 * np.outer(s @ x, s @ x) + 2 * q * s
    assert np.allclose(hessian(quartic, x).data, expected)
    assert np.allclose(hvp(quartic, x, d).data, expected @ d)


def test_shapes_of_matrices():
    x = RNG.standard_normal((2, 3))
    j = jacobian(lambda x: x.T * 2.0, x).data
    assert j.shape == (3, 2, 2, 3)
    assert j[2, 1, 1, 2] == 2
    assert np.count_nonzero(j) == 6
    assert jacobian(lambda x: x[:0], np.ones(3)).shape == (0, 3)
    assert not jacobian(lambda x: Tensor([1.0, 2.0]), np.ones(3)).data.any()


def test_nested_levels_are_not_confused():
    """d/dx [x · d/dy (x + y)] at y = x is 1, and d/dx [d/dy (x y)] is 1: the inner level varies y alone."""
    assert jacobian(lambda x: x * jacobian(lambda y: x + y, x), 1.7).item() == 1
    assert jacobian(lambda x: jacobian(lambda y: x * y, x), 1.7).item() == 1
    assert np.isclose(jvp(lambda x: x * jvp(lambda y: x * y, [x], [1.0])[1], [3.0], [1.0])[1].item(), 6)
    assert np.isclose(vjp(lambda x: x * vjp(lambda y: x * y, [x], 1.0)[1][0], [3.0], 1.0)[1][0].item(), 6)


def test_three_levels_of_tanh():
    x = 0.3
    t = np.tanh(x)
    third = jacobian(lambda x: jacobian(lambda x: jacobian(lambda x: x.tanh(), x), x), x).item()
    assert np.isclose(third, (1 - t * t) * (6 * t * t - 2))
    mixed = jvp(lambda x: vjp(lambda x: x.tanh(), [x], 1.0)[1][0], [x], [1.0])[1].item()
    assert np.isclose(mixed, -2 * t * (1 - t * t))


def test_an_outer_tensor_keeps_its_history_and_an_array_needs_none():
    w = Tensor([1.0, 2.0], requires_grad=True)
    j = jacobian(lambda x: x * x * x, w)
    (j[0, 0] + j[1, 1]).backward()
    assert w.grad.data.tolist() == [6, 12]
    assert not jacobian(lambda x: x * x, np.ones(2)).requires_grad
    assert w.grad is not None


def test_a_function_of_several_tensors_stacked():
    j = jacobian(lambda x: stack([x.sum(), (x * x).sum()]), np.array([1.0, 2.0])).data
    assert j.tolist() == [[1, 1], [2, 4]]


def test_misuse_is_refused_in_one_line():
    with pytest.raises(ShapeError, match="1 tangents for 2 inputs"):
        jvp(lambda a, b: a + b, [1.0, 2.0], [1.0])
    with pytest.raises(ShapeError, match="tangent of shape"):
        jvp(lambda a: a, [np.ones(2)], [np.ones(3)])
    with pytest.raises(ShapeError, match="cotangent of shape"):
        vjp(lambda a: a * 2.0, [np.ones(2)], np.ones(3))
    with pytest.raises(GradError, match="must give a scalar"):
        hessian(lambda x: x * x, np.ones(2))
    with pytest.raises(GradError, match="must give a Tensor"):
        jacobian(lambda x: 3.0, 1.0)
