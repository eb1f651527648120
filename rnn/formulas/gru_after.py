"""The gated recurrent unit with the reset after the product, as torch computes it. [torch.nn.GRU]

The letters are those of `gru`; what the reset scales is here the product q⁽ᵗ⁾ = d + W_n h⁽ᵗ⁻¹⁾, with a bias d (H, 1) of
its own. Only what this changes is written here: two equations of the step, and the way back through them. The others
are those of `gru`, entered again.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from rnn.formulas.again import again
from rnn.formulas.gru import Series, forward
from rnn.formulas.gru_backward import DIRECT, OUTSIDE, alone, backward, derived, ways
from rnn.formulas.gru_gradients import bias, grad_b_n, grad_U_n, ways_of_first, weight
from rnn.formulas.registry import family
from rnn.formulas.words import Array, steps, sum

family("gru-after", "Gated recurrent unit, reset after the product [torch.nn.GRU]")
step = partial(forward, family="gru-after", source="torch.nn.GRU")
kept = partial(step, witnesses=("engine", "fused"))
walk = partial(backward, family="gru-after", source="derived; forward torch.nn.GRU")
end = partial(derived, family="gru-after", source="derived; forward torch.nn.GRU", witnesses=OUTSIDE)


def shared(numbers: Iterable[int]) -> None:
    """Enter what both forms have in common, under the same numbers."""
    for k in numbers:
        again(f"GRU-AFTER-{k}", of=f"GRU-{k}", family="gru-after", kernel=True)


shared(range(1, 5))


@kept(
    "GRU-AFTER-5",
    gives="q⁽ᵗ⁾",
    title="what the old state has to say to the candidate",
    text="q⁽ᵗ⁾ = d + W_n h⁽ᵗ⁻¹⁾",
    latex=r"q^{(t)} = d + W_n h^{(t-1)}",
)
def q(d: Array, W_n: Array, h: Series, t: int) -> Array:
    return d + W_n @ h[t - 1]


@step(
    "GRU-AFTER-6",
    gives="a_n⁽ᵗ⁾",
    title="what the candidate receives",
    text="a_n⁽ᵗ⁾ = b_n + r⁽ᵗ⁾ ⊙ q⁽ᵗ⁾ + U_n x⁽ᵗ⁾",
    latex=r"a_n^{(t)} = b_n + r^{(t)} \odot q^{(t)} + U_n x^{(t)}",
)
def a_n(b_n: Array, r: Series, q: Series, U_n: Array, x: Series, t: int) -> Array:
    return b_n + r[t] * q[t] + U_n @ x[t]


shared(range(7, 13))


@walk(
    "GRU-AFTER-13",
    gives="∇h⁽ᵗ⁾",
    title="five ways from a state to the loss",
    witnesses=OUTSIDE,
    text="∇h⁽ᵗ⁾ = Vᵀ ∇o⁽ᵗ⁾ + z⁽ᵗ⁺¹⁾ ⊙ ∇h⁽ᵗ⁺¹⁾ + W_nᵀ ∇q⁽ᵗ⁺¹⁾ + W_rᵀ ∇a_r⁽ᵗ⁺¹⁾ + W_zᵀ ∇a_z⁽ᵗ⁺¹⁾",
    latex=r"\nabla_{h^{(t)}} L = V^\top \nabla_{o^{(t)}} L + z^{(t+1)} \odot \nabla_{h^{(t+1)}} L"
    r" + W_n^\top \nabla_{q^{(t+1)}} L + W_r^\top \nabla_{a_r^{(t+1)}} L + W_z^\top \nabla_{a_z^{(t+1)}} L",
    derivation=ways("W_n", "W_n"),
    note=DIRECT,
)
def grad_h(
    V: Array, grad_o: Series, z: Series, grad_h: Series, W_n: Array, grad_q: Series,
    W_r: Array, grad_a_r: Series, W_z: Array, grad_a_z: Series, t: int,
) -> Array:  # fmt: skip
    return (
        V.T @ grad_o[t]
        + z[t + 1] * grad_h[t + 1]
        + W_n.T @ grad_q[t + 1]
        + W_r.T @ grad_a_r[t + 1]
        + W_z.T @ grad_a_z[t + 1]
    )


shared(range(14, 17))


@walk(
    "GRU-AFTER-17",
    gives="∇q⁽ᵗ⁾",
    title="how the loss feels what the reset scales",
    text="∇q⁽ᵗ⁾ = r⁽ᵗ⁾ ⊙ ∇a_n⁽ᵗ⁾",
    latex=r"\nabla_{q^{(t)}} L = r^{(t)} \odot \nabla_{a_n^{(t)}} L",
    derivation=alone("q", "a_n", "diag(r⁽ᵗ⁾)", r"\operatorname{diag}(r^{(t)})"),
)
def grad_q(r: Series, grad_a_n: Series, t: int) -> Array:
    return r[t] * grad_a_n[t]


@walk(
    "GRU-AFTER-18",
    gives="∇r⁽ᵗ⁾",
    title="how the loss feels the reset gate",
    text="∇r⁽ᵗ⁾ = q⁽ᵗ⁾ ⊙ ∇a_n⁽ᵗ⁾",
    latex=r"\nabla_{r^{(t)}} L = q^{(t)} \odot \nabla_{a_n^{(t)}} L",
    derivation=alone("r", "a_n", "diag(q⁽ᵗ⁾)", r"\operatorname{diag}(q^{(t)})"),
)
def grad_r(q: Series, grad_a_n: Series, t: int) -> Array:
    return q[t] * grad_a_n[t]


shared(range(19, 29))

# The same functions as in `gru`, but the equation that they are derived from is this form's.
bias("GRU-AFTER-29", "b_n", of="GRU-AFTER-6", title="the bias of the candidate")(grad_b_n)


@weight("GRU-AFTER-30", "W_n", of="GRU-AFTER-5", reads="h", at="t-1", title="state to candidate, before the reset")
def grad_W_n(grad_q: Series, h: Series, tau: int) -> Array:
    return sum(grad_q[t] @ h[t - 1].T for t in steps(tau))


weight("GRU-AFTER-31", "U_n", of="GRU-AFTER-6", reads="x", at="t", title="input to candidate")(grad_U_n)


@bias("GRU-AFTER-32", "d", of="GRU-AFTER-5", title="the bias that the reset scales")
def grad_d(grad_q: Series, tau: int) -> Array:
    return sum(grad_q[t] for t in steps(tau))


@end(
    "GRU-AFTER-33",
    gives="∇h⁽⁰⁾",
    title="how the loss feels the first state",
    text="∇h⁽⁰⁾ = z⁽¹⁾ ⊙ ∇h⁽¹⁾ + W_nᵀ ∇q⁽¹⁾ + W_rᵀ ∇a_r⁽¹⁾ + W_zᵀ ∇a_z⁽¹⁾",
    latex=r"\nabla_{h^{(0)}} L = z^{(1)} \odot \nabla_{h^{(1)}} L + W_n^\top \nabla_{q^{(1)}} L"
    r" + W_r^\top \nabla_{a_r^{(1)}} L + W_z^\top \nabla_{a_z^{(1)}} L",
    derivation=ways_of_first("W_n", "W_n"),
    note="as for any state, but no scores are read from h⁽⁰⁾",
)
def grad_h0(
    z: Series, grad_h: Series, W_n: Array, grad_q: Series, W_r: Array, grad_a_r: Series, W_z: Array, grad_a_z: Series
) -> Array:
    return z[1] * grad_h[1] + W_n.T @ grad_q[1] + W_r.T @ grad_a_r[1] + W_z.T @ grad_a_z[1]


again("GRU-AFTER-34", of="GRU-33", family="gru-after", kernel=True)
