"""What an op's forward leaves for its rule: as long as the graph lives, no longer, and wherever forward runs again."""

import gc
import weakref

import numpy as np
import pytest

from minigrad import (
    GradError,
    Tensor,
    checkpoint,
    cross_entropy,
    detect_anomaly,
    grad,
    gradcheck,
    hessian,
    jvp,
    no_grad,
)
from minigrad.graph import Op, nodes
from minigrad.replay import replay


class Left:
    """What is left for the rule, and can be watched from outside."""

    def __init__(self, square):
        self.square = square


class Watched:
    """x³ by an op that leaves x² for its rule, and who reads what it left."""

    def __init__(self, definition=None, many=False):
        self.made, self.read = [], []
        rule = (lambda g, kept: (self._rule(g[0], kept),)) if many else (lambda g, kept: (self._rule(g, kept),))
        self.op = Op(
            "cube", self._many if many else self._one, joint=rule, keeps=True, many=many, definition=definition
        )

    def _one(self, x):
        left = Left(x * x)
        self.made.append(weakref.ref(left))
        return left.square * x, left

    def _many(self, x):
        y, left = self._one(x)
        return (y, 2 * x), left

    def _rule(self, g, kept):
        self.read.append(kept.square.copy())
        return 3 * g * kept.square

    def alive(self):
        return sum(reference() is not None for reference in self.made)


def leaf(*values):
    return Tensor(np.array(values), requires_grad=True)


@pytest.fixture(autouse=True)
def without_the_collector():
    """What is freed here is freed at once, not some time later."""
    gc.disable()
    yield
    gc.enable()


def test_the_rule_reads_what_forward_left():
    cube, x = Watched(), leaf(2.0, -3.0)
    y = cube.op(x) * np.array([1.0, 10.0])
    y.sum().backward()
    assert x.grad.data.tolist() == [12, 270]
    assert [a.tolist() for a in cube.read] == [[4, 9]]
    assert len(cube.made) == 1, "forward ran once"


def test_each_application_has_its_own():
    cube, x = Watched(), leaf(2.0)
    y = cube.op(cube.op(x)) + cube.op(x)
    assert y.item() == 512 + 8
    assert grad(y, x).item() == 9 * 2.0**8 + 12
    assert sorted(a.item() for a in cube.read) == [4, 4, 64]


def test_it_is_gone_after_backward():
    cube, x = Watched(), leaf(2.0)
    y = cube.op(x)
    assert cube.alive() == 1
    y.backward()
    assert cube.alive() == 0
    with pytest.raises(GradError, match="behind cube was freed"):
        y.backward()


def test_it_is_gone_with_the_graph_that_was_never_walked():
    cube, x = Watched(), leaf(2.0)
    y = cube.op(x) * 2.0
    assert cube.alive() == 1
    del y
    assert cube.alive() == 0


def test_retain_graph_retains_it():
    cube, x = Watched(), leaf(2.0)
    y = cube.op(x)
    for _ in range(3):
        y.backward(retain_graph=True)
        assert cube.alive() == 1
    assert grad(y, x, retain_graph=True).item() == 12
    assert x.grad.item() == 36
    y.backward()
    assert cube.alive() == 0
    assert len(cube.made) == 1


def test_nothing_is_left_where_nothing_is_recorded():
    cube = Watched()
    with no_grad():
        y = cube.op(leaf(2.0))
    z, plain = cube.op(Tensor([2.0])), cube.op(np.array([2.0]))
    assert [y.data.tolist(), z.data.tolist(), plain.tolist()] == [[8.0]] * 3
    assert isinstance(plain, np.ndarray)
    assert cube.alive() == 0


def test_an_op_of_several_outputs_may_keep_too():
    cube, x = Watched(many=True), leaf(2.0)
    y, double = cube.op(x)
    assert (y.item(), double.item()) == (8, 4)
    assert grad(y, x).item() == 12
    assert cube.alive() == 0
    assert [a.tolist() for a in cube.op(np.array([2.0]))] == [[8], [4]]


