"""Updates against numbers that torch gave, and by hand."""

import json
from pathlib import Path

import numpy as np
import pytest

from minigrad import GradError, Tensor, optim, relative_error
from minigrad.nn import Module, Parameter
from minigrad.optim import SGD, Adagrad, Adam, AdamW, RMSprop

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "optim.json").read_text(encoding="utf-8"))["cases"]

METHODS = {
    "SGD": lambda ps: SGD(ps, 0.1),
    "momentum": lambda ps: SGD(ps, 0.1, momentum=0.9, weight_decay=0.1),
    "nesterov": lambda ps: SGD(ps, 0.1, momentum=0.9, nesterov=True),
    "Adagrad": lambda ps: Adagrad(ps, 0.1, lr_decay=0.1),
    "RMSprop": lambda ps: RMSprop(ps, 0.1, weight_decay=0.1),
    "RMSprop, all": lambda ps: RMSprop(ps, 0.1, momentum=0.5, centered=True),
    "Adam": lambda ps: Adam(ps, 0.1),
    "AdamW": lambda ps: AdamW(ps, 0.1, weight_decay=0.1),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_updates_are_torchs(name):
    case = GOLDEN[name]
    params = [Parameter(p) for p in case["start"]]
    optimizer = getattr(optim, name.split(",")[0])(iter(params), **case["options"])
    for gradients, after in zip(case["gradients"], case["after"], strict=True):
        optimizer.zero_grad()
        for p, g in zip(params, gradients, strict=True):
            p.grad = None if g is None else Tensor(g)
        optimizer.step()
        for p, expected in zip(params, after, strict=True):
            assert relative_error(p.data, expected) < 1e-12


def test_adams_first_step_by_hand():
    """m̂ = g and v̂ = g²: the step is η g / (|g| + ε), whatever the size of g."""
    p = Parameter([1.0, 1.0, 1.0])
    p.grad = Tensor([1e-3, -50.0, 0.0])
    Adam([p], lr=0.1, eps=1e-8).step()
    np.testing.assert_allclose(p.data, [1 - 0.1 / (1 + 1e-5), 1.1, 1], rtol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_steps_are_in_place_and_keep_the_dtype(method, dtype):
    p, still, exact = Parameter([1.0, 2.0], dtype), Parameter([3.0], dtype), Parameter([1.0, 2.0])
    data = p.data
    optimizer, reference = method([p, still]), method([exact])
    optimizer.lr = np.float64(0.1)  # as a schedule might leave it
    for g in ([1.0, -1.0], [0.5, 1e-3], [20.0, -1.0]):
        p.grad, exact.grad = Tensor(g, dtype=dtype), Tensor(g)
        optimizer.step()
        reference.step()
    assert p.data is data
    assert {a.dtype for a in (p.data, *optimizer.kept[0].values())} == {np.dtype(dtype)}
    np.testing.assert_allclose(p.data, exact.data, rtol=1e-5)
    assert (p.data != [1, 2]).all()
    assert still.data.tolist() == [3]
    optimizer.zero_grad()
    assert p.grad is None
    before = p.data.copy()
    optimizer.step()
    np.testing.assert_array_equal(p.data, before)  # without a gradient nothing moves


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_step_is_a_change_in_place(method):
    p = Parameter([1.0, 2.0])
    loss = (p * p).sum()
    loss.backward(retain_graph=True)
    method([p]).step()
    with pytest.raises(GradError, match="changed in place"):
        loss.backward()


def test_defaults_are_torchs():
    p = [Parameter([1.0])]
    for make in (Adam, AdamW):
        adam = make(p)
        assert (adam.lr, adam.betas, adam.eps, adam.weight_decay) == (1e-3, (0.9, 0.999), 1e-8, 0.01 * (make is AdamW))
    assert (SGD(p).lr, SGD(p).momentum, SGD(p).weight_decay) == (1e-3, 0, 0)
    assert (Adagrad(p).lr, Adagrad(p).eps, RMSprop(p).lr, RMSprop(p).alpha) == (1e-2, 1e-10, 1e-2, 0.99)


def test_the_stored_cases_have_every_method_and_a_late_gradient():
    assert {name.split(",")[0] for name in GOLDEN} == {"SGD", "Adagrad", "RMSprop", "Adam", "AdamW"}
    for case in GOLDEN.values():
        assert [g[2] is None for g in case["gradients"]] == [True, True, True, False, False, True, False]


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_descent_comes_near_the_minimum(method):
    p = Parameter([5.0, -3.0])
    optimizer = method([p])
    optimizer.weight_decay = 0.0
    for step in range(600):
        optimizer.lr = 2 * 0.99**step
        optimizer.zero_grad()
        ((p - np.array([1.0, 2.0])) ** 2 / 4).sum().backward()
        optimizer.step()
    np.testing.assert_allclose(p.data, [1, 2], atol=0.05)


def test_an_optimizer_without_parameters_is_refused():
    for make in (lambda: SGD([], 0.1), lambda: Adam(iter(()))):
        with pytest.raises(GradError, match="no parameters were given"):
            make()


def test_a_parameter_whose_first_gradient_comes_late_still_starts_corrected():
    """Steps are counted for each parameter by itself."""
    early, late = Parameter([1.0]), Parameter([1.0])
    adam = Adam([early, late], lr=0.1)
    for _ in range(50):
        early.grad = Tensor([2.0])
        adam.step()
    late.grad = Tensor([2.0])
    adam.step()
    np.testing.assert_allclose(late.data, [0.9], rtol=1e-6)
    assert adam.steps == [51, 1]


def test_a_parameter_under_two_names_is_moved_once():
    class Tied(Module):
        def __init__(self):
            self.one = self.other = Parameter([1.0])

    model = Tied()
    model.one.grad = Tensor([1.0])
    SGD(model.parameters(), 0.1).step()
    assert model.one.data.tolist() == [0.9]


def test_a_parameter_given_twice_is_moved_once():
    p = Parameter([1.0])
    p.grad = Tensor([1.0])
    optimizer = SGD(iter([p, p]), 0.1)
    optimizer.step()
    assert optimizer.params == [p]
    assert p.data.tolist() == [0.9]


def test_weight_decay_is_coupled_in_adam_and_not_in_adamw():
    """With g = 0, Adam divides the decay by its own size and moves by η; AdamW shrinks by the factor 1 − η λ."""
    for make, expected in ((Adam, [1.9, -3.9]), (AdamW, [2 * 0.97, -4 * 0.97])):
        p = Parameter([2.0, -4.0])
        p.grad = Tensor([0.0, 0.0])
        make([p], lr=0.1, weight_decay=0.3).step()
        np.testing.assert_allclose(p.data, expected, rtol=1e-7)


def test_momentum_by_hand():
    """b: 1, 1.5, 1.75; nesterov moves by g + μ b: 1.5, 1.75, 1.875."""
    for nesterov, expected in ((False, 4.25), (True, 5.125)):
        p = Parameter([0.0])
        optimizer = SGD([p], lr=1.0, momentum=0.5, nesterov=nesterov)
        for _ in range(3):
            p.grad = Tensor([1.0])
            optimizer.step()
        assert p.data.tolist() == [-expected]


def test_a_variance_below_zero_by_rounding_is_zero():
    """A gradient that never changes has no variance: √0 + ε, never NaN."""
    p = Parameter([1.0, 1.0, 1.0], np.float32)
    optimizer = RMSprop([p], lr=1e-6, centered=True, alpha=0.5)
    for _ in range(200):
        p.grad = Tensor([0.1, 0.3, 1e3], dtype=np.float32)
        optimizer.step()
    assert np.isfinite(p.data).all()


def test_a_shared_gradient_and_the_gradient_itself_are_left_alone():
    for make in METHODS.values():
        a, b = Parameter([1.0, 2.0]), Parameter([3.0, 4.0])
        a.grad = b.grad = Tensor([0.5, -2.0])
        alone = Parameter([3.0, 4.0])
        alone.grad = Tensor([0.5, -2.0])
        make([a, b]).step()
        make([alone]).step()
        assert a.grad.data.tolist() == [0.5, -2]
        np.testing.assert_array_equal(b.data, alone.data)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_parameter_without_axes_is_updated_in_place(method):
    whole, row = Parameter(2.0), Parameter([2.0])
    data = whole.data
    for p in (whole, row):
        optimizer = method([p])
        for g in (0.5, -3.0):
            p.grad = Tensor(np.full(p.shape, g))
            optimizer.step()
    assert whole.data is data
    assert whole.data == row.data[0] != 2


REFUSED = {
    "lr of zero": (lambda ps: SGD(ps, 0), "SGD: lr is 0; give a finite number above 0"),
    "lr below zero": (lambda ps: Adam(ps, -1.0), "Adam: lr is -1.0"),
    "lr not a number": (lambda ps: RMSprop(ps, np.nan), "RMSprop: lr is nan"),
    "lr without end": (lambda ps: Adagrad(ps, np.inf), "Adagrad: lr is inf"),
    "beta of one": (lambda ps: Adam(ps, betas=(0.9, 1.0)), r"Adam: betas\[1\] is 1.0; give a number from 0 to below 1"),
    "beta below zero": (lambda ps: AdamW(ps, betas=(-0.1, 0.9)), r"AdamW: betas\[0\] is -0.1"),
    "alpha of one": (lambda ps: RMSprop(ps, alpha=1), "RMSprop: alpha is 1; give a number from 0 to below 1"),
    "eps": (lambda ps: Adam(ps, eps=-1e-8), "Adam: eps is -1e-08; give a finite number of at least 0"),
    "weight decay": (lambda ps: SGD(ps, weight_decay=-1), "SGD: weight_decay is -1"),
    "momentum": (lambda ps: SGD(ps, momentum=np.nan), "SGD: momentum is nan"),
    "nesterov alone": (lambda ps: SGD(ps, nesterov=True), "SGD: nesterov needs a momentum above 0 and no dampening"),
    "nesterov dampened": (lambda ps: SGD(ps, momentum=0.9, dampening=0.1, nesterov=True), "no dampening"),
    "accumulator": (lambda ps: Adagrad(ps, initial_accumulator_value=-1), "initial_accumulator_value is -1"),
    "lr decay": (lambda ps: Adagrad(ps, lr_decay=-1), "Adagrad: lr_decay is -1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_settings_that_mean_nothing_are_refused(name):
    make, message = REFUSED[name]
    with pytest.raises(GradError, match=message):
        make([Parameter([1.0])])
