"""Gradients kept small before an update."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from minigrad.devices import gradients
from minigrad.errors import GradError
from minigrad.kernels.workspace import aligned
from minigrad.module import Parameter, distinct
from minigrad.remote import Remote

Given = list[tuple[Parameter, Any]]


def clip_grad_norm(params: Iterable[Parameter], max_norm: float) -> float:
    """g ← min(1, θ/‖g‖) g over all parameters taken as one vector; returns ‖g‖ before.

    A zero gradient stays zero. One that is not finite is left as it is: no factor heals it. A parameter given twice
    counts once. [Pascanu et al. 2013, algorithm 1; D2L 8.5, seed 004 eq. 6]
    """
    most = _limit("clip_grad_norm: max_norm", max_norm)
    here, remote = _by_place(_given(params))
    squares = [float(np.vdot(g, g)) for _, g in here]
    squares.append(_remote_squares(remote))
    norm = float(np.sqrt(sum(squares)))
    if most < norm < np.inf:
        factor = most / norm
        for p, g in here:
            scaled = aligned(g.shape, g.dtype)  # a new one: two parameters may hold the same gradient
            np.multiply(g, factor, out=scaled)
            p.grad = p.wrap(scaled)
        _scale_remote(remote, factor)
    return norm


def clip_grad_value(params: Iterable[Parameter], value: float) -> None:
    """g ← min(max(g, −value), value), entry by entry, which may turn the gradient. NaN stays. [DLB 10.11.1]"""
    limit = _limit("clip_grad_value: value", value)
    here, remote = _by_place(_given(params))
    for p, g in here:
        p.grad = p.wrap(np.clip(g, -limit, limit))
    _replace(remote, lambda gs: gradients().clipped(gs, limit))


# On a device many gradients are read by one launch, and one norm comes to the host.


def _by_place(given: Given) -> tuple[Given, Given]:
    here = [pair for pair in given if pair[1].__class__ is np.ndarray]
    return here, [] if len(here) == len(given) else [pair for pair in given if isinstance(pair[1], Remote)]


def _remote_squares(given: Given) -> float:
    return gradients().squares([g for _, g in given]) if given else 0.0


def _scale_remote(given: Given, factor: float) -> None:
    _replace(given, lambda gs: gradients().scaled(gs, factor))


def _replace(given: Given, changed: Callable[[list[Any]], list[Any]]) -> None:
    if given:
        for (p, _), g in zip(given, changed([g for _, g in given]), strict=True):
            p.grad = p.wrap(g)


def _limit(what: str, value: float) -> float:
    if not value >= 0:
        raise GradError(f"{what} is {value}; give a number of at least 0")
    return float(value)  # a NumPy float64 would promote float32


def _given(params: Iterable[Parameter]) -> Given:
    return [(p, p.grad.data) for p in distinct(params) if p.grad is not None]
