"""Modules by hand-computed values, and their names."""

import numpy as np
import pytest

from minigrad import DtypeError, GradError, ShapeError, Tensor, gradcheck, no_grad, ops
from minigrad.nn import Embedding, Linear, Module, Parameter


def linear(weight, bias=None):
    layer = Linear(len(weight[0]), len(weight), bias=bias is not None, dtype=np.float64)
    layer.weight.assign(np.array(weight))
    if bias is not None:
        layer.bias.assign(np.array(bias))
    return layer


def test_linear_by_hand():
    """y = x Wᵀ + b, and for the loss ⟨r, y⟩: ∂x = r W, ∂W = rᵀ x, ∂b = Σ r."""
    layer = linear([[1.0, 2.0, 3.0], [-1.0, 0.5, 4.0]], [10.0, 20.0])
    x = Tensor([[1.0, 0.0, -1.0], [2.0, 1.0, 1.0]], requires_grad=True)
    y = layer(x)
    np.testing.assert_array_equal(y.data, [[8, 15], [17, 22.5]])
    y.backward(np.array([[1.0, 0.0], [2.0, -1.0]]))
    np.testing.assert_array_equal(x.grad.data, [[1, 2, 3], [3, 3.5, 2]])
    np.testing.assert_array_equal(layer.weight.grad.data, [[5, 2, 1], [-2, -1, -1]])
    np.testing.assert_array_equal(layer.bias.grad.data, [3, -1])


def test_linear_without_bias():
    layer = linear([[1.0, 2.0]])
    assert layer.bias is None
    assert list(dict(layer.named_parameters())) == ["weight"]
    assert layer(Tensor([3.0, 4.0])).data.tolist() == [11]


@pytest.mark.parametrize("lead", [(), (1,), (4,), (2, 3), (0,), (2, 1, 2)], ids=str)
def test_linear_takes_any_axes_before_the_last(lead):
    rng = np.random.default_rng(0)
    layer = linear(rng.standard_normal((2, 3)), rng.standard_normal(2))
    x = rng.standard_normal((*lead, 3))
    y = layer(Tensor(x))
    assert y.shape == (*lead, 2)
    np.testing.assert_allclose(y.data, x @ layer.weight.data.T + layer.bias.data, rtol=1e-14)


def test_linear_differentiates_twice():
    layer = linear([[1.0, 2.0, 3.0], [-1.0, 0.5, 4.0]], [0.1, -0.2])
    gradcheck(lambda x: layer(x).tanh(), [np.random.default_rng(1).standard_normal((2, 2, 3)) / 5], order=2)


def test_linear_refuses():
    with pytest.raises(ShapeError, match=r"linear: shapes \(3,\) and \(1, 2\)"):
        linear([[1.0, 2.0]])(Tensor([1.0, 2.0, 3.0]))
    with pytest.raises(DtypeError, match="linear"):
        linear([[1.0, 2.0]])(Tensor([1.0, 2.0], dtype=np.float32))


