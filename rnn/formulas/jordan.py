"""The Jordan network, which feeds its probabilities back, forwards and backwards. [seed 000; after Jordan 1986]

U (H, I), W (H, V), V (V, H), b (H, 1), c (V, 1); x (I, 1), a and h (H, 1), o and ŷ (V, 1), y an id, each at
t = 1 … τ, ŷ also at 0, where it may be any column. L is the sum of the losses of all steps, in nats; ∇z is its
gradient by z. ŷ⁽ᵗ⁾ reaches L twice, in the loss of its own step and through the next step; that loss is counted from
the scores o⁽ᵗ⁾, so ∇ŷ⁽ᵗ⁾ is what comes back through the next step and nothing else. Derivations are written in
differentials: where dL = gᵀ dz, the gradient ∇z is g.
"""

from __future__ import annotations

import rnn.formulas.elman  # noqa: F401  # enters what is entered here again
from rnn.formulas.again import again
from rnn.formulas.registry import equation, family
from rnn.formulas.words import Array, diag, onehot, steps, sum

Series = dict[int, Array]

family("jordan", "Jordan network, probabilities fed back [seed 000]")


@equation(
    "JORDAN-1",
    family="jordan",
    gives="a⁽ᵗ⁾",
    over="t = 1 … τ",
    source="seed 000, after Jordan 1986",
    title="what the hidden units receive",
    text="a⁽ᵗ⁾ = b + W ŷ⁽ᵗ⁻¹⁾ + U x⁽ᵗ⁾",
    latex=r"a^{(t)} = b + W \hat{y}^{(t-1)} + U x^{(t)}",
    witnesses=("engine",),
    note="the hidden units see the last probabilities and not each other",
)
def a(b: Array, W: Array, U: Array, y_hat: Series, x: Series, t: int) -> Array:
    return b + W @ y_hat[t - 1] + U @ x[t]


again("JORDAN-2", of="8", family="jordan")
again("JORDAN-3", of="9", family="jordan")
again("JORDAN-4", of="10", family="jordan")
again("JORDAN-5", of="13", family="jordan")


@equation(
    "JORDAN-6",
    family="jordan",
    gives="∇ŷ⁽ᵗ⁾",
    over="t = τ … 1",
    source="derived; forward seed 000",
    title="how the loss feels the probabilities that are fed back",
    text="∇ŷ⁽ᵗ⁾ = Wᵀ ∇a⁽ᵗ⁺¹⁾",
    latex=r"\nabla_{\hat{y}^{(t)}} L = W^\top \nabla_{a^{(t+1)}} L",
    witnesses=("engine", "differences"),
    note="by the next step only: the loss of step t itself is counted from o⁽ᵗ⁾, in JORDAN-7. Nothing comes from"
    " after the end: ∇a⁽τ⁺¹⁾ is 0",
    derivation=(
        ("dL = ∇a⁽ᵗ⁺¹⁾ᵀ da⁽ᵗ⁺¹⁾", r"dL = (\nabla_{a^{(t+1)}} L)^\top \, da^{(t+1)}"),
        ("da⁽ᵗ⁺¹⁾ = W dŷ⁽ᵗ⁾", r"da^{(t+1)} = W \, d\hat{y}^{(t)}"),
    ),
)
def grad_y_hat(W: Array, grad_a: Series, t: int) -> Array:
    return W.T @ grad_a[t + 1]


