"""Hooks on gradients, and the mode that finds the first NaN or infinity."""

import numpy as np
import pytest

from minigrad import AnomalyError, GradError, Tensor, detect_anomaly, grad
from minigrad.graph import Op


def test_a_hook_sees_the_whole_gradient_once():
    x = Tensor([1.0, 2.0], requires_grad=True)
    h = x * 3.0
    seen = []
    h.register_hook(lambda g: seen.append(g.data.copy()))
    (h * h + h).sum().backward()
    assert [s.tolist() for s in seen] == [[7, 13]]
    assert x.grad.data.tolist() == [21, 39]


def test_what_a_hook_returns_takes_the_gradients_place():
    x = Tensor([1.0, -2.0], requires_grad=True)
    h = x * 2.0
    h.register_hook(lambda g: g * 0.5)
    h.register_hook(lambda g: g + 1.0)
    x.register_hook(lambda g: -g)
    (h * 4.0).sum().backward()
    assert x.grad.data.tolist() == [-6, -6]
    y = (x * 4.0 * x).sum()
    assert grad(y, x).data.tolist() == [-8, 16]
    h = x * 2.0
    h.register_hook(lambda g: g * 10.0)
    assert grad((h * h).sum(), h).data.tolist() == [40, -80]


def test_a_removed_hook_is_silent_and_a_misfit_is_refused():
    x = Tensor([1.0], requires_grad=True)
    remove = x.register_hook(lambda g: g * 100.0)
    remove()
    (x * 2.0).sum().backward()
    assert x.grad.data.tolist() == [2]
    x.register_hook(lambda g: Tensor([1.0, 2.0]))
    with pytest.raises(GradError, match="hook"):
        (x * 2.0).sum().backward()
    with pytest.raises(GradError, match="requires no gradient"):
        Tensor([1.0]).register_hook(print)


def test_hooks_take_part_in_second_order():
    x = Tensor(0.7, requires_grad=True)
    x.register_hook(lambda g: g * x)
    g = grad(x * x * x, x, create_graph=True)  # 3x² · x
    x.hooks.clear()
    assert np.isclose(grad(g, x).data, 9 * 0.7**2)


def test_an_unrecorded_pass_is_told_the_op_and_the_line():
    x = Tensor([[1.0, 2.0], [3.0, -1.0]], requires_grad=True)
    where = r"log gave nan at entry \(1, 1\).*test_hooks_and_anomaly.py:\d+, .*marked"
    with np.errstate(all="ignore"):
        with detect_anomaly(), pytest.raises(AnomalyError, match=where) as caught:
            x.log()  # marked
        assert str(caught.value).count("\n") == 0
        y = x.log()
        assert np.isnan(y.data).sum() == 1, "outside the mode nothing is raised"


def test_the_way_back_is_watched_too():
    x = Tensor([4.0, 0.0], requires_grad=True)
    with np.errstate(all="ignore"), detect_anomaly():
        y = (x.sqrt() * 2.0).sum()  # marked
        with pytest.raises(AnomalyError, match=r"the rule of sqrt gave inf at entry \(1,\).*marked"):
            y.backward()


def test_only_the_first_is_blamed():
    """What was infinite before is not the fault of the ops that carry it on."""
    x = Tensor([np.inf, 1.0], requires_grad=True)
    with detect_anomaly():
        total = (x * 2.0 + 1.0).sum()
        total.backward()
    assert x.grad.data.tolist() == [2, 2]


def test_a_rule_that_breaks_is_named():
    broken = Op("broken", lambda x: x * 1.0, lambda g, x: g / (x - x))
    x = Tensor([1.0, 2.0], requires_grad=True)
    with np.errstate(all="ignore"), detect_anomaly(), pytest.raises(AnomalyError, match="the rule of broken"):
        broken(x).sum().backward()
