"""How later states depend on earlier ones and on the parameters, for the Elman network. [DLB 10.7; D2L 8.7]

h and ∇o are given (equations 7 to 10, and 17); I is the identity (H, H).

Products of Jacobians: J⁽ᵗ⁾ = ∂h⁽τ⁾/∂h⁽ᵗ⁾ (H, H), from the last state backwards, with its spectral norm ν⁽ᵗ⁾, the most
that a change of h⁽ᵗ⁾ is stretched on its way to h⁽τ⁾; F⁽ᵗ⁾ = ∂h⁽ᵗ⁾/∂h⁽⁰⁾, from the first state forwards.

Real-time recurrent learning, the gradient without a way back [Williams and Zipser 1989]: P_W⁽ᵗ⁾ = ∂h⁽ᵗ⁾/∂vec W
(H, H·H), P_U⁽ᵗ⁾ (H, H·I) and P_b⁽ᵗ⁾ (H, H) go forwards with the state, where vec puts columns below each other. At
t = 0 they are zero, as the first state knows no parameter. They cost H⁴ operations a step where the way back costs H².
"""

from __future__ import annotations

from rnn.formulas.registry import equation, family
from rnn.formulas.words import Array, diag, kron, matrix, norm, steps, sum

Series = dict[int, Array]

family("jacobian", "Jacobians across many steps, Elman [DLB 10.7, D2L 8.7]")
family("rtrl", "Real-time recurrent learning, Elman [Williams and Zipser 1989]")


@equation(
    "JACOBIAN-1",
    family="jacobian",
    gives="J⁽τ⁾",
    source="derived; DLB 10.7",
    title="the last state by itself",
    text="J⁽τ⁾ = I",
    latex=r"J^{(\tau)} = I",
    witnesses=("engine", "differences"),
    derivation=(("J⁽τ⁾ = ∂h⁽τ⁾/∂h⁽τ⁾", r"J^{(\tau)} = \frac{\partial h^{(\tau)}}{\partial h^{(\tau)}}"),),
)
def J_last(I: Array) -> Array:  # noqa: E741  # the letter of the identity
    return I


@equation(
    "JACOBIAN-2",
    family="jacobian",
    gives="J⁽ᵗ⁾",
    over="t = τ−1 … 0",
    source="derived; DLB 10.7, D2L 8.7",
    title="the last state by an earlier one: a factor for each step",
    text="J⁽ᵗ⁾ = J⁽ᵗ⁺¹⁾ diag(1 − (h⁽ᵗ⁺¹⁾)²) W",
    latex=r"J^{(t)} = J^{(t+1)} \operatorname{diag}(1 - (h^{(t+1)})^2) W",
    witnesses=("engine", "differences"),
    derivation=(
        (
            "J⁽ᵗ⁾ = (∂h⁽τ⁾/∂h⁽ᵗ⁺¹⁾) (∂h⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾)",
            r"J^{(t)} = \frac{\partial h^{(\tau)}}{\partial h^{(t+1)}} \frac{\partial h^{(t+1)}}{\partial h^{(t)}}",
        ),
        (
            "∂h⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾ = diag(1 − (h⁽ᵗ⁺¹⁾)²) W",
            r"\frac{\partial h^{(t+1)}}{\partial h^{(t)}} = \operatorname{diag}(1 - (h^{(t+1)})^2) W",
        ),
    ),
)
def J(J: Series, h: Series, W: Array, t: int) -> Array:
    return J[t + 1] @ diag(1 - h[t + 1] ** 2) @ W