@equation(
    "JORDAN-7",
    family="jordan",
    gives="∇o⁽ᵗ⁾",
    over="t = τ … 1",
    source="derived; forward DLB 10.2 eq. 10.11",
    title="how the loss feels the scores",
    text="∇o⁽ᵗ⁾ = ŷ⁽ᵗ⁾ − onehot(y⁽ᵗ⁾) + (diag(ŷ⁽ᵗ⁾) − ŷ⁽ᵗ⁾ ŷ⁽ᵗ⁾ᵀ) ∇ŷ⁽ᵗ⁾",
    latex=r"\nabla_{o^{(t)}} L = \hat{y}^{(t)} - \operatorname{onehot}(y^{(t)}) +"
    r" (\operatorname{diag}(\hat{y}^{(t)}) - \hat{y}^{(t)} \hat{y}^{(t)\top}) \nabla_{\hat{y}^{(t)}} L",
    witnesses=("engine", "differences"),
    note="two ways: this step's loss, which is that of equation 17, and the probabilities that the next step reads,"
    " through the Jacobian of softmax",
    derivation=(
        (
            "dL = (ŷ⁽ᵗ⁾ − onehot(y⁽ᵗ⁾))ᵀ do⁽ᵗ⁾ + ∇ŷ⁽ᵗ⁾ᵀ dŷ⁽ᵗ⁾",
            r"dL = (\hat{y}^{(t)} - \operatorname{onehot}(y^{(t)}))^\top \, do^{(t)} + (\nabla_{\hat{y}^{(t)}}"
            r" L)^\top \, d\hat{y}^{(t)}",
        ),
        (
            "d log ŷ⁽ᵗ⁾[i] = do⁽ᵗ⁾[i] − ŷ⁽ᵗ⁾ᵀ do⁽ᵗ⁾",
            r"d \log \hat{y}^{(t)}[i] = do^{(t)}[i] - \hat{y}^{(t)\top} \, do^{(t)}",
        ),
        (
            "dŷ⁽ᵗ⁾ = ŷ⁽ᵗ⁾ ⊙ d log ŷ⁽ᵗ⁾ = (diag(ŷ⁽ᵗ⁾) − ŷ⁽ᵗ⁾ ŷ⁽ᵗ⁾ᵀ) do⁽ᵗ⁾",
            r"d\hat{y}^{(t)} = \hat{y}^{(t)} \odot d \log \hat{y}^{(t)} = (\operatorname{diag}(\hat{y}^{(t)})"
            r" - \hat{y}^{(t)} \hat{y}^{(t)\top}) \, do^{(t)}",
        ),
    ),
)
def grad_o(y_hat: Series, y: dict[int, int], grad_y_hat: Series, t: int) -> Array:
    return y_hat[t] - onehot(y[t], y_hat[t]) + (diag(y_hat[t]) - y_hat[t] @ y_hat[t].T) @ grad_y_hat[t]


@equation(
    "JORDAN-8",
    family="jordan",
    gives="∇h⁽ᵗ⁾",
    over="t = τ … 1",
    source="derived; forward DLB 10.2 eq. 10.10",
    title="how the loss feels the hidden units",
    text="∇h⁽ᵗ⁾ = Vᵀ ∇o⁽ᵗ⁾",
    latex=r"\nabla_{h^{(t)}} L = V^\top \nabla_{o^{(t)}} L",
    witnesses=("engine", "differences"),
    note="no h⁽ᵗ⁾ is read by a later step: the output is the only way",
    derivation=(
        ("dL = ∇o⁽ᵗ⁾ᵀ do⁽ᵗ⁾", r"dL = (\nabla_{o^{(t)}} L)^\top \, do^{(t)}"),
        ("do⁽ᵗ⁾ = V dh⁽ᵗ⁾", r"do^{(t)} = V \, dh^{(t)}"),
    ),
)
def grad_h(V: Array, grad_o: Series, t: int) -> Array:
    return V.T @ grad_o[t]


@equation(
    "JORDAN-9",
    family="jordan",
    gives="∇a⁽ᵗ⁾",
    over="t = τ … 1",
    source="derived; forward DLB 10.2 eq. 10.9",
    title="how the loss feels what the hidden units receive",
    text="∇a⁽ᵗ⁾ = (1 − (h⁽ᵗ⁾)²) ⊙ ∇h⁽ᵗ⁾",
    latex=r"\nabla_{a^{(t)}} L = (1 - (h^{(t)})^2) \odot \nabla_{h^{(t)}} L",
    witnesses=("engine", "differences"),
    derivation=(
        ("dL = ∇h⁽ᵗ⁾ᵀ dh⁽ᵗ⁾", r"dL = (\nabla_{h^{(t)}} L)^\top \, dh^{(t)}"),
        ("dh⁽ᵗ⁾ = (1 − (h⁽ᵗ⁾)²) ⊙ da⁽ᵗ⁾", r"dh^{(t)} = (1 - (h^{(t)})^2) \odot da^{(t)}"),
    ),
)
def grad_a(h: Series, grad_h: Series, t: int) -> Array:
    return (1 - h[t] ** 2) * grad_h[t]


again("JORDAN-10", of="21", family="jordan")
again("JORDAN-11", of="23", family="jordan")


