"""Saved optimisers and schedules: training that stopped goes on as if it had not."""

import json
from pathlib import Path

import numpy as np
import pytest

from minigrad import GradError, Tensor
from minigrad.nn import Parameter
from minigrad.optim import SGD, Adagrad, Adam, AdamW, RMSprop
from minigrad.schedules import LambdaLR, constant, cosine, exponential, step_decay, warmup

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "optim.json").read_text(encoding="utf-8"))["schedules"]

METHODS = {
    "SGD": (lambda ps: SGD(ps, 0.1), ""),
    "momentum": (lambda ps: SGD(ps, 0.1, momentum=0.9, dampening=0.5), "b"),
    "Adagrad": (lambda ps: Adagrad(ps, 0.1, lr_decay=0.3), "s"),
    "RMSprop": (lambda ps: RMSprop(ps, 0.1), "v"),
    "RMSprop, all": (lambda ps: RMSprop(ps, 0.1, momentum=0.5, centered=True), "vmb"),
    "Adam": (lambda ps: Adam(ps, 0.1), "mv"),
    "AdamW": (lambda ps: AdamW(ps, 0.1), "mv"),
}


def run(params, optimizer, schedule, steps):
    """Steps with gradients that depend on the parameters; the second one has none until step 3."""
    for t in steps:
        for i, p in enumerate(params):
            p.grad = Tensor(np.sin(p.data * (t + 2)), dtype=p.dtype) if i == 0 or t >= 3 else None
        optimizer.step()
        schedule.step()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", METHODS)
def test_training_that_resumes_is_the_same_to_the_bit(name, dtype):
    make, letters = METHODS[name]
    fall = warmup(3, cosine(10))

    def start(lr=0.1):
        params = [Parameter([[0.5, -1.0]], dtype), Parameter([2.0], dtype)]
        optimizer = make(params)
        optimizer.lr = lr
        return params, optimizer, LambdaLR(optimizer, fall)

    straight = start()
    run(*straight, range(9))
    halted = start()
    run(*halted, range(5))
    saved = halted[1].state_dict()
    assert set(saved) == {"lr"} | {f"{i}.{k}" for i in (0, 1) for k in ("steps", *letters)}
    assert (saved["0.steps"], saved["1.steps"]) == (5, 2)
    clock = json.loads(json.dumps(halted[2].state_dict()))
    resumed = start(lr=0.7)
    for p, q in zip(resumed[0], halted[0], strict=True):
        p.assign(q.data)
    run(*halted, range(5, 7))  # what was saved is a copy
    resumed[1].load_state_dict({k: np.array(v) for k, v in saved.items()})  # as a file of nothing but arrays has them
    assert resumed[1].lr == saved["lr"]
    resumed[2].load_state_dict(clock)
    run(*resumed, range(5, 9))
    for p, q in zip(resumed[0], straight[0], strict=True):
        np.testing.assert_array_equal(p.data, q.data)
        assert p.dtype == dtype


def test_a_state_that_does_not_fit_is_refused_whole():
    p = Parameter([1.0, 2.0])
    adam = Adam([p])
    p.grad = Tensor([1.0, 1.0])
    adam.step()
    before = adam.state_dict()
    wrong = {**before, "0.m": np.ones(3), "1.m": np.ones(2), "0.steps": 7}
    del wrong["0.v"]
    with pytest.raises(
        GradError, match=r"^load_state_dict: 0.v is missing, 1.m is unexpected, 0.m has shape \(3,\), not"
    ):
        adam.load_state_dict(wrong)
    for key, value, message in (
        ("0.steps", -1, "0.steps is -1.0, not a whole number"),
        ("0.steps", 1.5, "0.steps is 1.5, not a whole number"),
        ("lr", np.nan, "lr is nan, not finite"),
        ("0.m", np.array([1j, 0]), "0.m has dtype complex128"),
    ):
        with pytest.raises(GradError, match=message):
            adam.load_state_dict({**before, "0.v": np.zeros(2), key: value})
    after = adam.state_dict()
    assert (after["lr"], after["0.steps"]) == (before["lr"], before["0.steps"])
    for letter in "mv":
        np.testing.assert_array_equal(after[f"0.{letter}"], before[f"0.{letter}"])


@pytest.mark.parametrize("name", GOLDEN)
def test_schedules_are_torchs(name):
    schedule = {"step_decay": step_decay, "exponential": exponential, "cosine": cosine}[name](**GOLDEN[name]["options"])
    np.testing.assert_allclose([schedule(t) for t in range(9)], GOLDEN[name]["factors"], rtol=1e-12)


def test_schedules_by_hand():
    assert [constant()(t) for t in (0, 7)] == [1, 1]
    assert constant(0.5)(3) == 0.5
    assert [step_decay(2)(t) for t in range(5)] == pytest.approx([1, 1, 0.1, 0.1, 0.01])
    assert [exponential(0.5)(t) for t in range(3)] == [1, 0.5, 0.25]
    half = [cosine(4)(t) for t in range(7)]
    assert half == pytest.approx([1, (1 + np.sqrt(0.5)) / 2, 0.5, (1 - np.sqrt(0.5)) / 2, 0, 0, 0])
    assert [cosine(2, 0.2)(t) for t in range(4)] == pytest.approx([1, 0.6, 0.2, 0.2])
    assert [warmup(3)(t) for t in range(6)] == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1])
    assert [warmup(1, exponential(0.5))(t) for t in range(4)] == [0.5, 1, 0.5, 0.25]
    assert [warmup(1, constant(0.5))(t) for t in range(3)] == [0.25, 0.5, 0.5]


def test_a_schedule_sets_the_rate_that_steps_use():
    p = Parameter([0.0])
    optimizer = SGD([p], 0.2)
    schedule = LambdaLR(optimizer, warmup(1, exponential(0.5)))
    moved, rates = [], []
    for _ in range(4):
        rates.append(optimizer.lr)
        before = p.item()
        p.grad = Tensor([1.0])
        optimizer.step()
        schedule.step()
        moved.append(before - p.item())
    assert rates == pytest.approx([0.1, 0.2, 0.1, 0.05])
    assert moved == pytest.approx(rates)


def test_schedules_refuse():
    optimizer = SGD([Parameter([0.0])], 0.2)
    for make, message in (
        (lambda: step_decay(0), "step_decay: every is 0; give a whole number of at least 1"),
        (lambda: cosine(0), "cosine: steps is 0"),
        (lambda: warmup(-1), "warmup: steps is -1"),
        (lambda: LambdaLR(optimizer, lambda t: -1.0), "the factor at step 0 is -1.0"),
        (lambda: LambdaLR(optimizer, lambda t: np.nan), "the factor at step 0 is nan"),
        (
            lambda: LambdaLR(optimizer, constant()).load_state_dict({"base": 1.0, "step": 2}),
            "steps is missing, step is",
        ),
    ):
        with pytest.raises(GradError, match=message):
            make()
    assert optimizer.lr == 0.2
