"""Changes in place: what they do to the data, to the history, and to backward through what was there before."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import DtypeError, GradError, ShapeError, Tensor, grad, gradcheck, no_grad

RNG = np.random.default_rng(4)


def test_the_memory_is_the_same_and_views_see_it():
    x = Tensor(RNG.standard_normal((2, 3)))
    memory, transposed, row = x.data, x.T, x[0]
    x += 1.5
    x[0] = [7.0, 8.0, 9.0]
    assert x.data is memory
    assert row.data.tolist() == [7, 8, 9]
    assert transposed.data[:, 0].tolist() == [7, 8, 9]


@pytest.mark.parametrize(
    ("change", "forward"),
    [
        (lambda t, v: t.__iadd__(v), lambda a, b: a + b),
        (lambda t, v: t.__isub__(v), lambda a, b: a - b),
        (lambda t, v: t.__imul__(v), lambda a, b: a * b),
        (lambda t, v: t.__itruediv__(v), lambda a, b: a / b),
    ],
)
def test_history_goes_on_with_what_was_written(change, forward):
    a, b = RNG.uniform(1, 2, (2, 3)), RNG.uniform(1, 2, 3)

    def in_place(x, v):
        t = x * 2.0
        change(t, v)
        return t.tanh()

    assert np.allclose(in_place(Tensor(a), Tensor(b)).data, np.tanh(forward(2 * a, b)))
    if forward(2.0, 3.0) != 6.0:
        gradcheck(in_place, [a, b], order=2)
        return
    x, v = Tensor(a, True), Tensor(b, True)
    with pytest.raises(GradError, match="changed in place"):  # the factor's gradient needs what was overwritten
        in_place(x, v).sum().backward()
    gradcheck(lambda x: in_place(x, Tensor(b)), [a], order=2)


PLACES = [0, slice(1, 3), (slice(None), 1), np.array([2, 0]), np.array([[True], [False], [True]])]


@pytest.mark.parametrize("where", PLACES)
def test_assignment_cuts_what_was_there_and_joins_what_is_written(where):
    a = RNG.standard_normal((3, 2))
    where = np.broadcast_to(where, a.shape) if isinstance(where, np.ndarray) and where.dtype == bool else where
    v = RNG.standard_normal(a[where].shape)

    def f(x, v):
        t = x * 3.0
        t[where] = v
        return t * t

    expected = 3 * a
    expected[where] = v
    assert np.allclose(f(Tensor(a), Tensor(v)).data, expected**2)
    gradcheck(f, [a, v], order=2)
    x = Tensor(a, True)
    f(x, Tensor(v)).sum().backward()
    assert not x.grad.data[where].any()


USES = [
    lambda t: t * t,
    lambda t: t @ t.T,
    lambda t: t[0] * t[1],
    lambda t: t.reshape(-1) * 2.0 * t.reshape(-1),
    lambda t: t.detach() * t,
]


NAMES = [lambda t: t, lambda t: t.T, lambda t: t.detach(), lambda t: t[0], lambda t: t[0].detach()]


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("through", NAMES)
def test_backward_refuses_an_input_that_changed(use, through):
    t = Tensor(RNG.standard_normal((2, 2)), requires_grad=True) * 1.5
    total = use(t).sum()
    with no_grad():
        seen = through(t)
        seen += 0.1
    with pytest.raises(GradError, match=r"an input of (mul|matmul) was changed in place"):
        total.backward()


@pytest.mark.parametrize("name", ["tanh", "exp", "sigmoid", "softmax", "sqrt"])
def test_backward_refuses_an_output_that_changed(name):
    x = Tensor(RNG.uniform(0.5, 1, 4), requires_grad=True)
    y = getattr(x, name)()
    total = (y + 1.0).sum()
    with no_grad():
        y[1] = 0.0
    with pytest.raises(GradError, match=f"the output of {name} was changed in place"):
        total.backward()


def test_what_no_rule_reads_may_change():
    x = Tensor([1.0, 2.0], requires_grad=True)
    t = x * 3.0
    total = (t + 1.0).sum()
    with no_grad():
        t += 100.0
    total.backward()
    assert x.grad.data.tolist() == [3, 3]


def test_a_leaf_stays_a_leaf_and_an_update_by_hand_works():
    w = Tensor([1.0, -2.0], requires_grad=True)
    for _ in range(3):
        w.grad = None
        (w * w).sum().backward()
        w -= 0.25 * w.grad
    assert w.node is None
    assert w.data.tolist() == [0.125, -0.25]
    with pytest.raises(GradError, match="detach"):
        w += Tensor([1.0, 1.0], requires_grad=True)
    y = (w * w).sum()
    w *= 2.0
    with pytest.raises(GradError, match="an input of mul was changed in place"):
        y.backward()


def test_a_view_with_history_is_not_written_to():
    x = Tensor(RNG.standard_normal((2, 3)), requires_grad=True)
    y = x * 2.0
    with pytest.raises(GradError, match="a view"):
        y.T[0] = 1.0


def test_what_does_not_fit_is_refused_and_nothing_is_written():
    x = Tensor(np.ones(3, np.float32))
    with pytest.raises(ShapeError):
        x += np.ones((2, 3), np.float32)
    with pytest.raises(DtypeError):
        x += np.ones(3)
    with pytest.raises(ShapeError):
        x[5] = 1.0
    with pytest.raises(ShapeError):
        x[:2] = np.ones(3)
    assert x.data.tolist() == [1, 1, 1]


@given(st.lists(st.sampled_from(["add", "sub", "set"]), min_size=1, max_size=8), st.integers(0, 2**32 - 1))
def test_any_sequence_of_changes_equals_the_same_without_places(changes, seed):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((len(changes), 3))
    x = Tensor(rng.standard_normal(3), requires_grad=True)
    t, u = x * 2.0, x * 2.0
    for change, v in zip(changes, values, strict=True):
        v = Tensor(v) * x.sum()
        if change == "add":
            t += v
            u = u + v
        elif change == "sub":
            t -= v
            u = u - v
        else:
            t[1:] = v[1:]
            mask = np.array([1.0, 0.0, 0.0])
            u = u * mask + v * (1.0 - mask)
    assert np.allclose(t.data, u.data)
    assert np.allclose(grad(t.tanh().sum(), x, retain_graph=True).data, grad(u.tanh().sum(), x).data)


@given(st.lists(st.sampled_from(["use", "add", "scale", "assign", "join"]), min_size=1, max_size=8), st.integers(0, 99))
def test_what_used_a_tensor_before_it_was_written_over_keeps_its_history(events, seed):
    """Uses and changes in any order against the same written without changes in place."""
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(1, 2, (3,)), rng.uniform(1, 2, (3,))

    def f(x, v, in_place):
        t, used = x * 3.0, x.sum() * 0.0
        for k, event in enumerate(events):
            if event == "use":
                used = used + (t + float(k)).sum() * float(k + 2)
            elif event == "add":
                t = t.__iadd__(v) if in_place else t + v
            elif event == "scale":
                t = t.__imul__(2.0) if in_place else t * 2.0
            elif event == "join":
                t = t.__isub__(used) if in_place else t - used
            elif in_place:
                t[1] = v[0] * 5.0
            else:
                t = t * Tensor([1.0, 0.0, 1.0]) + (v[0] * 5.0) * Tensor([0.0, 1.0, 0.0])
        return used + (t * Tensor([1.0, 2.0, 3.0])).sum()

    found = []
    for in_place in (True, False):
        x, v = Tensor(a, True), Tensor(b, True)
        y = f(x, v, in_place)
        kept = [g.data for g in grad(y, [x, v], retain_graph=True)]
        found.append([y.data, *kept, *(g.data for g in grad(y, [x, v]))])
    for mine, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


def test_a_value_that_was_given_a_history_later_has_none_before():
    t, x = Tensor([1.0, 2.0]), Tensor([3.0, 4.0], True)
    used = t * x
    kept = t + x
    t[0] = x[1] * 5.0
    np.testing.assert_array_equal(grad(kept.sum(), x).data, [1, 1])
    with pytest.raises(GradError, match="changed in place"):
        grad(used.sum(), x)