@equation(
    "JORDAN-12",
    family="jordan",
    gives="∇b",
    source="derived; forward seed 000",
    title="the bias of the hidden units",
    text="∇b = Σₜ ∇a⁽ᵗ⁾",
    latex=r"\nabla_b L = \sum_t \nabla_{a^{(t)}} L",
    witnesses=("engine", "differences"),
    derivation=(
        ("da⁽ᵗ⁾ = db", r"da^{(t)} = db"),
        ("dL = Σₜ ∇a⁽ᵗ⁾ᵀ db", r"dL = \sum_t (\nabla_{a^{(t)}} L)^\top \, db"),
    ),
)
def grad_b(grad_a: Series, tau: int) -> Array:
    return sum(grad_a[t] for t in steps(tau))


@equation(
    "JORDAN-13",
    family="jordan",
    gives="∇W",
    source="derived; forward seed 000",
    title="output to hidden",
    text="∇W = Σₜ ∇a⁽ᵗ⁾ ŷ⁽ᵗ⁻¹⁾ᵀ",
    latex=r"\nabla_W L = \sum_t \nabla_{a^{(t)}} L \, \hat{y}^{(t-1)\top}",
    witnesses=("engine", "differences"),
    derivation=(
        ("da⁽ᵗ⁾ = dW ŷ⁽ᵗ⁻¹⁾", r"da^{(t)} = dW \, \hat{y}^{(t-1)}"),
        ("∇W[i, j] = Σₜ ∇a⁽ᵗ⁾[i] ŷ⁽ᵗ⁻¹⁾[j]", r"\nabla_W L[i, j] = \sum_t \nabla_{a^{(t)}} L[i] \, \hat{y}^{(t-1)}[j]"),
    ),
)
def grad_W(grad_a: Series, y_hat: Series, tau: int) -> Array:
    return sum(grad_a[t] @ y_hat[t - 1].T for t in steps(tau))


@equation(
    "JORDAN-14",
    family="jordan",
    gives="∇U",
    source="derived; forward seed 000",
    title="input to hidden",
    text="∇U = Σₜ ∇a⁽ᵗ⁾ x⁽ᵗ⁾ᵀ",
    latex=r"\nabla_U L = \sum_t \nabla_{a^{(t)}} L \, x^{(t)\top}",
    witnesses=("engine", "differences"),
    derivation=(
        ("da⁽ᵗ⁾ = dU x⁽ᵗ⁾", r"da^{(t)} = dU \, x^{(t)}"),
        ("∇U[i, j] = Σₜ ∇a⁽ᵗ⁾[i] x⁽ᵗ⁾[j]", r"\nabla_U L[i, j] = \sum_t \nabla_{a^{(t)}} L[i] \, x^{(t)}[j]"),
    ),
)
def grad_U(grad_a: Series, x: Series, tau: int) -> Array:
    return sum(grad_a[t] @ x[t].T for t in steps(tau))


@equation(
    "JORDAN-15",
    family="jordan",
    gives="∇ŷ⁽⁰⁾",
    source="derived; forward seed 000",
    title="how the loss feels what is fed back at first",
    text="∇ŷ⁽⁰⁾ = Wᵀ ∇a⁽¹⁾",
    latex=r"\nabla_{\hat{y}^{(0)}} L = W^\top \nabla_{a^{(1)}} L",
    witnesses=("engine", "differences"),
    derivation=(
        ("dL = ∇a⁽¹⁾ᵀ da⁽¹⁾", r"dL = (\nabla_{a^{(1)}} L)^\top \, da^{(1)}"),
        ("da⁽¹⁾ = W dŷ⁽⁰⁾", r"da^{(1)} = W \, d\hat{y}^{(0)}"),
    ),
)
def grad_y_hat_first(W: Array, grad_a: Series) -> Array:
    return W.T @ grad_a[1]


@equation(
    "JORDAN-16",
    family="jordan",
    gives="∇x⁽ᵗ⁾",
    over="t = τ … 1",
    source="derived; forward seed 000",
    title="how the loss feels an input",
    text="∇x⁽ᵗ⁾ = Uᵀ ∇a⁽ᵗ⁾",
    latex=r"\nabla_{x^{(t)}} L = U^\top \nabla_{a^{(t)}} L",
    witnesses=("engine", "differences"),
    derivation=(
        ("dL = ∇a⁽ᵗ⁾ᵀ da⁽ᵗ⁾", r"dL = (\nabla_{a^{(t)}} L)^\top \, da^{(t)}"),
        ("da⁽ᵗ⁾ = U dx⁽ᵗ⁾", r"da^{(t)} = U \, dx^{(t)}"),
    ),
)
def grad_x(U: Array, grad_a: Series, t: int) -> Array:
    return U.T @ grad_a[t]
