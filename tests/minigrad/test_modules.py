"""What is found by walking a module: parameters, modules and generators, each once."""

import json

import numpy as np
import pytest

from minigrad import GradError, ShapeError, Tensor
from minigrad.nn import MLP, Dropout, Linear, Module, Parameter
from minigrad.optim import Adam


class Tree(Module):
    """Parameters in lists, in tuples of lists, in modules within those, and one under three names."""

    def __init__(self):
        rng = np.random.default_rng(0)
        self.first = Linear(2, 3, rng=rng)
        self.layers = [Linear(2, 2, rng=rng), (Parameter([1.0]), [Dropout(0.5, rng=rng), Linear(1, 1, bias=False)])]
        self.tied = self.first.weight
        self.again = [self.first]
        self.noise = np.random.default_rng(5)
        self.size, self.name, self.parent = 3, "tree", self


NAMES = [
    "first.weight", "first.bias", "layers.0.weight", "layers.0.bias", "layers.1.0", "layers.1.1.1.weight",
]  # fmt: skip


def test_every_parameter_is_named_once_by_its_first_path():
    tree = Tree()
    assert [name for name, _ in tree.named_parameters()] == NAMES
    assert list(tree.state_dict()) == NAMES
    assert len(tree.parameters()) == len(NAMES)
    assert tree.parameters()[0] is tree.first.weight
    assert tree.parameters()[4] is tree.layers[1][0]


def test_modules_are_named_too():
    tree = Tree()
    found = dict(tree.named_modules())
    assert list(found) == ["", "first", "layers.0", "layers.1.1.0", "layers.1.1.1"]
    assert found[""] is tree
    assert found["layers.1.1.0"] is tree.layers[1][1][0]


def test_train_and_eval_reach_every_module():
    tree = Tree()
    assert all(m.training for _, m in tree.named_modules())
    assert tree.eval() is tree
    assert [m.training for _, m in tree.named_modules()] == [False] * 5
    assert Tree().training  # another one has not changed
    assert tree.train() is tree
    assert [m.training for _, m in tree.named_modules()] == [True] * 5
    assert not tree.train(False).layers[1][1][0].training


def test_eval_silences_dropout_deep_within():
    tree, x = Tree(), Tensor(np.ones((50, 4)))
    drop = tree.layers[1][1][0]
    assert (drop(x).data == 0).any()
    tree.eval()
    np.testing.assert_array_equal(drop(x).data, x.data)
    tree.train()
    assert (drop(x).data == 0).any()


def test_a_tied_weight_receives_both_gradients_and_one_update():
    class Tied(Module):
        def __init__(self):
            self.encode, self.decode = Linear(2, 2, bias=False, dtype=np.float64), Linear(2, 2, False, dtype=np.float64)
            self.decode.weight = self.encode.weight

        def __call__(self, x):
            return self.decode(self.encode(x))

    model = Tied()
    w = model.encode.weight
    w.assign([[2.0, 0.0], [0.0, 3.0]])
    model(Tensor([1.0, 1.0])).backward(np.array([1.0, 1.0]))
    np.testing.assert_array_equal(w.grad.data, [[4, 5], [5, 6]])  # rᵀ(xWᵀ) + (rW)ᵀx
    assert list(model.state_dict()) == ["encode.weight"]
    Adam(model.parameters(), 0.1, eps=0).step()
    np.testing.assert_allclose(w.data, [[1.9, -0.1], [-0.1, 2.9]], rtol=1e-14)
    model.load_state_dict({"encode.weight": np.eye(2)})
    assert model.decode.weight.data.tolist() == [[1, 0], [0, 1]]


def test_a_state_of_no_real_numbers_is_refused_with_the_rest():
    model = Linear(2, 1)
    before = model.state_dict()
    with pytest.raises(
        ShapeError, match="extra is unexpected, weight has dtype complex128, not real numbers, bias has"
    ):
        model.load_state_dict({"weight": np.ones((1, 2)) * 1j, "bias": np.array(["x"]), "extra": np.ones(1)})
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def drawn(model):
    """What its dropouts make of ones, twice."""
    return [model(Tensor(np.ones((3, 4)))).data for _ in range(2)]


def test_generators_are_saved_and_put_back():
    """The state goes through JSON; after it, the same masks are drawn, also by another module."""
    model = MLP([4, 50, 50, 1], dropout=0.5, dtype=np.float64, rng=np.random.default_rng(0))
    drawn(model)
    saved = json.loads(json.dumps(model.rng_state()))
    assert list(saved) == ["dropout.rng"]
    first = drawn(model)
    assert (first[0] != first[1]).any()
    model.load_rng_state(saved)
    np.testing.assert_array_equal(drawn(model), first)
    other = MLP([4, 50, 50, 1], dropout=0.5, dtype=np.float64, rng=np.random.default_rng(7))
    other.load_state_dict(model.state_dict())
    assert (np.array(drawn(other)) != first).any()
    other.load_rng_state(saved)
    np.testing.assert_array_equal(drawn(other), first)


def test_generators_that_do_not_fit_are_refused_and_none_is_moved():
    tree = Tree()
    before = tree.rng_state()
    assert list(before) == ["layers.1.1.0.rng", "noise"]
    other = {name: np.random.default_rng(9).bit_generator.state for name in before}
    with pytest.raises(GradError, match="noise is missing, sound is unexpected"):
        tree.load_rng_state({"layers.1.1.0.rng": other["noise"], "sound": other["noise"]})
    for wrong in (np.random.MT19937(1).state, {}, {"bit_generator": "PCG64", "state": 3}):
        with pytest.raises(GradError, match="load_rng_state: noise cannot stand there"):
            tree.load_rng_state({**other, "noise": wrong})
        assert tree.rng_state() == before
    tree.load_rng_state(other)
    assert tree.rng_state() == other


def test_a_generator_of_its_own_leaves_the_callers_alone():
    """Dropout in an MLP does not move the generator that drew the weights, which may go on to draw minibatches."""
    rng = np.random.default_rng(0)
    model = MLP([4, 5, 1], dropout=0.5, dtype=np.float64, rng=rng)
    before = rng.bit_generator.state
    drawn(model)
    assert rng.bit_generator.state == before
