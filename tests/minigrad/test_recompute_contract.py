"""Gradient checkpointing: how often f runs, what is refused, what is kept. Its gradients: `test_recompute`."""

import gc
import tracemalloc
from collections import Counter

import numpy as np
import pytest

from minigrad import (
    AnomalyError,
    GradError,
    ShapeError,
    Tensor,
    checkpoint,
    detect_anomaly,
    dropout,
    grad,
    gradcheck,
    no_grad,
)  # fmt: skip
from minigrad.graph import Op, nodes
from minigrad.nn import Linear
from minigrad.optim import SGD
from minigrad.replay import replay


def leaf(*shape, seed=0, dtype=np.float64):
    return Tensor(np.random.default_rng(seed).standard_normal(shape), requires_grad=True, dtype=dtype)


# How often f runs, and on what


def test_f_runs_once_forward_and_once_for_each_pass_back():
    calls = Counter()

    def inner(x):
        calls["inner"] += 1
        return x.tanh()

    def outer(x):
        calls["outer"] += 1
        return checkpoint(inner, x * 2.0)

    x = leaf(3)
    y = checkpoint(outer, x).sum()
    assert calls == {"outer": 1, "inner": 1}
    y.backward(retain_graph=True)
    assert calls == {"outer": 2, "inner": 3}
    y.backward()
    assert calls == {"outer": 3, "inner": 5}
    np.testing.assert_allclose(x.grad.data, 4 * (1 - np.tanh(2 * x.data) ** 2), rtol=1e-14)
    with pytest.raises(GradError, match="freed by an earlier pass"):
        y.backward()


@pytest.mark.parametrize("create_graph", [False, True])
def test_hooks_run_once_and_are_obeyed(create_graph):
    """a²b at a = b = x: 2x² by a and x² by b; doubled at y, then by the hook of b, then by that of x."""
    x, seen = leaf(3), []
    b = x * 1.0
    y = checkpoint(lambda a, b: a * a * b, x, b)
    for name, t in (("x", x), ("b", b), ("y", y)):
        t.register_hook(lambda g, name=name: seen.append(name) or g * 2.0)
    g = grad(y.sum(), x, create_graph)
    assert seen == ["y", "b", "x"]
    np.testing.assert_allclose(g.data, ((2 * 2) + 2 * 2) * 2 * x.data**2, rtol=1e-14)


def test_replay_goes_through():
    x, w = leaf(2, 3), leaf(3, 3, seed=1)
    h, extra = checkpoint(lambda x, w, k: ((x @ w).tanh() * k, x), x, w, 2.0)
    y = (h * h).sum() + extra.sum()
    other = w.data * 1.5
    expected = ((np.tanh(x.data @ other) * 2.0) ** 2).sum() + x.data.sum()
    np.testing.assert_allclose(replay(y, [(w, other)]), expected, rtol=1e-14)
    np.testing.assert_array_equal(replay(y, [(h, h.data)]), y.data)
    gradcheck(lambda w: checkpoint(lambda x, w: x @ w, x, w), [w.data])


# Changes in place


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("change", [lambda t: t.__iadd__(1.0), lambda t: t[0].__imul__(2.0)])
def test_an_input_changed_since_is_refused(change, create_graph):
    x, constant = leaf(2, 2) * 1.0, Tensor(np.ones((2, 2)))
    for t in (x, constant):
        y = checkpoint(lambda a, b: a + b, x, constant).sum()
        with no_grad():
            change(t)
        with pytest.raises(GradError, match="an input of checkpoint was changed in place"):
            grad(y, x, create_graph)


def test_f_may_not_change_its_inputs():
    with pytest.raises(GradError, match="f changed one of its inputs in place; let it change a copy"):
        checkpoint(lambda x: x.__iadd__(1.0), leaf(2) * 1.0)


