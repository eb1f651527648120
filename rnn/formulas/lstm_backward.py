"""Long short-term memory, from the loss back to what the gates receive. [derived; forward D2L 9.2]

The letters are those of `lstm`; ∇z is the gradient of L by z, over all ways from z to the loss. A ∂ in a derivation is
the direct way alone: what else enters the same equation is held. Nothing comes from after the end: whatever is read
at t = τ + 1 is zero.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from rnn.formulas.lstm import GATES, Enter, Series
from rnn.formulas.registry import equation
from rnn.formulas.words import Array, onehot

derived = partial(equation, family="lstm", source="derived; forward D2L 9.2")
each_step = partial(derived, over="t = τ … 1", witnesses=("engine", "differences"))
given = partial(derived, over="t = τ … 1")  # what the kernel gives too, or can be asked for


def received(id: str, gate: str) -> Enter:
    """Enter the gradient of what a gate receives, from that of the gate; the three gates are alike."""
    return given(
        id,
        gives=f"∇a_{gate}⁽ᵗ⁾",
        title=f"how the loss feels what {GATES[gate]} receives",
        text=f"∇a_{gate}⁽ᵗ⁾ = {gate}⁽ᵗ⁾ ⊙ (1 − {gate}⁽ᵗ⁾) ⊙ ∇{gate}⁽ᵗ⁾",
        latex=rf"\nabla_{{a_{gate}^{{(t)}}}} L = {gate}^{{(t)}} \odot (1 - {gate}^{{(t)}}) \odot"
        rf" \nabla_{{{gate}^{{(t)}}}} L",
        derivation=(
            (
                f"∇a_{gate}⁽ᵗ⁾ = (∂{gate}⁽ᵗ⁾/∂a_{gate}⁽ᵗ⁾)ᵀ ∇{gate}⁽ᵗ⁾",
                rf"\nabla_{{a_{gate}^{{(t)}}}} L = \left(\frac{{\partial {gate}^{{(t)}}}}"
                rf"{{\partial a_{gate}^{{(t)}}}}\right)^\top \nabla_{{{gate}^{{(t)}}}} L",
            ),
            ("σ′ = σ (1 − σ)", r"\sigma' = \sigma (1 - \sigma)"),
            (
                f"∂{gate}⁽ᵗ⁾/∂a_{gate}⁽ᵗ⁾ = diag({gate}⁽ᵗ⁾ ⊙ (1 − {gate}⁽ᵗ⁾))",
                rf"\frac{{\partial {gate}^{{(t)}}}}{{\partial a_{gate}^{{(t)}}}} ="
                rf" \operatorname{{diag}}({gate}^{{(t)}} \odot (1 - {gate}^{{(t)}}))",
            ),
        ),
    )


@each_step(
    "LSTM-14",
    gives="∇s⁽ᵗ⁾",
    source="DLB 10.2.2 eq. 10.18",
    title="how the loss feels the scores",
    text="∇s⁽ᵗ⁾ = ŷ⁽ᵗ⁾ − onehot(y⁽ᵗ⁾)",
    latex=r"\nabla_{s^{(t)}} L = \hat{y}^{(t)} - \operatorname{onehot}(y^{(t)})",
    derivation=(
        (
            "−log ŷ⁽ᵗ⁾[y⁽ᵗ⁾] = log Σₖ exp(s⁽ᵗ⁾[k]) − s⁽ᵗ⁾[y⁽ᵗ⁾]",
            r"-\log \hat{y}^{(t)}[y^{(t)}] = \log \sum_k \operatorname{exp}(s^{(t)}[k]) - s^{(t)}[y^{(t)}]",
        ),
        (
            "∇s⁽ᵗ⁾ = softmax(s⁽ᵗ⁾) − onehot(y⁽ᵗ⁾)",
            r"\nabla_{s^{(t)}} L = \operatorname{softmax}(s^{(t)}) - \operatorname{onehot}(y^{(t)})",
        ),
    ),
)
def grad_s(y_hat: Series, y: dict[int, int], t: int) -> Array:
    return y_hat[t] - onehot(y[t], y_hat[t])


@given(
    "LSTM-15",
    gives="∇h⁽ᵗ⁾",
    title="how the loss feels the hidden state",
    text="∇h⁽ᵗ⁾ = Vᵀ ∇s⁽ᵗ⁾ + W_iᵀ ∇a_i⁽ᵗ⁺¹⁾ + W_fᵀ ∇a_f⁽ᵗ⁺¹⁾ + W_gᵀ ∇a_g⁽ᵗ⁺¹⁾ + W_oᵀ ∇a_o⁽ᵗ⁺¹⁾",
    latex=r"\nabla_{h^{(t)}} L = V^\top \nabla_{s^{(t)}} L + W_i^\top \nabla_{a_i^{(t+1)}} L"
    r" + W_f^\top \nabla_{a_f^{(t+1)}} L + W_g^\top \nabla_{a_g^{(t+1)}} L + W_o^\top \nabla_{a_o^{(t+1)}} L",
    note="five ways from h⁽ᵗ⁾ to the loss: its own scores, and what four gates receive at the next step",
    derivation=(
        (
            "∇h⁽ᵗ⁾ = (∂s⁽ᵗ⁾/∂h⁽ᵗ⁾)ᵀ ∇s⁽ᵗ⁾ + Σₖ (∂a_k⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾)ᵀ ∇a_k⁽ᵗ⁺¹⁾",
            r"\nabla_{h^{(t)}} L = \left(\frac{\partial s^{(t)}}{\partial h^{(t)}}\right)^\top \nabla_{s^{(t)}} L"
            r" + \sum_k \left(\frac{\partial a_k^{(t+1)}}{\partial h^{(t)}}\right)^\top \nabla_{a_k^{(t+1)}} L",
        ),
        (
            "∂s⁽ᵗ⁾/∂h⁽ᵗ⁾ = V,  ∂a_k⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾ = W_k  (k = i, f, g, o)",
            r"\frac{\partial s^{(t)}}{\partial h^{(t)}} = V, \quad"
            r" \frac{\partial a_k^{(t+1)}}{\partial h^{(t)}} = W_k \quad (k = i, f, g, o)",
        ),
    ),
)
def grad_h(
    V: Array, grad_s: Series, W_i: Array, grad_a_i: Series, W_f: Array, grad_a_f: Series,
    W_g: Array, grad_a_g: Series, W_o: Array, grad_a_o: Series, t: int,
) -> Array:  # fmt: skip
    return (
        V.T @ grad_s[t]
        + W_i.T @ grad_a_i[t + 1]
        + W_f.T @ grad_a_f[t + 1]
        + W_g.T @ grad_a_g[t + 1]
        + W_o.T @ grad_a_o[t + 1]
    )


@each_step(
    "LSTM-16",
    gives="∇o⁽ᵗ⁾",
    title="how the loss feels the output gate",
    text="∇o⁽ᵗ⁾ = tanh(c⁽ᵗ⁾) ⊙ ∇h⁽ᵗ⁾",
    latex=r"\nabla_{o^{(t)}} L = \tanh(c^{(t)}) \odot \nabla_{h^{(t)}} L",
    derivation=(
        (
            "∇o⁽ᵗ⁾ = (∂h⁽ᵗ⁾/∂o⁽ᵗ⁾)ᵀ ∇h⁽ᵗ⁾",
            r"\nabla_{o^{(t)}} L = \left(\frac{\partial h^{(t)}}{\partial o^{(t)}}\right)^\top \nabla_{h^{(t)}} L",
        ),
        (
            "∂h⁽ᵗ⁾/∂o⁽ᵗ⁾ = diag(tanh(c⁽ᵗ⁾))",
            r"\frac{\partial h^{(t)}}{\partial o^{(t)}} = \operatorname{diag}(\tanh(c^{(t)}))",
        ),
    ),
)
def grad_o(c: Series, grad_h: Series, t: int) -> Array:
    return np.tanh(c[t]) * grad_h[t]


@received("LSTM-17", "o")
def grad_a_o(o: Series, grad_o: Series, t: int) -> Array:
    return o[t] * (1 - o[t]) * grad_o[t]


@each_step(
    "LSTM-18",
    gives="∇c⁽ᵗ⁾",
    title="how the loss feels the cell state",
    text="∇c⁽ᵗ⁾ = o⁽ᵗ⁾ ⊙ (1 − tanh(c⁽ᵗ⁾)²) ⊙ ∇h⁽ᵗ⁾ + f⁽ᵗ⁺¹⁾ ⊙ ∇c⁽ᵗ⁺¹⁾",
    latex=r"\nabla_{c^{(t)}} L = o^{(t)} \odot (1 - \tanh(c^{(t)})^2) \odot \nabla_{h^{(t)}} L"
    r" + f^{(t+1)} \odot \nabla_{c^{(t+1)}} L",
    note="from cell to cell there is no weight and no tanh: an open forget gate lets the gradient through",
    derivation=(
        (
            "∇c⁽ᵗ⁾ = (∂h⁽ᵗ⁾/∂c⁽ᵗ⁾)ᵀ ∇h⁽ᵗ⁾ + (∂c⁽ᵗ⁺¹⁾/∂c⁽ᵗ⁾)ᵀ ∇c⁽ᵗ⁺¹⁾",
            r"\nabla_{c^{(t)}} L = \left(\frac{\partial h^{(t)}}{\partial c^{(t)}}\right)^\top \nabla_{h^{(t)}} L"
            r" + \left(\frac{\partial c^{(t+1)}}{\partial c^{(t)}}\right)^\top \nabla_{c^{(t+1)}} L",
        ),
        (
            "∂h⁽ᵗ⁾/∂c⁽ᵗ⁾ = diag(o⁽ᵗ⁾ ⊙ (1 − tanh(c⁽ᵗ⁾)²))",
            r"\frac{\partial h^{(t)}}{\partial c^{(t)}} ="
            r" \operatorname{diag}(o^{(t)} \odot (1 - \tanh(c^{(t)})^2))",
        ),
        (
            "∂c⁽ᵗ⁺¹⁾/∂c⁽ᵗ⁾ = diag(f⁽ᵗ⁺¹⁾)",
            r"\frac{\partial c^{(t+1)}}{\partial c^{(t)}} = \operatorname{diag}(f^{(t+1)})",
        ),
    ),
)
def grad_c(o: Series, c: Series, grad_h: Series, f: Series, grad_c: Series, t: int) -> Array:
    return o[t] * (1 - np.tanh(c[t]) ** 2) * grad_h[t] + f[t + 1] * grad_c[t + 1]


@each_step(
    "LSTM-19",
    gives="∇f⁽ᵗ⁾",
    title="how the loss feels the forget gate",
    text="∇f⁽ᵗ⁾ = c⁽ᵗ⁻¹⁾ ⊙ ∇c⁽ᵗ⁾",
    latex=r"\nabla_{f^{(t)}} L = c^{(t-1)} \odot \nabla_{c^{(t)}} L",
    derivation=(
        (
            "∇f⁽ᵗ⁾ = (∂c⁽ᵗ⁾/∂f⁽ᵗ⁾)ᵀ ∇c⁽ᵗ⁾",
            r"\nabla_{f^{(t)}} L = \left(\frac{\partial c^{(t)}}{\partial f^{(t)}}\right)^\top \nabla_{c^{(t)}} L",
        ),
        ("∂c⁽ᵗ⁾/∂f⁽ᵗ⁾ = diag(c⁽ᵗ⁻¹⁾)", r"\frac{\partial c^{(t)}}{\partial f^{(t)}} = \operatorname{diag}(c^{(t-1)})"),
    ),
)
def grad_f(c: Series, grad_c: Series, t: int) -> Array:
    return c[t - 1] * grad_c[t]


@received("LSTM-20", "f")
def grad_a_f(f: Series, grad_f: Series, t: int) -> Array:
    return f[t] * (1 - f[t]) * grad_f[t]


@each_step(
    "LSTM-21",
    gives="∇i⁽ᵗ⁾",
    title="how the loss feels the input gate",
    text="∇i⁽ᵗ⁾ = g⁽ᵗ⁾ ⊙ ∇c⁽ᵗ⁾",
    latex=r"\nabla_{i^{(t)}} L = g^{(t)} \odot \nabla_{c^{(t)}} L",
    derivation=(
        (
            "∇i⁽ᵗ⁾ = (∂c⁽ᵗ⁾/∂i⁽ᵗ⁾)ᵀ ∇c⁽ᵗ⁾",
            r"\nabla_{i^{(t)}} L = \left(\frac{\partial c^{(t)}}{\partial i^{(t)}}\right)^\top \nabla_{c^{(t)}} L",
        ),
        ("∂c⁽ᵗ⁾/∂i⁽ᵗ⁾ = diag(g⁽ᵗ⁾)", r"\frac{\partial c^{(t)}}{\partial i^{(t)}} = \operatorname{diag}(g^{(t)})"),
    ),
)
def grad_i(g: Series, grad_c: Series, t: int) -> Array:
    return g[t] * grad_c[t]


@received("LSTM-22", "i")
def grad_a_i(i: Series, grad_i: Series, t: int) -> Array:
    return i[t] * (1 - i[t]) * grad_i[t]


@each_step(
    "LSTM-23",
    gives="∇g⁽ᵗ⁾",
    title="how the loss feels the candidate",
    text="∇g⁽ᵗ⁾ = i⁽ᵗ⁾ ⊙ ∇c⁽ᵗ⁾",
    latex=r"\nabla_{g^{(t)}} L = i^{(t)} \odot \nabla_{c^{(t)}} L",
    derivation=(
        (
            "∇g⁽ᵗ⁾ = (∂c⁽ᵗ⁾/∂g⁽ᵗ⁾)ᵀ ∇c⁽ᵗ⁾",
            r"\nabla_{g^{(t)}} L = \left(\frac{\partial c^{(t)}}{\partial g^{(t)}}\right)^\top \nabla_{c^{(t)}} L",
        ),
        ("∂c⁽ᵗ⁾/∂g⁽ᵗ⁾ = diag(i⁽ᵗ⁾)", r"\frac{\partial c^{(t)}}{\partial g^{(t)}} = \operatorname{diag}(i^{(t)})"),
    ),
)
def grad_g(i: Series, grad_c: Series, t: int) -> Array:
    return i[t] * grad_c[t]


@given(
    "LSTM-24",
    gives="∇a_g⁽ᵗ⁾",
    title="how the loss feels what the candidate receives",
    text="∇a_g⁽ᵗ⁾ = (1 − (g⁽ᵗ⁾)²) ⊙ ∇g⁽ᵗ⁾",
    latex=r"\nabla_{a_g^{(t)}} L = (1 - (g^{(t)})^2) \odot \nabla_{g^{(t)}} L",
    derivation=(
        (
            "∇a_g⁽ᵗ⁾ = (∂g⁽ᵗ⁾/∂a_g⁽ᵗ⁾)ᵀ ∇g⁽ᵗ⁾",
            r"\nabla_{a_g^{(t)}} L = \left(\frac{\partial g^{(t)}}{\partial a_g^{(t)}}\right)^\top"
            r" \nabla_{g^{(t)}} L",
        ),
        ("tanh′ = 1 − tanh²", r"\tanh' = 1 - \tanh^2"),
        (
            "∂g⁽ᵗ⁾/∂a_g⁽ᵗ⁾ = diag(1 − (g⁽ᵗ⁾)²)",
            r"\frac{\partial g^{(t)}}{\partial a_g^{(t)}} = \operatorname{diag}(1 - (g^{(t)})^2)",
        ),
    ),
)
def grad_a_g(g: Series, grad_g: Series, t: int) -> Array:
    return (1 - g[t] ** 2) * grad_g[t]
