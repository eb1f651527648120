"""The witness for rows of uneven lengths: the layer with its `lengths`, and for what it hides its steps with a mask."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from minigrad import Tensor, cross_entropy, log_softmax, softmax, stack
from minigrad.graph import Array
from minigrad.nn import Linear
from rnn.cells.elman import ElmanState
from rnn.formulas.registry import REGISTRY, Values
from rnn.layers import RNN
from rnn.sequence import Implementation
from rnn.stepwise import project
from rnn.witnesses.base import Block, Graph, total
from rnn.witnesses.layered import randomise, whole
from rnn.witnesses.network import present

Steps = dict[int, Tensor]
PARAMETERS = ("W_xh", "W_hh", "b_h", "W_hq", "b_q")


@dataclass(frozen=True)
class Rowwise(Graph):
    """A run whose steps are matrices as they are; D2L's parameters are the layer's, transposed."""

    of_step: Callable[[Any], Any] = np.asarray

    def _each(self, name: str, value: Callable[[Tensor], Array]) -> Any:
        found = super()._each(name, value)
        return found.T if name.removeprefix("grad_") in PARAMETERS else found


@dataclass(frozen=True, kw_only=True)
class Opened(Rowwise):
    """A run of the layer, and one step by step for the quantities that the layer does not show."""

    inner: Rowwise

    def value(self, name: str) -> Any:
        """The engine's value, from the one or the other."""
        return self.inner.value(name) if self._hidden(name) else super().value(name)

    def difference(self, name: str) -> Any:
        """The same by differences."""
        return self.inner.difference(name) if self._hidden(name) else super().difference(name)

    def _hidden(self, name: str) -> bool:
        return name.removeprefix("grad_") in ("A", "H")


@dataclass(frozen=True)
class Masked:
    """A batch of sequences: x (τ, n, d), lengths (n,), first states (n, h), targets (τ, n) and what S (n, h) asks.

    The loss is the sum of the cross-entropies at real steps, in nats, and of S ⊙ the last states.
    """

    family: str
    layer: RNN
    head: Linear
    x: Array
    lengths: Array
    start: Array
    S: Array
    targets: Array

    @property
    def tau(self) -> int:
        """The number of time steps of the longest row."""
        return len(self.x)

    @cached_property
    def mask(self) -> dict[int, Array]:
        """Mₜ (n, 1)."""
        return {t: (t <= self.lengths).astype(float)[:, None] for t in range(1, self.tau + 1)}

    def blocks(self) -> dict[str, Block]:
        """The parameter that each letter is, transposed."""
        names = {"W_xh": "weight_ih", "W_hh": "weight_hh", "b_h": "bias_ih"}
        head = {"W_hq": Block(self.head.weight, slice(None)), "b_q": Block(present(self.head.bias), slice(None))}
        return {**{letter: whole(self.layer, name) for letter, name in names.items()}, **head}

    def given(self) -> Values:
        """Parameters, inputs, masks, targets, the first states, S and τ."""
        values: Values = {letter: np.atleast_2d(block.tensor.data.T) for letter, block in self.blocks().items()}
        values["b_h"] = values["b_h"] + present(self.layer.weights()["bias_hh"]).data
        series = {"X": dict(enumerate(self.x, 1)), "Y": dict(enumerate(self.targets, 1)), "M": self.mask}
        return {**values, **series, "H": {0: self.start}, "S": self.S, "tau": self.tau}

    @cached_property
    def graph(self) -> Graph:
        """The layer step by step in the engine."""
        layer = self.run("stepwise")
        return Opened(layer.tensors, layer.loss, inner=self.steps())

    def kernel(self) -> Values:
        """What the layer gives by its kernel, for the equations that name it as a witness."""
        graph, family = self.run("fused"), [e for e in REGISTRY.values() if e.family == self.family]
        return {e.quantity: graph.value(e.quantity) for e in family if "fused" in e.witnesses}

    def run(self, implementation: Implementation) -> Rowwise:
        """By the layer, which is told the lengths; the loss picks the real rows of each step."""
        layer, (X, start) = copy(self.layer), self.leaves()
        layer.implementation = implementation
        output, last = layer(stack(list(X.values())), stack([start]), lengths=self.lengths)
        O = {t: self.head(h) * self.mask[t] for t, h in enumerate(output.unstack(), 1)}  # noqa: E741  # the book's letter
        real = {t: np.flatnonzero(m) for t, m in self.mask.items()}
        parts = (cross_entropy(O[t][k], self.targets[t - 1][k]) * float(k.size) for t, k in real.items())
        return self.recorded({"X": X, "O": O, "H": {0: start}}, total(parts) + (last[0] * self.S).sum())

    def steps(self) -> Rowwise:
        """By the cell's step and the mask; the loss weighs every row by it."""
        (X, start), weights, cell = self.leaves(), self.layer.weights(), self.layer.cell
        H, A, O = {0: start}, {}, {}  # noqa: E741
        for t, x in enumerate(project(weights, stack(list(X.values()))).unstack(), 1):
            step, M = cell.step(x, ElmanState(H[t - 1]), weights["weight_hh"], weights["bias_hh"]), self.mask[t]
            A[t], H[t] = step.a, step.h * M + H[t - 1] * (1 - M)
            O[t] = self.head(H[t]) * M
        wanted = {t: M * np.eye(len(self.head.weight))[self.targets[t - 1]] for t, M in self.mask.items()}
        parts = (-(log_softmax(O[t]) * w).sum() for t, w in wanted.items())
        return self.recorded({"X": X, "O": O, "H": H, "A": A}, total(parts) + (H[self.tau] * self.S).sum())

    def leaves(self) -> tuple[Steps, Tensor]:
        """Xₜ and H₀."""
        X = {t: Tensor(x, requires_grad=True) for t, x in enumerate(self.x, 1)}
        return X, Tensor(self.start, requires_grad=True)

    def recorded(self, tensors: Values, loss: Tensor) -> Rowwise:
        """With parameters, probabilities, and the loss as a matrix."""
        Y_hat = {t: softmax(o) for t, o in tensors["O"].items()}
        return Rowwise({**tensors, **self.blocks(), "Y_hat": Y_hat, "L": loss.reshape(1, 1)}, loss)


def random_masked(
    family: str,
    rng: np.random.Generator,
    *,
    steps: int = 5,
    inputs: int = 4,
    hidden: int = 3,
    vocabulary: int = 6,
    rows: int | None = None,
) -> Masked:
    """One row of all steps, the others shorter; numbers and ids in the padding too, nothing zero but in the mask.

    There are as many rows as nothing else has, where `rows` does not say.
    """
    rows = next(n for n in range(3, 7) if n not in (inputs, hidden, vocabulary)) if rows is None else rows
    layer = RNN(inputs, hidden, dtype=np.float64, rng=rng, implementation="fused")
    head = Linear(hidden, vocabulary, dtype=np.float64, rng=rng)
    randomise(rng, layer, head)
    lengths = rng.permutation([steps, *rng.integers(1, steps, rows - 1)])
    x, targets = rng.standard_normal((steps, rows, inputs)), rng.integers(0, vocabulary, (steps, rows))
    start, S = rng.standard_normal((2, rows, hidden))
    return Masked(family, layer, head, x, lengths, start, S, targets)
