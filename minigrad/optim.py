"""Updates of parameters from their gradients, and clipping."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from minigrad.errors import GradError
from minigrad.graph import Array
from minigrad.nn import Parameter


class Optimizer:
    """Holds the parameters; `step()` changes them in place, `zero_grad()` forgets their gradients."""

    def __init__(self, params: Iterable[Parameter], lr: float):
        self.params = list(params)
        self.lr = lr
        if not self.params:
            raise GradError("optimizer: no parameters were given")

    def zero_grad(self) -> None:
        """Before each backward pass, unless gradients are to be added up."""
        for p in self.params:
            p.grad = None

    def step(self) -> None:
        """One update of every parameter that has a gradient."""
        self._begin()
        for i, p in enumerate(self.params):
            if p.grad is not None:
                p.data -= self._change(i, p.grad.data)
                p.touch()

    def _begin(self) -> None:
        """Called once before the parameters are updated."""

    def _change(self, i: int, g: Array) -> Array:
        raise NotImplementedError


class SGD(Optimizer):
    """θ ← θ − η g."""

    def _change(self, i: int, g: Array) -> Array:
        return self.lr * g


class Adam(Optimizer):
    """θ ← θ − η m̂ / (√v̂ + ε), with m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ).

    [Kingma and Ba 2015, algorithm 1]
    """

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ):
        super().__init__(params, lr)
        self.betas = betas
        self.eps = eps
        self.steps = 0
        self.m = [np.zeros_like(p.data) for p in self.params]
        self.v = [np.zeros_like(p.data) for p in self.params]

    def _begin(self) -> None:
        self.steps += 1

    def _change(self, i: int, g: Array) -> Array:
        b1, b2 = self.betas
        m, v = self.m[i], self.v[i]
        m += (1 - b1) * (g - m)
        v += (1 - b2) * (g * g - v)
        return self.lr / (1 - b1**self.steps) * m / (np.sqrt(v / (1 - b2**self.steps)) + self.eps)


def clip_grad_norm(params: Iterable[Parameter], max_norm: float) -> float:
    """g ← min(1, θ/‖g‖) g over all parameters taken as one vector; returns ‖g‖ before. [D2L 8.5, seed 004 eq. 6]

    A zero gradient stays zero. One that is not finite is left as it is: no factor heals it.
    """
    given = [(p, p.grad.data) for p in params if p.grad is not None]
    norm = float(np.sqrt(sum(float(np.vdot(g, g)) for _, g in given)))
    if max_norm < norm < np.inf:
        for p, g in given:
            p.grad = p.wrap(g * (float(max_norm) / norm))  # a new one: two parameters may hold the same gradient
    return norm