@equation(
    "JACOBIAN-3",
    family="jacobian",
    gives="ν⁽ᵗ⁾",
    over="t = τ … 0",
    source="derived; DLB 10.7",
    title="how much of a change lasts to the end, at most",
    text="ν⁽ᵗ⁾ = ‖J⁽ᵗ⁾‖",
    latex=r"\nu^{(t)} = \|J^{(t)}\|",
    witnesses=("engine", "differences"),
    derivation=(
        (
            "ν⁽ᵗ⁾ = ‖J⁽ᵗ⁺¹⁾ diag(1 − (h⁽ᵗ⁺¹⁾)²) W‖",
            r"\nu^{(t)} = \|J^{(t+1)} \operatorname{diag}(1 - (h^{(t+1)})^2) W\|",
        ),
        (
            "ν⁽ᵗ⁾ ≤ ν⁽ᵗ⁺¹⁾ ‖diag(1 − (h⁽ᵗ⁺¹⁾)²)‖ ‖W‖ ≤ ν⁽ᵗ⁺¹⁾ ‖W‖",
            r"\nu^{(t)} \leq \nu^{(t+1)} \|\operatorname{diag}(1 - (h^{(t+1)})^2)\| \|W\| \leq \nu^{(t+1)} \|W\|",
        ),
    ),
)
def nu(J: Series, t: int) -> float:
    return norm(J[t])


@equation(
    "JACOBIAN-4",
    family="jacobian",
    gives="F⁽⁰⁾",
    source="derived; D2L 8.7",
    title="the first state by itself",
    text="F⁽⁰⁾ = I",
    latex=r"F^{(0)} = I",
    witnesses=("engine", "differences"),
    derivation=(("F⁽⁰⁾ = ∂h⁽⁰⁾/∂h⁽⁰⁾", r"F^{(0)} = \frac{\partial h^{(0)}}{\partial h^{(0)}}"),),
)
def F_first(I: Array) -> Array:  # noqa: E741  # the letter of the identity
    return I


@equation(
    "JACOBIAN-5",
    family="jacobian",
    gives="F⁽ᵗ⁾",
    over="t = 1 … τ",
    source="derived; D2L 8.7",
    title="a state by the first one: the same product, forwards",
    text="F⁽ᵗ⁾ = diag(1 − (h⁽ᵗ⁾)²) W F⁽ᵗ⁻¹⁾",
    latex=r"F^{(t)} = \operatorname{diag}(1 - (h^{(t)})^2) W F^{(t-1)}",
    witnesses=("engine", "differences"),
    derivation=(
        (
            "F⁽ᵗ⁾ = (∂h⁽ᵗ⁾/∂h⁽ᵗ⁻¹⁾) (∂h⁽ᵗ⁻¹⁾/∂h⁽⁰⁾)",
            r"F^{(t)} = \frac{\partial h^{(t)}}{\partial h^{(t-1)}} \frac{\partial h^{(t-1)}}{\partial h^{(0)}}",
        ),
        (
            "∂h⁽ᵗ⁾/∂h⁽ᵗ⁻¹⁾ = diag(1 − (h⁽ᵗ⁾)²) W",
            r"\frac{\partial h^{(t)}}{\partial h^{(t-1)}} = \operatorname{diag}(1 - (h^{(t)})^2) W",
        ),
    ),
)
def F(h: Series, W: Array, F: Series, t: int) -> Array:
    return diag(1 - h[t] ** 2) @ W @ F[t - 1]


@equation(
    "JACOBIAN-6",
    family="jacobian",
    gives="∇h⁽⁰⁾",
    source="derived; D2L 8.7",
    title="the first state feels each loss through a product",
    text="∇h⁽⁰⁾ = Σₜ F⁽ᵗ⁾ᵀ Vᵀ ∇o⁽ᵗ⁾",
    latex=r"\nabla_{h^{(0)}} L = \sum_t F^{(t)\top} V^\top \nabla_{o^{(t)}} L",
    derivation=(
        (
            "∇h⁽⁰⁾ = Σₜ (∂h⁽ᵗ⁾/∂h⁽⁰⁾)ᵀ (∂o⁽ᵗ⁾/∂h⁽ᵗ⁾)ᵀ ∇o⁽ᵗ⁾",
            r"\nabla_{h^{(0)}} L = \sum_t \left(\frac{\partial h^{(t)}}{\partial h^{(0)}}\right)^\top"
            r" \left(\frac{\partial o^{(t)}}{\partial h^{(t)}}\right)^\top \nabla_{o^{(t)}} L",
        ),
        ("∂o⁽ᵗ⁾/∂h⁽ᵗ⁾ = V", r"\frac{\partial o^{(t)}}{\partial h^{(t)}} = V"),
    ),
)
def grad_h_first(F: Series, V: Array, grad_o: Series, tau: int) -> Array:
    return sum(F[t].T @ V.T @ grad_o[t] for t in steps(tau))


