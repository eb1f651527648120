"""Clipped gradients. [D2L 8.5; seed 004 eq. 6; Pascanu et al. 2013; DLB 10.11.1]

g⁽ᵗ⁾ (n, 1) is the gradient of all parameters, one below the other, at update t = 1 … τ; ν⁽ᵗ⁾ is its length, and θ > 0
the largest that is allowed. c⁽ᵗ⁾ is g⁽ᵗ⁾ shortened as a whole: it points where g⁽ᵗ⁾ does. d⁽ᵗ⁾ is g⁽ᵗ⁾ cut off entry by
entry, which may turn it. Neither makes a gradient longer, and neither heals one that is not a number.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from rnn.formulas.registry import equation, family
from rnn.formulas.words import Array, entry

Series = dict[int, Array]
Numbers = dict[int, float]

family("clipping", "Gradient clipping [D2L 8.5]")
clipping = partial(equation, family="clipping", over="t = 1 … τ", witnesses=("engine",))


@clipping(
    "CLIPPING-1",
    gives="ν⁽ᵗ⁾",
    source="D2L 8.5",
    title="how long the gradient is, over all parameters",
    text="ν⁽ᵗ⁾ = √(g⁽ᵗ⁾ᵀ g⁽ᵗ⁾)",
    latex=r"\nu^{(t)} = \sqrt{g^{(t)\top} g^{(t)}}",
    note="one length for all parameters together, not one for each",
)
def nu(g: Series, t: int) -> float:
    return np.sqrt(entry(g[t].T @ g[t], 0))


@clipping(
    "CLIPPING-2",
    gives="c⁽ᵗ⁾",
    source="D2L 8.5, seed 004 eq. 6",
    title="a gradient that is too long is shortened",
    text="c⁽ᵗ⁾ = min(θ/ν⁽ᵗ⁾, 1) g⁽ᵗ⁾",
    latex=r"c^{(t)} = \min(\theta/\nu^{(t)}, 1) g^{(t)}",
    note="the update uses c in the place of g: g ← min(1, θ/‖g‖) g. Nothing is said there of g = 0",
)
def c(theta: float, nu: Numbers, g: Series, t: int) -> Array:
    return np.minimum(theta / nu[t], 1) * g[t]


@clipping(
    "CLIPPING-3",
    gives="c⁽ᵗ⁾",
    source="derived; D2L 8.5",
    title="the same for a gradient of zero as well",
    text="c⁽ᵗ⁾ = θ/max(ν⁽ᵗ⁾, θ) g⁽ᵗ⁾",
    latex=r"c^{(t)} = \theta/\max(\nu^{(t)}, \theta) g^{(t)}",
    note="never divided by less than θ, so zero stays zero",
)
def c_of_any(theta: float, nu: Numbers, g: Series, t: int) -> Array:
    return theta / np.maximum(nu[t], theta) * g[t]


@clipping(
    "CLIPPING-4",
    gives="d⁽ᵗ⁾",
    source="DLB 10.11.1",
    title="each entry is cut off by itself",
    text="d⁽ᵗ⁾ = max(min(g⁽ᵗ⁾, θ), −θ)",
    latex=r"d^{(t)} = \max(\min(g^{(t)}, \theta), -\theta)",
    note="the large entries are cut and the small ones are not: this may point elsewhere than g",
)
def d(theta: float, g: Series, t: int) -> Array:
    return np.maximum(np.minimum(g[t], theta), -theta)
