"""Long short-term memory, where the way back ends: parameters, first states, inputs. [derived; forward D2L 9.2]

The letters are those of `lstm`. In a derivation a parameter has a copy for each step, as W_i⁽ᵗ⁾, and its gradient is
the sum of theirs; δ is a small change of the copy, and what follows from it; [m, n] is row m, column n.
"""

from __future__ import annotations

from rnn.formulas.lstm import GATES, Enter, Series
from rnn.formulas.lstm_backward import derived, given
from rnn.formulas.notation import superscript
from rnn.formulas.words import Array, steps, sum

COPIES = "in the derivation each step has a copy of the parameter, and δ is a small change of it"


def bias(id: str, b: str, reaches: str, title: str) -> Enter:
    """Enter the gradient of a bias, given what it is added to."""
    above, below = rf"{reaches}^{{(t)}}", rf"{b}^{{(t)}}"
    return derived(
        id,
        gives=f"∇{b}",
        title=title,
        text=f"∇{b} = Σₜ ∇{reaches}⁽ᵗ⁾",
        latex=rf"\nabla_{{{b}}} L = \sum_t \nabla_{{{above}}} L",
        note=COPIES,
        derivation=(
            (f"∇{b} = Σₜ ∇{b}⁽ᵗ⁾", rf"\nabla_{{{b}}} L = \sum_t \nabla_{{{below}}} L"),
            (f"δ{reaches}⁽ᵗ⁾ = δ{b}⁽ᵗ⁾", rf"\delta {above} = \delta {below}"),
            (f"∇{b}⁽ᵗ⁾ = ∇{reaches}⁽ᵗ⁾", rf"\nabla_{{{below}}} L = \nabla_{{{above}}} L"),
        ),
    )


def weight(id: str, W: str, reaches: str, reads: str, at: str, title: str) -> Enter:
    """Enter the gradient of a matrix, given what it adds to, and what it is multiplied with at which time."""
    above, below, read = rf"{reaches}^{{(t)}}", rf"{W}^{{(t)}}", rf"{reads}^{{({at})}}"
    x = reads + superscript(at)
    return derived(
        id,
        gives=f"∇{W}",
        title=title,
        text=f"∇{W} = Σₜ ∇{reaches}⁽ᵗ⁾ {x}ᵀ",
        latex=rf"\nabla_{{{W}}} L = \sum_t \nabla_{{{above}}} L \, {reads}^{{({at})\top}}",
        note=COPIES,
        derivation=(
            (f"∇{W} = Σₜ ∇{W}⁽ᵗ⁾", rf"\nabla_{{{W}}} L = \sum_t \nabla_{{{below}}} L"),
            (f"δ{reaches}⁽ᵗ⁾ = δ{W}⁽ᵗ⁾ {x}", rf"\delta {above} = \delta {below} \, {read}"),
            (
                f"∇{W}⁽ᵗ⁾[m, n] = ∇{reaches}⁽ᵗ⁾[m] {x}[n]",
                rf"\nabla_{{{below}}} L [m, n] = \nabla_{{{above}}} L [m] \, {read}[n]",
            ),
        ),
    )


def bias_of(id: str, gate: str) -> Enter:
    """Enter the gradient of a gate's bias."""
    return bias(id, f"b_{gate}", f"a_{gate}", f"the bias of {GATES[gate]}")


def hidden_to(id: str, gate: str) -> Enter:
    """Enter the gradient of the W of a gate."""
    return weight(id, f"W_{gate}", f"a_{gate}", "h", "t-1", f"hidden state to {GATES[gate]}")


def input_to(id: str, gate: str) -> Enter:
    """Enter the gradient of the U of a gate."""
    return weight(id, f"U_{gate}", f"a_{gate}", "x", "t", f"input to {GATES[gate]}")


@bias("LSTM-25", "d", "s", "the bias of the scores")
def grad_d(grad_s: Series, tau: int) -> Array:
    return sum(grad_s[t] for t in steps(tau))


@weight("LSTM-26", "V", "s", "h", "t", "hidden state to scores")
def grad_V(grad_s: Series, h: Series, tau: int) -> Array:
    return sum(grad_s[t] @ h[t].T for t in steps(tau))


@bias_of("LSTM-27", "i")
def grad_b_i(grad_a_i: Series, tau: int) -> Array:
    return sum(grad_a_i[t] for t in steps(tau))


@bias_of("LSTM-28", "f")
def grad_b_f(grad_a_f: Series, tau: int) -> Array:
    return sum(grad_a_f[t] for t in steps(tau))


@bias_of("LSTM-29", "g")
def grad_b_g(grad_a_g: Series, tau: int) -> Array:
    return sum(grad_a_g[t] for t in steps(tau))


@bias_of("LSTM-30", "o")
def grad_b_o(grad_a_o: Series, tau: int) -> Array:
    return sum(grad_a_o[t] for t in steps(tau))


@hidden_to("LSTM-31", "i")
def grad_W_i(grad_a_i: Series, h: Series, tau: int) -> Array:
    return sum(grad_a_i[t] @ h[t - 1].T for t in steps(tau))


@hidden_to("LSTM-32", "f")
def grad_W_f(grad_a_f: Series, h: Series, tau: int) -> Array:
    return sum(grad_a_f[t] @ h[t - 1].T for t in steps(tau))


@hidden_to("LSTM-33", "g")
def grad_W_g(grad_a_g: Series, h: Series, tau: int) -> Array:
    return sum(grad_a_g[t] @ h[t - 1].T for t in steps(tau))


@hidden_to("LSTM-34", "o")
def grad_W_o(grad_a_o: Series, h: Series, tau: int) -> Array:
    return sum(grad_a_o[t] @ h[t - 1].T for t in steps(tau))


