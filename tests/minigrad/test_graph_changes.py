"""Values changed behind the graph's back, rules that are broken, and a graph run again."""

import numpy as np
import pytest

from minigrad import (
    DtypeError,
    GradError,
    Tensor,
    differences,
    grad,
    ops,
)
from minigrad.graph import Op, nodes
from minigrad.kernels.workspace import aligned
from minigrad.nn import Linear, Parameter
from minigrad.optim import SGD, Adam
from minigrad.replay import replay
from rnn import RNN


def leaf(*values):
    return Tensor(np.array(values if len(values) > 1 else values[0], dtype=float), requires_grad=True)


# Values changed behind the graph's back


def test_a_parameter_changed_before_backward_is_refused_by_name():
    w = Parameter([1.0, 2.0])
    y = (w * w).sum()
    w.assign(np.array([3.0, 4.0]))
    with pytest.raises(GradError, match="an input of mul was changed in place"):
        y.backward()
    assert w.grad is None


def test_a_change_before_the_use_is_no_matter():
    w = Parameter([1.0, 2.0])
    w.assign(np.array([3.0, 4.0]))
    (w * w).sum().backward()
    np.testing.assert_array_equal(w.grad.data, [6, 8])


def test_a_change_of_what_no_rule_reads_is_no_matter():
    w = Parameter([1.0, 2.0])
    y = (w + 1).tanh().sum()
    w.assign(np.array([30.0, 40.0]))
    y.backward()
    np.testing.assert_allclose(w.grad.data, 1 - np.tanh([2.0, 3.0]) ** 2, rtol=1e-14)


