"""Long short-term memory whose gates see the cell state. [Gers and Schmidhuber 2000; Graves 2013 eq. 7–11]

The letters are those of `lstm`, and p_i, p_f, p_o (H, 1), which multiply the cell state entry by entry: a gate sees
its own cell and no other. i and f see the cell state before, c⁽ᵗ⁻¹⁾; o sees the new one, c⁽ᵗ⁾.

1 to 38 have the numbers of the LSTM's. Of those 1, 3, 8 and 18 are other equations; the rest read as they do there
and are entered again. 39 to 41 are the gradients of the peepholes, 42 to 44 those of first states and inputs.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from rnn.formulas.again import again
from rnn.formulas.lstm import GATES, Enter, Series
from rnn.formulas.lstm_gradients import COPIES
from rnn.formulas.notation import superscript
from rnn.formulas.registry import equation, family
from rnn.formulas.words import Array, steps, sum

family("peephole", "LSTM with peepholes [Gers and Schmidhuber 2000; Graves 2013]")

DERIVED = "derived; forward Graves 2013"
derived = partial(equation, family="peephole", source=DERIVED)
same = partial(again, family="peephole", kernel=True)


def received(id: str, gate: str, at: str, source: str) -> Enter:
    """Enter what a gate receives, given at which time it sees the cell state."""
    return equation(
        id,
        family="peephole",
        gives=f"a_{gate}⁽ᵗ⁾",
        over="t = 1 … τ",
        source=source,
        title=f"what {GATES[gate]} receives, its peephole included",
        text=f"a_{gate}⁽ᵗ⁾ = b_{gate} + W_{gate} h⁽ᵗ⁻¹⁾ + U_{gate} x⁽ᵗ⁾ + p_{gate} ⊙ c{superscript(at)}",
        latex=rf"a_{gate}^{{(t)}} = b_{gate} + W_{gate} h^{{(t-1)}} + U_{gate} x^{{(t)}}"
        rf" + p_{gate} \odot c^{{({at})}}",
        witnesses=("engine",),
    )


def peephole(id: str, gate: str, at: str) -> Enter:
    """Enter the gradient of a gate's peephole, given at which time it sees the cell state."""
    p, a, c = f"p_{gate}", f"a_{gate}", f"c{superscript(at)}"
    above, below, read = rf"{a}^{{(t)}}", rf"{p}^{{(t)}}", rf"c^{{({at})}}"
    return derived(
        id,
        gives=f"∇{p}",
        title=f"the peephole of {GATES[gate]}",
        text=f"∇{p} = Σₜ {c} ⊙ ∇{a}⁽ᵗ⁾",
        latex=rf"\nabla_{{{p}}} L = \sum_t {read} \odot \nabla_{{{above}}} L",
        note=COPIES,
        derivation=(
            (f"∇{p} = Σₜ ∇{p}⁽ᵗ⁾", rf"\nabla_{{{p}}} L = \sum_t \nabla_{{{below}}} L"),
            (f"δ{a}⁽ᵗ⁾ = δ{p}⁽ᵗ⁾ ⊙ {c}", rf"\delta {above} = \delta {below} \odot {read}"),
            (f"∇{p}⁽ᵗ⁾ = {c} ⊙ ∇{a}⁽ᵗ⁾", rf"\nabla_{{{below}}} L = {read} \odot \nabla_{{{above}}} L"),
        ),
    )


@received("PEEPHOLE-1", "i", "t-1", "Graves 2013 eq. 7")
def a_i(b_i: Array, W_i: Array, h: Series, U_i: Array, x: Series, p_i: Array, c: Series, t: int) -> Array:
    return b_i + W_i @ h[t - 1] + U_i @ x[t] + p_i * c[t - 1]


same("PEEPHOLE-2", of="LSTM-2", source="Graves 2013 eq. 7")


@received("PEEPHOLE-3", "f", "t-1", "Graves 2013 eq. 8")
def a_f(b_f: Array, W_f: Array, h: Series, U_f: Array, x: Series, p_f: Array, c: Series, t: int) -> Array:
    return b_f + W_f @ h[t - 1] + U_f @ x[t] + p_f * c[t - 1]


same("PEEPHOLE-4", of="LSTM-4", source="Graves 2013 eq. 8")
same("PEEPHOLE-5", of="LSTM-5", source="Graves 2013 eq. 9")
same("PEEPHOLE-6", of="LSTM-6", source="Graves 2013 eq. 9")
same("PEEPHOLE-7", of="LSTM-7", source="Graves 2013 eq. 9")


