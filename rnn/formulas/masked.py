"""A batch of sequences of uneven lengths, padded to one length, forwards and back. [D2L 8.4, 9.7; seed 000]

Samples are rows: Xₜ (n, d), what the units receive Aₜ and the states Hₜ (n, h), the scores Oₜ and the probabilities
Ŷₜ (n, q), each at t = 1 … τ, H also at 0; W_xh (d, h), W_hh (h, h), b_h (1, h), W_hq (h, q), b_q (1, q). The mask
Mₜ (n, 1) is 1 in the rows that still run and 0 in those that have ended, which wait in their last state; ⊙ takes it
along every row. Every sequence has a first step. The ids Yₜ (n,) at padded steps may be any. S (n, h) is what a later
part of a model makes of the last states: its part of the loss is vec(S)ᵀ vec(H⁽τ⁾). L is a matrix (1, 1), in nats.
Derivations are written in differentials: where dL = vec(G)ᵀ vec(dZ), the gradient ∇Z is G.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from rnn.formulas.notation import Term, label
from rnn.formulas.registry import equation, family
from rnn.formulas.words import Array, steps, sum, vec

Series = dict[int, Array]
Enter = Callable[[Callable[..., Any]], Callable[..., Any]]

family("masked", "Rows of uneven lengths [D2L 8.4, 9.7]")
forward = partial(equation, family="masked", over="t = 1 … τ")
derived = partial(equation, family="masked", source="derived; forward D2L 8.4")
step = partial(derived, witnesses=("engine", "differences"))


def softmax(v: Array) -> Array:
    """As the word of this name, of each row."""
    e = np.exp(v - v.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def onehot(ids: Array, v: Array) -> Array:
    """The matrix like v with 1 in each row at its id and 0 elsewhere."""
    return (np.arange(v.shape[1]) == ids[:, None]).astype(v.dtype)


def entry(v: Array, ids: Array) -> Array:
    """The entry of each row at its id, as a column."""
    return np.take_along_axis(v, ids[:, None], axis=1)


def bias(id: str, b: str, into: str, title: str) -> Enter:
    """Enter the gradient of a bias, which is added to every row of `into`, whose own gradient is zero in padding."""
    below, above = f"{b[0]}_{{{b[2:]}}}", rf"\nabla_{{{into}_t}} L"
    return derived(
        id,
        gives=f"∇{b}",
        title=title,
        text=f"∇{b} = Σₜ Mₜᵀ ∇{into}ₜ",
        latex=rf"\nabla_{{{below}}} L = \sum_t M_t^\top {above}",
        derivation=(
            (f"∇{into}ₜ = Mₜ ⊙ ∇{into}ₜ", rf"{above} = M_t \odot {above}"),
            (
                f"dL = Σₜ vec(∇{into}ₜ)ᵀ vec(Mₜ d{b}) = Σₜ Mₜᵀ ∇{into}ₜ d{b}ᵀ",
                rf"dL = \sum_t \operatorname{{vec}}({above})^\top \operatorname{{vec}}(M_t \, d{below}) ="
                rf" \sum_t M_t^\top {above} \, d{below}^\top",
            ),
        ),
    )


def weight(id: str, W: str, into: str, reads: str, at: str, title: str) -> Enter:
    """Enter the gradient of a matrix: what it reads times W is added to `into`, within the mask where that is O."""
    below, above = f"{W[0]}_{{{W[2:]}}}", rf"\nabla_{{{into}_t}} L"
    read, latex = label(Term(reads, at)), f"{reads}_{{{at}}}"
    mask = (("Mₜ ⊙ ∇Oₜ = ∇Oₜ", r"M_t \odot \nabla_{O_t} L = \nabla_{O_t} L"),) if into == "O" else ()
    return derived(
        id,
        gives=f"∇{W}",
        title=title,
        text=f"∇{W} = Σₜ {read}ᵀ ∇{into}ₜ",
        latex=rf"\nabla_{{{below}}} L = \sum_t {latex}^\top {above}",
        derivation=(
            *mask,
            (
                f"dL = Σₜ vec(∇{into}ₜ)ᵀ vec({read} d{W})",
                rf"dL = \sum_t \operatorname{{vec}}({above})^\top \operatorname{{vec}}({latex} \, d{below})",
            ),
            (
                f"∇{W}[i, j] = Σₜ Σₖ {read}[k, i] ∇{into}ₜ[k, j]",
                rf"\nabla_{{{below}}} L[i, j] = \sum_t \sum_k {latex}[k, i] \, {above}[k, j]",
            ),
        ),
    )


@forward(
    "MASK-1",
    gives="Aₜ",
    source="D2L 8.4, seed 004 eq. 4",
    title="what the hidden units of a batch receive",
    text="Aₜ = Xₜ W_xh + Hₜ₋₁ W_hh + b_h",
    latex=r"A_t = X_t W_{xh} + H_{t-1} W_{hh} + b_h",
    witnesses=("engine",),
)
def A(X: Series, W_xh: Array, H: Series, W_hh: Array, b_h: Array, t: int) -> Array:
    return X[t] @ W_xh + H[t - 1] @ W_hh + b_h


@forward(
    "MASK-2",
    gives="Hₜ",
    source="D2L 8.4, for uneven lengths",
    title="the states: a row that has ended waits in its last one",
    text="Hₜ = Mₜ ⊙ tanh(Aₜ) + (1 − Mₜ) ⊙ Hₜ₋₁",
    latex=r"H_t = M_t \odot \tanh(A_t) + (1 - M_t) \odot H_{t-1}",
    witnesses=("engine",),
)
def H(M: Series, A: Series, H: Series, t: int) -> Array:
    return M[t] * np.tanh(A[t]) + (1 - M[t]) * H[t - 1]


@forward(
    "MASK-3",
    gives="Oₜ",
    source="D2L 8.4, seed 004 eq. 5, for uneven lengths",
    title="the scores, zero at padded steps",
    text="Oₜ = Mₜ ⊙ (Hₜ W_hq + b_q)",
    latex=r"O_t = M_t \odot (H_t W_{hq} + b_q)",
    witnesses=("engine", "fused"),
)
def O(M: Series, H: Series, W_hq: Array, b_q: Array, t: int) -> Array:  # noqa: E743  # the book's letter
    return M[t] * (H[t] @ W_hq + b_q)


@forward(
    "MASK-4",
    gives="Ŷₜ",
    source="D2L 8.4",
    title="the probabilities, row by row",
    text="Ŷₜ = softmax(Oₜ)",
    latex=r"\hat{Y}_t = \operatorname{softmax}(O_t)",
    witnesses=("engine", "fused"),
    note="at padded steps all are equal, and nothing reads them",
)
def Y_hat(O: Series, t: int) -> Array:  # noqa: E741  # the book's letter
    return softmax(O[t])


@forward(
    "MASK-5",
    gives="L",
    over="",
    source="D2L 9.7, for the mask",
    title="the loss of the real steps, and of whatever reads the last states",
    text="L = vec(S)ᵀ vec(H⁽τ⁾) − Σₜ Mₜᵀ log Ŷₜ[Yₜ]",
    latex=r"L = \operatorname{vec}(S)^\top \operatorname{vec}(H^{(\tau)}) - \sum_t M_t^\top \log \hat{Y}_t[Y_t]",
    witnesses=("engine", "fused"),
    note="the last state of a row is that after its own last step, however long it has waited",
)
def loss(S: Array, H: Series, M: Series, Y_hat: Series, Y: dict[int, Array], tau: int) -> Array:
    return vec(S).T @ vec(H[tau]) - sum(M[t].T @ np.log(entry(Y_hat[t], Y[t])) for t in steps(tau))


@step(
    "MASK-6",
    gives="∇Oₜ",
    over="t = τ … 1",
    title="how the loss feels the scores: not at all where they are padding",
    text="∇Oₜ = Mₜ ⊙ (Ŷₜ − onehot(Yₜ))",
    latex=r"\nabla_{O_t} L = M_t \odot (\hat{Y}_t - \operatorname{onehot}(Y_t))",
    derivation=(
        (
            "d log Ŷₜ[Yₜ] = ((onehot(Yₜ) − Ŷₜ) ⊙ dOₜ) 1",
            r"d \log \hat{Y}_t[Y_t] = ((\operatorname{onehot}(Y_t) - \hat{Y}_t) \odot dO_t) 1",
        ),
        (
            "dL = −Mₜᵀ d log Ŷₜ[Yₜ] = vec(Mₜ ⊙ (Ŷₜ − onehot(Yₜ)))ᵀ vec(dOₜ)",
            r"dL = -M_t^\top d \log \hat{Y}_t[Y_t] ="
            r" \operatorname{vec}(M_t \odot (\hat{Y}_t - \operatorname{onehot}(Y_t)))^\top \operatorname{vec}(dO_t)",
        ),
    ),
)
def grad_O(M: Series, Y_hat: Series, Y: dict[int, Array], t: int) -> Array:
    return M[t] * (Y_hat[t] - onehot(Y[t], Y_hat[t]))


@step(
    "MASK-7",
    gives="∇H⁽τ⁾",
    title="how the loss feels the last states: by their scores and what reads them",
    text="∇H⁽τ⁾ = ∇O⁽τ⁾ W_hqᵀ + S",
    latex=r"\nabla_{H^{(\tau)}} L = \nabla_{O^{(\tau)}} L \, W_{hq}^\top + S",
    derivation=(
        ("M⁽τ⁾ ⊙ ∇O⁽τ⁾ = ∇O⁽τ⁾", r"M^{(\tau)} \odot \nabla_{O^{(\tau)}} L = \nabla_{O^{(\tau)}} L"),
        (
            "dL = vec(∇O⁽τ⁾)ᵀ vec(dH⁽τ⁾ W_hq) + vec(S)ᵀ vec(dH⁽τ⁾)",
            r"dL = \operatorname{vec}(\nabla_{O^{(\tau)}} L)^\top \operatorname{vec}(dH^{(\tau)} W_{hq})"
            r" + \operatorname{vec}(S)^\top \operatorname{vec}(dH^{(\tau)})",
        ),
    ),
)
def grad_H_last(grad_O: Series, W_hq: Array, S: Array, tau: int) -> Array:
    return grad_O[tau] @ W_hq.T + S


@step(
    "MASK-8",
    gives="∇Hₜ",
    over="t = τ−1 … 1",
    title="how the loss feels the states: a row that waits hands its gradient on",
    text="∇Hₜ = ∇Oₜ W_hqᵀ + ∇Aₜ₊₁ W_hhᵀ + (1 − Mₜ₊₁) ⊙ ∇Hₜ₊₁",
    latex=r"\nabla_{H_t} L = \nabla_{O_t} L \, W_{hq}^\top + \nabla_{A_{t+1}} L \, W_{hh}^\top"
    r" + (1 - M_{t+1}) \odot \nabla_{H_{t+1}} L",
    note="dHₜ₊₁ stands for the way past Aₜ₊₁ alone, which is open in the rows that wait",
    derivation=(
        (
            "dL = vec(∇Oₜ)ᵀ vec(dOₜ) + vec(∇Aₜ₊₁)ᵀ vec(dAₜ₊₁) + vec(∇Hₜ₊₁)ᵀ vec(dHₜ₊₁)",
            r"dL = \operatorname{vec}(\nabla_{O_t} L)^\top \operatorname{vec}(dO_t)"
            r" + \operatorname{vec}(\nabla_{A_{t+1}} L)^\top \operatorname{vec}(dA_{t+1})"
            r" + \operatorname{vec}(\nabla_{H_{t+1}} L)^\top \operatorname{vec}(dH_{t+1})",
        ),
        (
            "dOₜ = Mₜ ⊙ (dHₜ W_hq), dAₜ₊₁ = dHₜ W_hh, dHₜ₊₁ = (1 − Mₜ₊₁) ⊙ dHₜ",
            r"dO_t = M_t \odot (dH_t W_{hq}), \quad dA_{t+1} = dH_t W_{hh}, \quad dH_{t+1} = (1 - M_{t+1}) \odot dH_t",
        ),
        ("Mₜ ⊙ ∇Oₜ = ∇Oₜ", r"M_t \odot \nabla_{O_t} L = \nabla_{O_t} L"),
    ),
)
def grad_H(grad_O: Series, W_hq: Array, grad_A: Series, W_hh: Array, M: Series, grad_H: Series, t: int) -> Array:
    return grad_O[t] @ W_hq.T + grad_A[t + 1] @ W_hh.T + (1 - M[t + 1]) * grad_H[t + 1]


@step(
    "MASK-9",
    gives="∇Aₜ",
    over="t = τ … 1",
    title="back through the tanh of the rows that run",
    text="∇Aₜ = Mₜ ⊙ (1 − (Hₜ)²) ⊙ ∇Hₜ",
    latex=r"\nabla_{A_t} L = M_t \odot (1 - (H_t)^2) \odot \nabla_{H_t} L",
    derivation=(
        ("dHₜ = Mₜ ⊙ (1 − tanh(Aₜ)²) ⊙ dAₜ", r"dH_t = M_t \odot (1 - \tanh(A_t)^2) \odot dA_t"),
        ("Mₜ ⊙ tanh(Aₜ) = Mₜ ⊙ Hₜ", r"M_t \odot \tanh(A_t) = M_t \odot H_t"),
    ),
)
def grad_A(M: Series, H: Series, grad_H: Series, t: int) -> Array:
    return M[t] * (1 - H[t] ** 2) * grad_H[t]


@bias("MASK-10", "b_q", into="O", title="the bias of the scores: a sum over real rows")
def grad_b_q(M: Series, grad_O: Series, tau: int) -> Array:
    return sum(M[t].T @ grad_O[t] for t in steps(tau))


@weight("MASK-11", "W_hq", into="O", reads="H", at="t", title="hidden to output")
def grad_W_hq(H: Series, grad_O: Series, tau: int) -> Array:
    return sum(H[t].T @ grad_O[t] for t in steps(tau))


@bias("MASK-12", "b_h", into="A", title="the bias of the hidden units: a sum over real rows")
def grad_b_h(M: Series, grad_A: Series, tau: int) -> Array:
    return sum(M[t].T @ grad_A[t] for t in steps(tau))


@weight("MASK-13", "W_hh", into="A", reads="H", at="t-1", title="hidden to hidden")
def grad_W_hh(H: Series, grad_A: Series, tau: int) -> Array:
    return sum(H[t - 1].T @ grad_A[t] for t in steps(tau))


@weight("MASK-14", "W_xh", into="A", reads="X", at="t", title="input to hidden")
def grad_W_xh(X: Series, grad_A: Series, tau: int) -> Array:
    return sum(X[t].T @ grad_A[t] for t in steps(tau))


@derived(
    "MASK-15",
    gives="∇H₀",
    title="how the loss feels the first states",
    text="∇H₀ = ∇A₁ W_hhᵀ",
    latex=r"\nabla_{H_0} L = \nabla_{A_1} L \, W_{hh}^\top",
    note="every row runs at the first step, so none waits there",
    derivation=(
        ("M₁ = 1, H₁ = tanh(A₁), dA₁ = dH₀ W_hh", r"M_1 = 1, \quad H_1 = \tanh(A_1), \quad dA_1 = dH_0 W_{hh}"),
        ("dL = vec(∇A₁)ᵀ vec(dA₁)", r"dL = \operatorname{vec}(\nabla_{A_1} L)^\top \operatorname{vec}(dA_1)"),
    ),
)
def grad_H_first(grad_A: Series, W_hh: Array) -> Array:
    return grad_A[1] @ W_hh.T


@derived(
    "MASK-16",
    gives="∇Xₜ",
    over="t = τ … 1",
    title="how the loss feels the inputs: not at all where they are padding",
    text="∇Xₜ = ∇Aₜ W_xhᵀ",
    latex=r"\nabla_{X_t} L = \nabla_{A_t} L \, W_{xh}^\top",
    derivation=(
        ("dAₜ = dXₜ W_xh", r"dA_t = dX_t W_{xh}"),
        ("dL = vec(∇Aₜ)ᵀ vec(dAₜ)", r"dL = \operatorname{vec}(\nabla_{A_t} L)^\top \operatorname{vec}(dA_t)"),
    ),
)
def grad_X(grad_A: Series, W_xh: Array, t: int) -> Array:
    return grad_A[t] @ W_xh.T
