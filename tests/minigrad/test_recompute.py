"""Gradient checkpointing: the gradients of f itself to the last bit, for a fraction of the memory."""

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import (
    Tensor,
    checkpoint,
    concat,
    cross_entropy,
    grad,
    gradgradcheck,
    hessian,
    jvp,
    no_grad,
    relative_error,
    split,
    take,
)
from minigrad.nn import Linear


def leaf(*shape: int, seed: int = 0, dtype: Any = np.float64) -> Tensor:
    return Tensor(np.random.default_rng(seed).standard_normal(shape), requires_grad=True, dtype=dtype)


def plainly(f, *inputs):
    return f(*inputs)


def same_bits(a, b):
    assert a
    for x, y in zip(a, b, strict=True):
        assert x.dtype == y.dtype
        np.testing.assert_array_equal(x.data, y.data, strict=True)


def close(a, b):
    for x, y in zip(a, b, strict=True):
        np.testing.assert_allclose(x.data, y.data, rtol=1e-11, atol=1e-11)


class Pair(NamedTuple):
    h: Any
    c: Any


def cell(x, state, w, b):
    h = (x + state.h @ w + (0.0 if b is None else b)).tanh()
    return h, Pair(h * 0.5 + state.c, (state.c * h).sigmoid())


def recurrent(apply, xs, state, w, b):
    total = 0.0
    for x in xs:
        y, state = apply(cell, x, state, w, b)
        total = total + (y * y).sum()
    return total + (state.h * state.c).sum()


# The same gradients


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bias", [False, True])
def test_a_recurrence_with_a_named_state_has_the_same_bits(bias, dtype, create_graph):
    """Weights used at every step: even the order in which their gradients are added up is the same.

    Those of second order are added up in another order, so they agree to rounding.
    """
    w, b = leaf(4, 4, seed=1, dtype=dtype), leaf(4, seed=2, dtype=dtype) if bias else None
    xs = [leaf(3, 4, seed=k, dtype=dtype) for k in range(3, 8)]
    state = Pair(leaf(3, 4, seed=8, dtype=dtype), leaf(3, 4, seed=9, dtype=dtype))
    wanted = [w, *xs, *state, *([b] if bias else [])]
    runs = [recurrent(apply, xs, state, w, b) for apply in (plainly, checkpoint)]
    same_bits(*[[y] for y in runs])
    first = [grad(y, wanted, create_graph) for y in runs]
    same_bits(*first)
    if create_graph:
        plain, again = (grad(sum((g * g).sum() for g in gs), wanted) for gs in first)
        rounding = 50 * np.finfo(dtype).eps
        assert max(relative_error(a.data, p.data) for a, p in zip(again, plain, strict=True)) < rounding


OPS = [
    lambda a, b, w: a * b,
    lambda a, b, w: (a @ w).tanh(),
    lambda a, b, w: a - b.sigmoid(),
    lambda a, b, w: concat([a[:1], b[1:]]),
    lambda a, b, w: (a + w.sum(axis=0)).relu(),
    lambda a, b, w: split(a, 3)[1] + b,
]
LINES = st.tuples(*[st.integers(0, 2)] * 3, st.integers(0, len(OPS) - 1))


def straight(lines):
    """A program over three registers and a weight: (into, a, b, op) a line."""

    def run(registers, w):
        values = list(registers)
        for into, a, b, op in lines:
            values[into] = OPS[op](values[a], values[b], w)
        return values

    return run


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(LINES, max_size=4), min_size=1, max_size=4), st.integers(0, 2), st.booleans())
def test_random_programs_in_random_segments(segments, used, nested):
    w, start = leaf(3, 3, seed=1), [leaf(3, 3, seed=k) for k in (2, 3, 4)]

    def whole(apply):
        def run(values, w):
            for lines in segments:
                values = apply(straight(lines), values, w)
            return values

        return (apply(run, start, w) if nested else run(start, w))[used] * 1.0

    ys = [whole(apply) for apply in (plainly, checkpoint)]
    same_bits(*[[y] for y in ys])
    plain, again = ([grad(y.sum(), x, create_graph=True) for x in [w, *start]] for y in ys)
    close(again, plain)
    plain, again = (grad(sum((g * g * w).sum() for g in gs), [w, *start]) for gs in (plain, again))
    close(again, plain)


