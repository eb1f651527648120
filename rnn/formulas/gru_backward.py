"""The gated recurrent unit, from the loss back to what gates and candidate receive. [derived; forward D2L 9.1]

The letters are those of `gru`; ∇v is the gradient of the loss by v, over all ways from v to the loss. A ∂ in a
derivation is the direct way alone: what else enters the same equation is held. Nothing comes from after the end:
whatever is read at τ + 1 is zero.
"""

from __future__ import annotations

from functools import partial

from rnn.formulas.gru import Series
from rnn.formulas.registry import Witness, equation
from rnn.formulas.words import Array, onehot

Lines = tuple[tuple[str, str], ...]

INSIDE: tuple[Witness, ...] = ("engine", "differences")
"""The witnesses of a gradient that the kernel forms and uses up within a step."""
OUTSIDE: tuple[Witness, ...] = (*INSIDE, "fused")
"""Those of one that it gives, or can be asked for."""

derived = partial(equation, source="derived; forward D2L 9.1", witnesses=INSIDE)
backward = partial(derived, over="t = τ … 1")
each_step = partial(backward, family="gru")
given = partial(each_step, witnesses=OUTSIDE)


def alone(v: str, u: str, text: str, latex: str) -> Lines:
    """The two lines for a v that reaches the loss through u alone: the chain rule, and what ∂u/∂v is."""
    above, below = rf"{u}^{{(t)}}", rf"{v}^{{(t)}}"
    fraction = rf"\frac{{\partial {above}}}{{\partial {below}}}"
    return (
        (
            f"∇{v}⁽ᵗ⁾ = (∂{u}⁽ᵗ⁾/∂{v}⁽ᵗ⁾)ᵀ ∇{u}⁽ᵗ⁾",
            rf"\nabla_{{{below}}} L = \left({fraction}\right)^\top \nabla_{{{above}}} L",
        ),
        (f"∂{u}⁽ᵗ⁾/∂{v}⁽ᵗ⁾ = {text}", f"{fraction} = {latex}"),
    )


DIRECT = "each ∂ is the direct way: in ∂h⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾ the gate z⁽ᵗ⁺¹⁾ and the candidate n⁽ᵗ⁺¹⁾ are held"


def ways(text: str, latex: str) -> Lines:
    """The lines for a state, which five equations read; ∂q⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾ is what the two forms differ in."""
    return (
        (
            "∇h⁽ᵗ⁾ = (∂o⁽ᵗ⁾/∂h⁽ᵗ⁾)ᵀ ∇o⁽ᵗ⁾ + Σₖ (∂k⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾)ᵀ ∇k⁽ᵗ⁺¹⁾,  ∂o⁽ᵗ⁾/∂h⁽ᵗ⁾ = V",
            r"\nabla_{h^{(t)}} L = \left(\frac{\partial o^{(t)}}{\partial h^{(t)}}\right)^\top \nabla_{o^{(t)}} L"
            r" + \sum_k \left(\frac{\partial k^{(t+1)}}{\partial h^{(t)}}\right)^\top \nabla_{k^{(t+1)}} L,"
            r" \quad \frac{\partial o^{(t)}}{\partial h^{(t)}} = V",
        ),
        (
            f"∂h⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾ = diag(z⁽ᵗ⁺¹⁾),  ∂q⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾ = {text}",
            r"\frac{\partial h^{(t+1)}}{\partial h^{(t)}} = \operatorname{diag}(z^{(t+1)}),"
            rf" \quad \frac{{\partial q^{{(t+1)}}}}{{\partial h^{{(t)}}}} = {latex}",
        ),
        (
            "∂a_r⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾ = W_r,  ∂a_z⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾ = W_z  (k = h, q, a_r, a_z)",
            r"\frac{\partial a_r^{(t+1)}}{\partial h^{(t)}} = W_r,"
            r" \quad \frac{\partial a_z^{(t+1)}}{\partial h^{(t)}} = W_z \quad (k = h, q, a_r, a_z)",
        ),
    )


