"""The walk back: where cotangents meet, what `grad` gives, how long a graph lives."""

import numpy as np
import pytest

from minigrad import (
    GradError,
    ShapeError,
    Tensor,
    grad,
    no_grad,
)


def leaf(*values):
    return Tensor(np.array(values if len(values) > 1 else values[0], dtype=float), requires_grad=True)


# Where cotangents meet


def test_diamonds():
    """Eight paths: d = 8a."""
    a = leaf(1.5, -2.0)
    b = a + a
    c = b + b
    d = c + c
    (d * np.array([1.0, 10.0])).sum().backward()
    np.testing.assert_array_equal(a.grad.data, [8, 80])


def test_a_short_and_a_long_way():
    """The long way must arrive before its start is left: y = s·tanh(s) + s with s = x²."""
    x = leaf(0.6)
    s = x * x
    y = s * s.tanh() + s
    y.backward()
    t = np.tanh(0.36)
    assert x.grad.item() == pytest.approx((t + 0.36 * (1 - t * t) + 1) * 1.2, rel=1e-14)


def test_each_node_is_left_once_however_many_ways_lead_to_it():
    """Fibonacci's recursion: 5·10¹⁷ ways in 88 nodes, so only one visit each ever ends."""
    x = leaf(1.0)
    before, last = x, x * 1.0
    for _ in range(87):
        before, last = last, last + before
    assert grad(last, x, retain_graph=True).item() == last.item() == pytest.approx(1.7799794160047142e18)


def test_gradients_add_up_in_leaves():
    x = leaf(2.0, 5.0)
    (x * x).sum().backward()
    (x * 3).sum().backward()
    np.testing.assert_array_equal(x.grad.data, [7, 13])
    x.grad = None
    (x * 3).sum().backward()
    np.testing.assert_array_equal(x.grad.data, [3, 3])


def test_only_leaves_that_want_a_gradient_get_one():
    x, constant = leaf(2.0), Tensor(5.0)
    inner = x * constant
    (inner * inner).backward()
    assert x.grad.item() == 100
    assert constant.grad is None
    assert inner.grad is None


def test_backward_of_a_leaf_itself():
    x = leaf(4.0, 5.0)
    x.backward(np.array([1.0, -2.0]))
    np.testing.assert_array_equal(x.grad.data, [1, -2])


def test_gradients_share_no_memory():
    a, b, c = leaf(1.0, 2.0), leaf(3.0, 4.0), leaf(5.0, 6.0)
    seed = np.array([1.0, 2.0])
    (a + b + c.reshape(2)).backward(seed)
    arrays = [a.grad.data, b.grad.data, c.grad.data, seed, a.data]
    for i, one in enumerate(arrays):
        assert not any(np.shares_memory(one, other) for other in arrays[i + 1 :])
    a.grad.data[...] = 99
    np.testing.assert_array_equal(b.grad.data, [1, 2])
    ga, gb = grad(a + b, [a, b], seed=seed)
    assert not np.shares_memory(ga.data, gb.data)
    assert not np.shares_memory(ga.data, seed)
    sums = grad((a.broadcast_to((3, 2))).sum(), a)
    sums.data[...] = 1  # a gradient can be written to


def test_adding_to_a_gradient_leaves_the_old_one_alone():
    x = leaf(2.0, 5.0)
    (x * x).sum().backward()
    old = x.grad
    (x * x).sum().backward()
    np.testing.assert_array_equal(old.data, [4, 10])
    np.testing.assert_array_equal(x.grad.data, [8, 20])


# grad()


def test_grad_leaves_dot_grad_alone():
    x, w = leaf(2.0), leaf(3.0)
    (w * 1.0).backward()
    g = grad(x * x * w, [x, w])
    assert [v.item() for v in g] == [12, 4]
    assert x.grad is None
    assert w.grad.item() == 1


def test_an_independent_input_gets_zeros_of_its_own_kind():
    x = leaf(2.0)
    other = Tensor(np.ones((2, 3)), requires_grad=True, dtype=np.float32)
    gx, zeros = grad(x * x, [x, other])
    assert gx.item() == 4
    assert zeros.dtype == np.float32
    np.testing.assert_array_equal(zeros.data, np.zeros((2, 3)))
    assert not grad(x * x, other, create_graph=True).data.any()


def test_the_form_of_the_inputs_is_the_form_of_the_result():
    x = leaf(2.0)
    assert isinstance(grad(x * x, x), Tensor)
    assert [g.item() for g in grad(x * x, (x,))] == [4]
    assert [g.item() for g in grad(x * x, [x, x])] == [4, 4]


