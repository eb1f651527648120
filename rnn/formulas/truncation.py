"""Backpropagation through time cut short, for the Elman network. [D2L 8.7; Williams and Peng 1990; Sutskever 2013]

The forward pass stays whole, so h and ŷ are given (equations 7 to 10) and ∇o too (17). Only the way back is cut: ∇h is
then no longer the gradient of L, and the parameters get what equations 22, 24 and 25 make of it. ∇V and ∇c stay.

Truncated: after every s steps, and at the end, the losses of the last s steps are carried back through at most w
states; the state before those counts as a constant. Chunk k has the steps (k−1)s + 1 … ks, or as many as there are:
m⁽ᵏ,ᵗ⁾ is 1 if the loss of step t belongs to chunk k, n⁽ᵏ,ᵗ⁾ is 1 if h⁽ᵗ⁾ is among the last w states of chunk k;
otherwise they are 0. Randomised: the link from step t+1 back to t has the weight ξ⁽ᵗ⁾, which is 1/π with
probability π and 0 otherwise; as E ξ⁽ᵗ⁾ = 1 and the links are independent, the expectation is the full gradient.
[D2L 8.7.1.3; Tallec and Ollivier 2017]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import ceil, prod
from typing import Any

import numpy as np

from rnn.formulas.registry import Values, equation, family
from rnn.formulas.words import Array, diag, entry, steps, sum

Series = dict[int, Array]
Chunked = dict[tuple[int, int], Array]
Marks = dict[tuple[int, int], float]
Function = Callable[..., Any]

family("truncated", "Truncated backpropagation through time, Elman [D2L 8.7]")
family("randomised", "Truncation at random, without bias, Elman [D2L 8.7]")


@equation(
    "TBPTT-1",
    family="truncated",
    gives="L⁽ᵏ⁾",
    over="k = 1 … κ",
    source="derived; loss DLB 10.2 eq. 10.14",
    title="the losses of a chunk: each step's in one chunk",
    text="L⁽ᵏ⁾ = −Σₜ m⁽ᵏ,ᵗ⁾ log ŷ⁽ᵗ⁾[y⁽ᵗ⁾]",
    latex=r"L^{(k)} = -\sum_t m^{(k,t)} \log \hat{y}^{(t)}[y^{(t)}]",
    witnesses=("engine",),
)
def loss_of_chunk(m: Marks, y_hat: Series, y: dict[int, int], tau: int, k: int) -> float:
    return -sum(m[k, t] * np.log(entry(y_hat[t], y[t])) for t in steps(tau))


@equation(
    "TBPTT-2",
    family="truncated",
    gives="δ⁽ᵏ,ᵗ⁾",
    over="k = 1 … κ, t = τ … 1",
    source="derived; D2L 8.7, Williams and Peng 1990",
    title="how a chunk's losses feel a state, cut at the window",
    text="δ⁽ᵏ,ᵗ⁾ = n⁽ᵏ,ᵗ⁾ Wᵀ diag(1 − (h⁽ᵗ⁺¹⁾)²) δ⁽ᵏ,ᵗ⁺¹⁾ + m⁽ᵏ,ᵗ⁾ Vᵀ ∇o⁽ᵗ⁾",
    latex=r"\delta^{(k,t)} = n^{(k,t)} W^\top \operatorname{diag}(1 - (h^{(t+1)})^2) \delta^{(k,t+1)}"
    r" + m^{(k,t)} V^\top \nabla_{o^{(t)}} L",
    witnesses=("engine", "differences"),
    derivation=(
        ("δ⁽ᵏ,ᵗ⁾ = ∂L⁽ᵏ⁾/∂h⁽ᵗ⁾", r"\delta^{(k,t)} = \frac{\partial L^{(k)}}{\partial h^{(t)}}"),
        (
            "δ⁽ᵏ,ᵗ⁾ = n⁽ᵏ,ᵗ⁾ (∂h⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾)ᵀ δ⁽ᵏ,ᵗ⁺¹⁾ + m⁽ᵏ,ᵗ⁾ (∂o⁽ᵗ⁾/∂h⁽ᵗ⁾)ᵀ ∇o⁽ᵗ⁾",
            r"\delta^{(k,t)} = n^{(k,t)} \left(\frac{\partial h^{(t+1)}}{\partial h^{(t)}}\right)^\top \delta^{(k,t+1)}"
            r" + m^{(k,t)} \left(\frac{\partial o^{(t)}}{\partial h^{(t)}}\right)^\top \nabla_{o^{(t)}} L",
        ),
    ),
)
def delta(
    n: Marks, W: Array, h: Series, delta: Chunked, m: Marks, V: Array, grad_o: Series, k: int, t: int
) -> Array:  # fmt: skip
    return n[k, t] * W.T @ diag(1 - h[t + 1] ** 2) @ delta[k, t + 1] + m[k, t] * V.T @ grad_o[t]


@equation(
    "TBPTT-3",
    family="truncated",
    gives="∇h⁽ᵗ⁾",
    over="t = τ … 1",
    source="derived; D2L 8.7, Williams and Peng 1990",
    title="a state feels every chunk that reaches back to it",
    text="∇h⁽ᵗ⁾ = Σₖ δ⁽ᵏ,ᵗ⁾",
    latex=r"\nabla_{h^{(t)}} L = \sum_k \delta^{(k,t)}",
    witnesses=("engine", "differences"),
    derivation=(
        ("L = Σₖ L⁽ᵏ⁾", r"L = \sum_k L^{(k)}"),
        ("∇h⁽ᵗ⁾ = Σₖ ∂L⁽ᵏ⁾/∂h⁽ᵗ⁾", r"\nabla_{h^{(t)}} L = \sum_k \frac{\partial L^{(k)}}{\partial h^{(t)}}"),
    ),
)
def grad_h_truncated(delta: Chunked, chunks: int, t: int) -> Array:
    return sum(delta[k, t] for k in steps(chunks))


@equation(
    "RANDOM-1",
    family="randomised",
    gives="∇h⁽ᵗ⁾",
    over="t = τ … 1",
    source="derived; D2L 8.7.1.3, Tallec and Ollivier 2017",
    title="each link back weighted at random",
    text="∇h⁽ᵗ⁾ = ξ⁽ᵗ⁾ Wᵀ diag(1 − (h⁽ᵗ⁺¹⁾)²) ∇h⁽ᵗ⁺¹⁾ + Vᵀ ∇o⁽ᵗ⁾",
    latex=r"\nabla_{h^{(t)}} L = \xi^{(t)} W^\top \operatorname{diag}(1 - (h^{(t+1)})^2) \nabla_{h^{(t+1)}} L"
    r" + V^\top \nabla_{o^{(t)}} L",
    witnesses=("engine", "differences"),
    derivation=(
        (
            "∇h⁽ᵗ⁾ = ξ⁽ᵗ⁾ (∂h⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾)ᵀ ∇h⁽ᵗ⁺¹⁾ + (∂o⁽ᵗ⁾/∂h⁽ᵗ⁾)ᵀ ∇o⁽ᵗ⁾",
            r"\nabla_{h^{(t)}} L = \xi^{(t)} \left(\frac{\partial h^{(t+1)}}{\partial h^{(t)}}\right)^\top"
            r" \nabla_{h^{(t+1)}} L + \left(\frac{\partial o^{(t)}}{\partial h^{(t)}}\right)^\top \nabla_{o^{(t)}} L",
        ),
        (
            "∂h⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾ = diag(1 − (h⁽ᵗ⁺¹⁾)²) W",
            r"\frac{\partial h^{(t+1)}}{\partial h^{(t)}} = \operatorname{diag}(1 - (h^{(t+1)})^2) W",
        ),
    ),
)
def grad_h_randomised(
    xi: dict[int, float], W: Array, h: Series, grad_h: Series, V: Array, grad_o: Series, t: int
) -> Array:
    return xi[t] * W.T @ diag(1 - h[t + 1] ** 2) @ grad_h[t + 1] + V.T @ grad_o[t]


PREACTIVATION = (
    "∇a⁽ᵗ⁾ = diag(1 − (h⁽ᵗ⁾)²) ∇h⁽ᵗ⁾",
    r"\nabla_{a^{(t)}} L = \operatorname{diag}(1 - (h^{(t)})^2) \nabla_{h^{(t)}} L",
)


def both(truncated: str, randomised: str, use: tuple[str, str], **entry: Any) -> Callable[[Function], Function]:
    """Enter a function in both families: from ∇h on they are one, and only its values differ.

    `use` ends the derivation: what each use of the parameter adds to its gradient.
    """
    common = {**entry, "source": "derived; full gradient DLB 10.2.2", "derivation": (PREACTIVATION, use)}

    def enter(function: Function) -> Function:
        equation(truncated, family="truncated", **common)(function)
        return equation(randomised, family="randomised", witnesses=("engine", "differences"), **common)(function)

    return enter


@both(
    "TBPTT-4",
    "RANDOM-2",
    ("∇b = Σₜ ∇a⁽ᵗ⁾", r"\nabla_b L = \sum_t \nabla_{a^{(t)}} L"),
    gives="∇b",
    title="the bias of the hidden units, from what is left of ∇h",
    text="∇b = Σₜ diag(1 − (h⁽ᵗ⁾)²) ∇h⁽ᵗ⁾",
    latex=r"\nabla_b L = \sum_t \operatorname{diag}(1 - (h^{(t)})^2) \nabla_{h^{(t)}} L",
)
def grad_b(h: Series, grad_h: Series, tau: int) -> Array:
    return sum(diag(1 - h[t] ** 2) @ grad_h[t] for t in steps(tau))


@both(
    "TBPTT-5",
    "RANDOM-3",
    ("∇W = Σₜ ∇a⁽ᵗ⁾ h⁽ᵗ⁻¹⁾ᵀ", r"\nabla_W L = \sum_t \nabla_{a^{(t)}} L \, h^{(t-1)\top}"),
    gives="∇W",
    title="hidden to hidden, from what is left of ∇h",
    text="∇W = Σₜ diag(1 − (h⁽ᵗ⁾)²) ∇h⁽ᵗ⁾ h⁽ᵗ⁻¹⁾ᵀ",
    latex=r"\nabla_W L = \sum_t \operatorname{diag}(1 - (h^{(t)})^2) \nabla_{h^{(t)}} L \, h^{(t-1)\top}",
)
def grad_W(h: Series, grad_h: Series, tau: int) -> Array:
    return sum(diag(1 - h[t] ** 2) @ grad_h[t] @ h[t - 1].T for t in steps(tau))


@both(
    "TBPTT-6",
    "RANDOM-4",
    ("∇U = Σₜ ∇a⁽ᵗ⁾ x⁽ᵗ⁾ᵀ", r"\nabla_U L = \sum_t \nabla_{a^{(t)}} L \, x^{(t)\top}"),
    gives="∇U",
    title="input to hidden, from what is left of ∇h",
    text="∇U = Σₜ diag(1 − (h⁽ᵗ⁾)²) ∇h⁽ᵗ⁾ x⁽ᵗ⁾ᵀ",
    latex=r"\nabla_U L = \sum_t \operatorname{diag}(1 - (h^{(t)})^2) \nabla_{h^{(t)}} L \, x^{(t)\top}",
)
def grad_U(h: Series, grad_h: Series, x: Series, tau: int) -> Array:
    return sum(diag(1 - h[t] ** 2) @ grad_h[t] @ x[t].T for t in steps(tau))


def in_chunks(values: Values, window: int, stride: int) -> Values:
    """What the family "truncated" starts from: the values of a run, with κ, m, n and zeros after the end."""
    tau = int(values["tau"])
    chunks = ceil(tau / stride)
    places = [(k, t, min(k * stride, tau)) for k in steps(chunks) for t in steps(tau)]
    nothing = 0 * values["h"][tau]
    return {
        **values,
        "L": {},  # of each chunk instead of all
        "chunks": chunks,
        "m": {(k, t): float((k - 1) * stride < t <= last) for k, t, last in places},
        "n": {(k, t): float(last - window < t <= last) for k, t, last in places},
        "h": {**values["h"], tau + 1: nothing},
        "delta": {(k, tau + 1): nothing for k in steps(chunks)},
    }


def at_random(values: Values, xi: Sequence[float]) -> Values:
    """What the family "randomised" starts from: the values of a run, with ξ⁽ᵗ⁾ = xi[t−1] and zeros after the end.

    There are τ − 1 links; the one from beyond the end, ξ⁽τ⁾, carries nothing and is 0.
    """
    tau = int(values["tau"])
    nothing = 0 * values["h"][tau]
    weights = {tau: 0.0, **dict(enumerate(xi, 1))}
    return {**values, "xi": weights, "h": {**values["h"], tau + 1: nothing}, "grad_h": {tau + 1: nothing}}


def patterns(links: int, probability: float) -> list[tuple[float, tuple[float, ...]]]:
    """Every outcome of `links` independent ξ, each with its probability: 2^links of them."""
    one = ((probability, 1 / probability), (1 - probability, 0.0))
    return [(prod(p for p, _ in drawn), tuple(xi for _, xi in drawn)) for drawn in product(one, repeat=links)]
