"""Initial values of weights. Each scheme, called with its settings, gives a function (rng, shape) → array.

A weight has shape (out, in) or (out, in, K), K the width of a convolution's kernel. Its fan-in n_in = in · K is
how many numbers one output sums; its fan-out n_out = out · K is how many sums one input enters.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np

from minigrad.errors import ShapeError
from minigrad.graph import Array

Initialiser = Callable[[np.random.Generator, tuple[int, ...]], Array]
Mode = Literal["fan_in", "fan_out"]


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(n_in, n_out) of a weight (out, in, ...); ShapeError if it has fewer than two axes, or none of some length."""
    if len(shape) < 2 or 0 in shape:
        raise ShapeError(
            f"fans: a weight of shape {shape} has no fan-in; give (out, in) or (out, in, K), each at least 1"
        )
    width = math.prod(shape[2:])
    return shape[1] * width, shape[0] * width


def uniform(bound: float) -> Initialiser:
    """Draws from U(−bound, bound), of variance bound²/3."""
    return lambda rng, shape: rng.uniform(-bound, bound, shape)


def normal(std: float = 1.0, mean: float = 0.0) -> Initialiser:
    """Draws from N(mean, std²)."""
    return lambda rng, shape: rng.normal(mean, std, shape)


def xavier_uniform(gain: float = 1.0) -> Initialiser:
    """U(±gain √(6/(n_in + n_out))): variance as `xavier_normal`. [Glorot and Bengio 2010, eq. 16]"""
    return lambda rng, shape: uniform(math.sqrt(3) * gain * _xavier(shape))(rng, shape)


def xavier_normal(gain: float = 1.0) -> Initialiser:
    """N(0, gain² · 2/(n_in + n_out)).

    Between 1/n_in, which keeps the variance of activations, and 1/n_out, which keeps that of gradients.
    [Glorot and Bengio 2010, eq. 12]
    """
    return lambda rng, shape: normal(gain * _xavier(shape))(rng, shape)


def _xavier(shape: tuple[int, ...]) -> float:
    return math.sqrt(2 / sum(fans(shape)))


def kaiming_uniform(a: float = 0.0, mode: Mode = "fan_in") -> Initialiser:
    """U(±√(6/((1 + a²) n))): variance as `kaiming_normal`. [He et al. 2015, eq. 15]"""
    return lambda rng, shape: uniform(math.sqrt(3) * _kaiming(shape, a, mode))(rng, shape)


def kaiming_normal(a: float = 0.0, mode: Mode = "fan_in") -> Initialiser:
    """N(0, 2/((1 + a²) n)), for a rectifier whose slope is `a` below zero (0 for ReLU).

    n is n_in, which keeps the size of activations from layer to layer, or n_out ("fan_out"), which keeps that of
    gradients. [He et al. 2015, eq. 10, 14 and 15]
    """
    return lambda rng, shape: normal(_kaiming(shape, a, mode))(rng, shape)


def _kaiming(shape: tuple[int, ...], a: float, mode: Mode) -> float:
    n_in, n_out = fans(shape)
    return math.sqrt(2 / ((1 + a * a) * {"fan_in": n_in, "fan_out": n_out}[mode]))


def orthogonal(gain: float = 1.0) -> Initialiser:
    """gain · Q: with the axes after the first taken as one, rows are orthonormal, or columns where there are fewer.

    Uniform over all such Q. [Saxe et al. 2014; the signs: Mezzadri 2007]
    """

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        n_in, _ = fans(shape)
        tall = rng.standard_normal((max(shape[0], n_in), min(shape[0], n_in)))
        q, r = np.linalg.qr(tall)
        q *= np.where(np.diagonal(r) < 0, -1.0, 1.0)  # QR leaves signs to the routine, which is not uniform
        return gain * (q if shape[0] >= n_in else q.T).reshape(shape)

    return draw
