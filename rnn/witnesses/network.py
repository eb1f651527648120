"""One cell over one sequence with an output layer: the problem of every family that is a cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from minigrad import Tensor, cross_entropy, grad, softmax, stack
from minigrad.graph import Array
from minigrad.nn import Linear, Parameter
from rnn.cells import unroll
from rnn.formulas.registry import Values
from rnn.fused.inside import inside
from rnn.layers import VARIANTS
from rnn.recurrent import Recurrent
from rnn.sequence import run
from rnn.stepwise import project
from rnn.witnesses.base import Block, Graph, beyond, column, of_step, total


@dataclass(frozen=True)
class Recurrence:
    """A cell whose output is the scores, a sequence and its targets.

    x (τ, I), `start` the parts of the first state (n,) each, targets (τ,) ids. The loss is the sum over t of the
    cross-entropies, in nats.
    """

    family: str
    layer: Recurrent
    x: Array
    start: tuple[Array, ...]
    targets: Array

    @property
    def tau(self) -> int:
        """The number of time steps."""
        return len(self.x)

    @property
    def h0(self) -> Array:
        """The first part of the first state."""
        return self.start[0]

    def blocks(self) -> dict[str, Block]:
        """The rows of which parameter each letter of the family's equations is."""
        weights, H = self.layer.weights(), self.layer.hidden_size
        whole = len(self.layer.cell.gates) == 1  # one block in each parameter, however many rows that has
        found = {}
        for letter, (name, k) in self.layer.cell.letters.items():
            parameter = present(weights[name])
            found[letter] = Block(parameter, slice(None) if whole else slice(k * H, (k + 1) * H))
        return found

    def letters(self) -> dict[str, Any]:
        """The value of each letter. Where the layer has two biases and the equations one, it is their sum."""
        blocks, weights = self.blocks(), self.layer.weights()
        values = {letter: column(tensor.data[rows]) for letter, (tensor, rows) in blocks.items()}
        hidden = weights.get("bias_hh")
        if hidden is None:
            return values
        taken = {rows.start for tensor, rows in blocks.values() if tensor is hidden}
        for letter, (tensor, rows) in blocks.items():
            if tensor is weights["bias_ih"] and rows.start not in taken:
                values[letter] = values[letter] + column(hidden.data[rows])
        return values

    def given(self) -> Values:
        """Parameters, inputs, targets, first states, τ, and zeros for what lies beyond τ."""
        values: Values = {**self.letters(), **beyond(self.family, self.graph, self.tau), "tau": self.tau}
        values["x"] = {t: column(x) for t, x in enumerate(self.x, 1)}
        values["y"] = {t: int(y) for t, y in enumerate(self.targets, 1)}
        for name, part in zip(self.layer.cell.State._fields, self.start, strict=True):
            values[name] = {**values.get(name, {}), 0: column(part)}
        return values

    @cached_property
    def graph(self) -> Graph:
        """The network run step by step in the engine, with every quantity of every step."""
        return self.run()

    def run(self) -> Graph:
        """Run the layer's cell op by op and keep every tensor."""
        cell, weights = self.layer.cell, self.layer.weights()
        x = [Tensor(row[None], requires_grad=True) for row in self.x]
        start = cell.State(*(Tensor(part[None], requires_grad=True) for part in self.start))
        steps = unroll(cell, project(weights, stack(x)), start, *(weights[name] for name in cell.recurrent))
        tensors: dict[str, Any] = {k: {t: getattr(s, k) for t, s in enumerate(steps, 1)} for k in steps[0]._fields}
        scores = self.scored({t: cell.output(step) for t, step in enumerate(steps, 1)})
        tensors |= {"x": dict(enumerate(x, 1)), **scores, **self.blocks()}
        for name, part in zip(cell.State._fields, start, strict=True):
            tensors[name] = {0: part, **tensors[name]}
        (o,) = scores.values()
        tensors.setdefault("y_hat", {t: softmax(one) for t, one in o.items()})
        tensors["L_t"] = {t: cross_entropy(one, self.targets[t - 1 : t]) for t, one in o.items()}
        loss = self.combine(tensors["L_t"].values())
        return Graph({**tensors, "L": loss}, loss)

    def scored(self, outputs: dict[int, Tensor]) -> dict[str, dict[int, Tensor]]:
        """The scores of each step by their letter, from what the cell puts out."""
        return {"o": outputs}

    def combine(self, losses: Iterable[Tensor]) -> Tensor:
        """The loss of the sequence from those of its steps: their sum."""
        return total(losses)

    def kernel(self) -> Values:
        """Nothing: these cells have no kernel."""
        return {}