@pytest.mark.parametrize("f", [lambda x, w: (x @ w).tanh() * x, lambda x, w: checkpoint(lambda x: x @ w, x * x)])
def test_against_differences_to_second_order(f):
    def checked(x, w):
        return checkpoint(f, x, w)

    arrays = [leaf(2, 3).data, leaf(3, 3, seed=1).data]
    gradgradcheck(checked, arrays)
    x, w, t = leaf(2, 3), leaf(3, 3, seed=1), leaf(2, 3, seed=2).data
    same_bits(jvp(checked, [x, w], [t, w.data]), jvp(f, [x, w], [t, w.data]))
    same_bits([hessian(lambda x: checked(x, w).sum(), x)], [hessian(lambda x: f(x, w).sum(), x)])


def test_the_third_derivative_of_tanh():
    x = Tensor([-1.3, 0.0, 0.2, 0.9], requires_grad=True)
    g = checkpoint(lambda x: x.tanh(), x)
    for _ in range(3):
        g = grad(g.sum(), x, create_graph=True)
    y = np.tanh(x.data)
    np.testing.assert_allclose(g.data, (1 - y**2) * (6 * y**2 - 2), rtol=1e-13)


def test_a_tensor_given_twice_and_one_that_comes_back():
    x, y = leaf(3), leaf(3, seed=1)
    product, back, view = checkpoint(lambda a, b, c: (a * b * c, a, c[1:]), x, x, y)
    np.testing.assert_allclose(grad(product.sum(), x, retain_graph=True).data, 2 * x.data * y.data, rtol=1e-15)
    gx, gy = grad((back * 3.0).sum() + (view * view).sum(), [x, y])
    assert gx.data.tolist() == [3, 3, 3]
    np.testing.assert_array_equal(gy.data, [0, *(2 * y.data[1:])])


def test_an_output_that_nobody_uses_sends_nothing_back():
    """The logarithm's rule would make 0 · 1/0 of zeros; f itself has no such term."""
    x = Tensor([0.0, 2.0], requires_grad=True)
    with np.errstate(all="ignore"):
        good, _ = checkpoint(lambda x: (x * x, x.log()), x)
        for create_graph in (False, True):
            assert grad(good.sum(), x, create_graph, retain_graph=True).data.tolist() == [0, 4]


def test_what_requires_no_gradient_gets_none():
    x, fixed, ids = leaf(4, 3), Tensor(np.ones(3)), Tensor([2, 0])
    seen = []

    def f(x, fixed, ids, more, nothing):
        seen.append((ids.data.tolist(), more, nothing))
        rows = take(x, ids) * fixed
        return cross_entropy(rows, more), rows > 0, fixed

    loss, signs, back = checkpoint(f, x, fixed, ids, np.array([1, 2]), None)
    assert not signs.requires_grad
    assert (signs * x[:2]).requires_grad
    (loss + (back * 0.0).sum()).backward()
    assert fixed.grad is None
    assert ids.grad is None
    assert len(seen) == 2
    assert str(seen[0]) == str(seen[1])
    same_bits([x.grad], [grad(f(x, fixed, ids, np.array([1, 2]), None)[0], x)])


def test_precisions_meet_only_where_f_lets_them():
    a, b, ids = leaf(3, dtype=np.float32), leaf(3, seed=1), Tensor([1, 1, 0])
    one, other = checkpoint(lambda a, b, ids: (take(a, ids) * 2.0, b * b), a, b, ids)
    ga, gb = grad(one.sum(), a, retain_graph=True), grad(other.sum(), b)
    assert ga.dtype == np.float32
    assert ga.data.tolist() == [2, 4, 0]
    np.testing.assert_array_equal(gb.data, 2 * b.data)


def test_without_recording_it_is_f():
    calls = Counter()

    def f(x):
        calls["f"] += 1
        return x

    x, constant = leaf(2), Tensor([1.0])
    with no_grad():
        assert checkpoint(f, x) is x
    assert checkpoint(f, constant) is constant
    assert checkpoint(f, 3) == 3
    assert calls["f"] == 3


def test_a_layer_is_a_function_and_its_weights_learn():
    layer = Linear(3, 2, rng=np.random.default_rng(0))
    x = leaf(4, 3, dtype=np.float32)
    for each in (x, x.detach()):  # with and without an input that requires a gradient
        plain, again = (grad(apply(layer, each).tanh().sum(), layer.parameters()) for apply in (plainly, checkpoint))
        same_bits(again, plain)