def test_outputs_can_be_written_to():
    """They share memory with nothing, and what was in them is not needed."""
    x = leaf(3)
    h, row, back = checkpoint(lambda x: (h := x * 2.0, h[:1], x), x)
    assert all(t.data.base is None for t in (h, row, back))
    before = row.data.copy(), x.data.copy()
    h += 1.0
    h *= np.array([1.0, 2.0, 3.0])
    back[0] = 9.0
    np.testing.assert_array_equal(row.data, before[0])
    np.testing.assert_array_equal(x.data, before[1])
    assert grad((h + row).sum() + back.sum(), x).data.tolist() == [2 + 6, 4 + 1, 6 + 1]


# What f must be


def test_an_f_that_gives_other_values_is_found_out():
    x, rng = leaf(50), np.random.default_rng(0)
    y = checkpoint(lambda x: dropout(x, 0.5, rng), x).sum()
    with pytest.raises(GradError, match="other values when it was run again; draw random numbers outside"):
        y.backward()
    assert x.grad is None
    y = checkpoint(lambda x: dropout(x, 0.5, np.random.default_rng(0)), x)
    np.testing.assert_array_equal(grad(y.sum(), x).data, (y.data != 0) * 2.0)
    several = iter([2, 3])
    with pytest.raises(GradError, match="other values"):
        grad(checkpoint(lambda x: (x,) * next(several), x)[0].sum(), x)


def test_a_closed_over_weight_updated_since_is_found_out():
    layer = Linear(3, 3, rng=np.random.default_rng(0))
    x = leaf(2, 3, dtype=np.float32)
    loss = checkpoint(layer, x).sum()
    loss.backward(retain_graph=True)
    SGD(layer.parameters(), 1e-3).step()
    with pytest.raises(GradError, match="other values"):
        loss.backward()


def test_nan_is_the_same_as_nan():
    x = Tensor([-1.0, 4.0], requires_grad=True)
    with np.errstate(all="ignore"):
        g = grad(checkpoint(lambda x: x.sqrt(), x).sum(), x)
    assert np.isnan(g.data[0])
    assert g.data[1] == 0.25


def test_refusals_are_f_s_own_words_or_name_checkpoint():
    x = leaf(3)
    with pytest.raises(ShapeError, match=r"^add: shapes \(3,\) and \(2,\)"):
        checkpoint(lambda x: x + np.ones(2), x)
    with pytest.raises(GradError, match="f gives ndarray; it must give a Tensor or a tuple"):
        checkpoint(lambda x: x.data, x)
    with pytest.raises(GradError, match="register_hook: the tensor requires no gradient"):
        checkpoint(lambda x: (x * 2.0).register_hook(print), x)


def test_anomalies_are_placed_within_f():
    x = Tensor([4.0, 0.0], requires_grad=True)

    def f(x):
        return x.sqrt() * 2.0  # marked

    with np.errstate(all="ignore"), detect_anomaly():
        y = checkpoint(f, x).sum()
        with pytest.raises(AnomalyError, match=r"the rule of sqrt gave inf at entry \(1,\).*marked"):
            y.backward()
        with pytest.raises(AnomalyError, match=r"log gave -inf at entry \(1,\)"):
            checkpoint(lambda x: x.log(), x)


# What is kept


def steps(h, w, count):
    for _ in range(count):
        h = (h @ w).tanh()
    return h


