"""Long chains of Values, and what is left when they are gone."""

import gc

import pytest
from small_stack import in_a_small_stack, live

from minigrad import Value

LENGTH = 100_000


def chain(x, length=LENGTH):
    for _ in range(length // 2):
        x = x * 1.0001 - 0.0001
    return x


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_a_chain_of_100_000_differentiates_prints_and_is_freed():
    before = live()

    def work():
        x = Value(2.0)
        y = chain(x)
        y.backward()
        assert x.grad == pytest.approx(1.0001 ** (LENGTH // 2), rel=1e-9)
        assert repr(y).endswith("from sub)")
        assert live() - before == 2 * LENGTH + 1  # each op, a constant for each, and x
        del y
        assert live() - before == 1

    in_a_small_stack(work)
    assert live() == before


@pytest.mark.usefixtures("no_collector")
def test_nothing_is_left_of_training_without_the_collector():
    w, b = Value(0.5), Value(0.0)

    def step():
        loss = sum(((w * x + b).tanh() - y) ** 2 for x, y in [(1.0, 0.3), (-2.0, 0.1), (0.5, -0.7)])
        w.grad = b.grad = 0.0
        loss.backward()
        w.data -= 0.05 * w.grad
        b.data -= 0.05 * b.grad
        return loss.data

    first = step()
    before = len(gc.get_objects())
    for _ in range(300):
        last = step()
    assert len(gc.get_objects()) == before
    assert last < first / 2 + 0.2


def test_a_wide_graph_and_a_deep_one_cost_the_same_walk():
    """Sums of 20,000 products of two leaves, one after another and as a balanced tree."""
    a, b = Value(3.0), Value(-2.0)
    parts = [a * b for _ in range(20_000)]
    sum(parts[1:], parts[0]).backward()
    assert (a.grad, b.grad) == (-40_000, 60_000)
    a.grad = b.grad = 0.0
    while len(parts) > 1:
        parts = [sum(parts[k + 1 : k + 2], parts[k]) for k in range(0, len(parts), 2)]
    parts[0].backward()
    assert (a.grad, b.grad) == (-40_000, 60_000)