@each_step(
    "GRU-12",
    gives="∇o⁽ᵗ⁾",
    source="DLB 10.2.2 eq. 10.18",
    title="how the loss feels the scores",
    text="∇o⁽ᵗ⁾ = ŷ⁽ᵗ⁾ − onehot(y⁽ᵗ⁾)",
    latex=r"\nabla_{o^{(t)}} L = \hat{y}^{(t)} - \operatorname{onehot}(y^{(t)})",
    derivation=(
        (
            "−log ŷ⁽ᵗ⁾[y⁽ᵗ⁾] = log Σₖ exp(o⁽ᵗ⁾[k]) − o⁽ᵗ⁾[y⁽ᵗ⁾]",
            r"-\log \hat{y}^{(t)}[y^{(t)}] = \log \sum_k \operatorname{exp}(o^{(t)}[k]) - o^{(t)}[y^{(t)}]",
        ),
        (
            "∇o⁽ᵗ⁾ = softmax(o⁽ᵗ⁾) − onehot(y⁽ᵗ⁾)",
            r"\nabla_{o^{(t)}} L = \operatorname{softmax}(o^{(t)}) - \operatorname{onehot}(y^{(t)})",
        ),
    ),
)
def grad_o(y_hat: Series, y: dict[int, int], t: int) -> Array:
    return y_hat[t] - onehot(y[t], y_hat[t])


@given(
    "GRU-13",
    gives="∇h⁽ᵗ⁾",
    title="five ways from a state to the loss",
    text="∇h⁽ᵗ⁾ = Vᵀ ∇o⁽ᵗ⁾ + z⁽ᵗ⁺¹⁾ ⊙ ∇h⁽ᵗ⁺¹⁾ + r⁽ᵗ⁺¹⁾ ⊙ ∇q⁽ᵗ⁺¹⁾ + W_rᵀ ∇a_r⁽ᵗ⁺¹⁾ + W_zᵀ ∇a_z⁽ᵗ⁺¹⁾",
    latex=r"\nabla_{h^{(t)}} L = V^\top \nabla_{o^{(t)}} L + z^{(t+1)} \odot \nabla_{h^{(t+1)}} L"
    r" + r^{(t+1)} \odot \nabla_{q^{(t+1)}} L + W_r^\top \nabla_{a_r^{(t+1)}} L + W_z^\top \nabla_{a_z^{(t+1)}} L",
    derivation=ways("diag(r⁽ᵗ⁺¹⁾)", r"\operatorname{diag}(r^{(t+1)})"),
    note=DIRECT,
)
def grad_h(
    V: Array, grad_o: Series, z: Series, grad_h: Series, r: Series, grad_q: Series,
    W_r: Array, grad_a_r: Series, W_z: Array, grad_a_z: Series, t: int,
) -> Array:  # fmt: skip
    return (
        V.T @ grad_o[t]
        + z[t + 1] * grad_h[t + 1]
        + r[t + 1] * grad_q[t + 1]
        + W_r.T @ grad_a_r[t + 1]
        + W_z.T @ grad_a_z[t + 1]
    )


@each_step(
    "GRU-14",
    gives="∇n⁽ᵗ⁾",
    title="how the loss feels the candidate",
    text="∇n⁽ᵗ⁾ = (1 − z⁽ᵗ⁾) ⊙ ∇h⁽ᵗ⁾",
    latex=r"\nabla_{n^{(t)}} L = (1 - z^{(t)}) \odot \nabla_{h^{(t)}} L",
    derivation=alone("n", "h", "diag(1 − z⁽ᵗ⁾)", r"\operatorname{diag}(1 - z^{(t)})"),
)
def grad_n(z: Series, grad_h: Series, t: int) -> Array:
    return (1 - z[t]) * grad_h[t]


@each_step(
    "GRU-15",
    gives="∇z⁽ᵗ⁾",
    title="how the loss feels the update gate",
    text="∇z⁽ᵗ⁾ = (h⁽ᵗ⁻¹⁾ − n⁽ᵗ⁾) ⊙ ∇h⁽ᵗ⁾",
    latex=r"\nabla_{z^{(t)}} L = (h^{(t-1)} - n^{(t)}) \odot \nabla_{h^{(t)}} L",
    derivation=alone("z", "h", "diag(h⁽ᵗ⁻¹⁾ − n⁽ᵗ⁾)", r"\operatorname{diag}(h^{(t-1)} - n^{(t)})"),
)
def grad_z(h: Series, n: Series, grad_h: Series, t: int) -> Array:
    return (h[t - 1] - n[t]) * grad_h[t]