CHANGE = ("dh⁽ᵗ⁾ = diag(1 − (h⁽ᵗ⁾)²) da⁽ᵗ⁾", r"dh^{(t)} = \operatorname{diag}(1 - (h^{(t)})^2) da^{(t)}")


@equation(
    "RTRL-1",
    family="rtrl",
    gives="P_W⁽ᵗ⁾",
    over="t = 1 … τ",
    source="Williams and Zipser 1989",
    title="the state by the weights between hidden units",
    text="P_W⁽ᵗ⁾ = diag(1 − (h⁽ᵗ⁾)²) (h⁽ᵗ⁻¹⁾ᵀ ⊗ I + W P_W⁽ᵗ⁻¹⁾)",
    latex=r"P_W^{(t)} = \operatorname{diag}(1 - (h^{(t)})^2) (h^{(t-1)\top} \otimes I + W P_W^{(t-1)})",
    witnesses=("engine", "differences"),
    derivation=(
        ("da⁽ᵗ⁾ = dW h⁽ᵗ⁻¹⁾ + W dh⁽ᵗ⁻¹⁾", r"da^{(t)} = dW \, h^{(t-1)} + W dh^{(t-1)}"),
        (
            "dW h⁽ᵗ⁻¹⁾ = (h⁽ᵗ⁻¹⁾ᵀ ⊗ I) vec(dW)",
            r"dW \, h^{(t-1)} = (h^{(t-1)\top} \otimes I) \operatorname{vec}(dW)",
        ),
        CHANGE,
    ),
)
def P_W(h: Series, I: Array, W: Array, P_W: Series, t: int) -> Array:  # noqa: E741  # the letter of the identity
    return diag(1 - h[t] ** 2) @ (kron(h[t - 1].T, I) + W @ P_W[t - 1])


@equation(
    "RTRL-2",
    family="rtrl",
    gives="P_U⁽ᵗ⁾",
    over="t = 1 … τ",
    source="Williams and Zipser 1989",
    title="the state by the weights from the input",
    text="P_U⁽ᵗ⁾ = diag(1 − (h⁽ᵗ⁾)²) (x⁽ᵗ⁾ᵀ ⊗ I + W P_U⁽ᵗ⁻¹⁾)",
    latex=r"P_U^{(t)} = \operatorname{diag}(1 - (h^{(t)})^2) (x^{(t)\top} \otimes I + W P_U^{(t-1)})",
    witnesses=("engine", "differences"),
    derivation=(
        ("da⁽ᵗ⁾ = dU x⁽ᵗ⁾ + W dh⁽ᵗ⁻¹⁾", r"da^{(t)} = dU \, x^{(t)} + W dh^{(t-1)}"),
        ("dU x⁽ᵗ⁾ = (x⁽ᵗ⁾ᵀ ⊗ I) vec(dU)", r"dU \, x^{(t)} = (x^{(t)\top} \otimes I) \operatorname{vec}(dU)"),
        CHANGE,
    ),
)
def P_U(h: Series, x: Series, I: Array, W: Array, P_U: Series, t: int) -> Array:  # noqa: E741  # as above
    return diag(1 - h[t] ** 2) @ (kron(x[t].T, I) + W @ P_U[t - 1])


