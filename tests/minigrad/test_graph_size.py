"""Long chains, wide fans and many steps: nothing recurses, and nothing is left behind."""

import gc
import weakref

import numpy as np
import pytest

from minigrad import (
    GradError,
    Tensor,
    grad,
    ops,
    relative_error,
)
from minigrad.graph import nodes
from minigrad.nn import Embedding, Linear, Module
from minigrad.optim import SGD, Adam, clip_grad_norm
from rnn import RNN

LONG = 100_000


def leaf(*values):
    return Tensor(np.array(values if len(values) > 1 else values[0], dtype=float), requires_grad=True)


def chain(x, length=LONG):
    for k in range(length):
        x = x + 0.5 if k % 2 else x * 1.00001
    return x


def test_a_long_chain_differentiates_and_prints():
    x = leaf(2.0, -1.0)
    y = chain(x)
    assert repr(y).startswith("Tensor([")
    assert repr(y).endswith("from add)")
    y.backward(np.array([1.0, 3.0]))
    factor = 1.00001 ** (LONG // 2)
    np.testing.assert_allclose(x.grad.data, [factor, 3 * factor], rtol=1e-9)


def test_a_long_chain_is_recorded_and_differentiated_again():
    x = leaf(1.001)
    y = x
    for _ in range(3000):
        y = y * x
    first = grad(y, x, create_graph=True)
    second = grad(first, x)
    assert relative_error(first.data, 3001 * 1.001**3000) < 1e-9
    assert relative_error(second.data, 3001 * 3000 * 1.001**2999) < 1e-9


@pytest.mark.parametrize("through", [False, True], ids=["never walked", "walked"])
def test_a_long_chain_is_freed(through):
    x = leaf(1.0)
    y = chain(x)
    first = nodes(y)[0]
    gone = weakref.ref(first.inputs[0])
    middle = weakref.ref(nodes(y)[LONG // 2].inputs[0])
    assert middle() is not None
    del first
    if through:
        y.backward()
        assert middle() is None  # freed by the walk, with y still here
    del y
    assert middle() is None
    assert gone() is x


def test_a_wide_fan_is_added_up_once_each():
    x = leaf(3.0)
    parts = [x * float(k) for k in range(2000)]
    ops.stack(parts).sum().backward()
    assert x.grad.item() == sum(range(2000))


class Small(Module):
    """Ids to scores by a table, a hidden layer and a tanh."""

    def __init__(self, rng):
        self.table, self.inner, self.outer = (
            Embedding(5, 3, rng=rng),
            Linear(3, 4, rng=rng),
            Linear(4, 5, rng=rng),
        )

    def __call__(self, ids):
        return self.outer(self.inner(self.table(ids)).tanh())


class Recurrent(Module):
    def __init__(self, rng, implementation):
        self.layer, self.head = RNN(5, 4, rng=rng, implementation=implementation), Linear(4, 5, rng=rng)

    def __call__(self, ids):
        return self.head(self.layer(ids)[0])


MODELS = {
    "feedforward": Small,
    "fused": lambda rng: Recurrent(rng, "fused"),
    "stepwise": lambda rng: Recurrent(rng, "stepwise"),
}


@pytest.mark.parametrize("optimizer", [Adam, SGD])
@pytest.mark.parametrize("name", MODELS)
def test_a_thousand_steps_leave_no_object_behind(name, optimizer):
    """With the collector off, a reference cycle anywhere would be left lying."""
    rng = np.random.default_rng(0)
    model = MODELS[name](rng)
    update = optimizer(model.parameters(), 0.05)
    ids, targets = rng.integers(0, 5, (3, 2)), rng.integers(0, 5, (3, 2))

    def step():
        update.zero_grad()
        loss = ops.cross_entropy(model(ids), targets)
        loss.backward()
        clip_grad_norm(update.params, 0.5)
        update.step()
        return loss.item()

    first = step()
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(1000):
            last = step()
        after = len(gc.get_objects())
    finally:
        gc.enable()
    assert last < first - 0.1
    assert after == before


def test_second_order_and_errors_leave_no_object_behind():
    x = leaf(1.0, 2.0)

    def step():
        g = grad((x.tanh() * x).sum(), x, create_graph=True)
        grad((g * g).sum(), x)
        y = x * x
        y.backward(np.ones(2))
        try:
            y.backward(np.ones(2))
        except GradError:
            return
        pytest.fail("the graph was not freed")

    step()
    gc.collect()
    gc.disable()
    try:
        step()
        before = len(gc.get_objects())
        for _ in range(50):
            step()
        after = len(gc.get_objects())
    finally:
        gc.enable()
    assert after == before
