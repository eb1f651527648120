"""Learning rates that change in the course of training.

A schedule is a function from the number of steps taken, t = 0, 1, …, to the factor that the first learning rate is
multiplied by. `LambdaLR` applies one: `optimizer.step()`, then `schedule.step()`, as in torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from minigrad.errors import GradError
from minigrad.module import misfits
from minigrad.optimizer import Optimizer

Schedule = Callable[[int], float]


def constant(factor: float = 1.0) -> Schedule:
    """The same factor always. [D2L 11.3]"""
    return lambda t: factor


def step_decay(every: int, gamma: float = 0.1) -> Schedule:
    """γ^⌊t/every⌋: divided by 10 now and then. [He et al. 2016, section 3.4; torch's StepLR]"""
    _at_least_one("step_decay: every", every)
    return lambda t: gamma ** (t // every)


def exponential(gamma: float) -> Schedule:
    """γᵗ. [D2L 11.11; torch's ExponentialLR]"""
    return lambda t: gamma**t


def cosine(steps: int, floor: float = 0.0) -> Schedule:
    """floor + (1 − floor)(1 + cos(π t/steps))/2, from 1 down to `floor`, where it stays.

    [Loshchilov and Hutter 2017, eq. 5, without restarts; torch's CosineAnnealingLR up to `steps`]
    """
    _at_least_one("cosine: steps", steps)
    return lambda t: floor + (1 - floor) * (1 + math.cos(math.pi * min(t, steps) / steps)) / 2


def warmup(steps: int, then: Schedule | None = None) -> Schedule:
    """(t + 1)/(steps + 1) of then(0), in equal increments over `steps` steps, and then(t − steps) after.

    Never 0, so that no step is wasted. [Goyal et al. 2017, section 2.2]
    """
    _at_least_one("warmup: steps", steps)
    after = then or constant()
    return lambda t: after(t - steps) if t >= steps else after(0) * (t + 1) / (steps + 1)


def _at_least_one(what: str, value: int) -> None:
    if value < 1:
        raise GradError(f"{what} is {value}; give a whole number of at least 1")


class LambdaLR:
    """Sets `optimizer.lr` to base · schedule(t), at once and at each `step()`; base is the rate that it had."""

    def __init__(self, optimizer: Optimizer, schedule: Schedule):
        self.optimizer, self.schedule = optimizer, schedule
        self.base, self.steps = optimizer.lr, 0
        self._apply()

    def step(self) -> None:
        """Another step has been taken."""
        self.steps += 1
        self._apply()

    def _apply(self) -> None:
        factor = self.schedule(self.steps)
        if not 0 <= factor < math.inf:
            raise GradError(f"schedule: the factor at step {self.steps} is {factor}; it must be finite and at least 0")
        self.optimizer.lr = self.base * float(factor)

    def state_dict(self) -> dict[str, float]:
        """The base rate and the number of steps taken. The schedule itself is code and is given anew."""
        return {"base": self.base, "steps": self.steps}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`; GradError, and nothing changes, if it does not fit."""
        wrong = misfits(self.state_dict(), state)
        if wrong:
            raise GradError("load_state_dict: " + ", ".join(wrong))
        self.base, self.steps = float(state["base"]), int(state["steps"])
        self._apply()