def test_interior_inputs():
    """z = y² x with y = 3x at x = 2: ∂z/∂y is 2yx = 24 with x held, ∂z/∂x is 24·3 + 36 = 108 in all."""
    x = leaf(2.0)
    y = x * 3
    z = y * y * x
    gy, gx, gz = grad(z, [y, x, z])
    assert (gy.item(), gx.item(), gz.item()) == (24, 108, 1)


def test_an_output_of_several_is_told_from_its_sisters():
    x = leaf(1.0, 2.0, 3.0)
    a, b, c = x.unstack()
    assert [g.item() for g in grad(a * b * b, [a, b, c])] == [4, 4, 0]


def test_seeds():
    x = leaf(2.0, 5.0)
    np.testing.assert_array_equal(grad(x * x, x, seed=[1.0, 10.0]).data, [4, 100])
    np.testing.assert_array_equal(grad(x * x, x, seed=Tensor([2.0, 0.5])).data, [8, 5])
    with pytest.raises(GradError, match=r"shape \(2,\) is not a scalar; give a seed"):
        grad(x * x, x)
    with pytest.raises(GradError, match="not a scalar"):
        (x * x).backward()
    for wrong in (np.ones(3), np.ones((2, 1)), 1.0, Tensor(1.0)):
        with pytest.raises(ShapeError, match=r"is not the output's \(2,\)"):
            grad(x * x, x, seed=wrong)
    assert x.grad is None


def test_one_entry_with_axes_is_a_scalar_too():
    x = leaf(3.0).reshape(1, 1)
    assert grad(x * x, x).data.tolist() == [[6]]


# A graph's life


def test_a_freed_graph_refuses_by_name():
    x = leaf(2.0)
    y = x.exp() * x
    y.backward()
    first = x.grad.item()
    with pytest.raises(GradError, match=r"behind mul was freed .* retain_graph=True"):
        y.backward()
    assert x.grad.item() == first


def test_a_graph_whose_lower_half_is_freed_refuses_and_changes_nothing():
    x = leaf(2.0)
    shared = x.exp()
    a, b = shared * 2, shared * 3
    a.backward()
    first = x.grad.item()
    with pytest.raises(GradError, match="behind exp was freed"):
        b.backward()
    assert x.grad.item() == first


def test_retain_graph():
    x = leaf(2.0)
    y = x.exp() * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == pytest.approx(2 * 3 * np.exp(2), rel=1e-14)
    z = x * x
    assert grad(z, x, retain_graph=True).item() == grad(z, x).item() == 4
    with pytest.raises(GradError, match="freed"):
        grad(z, x)


def test_the_third_derivative_of_tanh():
    """tanh‴ = (1 − y²)(6y² − 2)."""
    x = leaf(-1.3, 0.0, 0.2, 0.9)
    g = x.tanh()
    for _ in range(3):
        g = grad(g.sum(), x, create_graph=True)
    y = np.tanh(x.data)
    np.testing.assert_allclose(g.data, (1 - y**2) * (6 * y**2 - 2), rtol=1e-13)


def test_backward_with_create_graph_can_be_differentiated():
    """x³: the gradient 3x² has the gradient 6x."""
    x = leaf(2.0)
    (x**3).backward(create_graph=True)
    assert x.grad.item() == 12
    assert grad(x.grad, x).item() == 12


def test_without_create_graph_a_gradient_is_a_constant():
    x = leaf(2.0)
    g = grad(x**3, x)
    assert not g.requires_grad
    with pytest.raises(GradError, match="depends on nothing"):
        g.backward()


def test_mixed_second_derivatives():
    """f = x²y³ at (2, 3): f_xy = 6xy² = 108."""
    x, y = leaf(2.0), leaf(3.0)
    gx, gy = grad(x**2 * y**3, [x, y], create_graph=True)
    assert grad(gx, y, retain_graph=True).item() == grad(gy, x).item() == 108


def test_no_graph():
    for y in (Tensor(2.0), Tensor(2.0) * 3, leaf(2.0).detach()):
        with pytest.raises(GradError, match="depends on nothing that requires a gradient"):
            y.backward()
        with pytest.raises(GradError, match="depends on nothing"):
            grad(y, leaf(1.0))


def test_no_grad():
    x = leaf(2.0)
    with no_grad():
        with no_grad():
            pass
        silent = x * x
    assert silent.item() == 4
    assert not silent.requires_grad
    assert (x * x).requires_grad
    with pytest.raises(ZeroDivisionError), no_grad():
        1 / 0  # noqa: B018  # the error is the point
    assert (x * x).requires_grad


def test_detach_cuts():
    x = leaf(3.0)
    y = x * x
    g = grad(y * y.detach(), x)
    assert g.item() == 54  # 9 · 2x, and nothing through the other 9
    assert y.detach().item() == 9
