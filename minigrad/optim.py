"""Updates of parameters θ from their gradients g, and clipping. Names, defaults and updates are torch's.

η is the learning rate `lr`, λ is `weight_decay`, t counts the updates of a parameter from 1, each parameter for
itself: one without a gradient stays where it is and its t stands still. λθ is added to g, except in AdamW.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from minigrad.clipping import clip_grad_norm, clip_grad_value
from minigrad.errors import GradError
from minigrad.graph import Array
from minigrad.module import Parameter
from minigrad.optimizer import Kept, Optimizer

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "clip_grad_norm", "clip_grad_value"]


class SGD(Optimizer):
    """θ ← θ − η b, with b ← g at first, then b ← μ b + (1 − τ) g; with `nesterov` θ ← θ − η (g + μ b).

    μ is `momentum`, τ `dampening`; without momentum b is g. [Robbins and Monro 1951; Polyak 1964; the nesterov form:
    Sutskever et al. 2013; DLB 8.3]
    """

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ):
        super().__init__(params, lr, weight_decay, "b" * bool(momentum))
        self.momentum = self.checked("momentum", momentum)
        self.dampening = self.checked("dampening", dampening)
        self.nesterov = nesterov
        if nesterov and (not momentum or dampening):
            raise GradError("SGD: nesterov needs a momentum above 0 and no dampening")

    def update(self, x: Array, g: Array, kept: Kept, t: int) -> None:
        if self.momentum:
            b = kept["b"]
            b *= self.momentum
            b += (1 - self.dampening if t > 1 else 1) * g
            g = g + self.momentum * b if self.nesterov else b
        x -= self.lr * g


class Adagrad(Optimizer):
    """θ ← θ − η_t g / (√s + ε), with s ← s + g² and η_t = η / (1 + (t − 1) κ).

    κ is `lr_decay`; s starts at `initial_accumulator_value`. [Duchi, Hazan and Singer 2011, the diagonal form;
    κ and the place of ε: torch]
    """

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
    ):
        super().__init__(params, lr, weight_decay, "s")
        self.lr_decay = self.checked("lr_decay", lr_decay)
        self.eps = self.checked("eps", eps)
        for kept in self.kept:
            kept["s"] += self.checked("initial_accumulator_value", initial_accumulator_value)

    def update(self, x: Array, g: Array, kept: Kept, t: int) -> None:
        s, change = kept["s"], np.empty_like(x)
        s += np.multiply(g, g, out=change)
        np.sqrt(s, out=change)
        change += self.eps
        np.divide(g, change, out=change)
        change *= self.lr / (1 + (t - 1) * self.lr_decay)
        x -= change


class RMSprop(Optimizer):
    """θ ← θ − η g / (√v + ε), with v ← α v + (1 − α) g².

    `centered`: √(v − m²) in place of √v, with m ← α m + (1 − α) g. `momentum` μ > 0: θ ← θ − η b, with
    b ← μ b + g / (√v + ε). [Tieleman and Hinton 2012, lecture 6.5; centered: Graves 2013, eq. 38–45;
    the place of ε: torch]
    """

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ):
        super().__init__(params, lr, weight_decay, "v" + "m" * centered + "b" * bool(momentum))
        self.alpha = self.checked("alpha", alpha, 1)
        self.eps = self.checked("eps", eps)
        self.momentum = self.checked("momentum", momentum)
        self.centered = centered

    def update(self, x: Array, g: Array, kept: Kept, t: int) -> None:
        change = self._size(g, kept, np.empty_like(x))
        np.divide(g, change, out=change)
        if self.momentum:
            b = kept["b"]
            b *= self.momentum
            b += change
            np.copyto(change, b)
        change *= self.lr
        x -= change

    def _size(self, g: Array, kept: Kept, out: Array) -> Array:
        _average(kept["v"], np.multiply(g, g, out=out), self.alpha, out)
        if self.centered:
            m = kept["m"]
            _average(m, g, self.alpha, out)
            np.subtract(kept["v"], np.multiply(m, m, out=out), out=out)
            np.maximum(out, 0, out=out)  # a variance that rounding left below zero has no root
        np.sqrt(out if self.centered else kept["v"], out=out)
        out += self.eps
        return out


class Adam(Optimizer):
    """θ ← θ − η m̂ / (√v̂ + ε), with m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ).

    [Kingma and Ba 2015, algorithm 1]
    """

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ):
        super().__init__(params, lr, weight_decay, "mv")
        self.betas = self.checked("betas[0]", betas[0], 1), self.checked("betas[1]", betas[1], 1)
        self.eps = self.checked("eps", eps)

    def update(self, x: Array, g: Array, kept: Kept, t: int) -> None:
        (b1, b2), m, v, change = self.betas, kept["m"], kept["v"], np.empty_like(x)
        _average(m, g, b1, change)
        _average(v, np.multiply(g, g, out=change), b2, change)
        np.sqrt(v, out=change)
        change *= 1 / math.sqrt(1 - b2**t)
        change += self.eps
        np.divide(m, change, out=change)
        change *= self.lr / (1 - b1**t)
        x -= change


class AdamW(Adam):
    """Adam on g alone, after θ ← θ − η λ θ: the decay is not divided by √v̂.

    [Loshchilov and Hutter 2019, algorithm 2, whose λ is ηλ here, as in torch]
    """

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ):
        super().__init__(params, lr, betas, eps, weight_decay)

    def decayed(self, x: Array, g: Array) -> Array:
        x *= 1 - self.lr * self.weight_decay
        return g


def _average(mean: Array, new: Array, keep: float, scratch: Array) -> None:
    """mean ← keep · mean + (1 − keep) · new, in place."""
    mean *= keep
    mean += np.multiply(new, 1 - keep, out=scratch)