def test_embedding_by_hand():
    """Rows by id; a row that is used twice receives both cotangents."""
    table = Embedding(3, 2, dtype=np.float64)
    table.weight.assign(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    y = table(np.array([[2, 0], [2, 2]]))
    np.testing.assert_array_equal(y.data, [[[5, 6], [1, 2]], [[5, 6], [5, 6]]])
    y.backward(np.array([[[1.0, 2.0], [3.0, 4.0]], [[10.0, 20.0], [100.0, 200.0]]]))
    np.testing.assert_array_equal(table.weight.grad.data, [[3, 4], [0, 0], [111, 222]])
    assert table(1).data.tolist() == [3, 4]
    assert table(Tensor([1, 0])).data.tolist() == [[3, 4], [1, 2]]


def test_embedding_refuses_what_numpy_would_misread():
    table = Embedding(3, 2)
    with pytest.raises(ShapeError, match="take"):
        table(np.array([3]))
    with pytest.raises(ShapeError, match="an id is -1; give ids from 0 to 2"):
        table(np.array([1, -1]))
    for ids in ([0.0, 1.0], [True, False, True]):
        with pytest.raises(DtypeError, match="give integers"):
            table(ids)
    assert table(np.zeros((0, 2), int)).shape == (0, 2, 2)


def test_embedding_is_one_hot_times_weight():
    table = Embedding(5, 3, dtype=np.float64, rng=np.random.default_rng(0))
    ids = np.random.default_rng(1).integers(0, 5, (4, 2))
    dense = Tensor(ops.one_hot(ids, 5, np.float64)) @ table.weight
    np.testing.assert_array_equal(table(ids).data, dense.data)


def test_initial_values_are_torchs_distributions():
    """U(±1/√in) for Linear, N(0, 1) for Embedding; and the generator decides them."""
    layer = Linear(16, 500, rng=np.random.default_rng(3))
    for p in (layer.weight, layer.bias):
        assert p.dtype == np.float32
        assert 0.24 < np.abs(p.data).max() <= 0.25
        assert abs(p.data.mean()) < 0.03
        assert p.data.std() == pytest.approx(0.25 / np.sqrt(3), rel=0.08)
    table = Embedding(200, 20, rng=np.random.default_rng(3)).weight.data
    assert table.std() == pytest.approx(1, rel=0.05)
    assert abs(table.mean()) < 0.05
    again = Linear(16, 500, rng=np.random.default_rng(3))
    np.testing.assert_array_equal(again.weight.data, layer.weight.data)
    assert (Linear(16, 500, rng=np.random.default_rng(4)).weight.data != layer.weight.data).any()


class Net(Module):
    def __init__(self):
        rng = np.random.default_rng(0)
        self.table = Embedding(4, 3, rng=rng)
        self.size = 4
        self.scale = Parameter([2.0], dtype=np.float32)
        self.head = Linear(3, 4, rng=rng)


NAMES = ["table.weight", "scale", "head.weight", "head.bias"]


def test_names_are_attribute_paths_in_order():
    net = Net()
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert [
        p is q
        for p, q in zip(net.parameters(), [net.table.weight, net.scale, net.head.weight, net.head.bias], strict=True)
    ] == [True] * 4


def test_state_dict_is_a_copy_and_goes_round():
    one, other = Net(), Net()
    state = one.state_dict()
    assert list(state) == NAMES
    assert {a.dtype for a in state.values()} == {np.dtype(np.float32)}
    for p in other.parameters():
        p.assign(p.data + 5)
    kept = [p.data for p in other.parameters()]
    other.load_state_dict(state)
    for name, p in other.named_parameters():
        np.testing.assert_array_equal(p.data, state[name])
        assert p.dtype == np.float32
    assert all(
        k is p.data for k, p in zip(kept, other.parameters(), strict=True)
    )  # in place: optimisers keep their hold
    state["scale"][0] = 99
    assert one.scale.data[0] == other.scale.data[0] == 2


def test_load_state_dict_names_everything_wrong_at_once_and_changes_nothing():
    net = Net()
    before = net.state_dict()
    state = {**before, "scale": np.ones(3), "extra": np.ones(2), "head.weight": np.ones((3, 4))}
    state["table.weight"] = before["table.weight"] + 1
    del state["head.bias"]
    with pytest.raises(ShapeError) as caught:
        net.load_state_dict(state)
    message = str(caught.value)
    for part in (
        "head.bias is missing",
        "extra is unexpected",
        "scale has shape (3,), not (1,)",
        "head.weight has shape (3, 4), not (4, 3)",
    ):
        assert part in message
    assert "table.weight" not in message
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_what_is_computed_from_a_parameter_is_a_plain_tensor():
    p = Parameter([1.0, 2.0])
    assert p.requires_grad
    assert type(p * 2) is type(p.detach()) is type(p[0]) is Tensor
    (p * p).sum().backward()
    assert type(p.grad) is Tensor


def test_assign_keeps_the_dtype_and_is_a_change_in_place():
    p = Parameter([1.0, 2.0], dtype=np.float32)
    y = (p * p).sum()
    with no_grad():
        p.assign(np.array([3.5, 4.5]))
    assert p.dtype == np.float32
    assert p.data.tolist() == [3.5, 4.5]
    with pytest.raises(GradError, match="changed in place"):
        y.backward()
