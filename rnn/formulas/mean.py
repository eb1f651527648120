"""The Elman network with the loss averaged over time: which equations change, and which stay. [D2L 8.7]

D2L divides the sum of the losses by the number of steps, DLB does not. The change is in three equations, the loss and
the two where the walk back begins; all others stay word for word, since every later gradient is a linear function of
∇o⁽¹⁾ … ∇o⁽τ⁾. All gradients are therefore 1/τ of those of the family "elman": a learning rate for the one loss is not
one for the other. D2L's own network has the identity in the place of tanh and no biases.
"""

from __future__ import annotations

import numpy as np

import rnn.formulas.elman  # noqa: F401  # enters what is entered here again
from rnn.formulas.again import again
from rnn.formulas.registry import equation, family
from rnn.formulas.words import Array, entry, onehot, steps, sum

Series = dict[int, Array]

family("mean", "Elman network, loss averaged over time [D2L 8.7]")


# What stays, forwards.
again("MEAN-1", of="7", family="mean", kernel=True)
again("MEAN-2", of="8", family="mean", kernel=True)
again("MEAN-3", of="9", family="mean", kernel=True)
again("MEAN-4", of="10", family="mean", kernel=True)


@equation(
    "MEAN-5",
    family="mean",
    gives="L",
    source="D2L 8.7",
    title="the loss of a step, on average",
    text="L = −(1/τ) Σₜ log ŷ⁽ᵗ⁾[y⁽ᵗ⁾]",
    latex=r"L = -(1/\tau) \sum_t \log \hat{y}^{(t)}[y^{(t)}]",
    witnesses=("engine", "fused"),
    note="changed: equation 13 is the sum. exp(L) is the perplexity, and sequences of any length compare",
)
def loss(y_hat: Series, y: dict[int, int], tau: int) -> float:
    return -(1 / tau) * sum(np.log(entry(y_hat[t], y[t])) for t in steps(tau))


@equation(
    "MEAN-6",
    family="mean",
    gives="∂L/∂L⁽ᵗ⁾",
    over="t = 1 … τ",
    source="derived; forward D2L 8.7",
    title="where the walk back begins",
    text="∂L/∂L⁽ᵗ⁾ = 1/τ",
    latex=r"\frac{\partial L}{\partial L^{(t)}} = 1/\tau",
    witnesses=("engine", "differences"),
    note="changed: equation 16 is 1",
    derivation=(
        ("L = (1/τ) Σₜ L⁽ᵗ⁾", r"L = (1/\tau) \sum_t L^{(t)}"),
        ("dL = Σₜ (1/τ) dL⁽ᵗ⁾", r"dL = \sum_t (1/\tau) \, dL^{(t)}"),
    ),
)
def dL_dL(tau: int, t: int) -> float:
    return 1 / tau


@equation(
    "MEAN-7",
    family="mean",
    gives="∇o⁽ᵗ⁾",
    over="t = 1 … τ",
    source="D2L 8.7",
    title="how the loss feels the scores",
    text="∇o⁽ᵗ⁾ = (1/τ) (ŷ⁽ᵗ⁾ − onehot(y⁽ᵗ⁾))",
    latex=r"\nabla_{o^{(t)}} L = (1/\tau) (\hat{y}^{(t)} - \operatorname{onehot}(y^{(t)}))",
    note="changed: equation 17 times 1/τ. Each gradient after it is made of these, linearly, so 1/τ is in all of"
    " them and is written in none",
    derivation=(
        ("dL = Σₜ (1/τ) dL⁽ᵗ⁾", r"dL = \sum_t (1/\tau) \, dL^{(t)}"),
        (
            "dL⁽ᵗ⁾ = (softmax(o⁽ᵗ⁾) − onehot(y⁽ᵗ⁾))ᵀ do⁽ᵗ⁾",
            r"dL^{(t)} = (\operatorname{softmax}(o^{(t)}) - \operatorname{onehot}(y^{(t)}))^\top \, do^{(t)}",
        ),
    ),
)
def grad_o(y_hat: Series, y: dict[int, int], tau: int, t: int) -> Array:
    return (1 / tau) * (y_hat[t] - onehot(y[t], y_hat[t]))


# What stays, backwards.
again("MEAN-8", of="18", family="mean", kernel=True)
again("MEAN-9", of="20", family="mean", kernel=True)
again("MEAN-10", of="ELMAN-1", family="mean", kernel=True)
again("MEAN-11", of="21", family="mean", kernel=True)
again("MEAN-12", of="22", family="mean", kernel=True)
again("MEAN-13", of="23", family="mean", kernel=True)
again("MEAN-14", of="24", family="mean", kernel=True)
again("MEAN-15", of="25", family="mean", kernel=True)
again("MEAN-16", of="ELMAN-2", family="mean", kernel=True)
again("MEAN-17", of="ELMAN-3", family="mean", kernel=True)