def test_replay_runs_forward_again_and_leaves_the_graph_as_it_was():
    cube, x = Watched(), leaf(2.0)
    inner = cube.op(x)
    y = cube.op(inner) * x
    assert replay(y, [(x, np.array([1.5]))]).tolist() == [1.5**10]
    assert replay(y, [(inner, np.array([3.0]))]).tolist() == [54]
    assert cube.alive() == 2, "what replay made is gone again"
    assert grad(y, x).item() == 10 * 2.0**9
    several = Watched(many=True)
    z = several.op(x)[0] * 2.0
    assert replay(z, [(x, np.array([3.0]))]).tolist() == [54]


def test_checkpoint_forgets_it_and_makes_it_again():
    cube, x = Watched(), leaf(2.0)
    y = checkpoint(lambda x: cube.op(cube.op(x)), x)
    assert (len(cube.made), cube.alive()) == (2, 0)
    assert grad(y, x).item() == 9 * 2.0**8
    assert (len(cube.made), cube.alive()) == (4, 0)
    z = checkpoint(lambda x: checkpoint(cube.op, x) * x, x)
    z.backward()
    assert x.grad.item() == 32
    assert cube.alive() == 0


def test_second_order_goes_through_the_definition():
    cube = Watched(definition=lambda x: x * x * x)
    x = leaf(2.0)
    y = cube.op(x)
    g = grad(y, x, create_graph=True)
    assert cube.read == [], "an array would have no history"
    assert g.item() == 12
    assert cube.alive() == 1, "a graph that may be walked again keeps all it needs"
    assert grad(g, x).item() == 12
    assert grad(y, x).item() == 12
    assert cube.alive() == 0
    assert hessian(lambda x: cube.op(x).sum(), leaf(1.0, 5.0)).data.tolist() == [[6, 0], [0, 30]]
    assert jvp(cube.op, [leaf(3.0)], [np.array([0.5])])[1].data.tolist() == [13.5]
    gradcheck(cube.op, [np.array([0.3, -1.2])], order=2)


def test_what_is_kept_is_no_input_that_could_have_changed():
    """The rule reads neither x nor y, so a change of x after forward does no harm."""
    cube, x = Watched(), leaf(2.0)
    inner = x * 1.0
    y = cube.op(inner)
    inner += 5.0
    assert grad(y, x).item() == 12


def test_an_observer_sees_outputs_and_not_what_was_left():
    cube, x = Watched(), leaf(2.0)
    with detect_anomaly():
        y = cube.op(x)
        y.backward()
    assert x.grad.item() == 12
    assert [node.op.name for node in nodes(cube.op(x))] == ["cube"]


def test_the_engines_own_loss_keeps_its_probabilities_and_frees_them():
    """Large enough for a kernel. The same bits at each walk, and all memory back after the last."""
    rng = np.random.default_rng(0)
    scores = Tensor(rng.standard_normal((400, 30)), requires_grad=True)
    loss = cross_entropy(scores, rng.integers(0, 30, 400))
    (node,) = nodes(loss)
    kept = weakref.ref(node.kept)
    first, second = (grad(loss, scores, retain_graph=True).data for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first.sum(axis=1), 0, atol=1e-15)
    again = checkpoint(lambda s: cross_entropy(s, np.zeros(400, int)), scores)
    assert grad(again, scores).data[:, 0].sum() == pytest.approx(np.mean(probability(scores) - 1), rel=1e-12)
    loss.backward()
    np.testing.assert_array_equal(scores.grad.data, first)
    assert kept() is None


def probability(scores):
    """Of class 0 in each row."""
    e = np.exp(scores.data)
    return e[:, 0] / e.sum(axis=1)


@pytest.mark.parametrize("wants", [(True, False), (False, True), (True, True)])
def test_a_rule_is_told_which_cotangents_are_wanted(wants):
    told = []

    def rule(g, a, b, wanted):
        told.append(wanted)
        return (g * b if wanted[0] else None), (g * a if wanted[1] else None)

    times = Op("times", lambda a, b: a * b, joint=rule, inputs=2)
    a, b = (Tensor(np.array(x), requires_grad=w) for x, w in zip(([1.0, 2.0], [3.0, -4.0]), wants, strict=True))
    times(a, b).sum().backward()
    assert told == [wants]
    for x, other, wanted in ((a, b, wants[0]), (b, a, wants[1])):
        assert (x.grad is not None) == wanted
        if wanted:
            np.testing.assert_array_equal(x.grad.numpy(), other.numpy())
