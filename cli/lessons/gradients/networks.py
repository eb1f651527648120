"""The matrices and networks of this lesson, and the walk back through them by the registry's equations."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import between
from minigrad.graph import Array
from rnn.formulas import REGISTRY, evaluate

RADII = (0.5, 0.9, 1.0, 1.1, 1.5)
KNOBS = {
    "units": between(1, 64, full=64),
    "length": between(20, 60),
    "loud": between(0.1, 1.0),
    "rho": between(0.3, 1.5),
    "wait": between(20, 30, full=30),
    "theta": between(0.2, 0.5),
}

Series = dict[int, Array]


def drawn(units: int, rho: float, rng: np.random.Generator) -> Array:
    """Normal numbers, scaled so that the largest eigenvalue has the size ρ."""
    W = rng.standard_normal((units, units))
    return W * (rho / radius(W))


def radius(W: Array) -> float:
    """ρ(W), the size of the largest eigenvalue."""
    return float(np.abs(np.linalg.eigvals(W)).max())


def turning(units: int, rho: float, rng: np.random.Generator) -> Array:
    """ρ times an orthogonal matrix: it turns or mirrors, and stretches every vector by ρ."""
    return rho * np.linalg.qr(rng.standard_normal((units, units)))[0]


def listening(W: Array, steps: int, loud: float, rng: np.random.Generator) -> Series:
    """h⁽⁰⁾ … of h⁽ᵗ⁾ = tanh(W h⁽ᵗ⁻¹⁾ + noise), the noise with standard deviation `loud`, from zero on."""
    h = {0: np.zeros((len(W), 1))}
    for t in range(1, steps + 1):
        h[t] = np.tanh(W @ h[t - 1] + loud * rng.standard_normal(h[0].shape))
    return h


def linear(W: Array, steps: int) -> Series:
    """The states to give where there is no tanh: at zero its slope is one."""
    return dict.fromkeys(range(steps + 1), np.zeros((len(W), 1)))


def walk_back(W: Array, h: Series) -> tuple[Series, dict[int, float]]:
    """J⁽ᵗ⁾ = ∂h⁽τ⁾/∂h⁽ᵗ⁾ and ν⁽ᵗ⁾, its norm, for every t, by the registry's equations."""
    equations = [REGISTRY[f"JACOBIAN-{k}"] for k in (1, 2, 3)]
    found = evaluate(equations, {"W": W, "h": h, "I": np.eye(len(W)), "tau": max(h)})
    return found["J"], found["nu"]


def power_norm(W: Array, k: int) -> float:
    """‖Wᵏ‖, by repeated squaring."""
    return float(np.linalg.norm(np.linalg.matrix_power(W, k), 2))


def rate(first: float, last: float, steps: int) -> float:
    """What a step adds to the logarithm between two values so many steps apart."""
    return float(np.log(last / first)) / steps
