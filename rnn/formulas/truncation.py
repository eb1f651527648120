"""Backpropagation through time cut short, for the Elman network. [D2L 8.7]

All take the values of a run (the network's parameters, h, ∇o …) under the names of `rnn.formulas.elman`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnn.formulas.registry import Values
from rnn.formulas.words import Array, diag, steps


def truncated_grad_W(values: Values, tau: int, window: int) -> Array:
    """∇W when each loss L⁽ᵗ⁾ is carried back through at most `window` states: t, t−1, … t−window+1.

    The state before those counts as a constant. With window = τ nothing is cut.
    """
    W, V, h, grad_o = values["W"], values["V"], values["h"], values["grad_o"]
    total = 0 * W
    for t in steps(tau):
        grad_h = V.T @ grad_o[t]
        for s in range(t, max(0, t - window), -1):
            grad_a = diag(1 - h[s] ** 2) @ grad_h
            total = total + grad_a @ h[s - 1].T
            grad_h = W.T @ grad_a
    return total


def randomised_grad_W(values: Values, tau: int, xi: Sequence[float]) -> Array:
    """∇W when the link from step t+1 back to t is weighted by ξ_t = xi[t−1]: 1/π with probability π, else 0.

    E ξ = 1 and the links are independent, so the expectation is the full gradient. [D2L 8.7.1.3]
    """
    W, V, h, grad_o = values["W"], values["V"], values["h"], values["grad_o"]
    total, arriving = 0 * W, 0 * h[tau]
    for t in range(tau, 0, -1):
        linked = xi[t - 1] * arriving if t < tau else arriving
        grad_a = diag(1 - h[t] ** 2) @ (linked + V.T @ grad_o[t])
        total = total + grad_a @ h[t - 1].T
        arriving = W.T @ grad_a
    return total


def patterns(links: int, probability: float) -> list[tuple[float, tuple[Any, ...]]]:
    """Every outcome of `links` independent ξ, each with its probability: 2^links of them."""
    outcomes: list[tuple[float, tuple[Any, ...]]] = [(1.0, ())]
    for _ in range(links):
        outcomes = [
            (p * q, (*xi, value))
            for p, xi in outcomes
            for q, value in ((probability, 1 / probability), (1 - probability, 0.0))
        ]
    return outcomes