@received("PEEPHOLE-8", "o", "t", "Graves 2013 eq. 10")
def a_o(b_o: Array, W_o: Array, h: Series, U_o: Array, x: Series, p_o: Array, c: Series, t: int) -> Array:
    return b_o + W_o @ h[t - 1] + U_o @ x[t] + p_o * c[t]


same("PEEPHOLE-9", of="LSTM-9", source="Graves 2013 eq. 10")
same("PEEPHOLE-10", of="LSTM-10", source="Graves 2013 eq. 11")
for number in range(11, 15):  # the head, the loss and ∇s have no part in the cell, and keep their source
    same(f"PEEPHOLE-{number}", of=f"LSTM-{number}")
for number in range(15, 18):
    same(f"PEEPHOLE-{number}", of=f"LSTM-{number}", source=DERIVED)


@derived(
    "PEEPHOLE-18",
    gives="∇c⁽ᵗ⁾",
    over="t = τ … 1",
    witnesses=("engine", "differences"),
    title="how the loss feels the cell state, through the gates too",
    text="∇c⁽ᵗ⁾ = o⁽ᵗ⁾ ⊙ (1 − tanh(c⁽ᵗ⁾)²) ⊙ ∇h⁽ᵗ⁾ + f⁽ᵗ⁺¹⁾ ⊙ ∇c⁽ᵗ⁺¹⁾"
    " + p_o ⊙ ∇a_o⁽ᵗ⁾ + p_i ⊙ ∇a_i⁽ᵗ⁺¹⁾ + p_f ⊙ ∇a_f⁽ᵗ⁺¹⁾",
    latex=r"\nabla_{c^{(t)}} L = o^{(t)} \odot (1 - \tanh(c^{(t)})^2) \odot \nabla_{h^{(t)}} L"
    r" + f^{(t+1)} \odot \nabla_{c^{(t+1)}} L + p_o \odot \nabla_{a_o^{(t)}} L + p_i \odot \nabla_{a_i^{(t+1)}} L"
    r" + p_f \odot \nabla_{a_f^{(t+1)}} L",
    note="Gers and Schmidhuber 2000 send no error back through the peepholes: they leave the last three terms out",
    derivation=(
        (
            "∇c⁽ᵗ⁾ = (∂h⁽ᵗ⁾/∂c⁽ᵗ⁾)ᵀ ∇h⁽ᵗ⁾ + (∂c⁽ᵗ⁺¹⁾/∂c⁽ᵗ⁾)ᵀ ∇c⁽ᵗ⁺¹⁾",
            r"\nabla_{c^{(t)}} L = \left(\frac{\partial h^{(t)}}{\partial c^{(t)}}\right)^\top \nabla_{h^{(t)}} L"
            r" + \left(\frac{\partial c^{(t+1)}}{\partial c^{(t)}}\right)^\top \nabla_{c^{(t+1)}} L",
        ),
        (
            "  + (∂a_o⁽ᵗ⁾/∂c⁽ᵗ⁾)ᵀ ∇a_o⁽ᵗ⁾ + Σₖ (∂a_k⁽ᵗ⁺¹⁾/∂c⁽ᵗ⁾)ᵀ ∇a_k⁽ᵗ⁺¹⁾  (k = i, f)",
            r"\quad + \left(\frac{\partial a_o^{(t)}}{\partial c^{(t)}}\right)^\top \nabla_{a_o^{(t)}} L"
            r" + \sum_k \left(\frac{\partial a_k^{(t+1)}}{\partial c^{(t)}}\right)^\top \nabla_{a_k^{(t+1)}} L"
            r" \quad (k = i, f)",
        ),
        (
            "∂h⁽ᵗ⁾/∂c⁽ᵗ⁾ = diag(o⁽ᵗ⁾ ⊙ (1 − tanh(c⁽ᵗ⁾)²)),  ∂c⁽ᵗ⁺¹⁾/∂c⁽ᵗ⁾ = diag(f⁽ᵗ⁺¹⁾)",
            r"\frac{\partial h^{(t)}}{\partial c^{(t)}} = \operatorname{diag}(o^{(t)} \odot (1 - \tanh(c^{(t)})^2)),"
            r" \quad \frac{\partial c^{(t+1)}}{\partial c^{(t)}} = \operatorname{diag}(f^{(t+1)})",
        ),
        (
            "∂a_o⁽ᵗ⁾/∂c⁽ᵗ⁾ = diag(p_o),  ∂a_k⁽ᵗ⁺¹⁾/∂c⁽ᵗ⁾ = diag(p_k)",
            r"\frac{\partial a_o^{(t)}}{\partial c^{(t)}} = \operatorname{diag}(p_o),"
            r" \quad \frac{\partial a_k^{(t+1)}}{\partial c^{(t)}} = \operatorname{diag}(p_k)",
        ),
    ),
)
def grad_c(
    o: Series, c: Series, grad_h: Series, f: Series, grad_c: Series, p_o: Array, grad_a_o: Series,
    p_i: Array, grad_a_i: Series, p_f: Array, grad_a_f: Series, t: int,
) -> Array:  # fmt: skip
    return (
        o[t] * (1 - np.tanh(c[t]) ** 2) * grad_h[t]
        + f[t + 1] * grad_c[t + 1]
        + p_o * grad_a_o[t]
        + p_i * grad_a_i[t + 1]
        + p_f * grad_a_f[t + 1]
    )