@equation(
    "RTRL-3",
    family="rtrl",
    gives="P_b⁽ᵗ⁾",
    over="t = 1 … τ",
    source="Williams and Zipser 1989",
    title="the state by the bias",
    text="P_b⁽ᵗ⁾ = diag(1 − (h⁽ᵗ⁾)²) (I + W P_b⁽ᵗ⁻¹⁾)",
    latex=r"P_b^{(t)} = \operatorname{diag}(1 - (h^{(t)})^2) (I + W P_b^{(t-1)})",
    witnesses=("engine", "differences"),
    derivation=(("da⁽ᵗ⁾ = db + W dh⁽ᵗ⁻¹⁾", r"da^{(t)} = db + W dh^{(t-1)}"), CHANGE),
)
def P_b(h: Series, I: Array, W: Array, P_b: Series, t: int) -> Array:  # noqa: E741  # as above
    return diag(1 - h[t] ** 2) @ (I + W @ P_b[t - 1])


@equation(
    "RTRL-4",
    family="rtrl",
    gives="∇b",
    source="Williams and Zipser 1989",
    title="the bias of the hidden units, without a way back",
    text="∇b = Σₜ P_b⁽ᵗ⁾ᵀ Vᵀ ∇o⁽ᵗ⁾",
    latex=r"\nabla_b L = \sum_t P_b^{(t)\top} V^\top \nabla_{o^{(t)}} L",
    derivation=(
        ("dL = Σₜ (∇o⁽ᵗ⁾)ᵀ V dh⁽ᵗ⁾", r"dL = \sum_t (\nabla_{o^{(t)}} L)^\top V dh^{(t)}"),
        ("dh⁽ᵗ⁾ = P_b⁽ᵗ⁾ db", r"dh^{(t)} = P_b^{(t)} db"),
    ),
)
def grad_b(P_b: Series, V: Array, grad_o: Series, tau: int) -> Array:
    return sum(P_b[t].T @ V.T @ grad_o[t] for t in steps(tau))


@equation(
    "RTRL-5",
    family="rtrl",
    gives="∇W",
    source="Williams and Zipser 1989",
    title="hidden to hidden, without a way back, in the shape of W",
    text="∇W = matrix(Σₜ P_W⁽ᵗ⁾ᵀ Vᵀ ∇o⁽ᵗ⁾, W)",
    latex=r"\nabla_W L = \operatorname{matrix}(\sum_t P_W^{(t)\top} V^\top \nabla_{o^{(t)}} L, W)",
    derivation=(
        ("dL = Σₜ (∇o⁽ᵗ⁾)ᵀ V dh⁽ᵗ⁾", r"dL = \sum_t (\nabla_{o^{(t)}} L)^\top V dh^{(t)}"),
        ("dh⁽ᵗ⁾ = P_W⁽ᵗ⁾ vec(dW)", r"dh^{(t)} = P_W^{(t)} \operatorname{vec}(dW)"),
    ),
)
def grad_W(P_W: Series, V: Array, grad_o: Series, W: Array, tau: int) -> Array:
    return matrix(sum(P_W[t].T @ V.T @ grad_o[t] for t in steps(tau)), W)


@equation(
    "RTRL-6",
    family="rtrl",
    gives="∇U",
    source="Williams and Zipser 1989",
    title="input to hidden, without a way back, in the shape of U",
    text="∇U = matrix(Σₜ P_U⁽ᵗ⁾ᵀ Vᵀ ∇o⁽ᵗ⁾, U)",
    latex=r"\nabla_U L = \operatorname{matrix}(\sum_t P_U^{(t)\top} V^\top \nabla_{o^{(t)}} L, U)",
    derivation=(
        ("dL = Σₜ (∇o⁽ᵗ⁾)ᵀ V dh⁽ᵗ⁾", r"dL = \sum_t (\nabla_{o^{(t)}} L)^\top V dh^{(t)}"),
        ("dh⁽ᵗ⁾ = P_U⁽ᵗ⁾ vec(dU)", r"dh^{(t)} = P_U^{(t)} \operatorname{vec}(dU)"),
    ),
)
def grad_U(P_U: Series, V: Array, grad_o: Series, U: Array, tau: int) -> Array:
    return matrix(sum(P_U[t].T @ V.T @ grad_o[t] for t in steps(tau)), U)
