"""Witnesses for clipping: the optimiser's own, on parameters whose gradients are pieces of one vector. [D2L 8.5]"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from minigrad import Tensor
from minigrad.graph import Array
from minigrad.nn import Parameter
from minigrad.optim import clip_grad_norm, clip_grad_value
from rnn.formulas.registry import Values
from rnn.witnesses.base import Graph, column


@dataclass(frozen=True)
class Clipping:
    """The gradients of `tau` updates: for each one, those of every parameter. `theta` is the largest length."""

    family: str
    gradients: tuple[tuple[Array, ...], ...]
    theta: float

    @property
    def tau(self) -> int:
        """How many updates."""
        return len(self.gradients)

    def given(self) -> Values:
        """Each update's gradients one below the other, θ, and how many updates there are."""
        g = {t: column(_joined(each)) for t, each in enumerate(self.gradients, 1)}
        return {"g": g, "theta": self.theta, "tau": self.tau}

    def kernel(self) -> Values:
        """There is none."""
        return {}

    @cached_property
    def graph(self) -> Graph:
        """What the optimiser's two ways of clipping leave of each update's gradients, and the length it reports."""
        norms, shortened = {}, {}
        for t, each in enumerate(self.gradients, 1):
            params = _parameters(each)
            norms[t] = Tensor(np.float64(clip_grad_norm(params, self.theta)))
            shortened[t] = _gradient(params)
        cut = {t: _clipped(each, self.theta, clip_grad_value) for t, each in enumerate(self.gradients, 1)}
        return Graph({"nu": norms, "c": shortened, "d": cut}, norms[1])


def _clipped(gradients: tuple[Array, ...], limit: float, clip: Callable[[list[Parameter], float], object]) -> Tensor:
    params = _parameters(gradients)
    clip(params, limit)
    return _gradient(params)


def _parameters(gradients: tuple[Array, ...]) -> list[Parameter]:
    params = [Parameter(np.zeros_like(g)) for g in gradients]
    for p, g in zip(params, gradients, strict=True):
        p.grad = Tensor(g)
    return params


def _gradient(params: list[Parameter]) -> Tensor:
    return Tensor(_joined(tuple(p.grad.data for p in params if p.grad is not None)))


def _joined(pieces: tuple[Array, ...]) -> Array:
    return np.concatenate([piece.ravel() for piece in pieces])


def random_clipping(
    family: str, rng: np.random.Generator, *, steps: int, inputs: int, hidden: int, vocabulary: int
) -> Clipping:
    """Gradients of a weight (H, I) and a bias (H,) at `steps` updates, drawn until both ways of clipping matter.

    Some update's gradient is short enough and some is too long; one has entries that are cut beside some that stay.
    `vocabulary` is not looked at.
    """
    while True:
        sizes = np.exp(rng.uniform(-2, 1.5, steps))
        gradients = tuple(
            (size * rng.standard_normal((hidden, inputs)), size * rng.standard_normal(hidden)) for size in sizes
        )
        theta = float(rng.uniform(0.7, 1.5))
        if _telling(np.stack([_joined(each) for each in gradients]), theta):
            return Clipping(family, gradients, theta)


def _telling(g: Array, theta: float) -> bool:
    long, cut = np.linalg.norm(g, axis=1) > theta, np.abs(g) > theta
    return bool(long.any() and not long.all() and (cut.any(axis=1) & ~cut.all(axis=1)).any())