VIEWS = {
    "index": lambda w: w[0] * w[0],
    "transpose": lambda w: w.T @ w,
    "reshape": lambda w: w.reshape(4) * w.reshape(-1),
    "a view of a view": lambda w: w.T[1:].reshape(2) * 3 * w.T[1:].reshape(2),
    "rows": lambda w: w.unstack()[0] * w.unstack()[1],
    "broadcast": lambda w: w.broadcast_to((3, 2, 2)) * w.broadcast_to((3, 2, 2)),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_change_is_seen_through_views(name):
    w = Parameter([[1.0, 2.0], [3.0, 4.0]])
    y = VIEWS[name](w).sum()
    w.assign(2 * w.data)
    with pytest.raises(GradError, match="was changed in place"):
        y.backward()
    VIEWS[name](w).sum().backward()
    assert w.grad.data.any()


def lent(x):
    """A copy in memory that is lent: its base is no array."""
    found = aligned(x.shape, x.dtype)
    found[...] = x
    return found


def test_a_change_is_seen_through_views_of_lent_memory():
    """As the outputs of kernels are, where they are large."""
    copy, x = Op("copy", lent, lambda g: g * 1), Tensor(np.ones((300, 64)), requires_grad=True)
    y = copy(x)
    assert not isinstance(y.data.base, np.ndarray)
    view = y.reshape(64, 300).transpose()
    used = (view * view).sum()
    y[...] = 0.0
    with pytest.raises(GradError, match="was changed in place"):
        used.backward()


@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_an_optimizers_step_between_forward_and_backward_is_refused(optimizer):
    layer = Linear(2, 3, rng=np.random.default_rng(0))
    x = Tensor(np.ones((4, 2)), dtype=np.float32, requires_grad=True)
    update = optimizer(layer.parameters(), 0.1)
    loss = (layer(x) * layer(x)).sum()
    loss.backward(retain_graph=True)
    update.step()
    with pytest.raises(GradError, match="an input of linear was changed in place"):
        loss.backward()


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("implementation", ["fused", "stepwise"])
def test_a_recurrent_weight_changed_before_backward_is_refused(implementation, create_graph):
    layer = RNN(2, 3, rng=np.random.default_rng(0), implementation=implementation)
    x = Tensor(np.ones((4, 1, 2)), dtype=np.float32)
    loss = layer(x)[0].sum()
    layer.weight_hh_l0.assign(2 * layer.weight_hh_l0.data)
    with pytest.raises(GradError, match="elman_layer" if implementation == "fused" else "matmul"):
        loss.backward(create_graph=create_graph)


# Broken rules, and constants


def test_a_rule_of_the_wrong_shape_is_named():
    broken = Op("broken", np.negative, lambda g: -g[:1])
    with pytest.raises(GradError, match=r"rule of broken gave shape \(1,\) for an input of shape \(3,\)"):
        broken(leaf(1.0, 2.0, 3.0)).backward(np.ones(3))


def test_a_rule_of_the_wrong_dtype_is_named():
    broken = Op("broken", np.negative, lambda g: -g.astype(np.float32))
    with pytest.raises(GradError, match="rule of broken gave float32 for an input of float64"):
        broken(leaf(1.0)).backward()


def test_a_constant_that_wants_a_gradient_is_refused_rather_than_forgotten():
    x, exponent = leaf(2.0), leaf(3.0)
    with pytest.raises(GradError, match=r"power: only its first 1 of x, exponent"):
        x**exponent
    assert (x ** exponent.detach()).item() == 8


def test_a_mixture_of_precisions_is_refused_whichever_comes_first():
    low, high = Tensor([1.0], dtype=np.float32, requires_grad=True), leaf([2.0])
    for a, b in (
        (low, high),
        (high, low),
        (low, high.data),
        (high, low.data),
        (low.data, high),
        (high.data, low),
    ):
        with pytest.raises(DtypeError, match="add: float32 and float64 do not mix"):
            ops.add(a, b)
    for pair in ([low, high], [high, low], [high, low.data]):
        with pytest.raises(DtypeError, match="stack"):
            ops.stack(pair)


# replay


def test_replay_equals_computing_again():
    rng = np.random.default_rng(1)
    w, x = Tensor(rng.standard_normal((3, 3)), requires_grad=True), Tensor(rng.standard_normal((2, 3)))

    def f(w, x, inner=None):
        a = (x @ w).tanh() if inner is None else inner
        rows = ops.stack([r * 2 for r in a.unstack()])
        return a, (ops.softmax(rows + x) * a).sum()

    a, y = f(w, x)
    w2, a2 = rng.standard_normal((3, 3)), rng.standard_normal((2, 3))
    np.testing.assert_array_equal(replay(y, [(w, w2)]), f(Tensor(w2), x)[1].data)
    np.testing.assert_array_equal(replay(y, [(a, a2)]), f(w, x, Tensor(a2))[1].data)
    np.testing.assert_array_equal(replay(y, [(w, w2), (a, a2)]), f(w, x, Tensor(a2))[1].data)
    np.testing.assert_array_equal(replay(y, []), y.data)
    np.testing.assert_array_equal(replay(a, [(a, a2)]), a2)
    np.testing.assert_array_equal(replay(y, [(w, w.data)]), y.data)
    assert grad(y, w).data.any()  # the graph is as it was


def test_replay_holds_the_other_ways_fixed():
    """z = y·x with y = x²: moving y alone has slope x, moving x slope 3x²."""
    x = leaf(3.0)
    y = x * x
    z = y * x
    assert differences(lambda v: replay(z, [(y, v)]), y.data) == pytest.approx(3, rel=1e-9)
    assert differences(lambda v: replay(z, [(x, v)]), x.data) == pytest.approx(27, rel=1e-9)


def test_nodes_are_in_order_of_making():
    x = leaf(2.0)
    y = x.exp() * x.tanh() + x
    assert [n.op.name for n in nodes(y)] == ["exp", "tanh", "mul", "add"]
    assert nodes(x) == []


def test_an_op_binds_names_defaults_and_complains_in_its_own_name():
    x = leaf(1.0, 2.0)
    assert ops.sum(x=x, keepdims=True).shape == (1,)
    with pytest.raises(TypeError, match="softmax: got an unexpected keyword argument 'axes'"):
        ops.softmax(x, axes=0)
    with pytest.raises(TypeError, match="add takes 2 arguments, 1 were given"):
        ops.add(x)
    assert repr(ops.sum) == "<op sum(x, axis, keepdims)>"


def test_a_change_is_seen_through_detach():
    w, x = Parameter([1.0, 2.0]), leaf(1.0, 1.0)
    y = (x * w.detach()).sum()
    w.assign(2 * w.data)
    with pytest.raises(GradError, match="was changed in place"):
        y.backward()
