"""Gradients kept small before an update."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from minigrad.errors import GradError
from minigrad.graph import Array
from minigrad.kernels.workspace import aligned
from minigrad.module import Parameter, distinct


def clip_grad_norm(params: Iterable[Parameter], max_norm: float) -> float:
    """g ← min(1, θ/‖g‖) g over all parameters taken as one vector; returns ‖g‖ before.

    A zero gradient stays zero. One that is not finite is left as it is: no factor heals it. A parameter given twice
    counts once. [Pascanu et al. 2013, algorithm 1; D2L 8.5, seed 004 eq. 6]
    """
    limit, given = _limit("clip_grad_norm: max_norm", max_norm), _given(params)
    norm = float(np.sqrt(sum(float(np.vdot(g, g)) for _, g in given)))
    if limit < norm < np.inf:
        for p, g in given:
            scaled = np.multiply(g, limit / norm, out=aligned(g.shape, g.dtype))
            p.grad = p.wrap(scaled)  # a new one: two parameters may hold the same gradient
    return norm


def clip_grad_value(params: Iterable[Parameter], value: float) -> None:
    """g ← min(max(g, −value), value), entry by entry, which may turn the gradient. NaN stays. [DLB 10.11.1]"""
    limit = _limit("clip_grad_value: value", value)
    for p, g in _given(params):
        p.grad = p.wrap(np.clip(g, -limit, limit))


def _limit(what: str, value: float) -> float:
    if not value >= 0:
        raise GradError(f"{what} is {value}; give a number of at least 0")
    return float(value)  # a NumPy float64 would promote float32


def _given(params: Iterable[Parameter]) -> list[tuple[Parameter, Array]]:
    return [(p, p.grad.data) for p in distinct(params) if p.grad is not None]