@given(
    "GRU-16",
    gives="∇a_n⁽ᵗ⁾",
    title="back through the candidate's tanh",
    text="∇a_n⁽ᵗ⁾ = (1 − (n⁽ᵗ⁾)²) ⊙ ∇n⁽ᵗ⁾",
    latex=r"\nabla_{a_n^{(t)}} L = (1 - (n^{(t)})^2) \odot \nabla_{n^{(t)}} L",
    derivation=alone("a_n", "n", "diag(1 − (n⁽ᵗ⁾)²)", r"\operatorname{diag}(1 - (n^{(t)})^2)"),
)
def grad_a_n(n: Series, grad_n: Series, t: int) -> Array:
    return (1 - n[t] ** 2) * grad_n[t]


@each_step(
    "GRU-17",
    gives="∇q⁽ᵗ⁾",
    title="how the loss feels what the reset lets through",
    text="∇q⁽ᵗ⁾ = W_nᵀ ∇a_n⁽ᵗ⁾",
    latex=r"\nabla_{q^{(t)}} L = W_n^\top \nabla_{a_n^{(t)}} L",
    derivation=alone("q", "a_n", "W_n", "W_n"),
)
def grad_q(W_n: Array, grad_a_n: Series, t: int) -> Array:
    return W_n.T @ grad_a_n[t]


@each_step(
    "GRU-18",
    gives="∇r⁽ᵗ⁾",
    title="how the loss feels the reset gate",
    text="∇r⁽ᵗ⁾ = h⁽ᵗ⁻¹⁾ ⊙ ∇q⁽ᵗ⁾",
    latex=r"\nabla_{r^{(t)}} L = h^{(t-1)} \odot \nabla_{q^{(t)}} L",
    derivation=alone("r", "q", "diag(h⁽ᵗ⁻¹⁾)", r"\operatorname{diag}(h^{(t-1)})"),
)
def grad_r(h: Series, grad_q: Series, t: int) -> Array:
    return h[t - 1] * grad_q[t]


@given(
    "GRU-19",
    gives="∇a_z⁽ᵗ⁾",
    title="back through the update gate's σ",
    text="∇a_z⁽ᵗ⁾ = z⁽ᵗ⁾ ⊙ (1 − z⁽ᵗ⁾) ⊙ ∇z⁽ᵗ⁾",
    latex=r"\nabla_{a_z^{(t)}} L = z^{(t)} \odot (1 - z^{(t)}) \odot \nabla_{z^{(t)}} L",
    derivation=alone("a_z", "z", "diag(z⁽ᵗ⁾ ⊙ (1 − z⁽ᵗ⁾))", r"\operatorname{diag}(z^{(t)} \odot (1 - z^{(t)}))"),
)
def grad_a_z(z: Series, grad_z: Series, t: int) -> Array:
    return z[t] * (1 - z[t]) * grad_z[t]


@given(
    "GRU-20",
    gives="∇a_r⁽ᵗ⁾",
    title="back through the reset gate's σ",
    text="∇a_r⁽ᵗ⁾ = r⁽ᵗ⁾ ⊙ (1 − r⁽ᵗ⁾) ⊙ ∇r⁽ᵗ⁾",
    latex=r"\nabla_{a_r^{(t)}} L = r^{(t)} \odot (1 - r^{(t)}) \odot \nabla_{r^{(t)}} L",
    derivation=alone("a_r", "r", "diag(r⁽ᵗ⁾ ⊙ (1 − r⁽ᵗ⁾))", r"\operatorname{diag}(r^{(t)} \odot (1 - r^{(t)}))"),
)
def grad_a_r(r: Series, grad_r: Series, t: int) -> Array:
    return r[t] * (1 - r[t]) * grad_r[t]