@input_to("LSTM-35", "i")
def grad_U_i(grad_a_i: Series, x: Series, tau: int) -> Array:
    return sum(grad_a_i[t] @ x[t].T for t in steps(tau))


@input_to("LSTM-36", "f")
def grad_U_f(grad_a_f: Series, x: Series, tau: int) -> Array:
    return sum(grad_a_f[t] @ x[t].T for t in steps(tau))


@input_to("LSTM-37", "g")
def grad_U_g(grad_a_g: Series, x: Series, tau: int) -> Array:
    return sum(grad_a_g[t] @ x[t].T for t in steps(tau))


@input_to("LSTM-38", "o")
def grad_U_o(grad_a_o: Series, x: Series, tau: int) -> Array:
    return sum(grad_a_o[t] @ x[t].T for t in steps(tau))


@derived(
    "LSTM-39",
    gives="∇h⁽⁰⁾",
    title="how the loss feels the first hidden state",
    text="∇h⁽⁰⁾ = W_iᵀ ∇a_i⁽¹⁾ + W_fᵀ ∇a_f⁽¹⁾ + W_gᵀ ∇a_g⁽¹⁾ + W_oᵀ ∇a_o⁽¹⁾",
    latex=r"\nabla_{h^{(0)}} L = W_i^\top \nabla_{a_i^{(1)}} L + W_f^\top \nabla_{a_f^{(1)}} L"
    r" + W_g^\top \nabla_{a_g^{(1)}} L + W_o^\top \nabla_{a_o^{(1)}} L",
    derivation=(
        (
            "∇h⁽⁰⁾ = Σₖ (∂a_k⁽¹⁾/∂h⁽⁰⁾)ᵀ ∇a_k⁽¹⁾",
            r"\nabla_{h^{(0)}} L = \sum_k \left(\frac{\partial a_k^{(1)}}{\partial h^{(0)}}\right)^\top"
            r" \nabla_{a_k^{(1)}} L",
        ),
        (
            "∂a_k⁽¹⁾/∂h⁽⁰⁾ = W_k  (k = i, f, g, o)",
            r"\frac{\partial a_k^{(1)}}{\partial h^{(0)}} = W_k \quad (k = i, f, g, o)",
        ),
    ),
)
def grad_h_first(
    W_i: Array, grad_a_i: Series, W_f: Array, grad_a_f: Series, W_g: Array, grad_a_g: Series,
    W_o: Array, grad_a_o: Series,
) -> Array:  # fmt: skip
    return W_i.T @ grad_a_i[1] + W_f.T @ grad_a_f[1] + W_g.T @ grad_a_g[1] + W_o.T @ grad_a_o[1]


@derived(
    "LSTM-40",
    gives="∇c⁽⁰⁾",
    title="how the loss feels the first cell state",
    text="∇c⁽⁰⁾ = f⁽¹⁾ ⊙ ∇c⁽¹⁾",
    latex=r"\nabla_{c^{(0)}} L = f^{(1)} \odot \nabla_{c^{(1)}} L",
    derivation=(
        (
            "∇c⁽⁰⁾ = (∂c⁽¹⁾/∂c⁽⁰⁾)ᵀ ∇c⁽¹⁾",
            r"\nabla_{c^{(0)}} L = \left(\frac{\partial c^{(1)}}{\partial c^{(0)}}\right)^\top \nabla_{c^{(1)}} L",
        ),
        ("∂c⁽¹⁾/∂c⁽⁰⁾ = diag(f⁽¹⁾)", r"\frac{\partial c^{(1)}}{\partial c^{(0)}} = \operatorname{diag}(f^{(1)})"),
    ),
)
def grad_c_first(f: Series, grad_c: Series) -> Array:
    return f[1] * grad_c[1]


@given(
    "LSTM-41",
    gives="∇x⁽ᵗ⁾",
    title="how the loss feels the input",
    text="∇x⁽ᵗ⁾ = U_iᵀ ∇a_i⁽ᵗ⁾ + U_fᵀ ∇a_f⁽ᵗ⁾ + U_gᵀ ∇a_g⁽ᵗ⁾ + U_oᵀ ∇a_o⁽ᵗ⁾",
    latex=r"\nabla_{x^{(t)}} L = U_i^\top \nabla_{a_i^{(t)}} L + U_f^\top \nabla_{a_f^{(t)}} L"
    r" + U_g^\top \nabla_{a_g^{(t)}} L + U_o^\top \nabla_{a_o^{(t)}} L",
    derivation=(
        (
            "∇x⁽ᵗ⁾ = Σₖ (∂a_k⁽ᵗ⁾/∂x⁽ᵗ⁾)ᵀ ∇a_k⁽ᵗ⁾",
            r"\nabla_{x^{(t)}} L = \sum_k \left(\frac{\partial a_k^{(t)}}{\partial x^{(t)}}\right)^\top"
            r" \nabla_{a_k^{(t)}} L",
        ),
        (
            "∂a_k⁽ᵗ⁾/∂x⁽ᵗ⁾ = U_k  (k = i, f, g, o)",
            r"\frac{\partial a_k^{(t)}}{\partial x^{(t)}} = U_k \quad (k = i, f, g, o)",
        ),
    ),
)
def grad_x(
    U_i: Array, grad_a_i: Series, U_f: Array, grad_a_f: Series, U_g: Array, grad_a_g: Series,
    U_o: Array, grad_a_o: Series, t: int,
) -> Array:  # fmt: skip
    return U_i.T @ grad_a_i[t] + U_f.T @ grad_a_f[t] + U_g.T @ grad_a_g[t] + U_o.T @ grad_a_o[t]