@dataclass(frozen=True)
class Network(Recurrence):
    """A cell with an output layer, o⁽ᵗ⁾ = c + V h⁽ᵗ⁾; where the cell has a gate o and a state c, s⁽ᵗ⁾ = d + V h⁽ᵗ⁾."""

    head: Linear

    @property
    def names(self) -> tuple[str, str]:
        """The letters of the scores and of their bias."""
        return ("s", "d") if "o" in self.layer.cell.gates else ("o", "c")

    def blocks(self) -> dict[str, Block]:
        """The cell's letters, V and the bias of the scores."""
        head = self.head
        return {
            **super().blocks(),
            "V": Block(head.weight, slice(None)),
            self.names[1]: Block(present(head.bias), slice(None)),
        }

    def scored(self, outputs: dict[int, Tensor]) -> dict[str, dict[int, Tensor]]:
        """c + V h⁽ᵗ⁾."""
        return {self.names[0]: {t: self.head(h) for t, h in outputs.items()}}

    def kernel(self) -> Values:
        """What the fused kernel gives: states, what its steps keep, scores, probabilities, the loss, its gradients.

        ∇h⁽ᵗ⁾ is taken where a sequence that starts at the state of t meets what h⁽ᵗ⁾ itself puts out.
        """
        x, first = Tensor(self.x[:, None, :], requires_grad=True), self.state(self.start, wanted=True)
        h = self.by_kernel(x, first)
        scores = self.head(h)
        loss = self.combine(self._losses(scores, 0))
        values: Values = {name: by_time(a) for name, a in inside(h).items()}
        values |= {"h": by_time(h.data), self.names[0]: by_time(scores.data)}
        values |= {"y_hat": by_time(softmax(scores).data), "L": loss.item()}
        values |= self._gradients(loss, first, scores, x) | self._received()
        values["grad_h"] |= {t: self._state_gradient(t, values) for t in range(1, self.tau + 1)}
        return values

    def by_kernel(self, x: Tensor | Array, state: Any, **instead: Tensor) -> Tensor:
        """All outputs (T, B, H) by the fused kernel, from x (T, B, I) or ids (T, B) and a first state (B, H).

        The layer's parameters but for those that are given instead.
        """
        return run(self.layer.cell, [{**self.layer.weights(), **instead}], x, [state], fused=True)[0]

    def _gradients(self, loss: Tensor, first: Any, scores: Tensor, x: Tensor) -> Values:
        """By every letter, the first states, the scores and the inputs."""
        blocks = self.blocks()
        sought = [*(block.tensor for block in blocks.values()), *first, scores, x]
        *found, by_scores, by_x = (g.data for g in grad(loss, sought))
        letters = zip(blocks.items(), found, strict=False)
        states = zip(first._fields, found[len(blocks) :], strict=True)
        return {
            **{f"grad_{letter}": column(g[block.rows]) for (letter, block), g in letters},
            **{f"grad_{name}": {0: of_step(g)} for name, g in states},
            **{f"grad_{self.names[0]}": by_time(by_scores), "grad_x": by_time(by_x)},
        }

    def _losses(self, scores: Tensor, after: int) -> list[Tensor]:
        """Those of the steps after step `after`, from their scores (·, 1, V)."""
        return [cross_entropy(one, self.targets[t : t + 1]) for t, one in enumerate(scores.unstack(), after)]

    def state(self, parts: Iterable[Array], wanted: bool = False) -> Any:
        """A state of one row, from vectors or columns."""
        return self.layer.cell.State(*(Tensor(part.reshape(1, -1), requires_grad=wanted) for part in parts))

    def _state_gradient(self, t: int, values: Values) -> Array:
        state = self.state(values[name][t] for name in self.layer.cell.State._fields)
        state = state._replace(h=Tensor(state.h.data, requires_grad=True))
        losses = [cross_entropy(self.head(state.h), self.targets[t - 1 : t])]
        if t < self.tau:
            losses += self._losses(self.head(self.by_kernel(Tensor(self.x[t:, None, :]), state)), t)
        silent = [Tensor(0.0)] * (self.tau - len(losses))  # the losses before t, so that a mean counts them
        found: Array = of_step(grad(self.combine([*losses, *silent]), state.h).data)
        return found

    def _received(self) -> Values:
        """∇a⁽ᵗ⁾ of each gate. With ids as input, each step its own, ∇a⁽ᵗ⁾ is the gradient of the column read there."""
        columns = Tensor(present(self.layer.weights()["weight_ih"]).data @ self.x.T, requires_grad=True)
        h = self.by_kernel(np.arange(self.tau)[:, None], self.state(self.start), weight_ih=columns)
        gradient = grad(self.combine(self._losses(self.head(h), 0)), columns).data
        gates, H = self.layer.cell.gates, self.layer.hidden_size
        each = zip(gates, gradient.reshape(-1, H, self.tau), strict=True)
        return {f"grad_a_{k}" if len(gates) > 1 else "grad_a": by_time(rows.T[:, None]) for k, rows in each}


def present(p: Parameter | None) -> Parameter:
    """The parameter; the networks here are built with all their biases."""
    assert p is not None
    return p


def by_time(array: Array) -> dict[int, Any]:
    """What a kernel gives for all steps (T, 1, n), as columns by their time."""
    return {t: of_step(a) for t, a in enumerate(array, 1)}


def random_recurrence(
    family: str,
    rng: np.random.Generator,
    *,
    steps: int = 5,
    inputs: int = 4,
    hidden: int = 3,
    vocabulary: int = 6,
    scale: float = 0.8,
) -> Recurrence:
    """Normal weights, inputs and initial state, nothing zero, nothing symmetric; by default all sizes differ."""
    layer = Recurrent(VARIANTS[family](vocabulary), inputs, hidden, dtype=np.float64, rng=rng)
    for p in layer.parameters():
        p.assign(scale * rng.standard_normal(p.shape))
    x, start = rng.standard_normal((steps, inputs)), tuple(rng.standard_normal(n) for n in layer.state_sizes)
    return Recurrence(family, layer, x, start, rng.integers(0, vocabulary, steps))


def random_network(
    family: str, rng: np.random.Generator, *, vocabulary: int = 6, scale: float = 0.8, **sizes: int
) -> Network:
    """The same with a random output layer."""
    p = random_recurrence(family, rng, vocabulary=vocabulary, scale=scale, **sizes)
    head = Linear(p.layer.output_size, vocabulary, dtype=np.float64, rng=rng)
    for q in head.parameters():
        q.assign(scale * rng.standard_normal(q.shape))
    return Network(family, p.layer, p.x, p.start, p.targets, head)