def in_segments(h, w, count, size):
    for _ in range(count // size):
        h = checkpoint(steps, h, w, size)
    return h


def halved(h, w, count):
    if count == 1:
        return steps(h, w, 1)
    h = checkpoint(halved, h, w, count // 2)
    return checkpoint(halved, h, w, count // 2)


def kept_bytes(y):
    """Of all arrays that the record behind y holds on to, each once."""
    arrays = {id(a): a for n in nodes(y) for a in (*n.outputs, *(x.data for x in n.inputs if isinstance(x, Tensor)))}
    return sum(a.nbytes for a in arrays.values() if a.base is None)


def peak(compute, wanted):
    """The most bytes in use at once, forwards and backwards, and the gradients."""
    tracemalloc.start()
    gradients = grad(compute().sum(), wanted)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most, gradients


def test_a_long_chain_in_segments_needs_a_tenth_of_the_memory():
    """1024 steps of two ops: 2048 arrays; in 32 segments 32 and, one segment at a time, 64 more; halved, about 2·10."""
    h, w = leaf(64, 16), Tensor(leaf(16, 16, seed=1).data / 4, requires_grad=True)
    ways = {
        "plain": lambda: steps(h, w, 1024),
        "segments": lambda: in_segments(h, w, 1024, 32),
        "halves": lambda: halved(h, w, 1024),
    }
    kept = {name: kept_bytes(way()) for name, way in ways.items()}
    one = h.data.nbytes
    assert kept["plain"] == 2049 * one + w.data.nbytes
    assert kept["segments"] == 33 * one + w.data.nbytes
    assert kept["halves"] == 3 * one + w.data.nbytes
    found = {name: peak(way, [h, w]) for name, way in ways.items()}
    assert found["segments"][0] < found["plain"][0] / 10
    assert found["halves"][0] < found["segments"][0] / 2
    assert found["segments"][0] < 140 * one
    for name in ("segments", "halves"):
        for g, plain in zip(found[name][1], found["plain"][1], strict=True):
            np.testing.assert_array_equal(g.data, plain.data)


def test_nothing_is_left_behind():
    x, w = leaf(4, 4), leaf(4, 4, seed=1)
    changed = iter(range(10**6))

    def step():
        for create_graph in (False, True):
            y = halved(x, w, 4)
            g = grad(y.sum(), x, create_graph)
            if create_graph:
                grad((g * g).sum(), w)
        y.detach()
        never = checkpoint(lambda x: (x * 2.0, x[0]), x)
        with no_grad():
            never[0].__iadd__(1.0)
        try:
            checkpoint(lambda x: x * float(next(changed)), x).sum().backward()
        except GradError:
            return
        pytest.fail("the change was not noticed")

    step()
    gc.collect()
    gc.disable()
    try:
        step()
        before = len(gc.get_objects())
        for _ in range(30):
            step()
        after = len(gc.get_objects())
    finally:
        gc.enable()
    assert after == before


# Definitions, on which it rests


@pytest.mark.parametrize(
    "rule", [{}, {"joint": lambda g, x: [np.multiply(g[0] * 2.0, x) + g[1] / x]}], ids=["none", "joint"]
)
def test_an_op_of_several_outputs_is_differentiated_through_its_definition(rule):
    """x² log x: its derivatives are x (2 log x + 1) and 2 log x + 3."""
    both = Op("both", lambda x: (x * x, np.log(x)), definition=lambda x: (x * x, x.log()), many=True, **rule)
    x = Tensor([0.5, 2.0], requires_grad=True)
    square, log = both(x)
    for create_graph in (False, True):
        g = grad((square * log).sum(), x, create_graph, retain_graph=True)
        np.testing.assert_allclose(g.data, x.data * (2 * np.log(x.data) + 1), rtol=1e-14)
    np.testing.assert_allclose(grad(g.sum(), x).data, 2 * np.log(x.data) + 3, rtol=1e-14)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("rule", [{}, {"joint": lambda g, a, b: (np.multiply(g, b), g * a)}], ids=["none", "joint"])
def test_the_hook_of_a_leaf_runs_once_through_a_definition_too(rule, create_graph):
    times = lambda a, b: a * b
    product = Op("product", times, inputs=2, definition=times, **rule)
    x, y = Tensor(2.0, requires_grad=True), Tensor(3.0, requires_grad=True)
    x.register_hook(lambda g: g * 2.0)
    assert [g.item() for g in grad(product(x, y), [x, y], create_graph)] == [6, 2]