for number in range(19, 39):  # the gates, what they receive, and the parameters that the LSTM has too
    same(f"PEEPHOLE-{number}", of=f"LSTM-{number}", source=DERIVED)


@peephole("PEEPHOLE-39", "i", "t-1")
def grad_p_i(c: Series, grad_a_i: Series, tau: int) -> Array:
    return sum(c[t - 1] * grad_a_i[t] for t in steps(tau))


@peephole("PEEPHOLE-40", "f", "t-1")
def grad_p_f(c: Series, grad_a_f: Series, tau: int) -> Array:
    return sum(c[t - 1] * grad_a_f[t] for t in steps(tau))


@peephole("PEEPHOLE-41", "o", "t")
def grad_p_o(c: Series, grad_a_o: Series, tau: int) -> Array:
    return sum(c[t] * grad_a_o[t] for t in steps(tau))


same("PEEPHOLE-42", of="LSTM-39", source=DERIVED)


@derived(
    "PEEPHOLE-43",
    gives="∇c⁽⁰⁾",
    title="how the loss feels the first cell state",
    text="∇c⁽⁰⁾ = f⁽¹⁾ ⊙ ∇c⁽¹⁾ + p_i ⊙ ∇a_i⁽¹⁾ + p_f ⊙ ∇a_f⁽¹⁾",
    latex=r"\nabla_{c^{(0)}} L = f^{(1)} \odot \nabla_{c^{(1)}} L + p_i \odot \nabla_{a_i^{(1)}} L"
    r" + p_f \odot \nabla_{a_f^{(1)}} L",
    derivation=(
        (
            "∇c⁽⁰⁾ = (∂c⁽¹⁾/∂c⁽⁰⁾)ᵀ ∇c⁽¹⁾ + Σₖ (∂a_k⁽¹⁾/∂c⁽⁰⁾)ᵀ ∇a_k⁽¹⁾  (k = i, f)",
            r"\nabla_{c^{(0)}} L = \left(\frac{\partial c^{(1)}}{\partial c^{(0)}}\right)^\top \nabla_{c^{(1)}} L"
            r" + \sum_k \left(\frac{\partial a_k^{(1)}}{\partial c^{(0)}}\right)^\top \nabla_{a_k^{(1)}} L"
            r" \quad (k = i, f)",
        ),
        (
            "∂c⁽¹⁾/∂c⁽⁰⁾ = diag(f⁽¹⁾),  ∂a_k⁽¹⁾/∂c⁽⁰⁾ = diag(p_k)",
            r"\frac{\partial c^{(1)}}{\partial c^{(0)}} = \operatorname{diag}(f^{(1)}),"
            r" \quad \frac{\partial a_k^{(1)}}{\partial c^{(0)}} = \operatorname{diag}(p_k)",
        ),
    ),
)
def grad_c_first(f: Series, grad_c: Series, p_i: Array, grad_a_i: Series, p_f: Array, grad_a_f: Series) -> Array:
    return f[1] * grad_c[1] + p_i * grad_a_i[1] + p_f * grad_a_f[1]


same("PEEPHOLE-44", of="LSTM-41", source=DERIVED)
