"""Witnesses for layers above each other and for two directions: the project's own layers under the book's letters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from minigrad import Tensor, cross_entropy, softmax, stack
from minigrad.graph import Array
from minigrad.nn import Linear, Module
from rnn.cells import unroll
from rnn.cells.elman import ElmanState, ElmanStep
from rnn.formulas.registry import REGISTRY, Values
from rnn.layers import RNN
from rnn.sequence import run
from rnn.stepwise import project
from rnn.witnesses.base import Block, Graph, column, total
from rnn.witnesses.network import present

Steps = dict[int, Tensor]


@dataclass(frozen=True)
class Layered:
    """A sequence, its targets, and an output layer for each part that the scores are read from; they are added.

    x (τ, I), targets (τ,) ids. The loss is the sum over t of the cross-entropies, in nats.
    """

    family: str
    heads: tuple[Linear, ...]
    x: Array
    targets: Array

    @property
    def tau(self) -> int:
        """The number of time steps."""
        return len(self.x)

    @cached_property
    def graph(self) -> Graph:
        """The layers run step by step in the engine, with every quantity of every layer and step."""
        return self.run(fused=False)

    @cached_property
    def outside(self) -> Graph:
        """The layers run by their kernel, of which only what goes in and what comes out is seen."""
        return self.run(fused=True)

    def run(self, *, fused: bool) -> Graph:
        """One of the two."""
        raise NotImplementedError

    def kernel(self) -> Values:
        """What the kernel has for the equations that name it as a witness."""
        family = [e for e in REGISTRY.values() if e.family == self.family]
        return {e.quantity: self.outside.value(e.quantity) for e in family if "fused" in e.witnesses}

    def signals(self) -> Values:
        """Inputs, targets and τ."""
        x = {t: column(row) for t, row in enumerate(self.x, 1)}
        return {"x": x, "y": {t: int(id) for t, id in enumerate(self.targets, 1)}, "tau": self.tau}

    def inputs(self) -> Steps:
        """x⁽ᵗ⁾ (1, I), each a leaf."""
        return {t: Tensor(row[None], requires_grad=True) for t, row in enumerate(self.x, 1)}

    def scored(self, tensors: Values, *parts: Steps) -> Graph:
        """With scores, probabilities and loss, from the parts that the scores are read from."""
        o = {t: total(head(p[t]) for head, p in zip(self.heads, parts, strict=True)) for t in tensors["x"]}
        loss = total(cross_entropy(one, self.targets[t - 1 : t]) for t, one in o.items())
        return Graph({**tensors, "o": o, "y_hat": {t: softmax(one) for t, one in o.items()}, "L": loss}, loss)


@dataclass(frozen=True)
class Deep(Layered):
    """Elman layers above each other; `start` (λ, H) are their first states."""

    layer: RNN
    start: Array

    @property
    def levels(self) -> range:
        """1 … λ."""
        return range(1, self.layer.num_layers + 1)

    def blocks(self) -> dict[str, Any]:
        """The parameter that each letter is: for U, W and b one of each layer."""
        (head,) = self.heads
        names = {"U": "weight_ih", "W": "weight_hh", "b": "bias_ih"}
        each = {k: {level: whole(self.layer, name, level - 1) for level in self.levels} for k, name in names.items()}
        return {**each, "V": Block(head.weight, slice(None)), "c": Block(present(head.bias), slice(None))}

    def given(self) -> Values:
        """Parameters, inputs, targets, first states, how many layers and steps, and zeros for what lies beyond τ."""
        (head,) = self.heads
        each = {k: {n: value(p) for n, p in self.blocks()[k].items()} for k in ("U", "W", "b")}
        each["b"] = {n: b + value(whole(self.layer, "bias_hh", n - 1)) for n, b in each["b"].items()}
        h = {(n, 0): column(one) for n, one in enumerate(self.start, 1)}
        beyond = {(n, self.tau + 1): 0 * one for (n, _), one in h.items()}
        letters = {"V": head.weight.data, "c": column(present(head.bias).data), "depth": len(self.levels)}
        return {**each, **letters, **self.signals(), "h": h, "grad_a": beyond}

    def run(self, *, fused: bool) -> Graph:
        """The whole layer, or layer by layer and step by step."""
        x = self.inputs()
        h = {(n, 0): Tensor(one[None], requires_grad=True) for n, one in enumerate(self.start, 1)}
        tensors: Values = {"x": x, "h": h, **self.blocks()}
        if fused:
            output, _ = self.layer(stack(list(x.values())), stack(list(h.values())))
            return self.scored(tensors, dict(enumerate(output.unstack(), 1)))
        tensors["a"], below = {}, x
        h |= {(0, t): one for t, one in x.items()}
        for n in self.levels:
            steps = elman_steps(self.layer, below, h[n, 0], n - 1)
            below = {t: step.h for t, step in steps.items()}
            tensors["a"] |= {(n, t): step.a for t, step in steps.items()}
            h |= {(n, t): one for t, one in below.items()}
        return self.scored(tensors, below)


@dataclass(frozen=True)
class BothWays(Layered):
    """Two Elman layers, one for each direction; `start` are h⁽⁰⁾ (H,) and g⁽τ⁺¹⁾ (G,)."""

    layers: tuple[RNN, RNN]
    start: tuple[Array, Array]

    def blocks(self) -> dict[str, Block]:
        """The parameter that each letter is: c, and for either direction U, W, b and V."""
        found = {"c": Block(present(self.heads[0].bias), slice(None))}
        for k, layer, head in zip("hg", self.layers, self.heads, strict=True):
            names = {"U": "weight_ih", "W": "weight_hh", "b": "bias_ih"}
            found |= {f"{letter}_{k}": whole(layer, name) for letter, name in names.items()}
            found[f"V_{k}"] = Block(head.weight, slice(None))
        return found

    def given(self) -> Values:
        """Parameters, inputs, targets, τ, the first state of each direction, and zeros for what lies beyond."""
        values: Values = {k: value(p) for k, p in self.blocks().items()}
        for k, layer in zip("hg", self.layers, strict=True):
            values[f"b_{k}"] = values[f"b_{k}"] + value(whole(layer, "bias_hh"))
        (h, g), after = map(column, self.start), self.tau + 1
        beyond = {"grad_a_h": {after: 0 * h}, "grad_a_g": {0: 0 * g}}
        return {**values, **self.signals(), "h": {0: h}, "g": {after: g}, **beyond}

    def run(self, *, fused: bool) -> Graph:
        """Each by its kernel, or each step by step."""
        x, tau = self.inputs(), self.tau
        first, last = (Tensor(one[None], requires_grad=True) for one in self.start)
        tensors: Values = {"x": x, "h": {0: first}, "g": {tau + 1: last}, **self.blocks()}
        if fused:
            h, g = self._by_kernel(0, x, first), self._by_kernel(1, x, last)
            return self.scored({**tensors, "h_out": h, "g_out": g}, h, g)
        ahead = elman_steps(self.layers[0], x, first)
        turned = elman_steps(self.layers[1], {t: x[tau + 1 - t] for t in x}, last)
        for k, steps in (("h", ahead), ("g", {tau + 1 - t: step for t, step in turned.items()})):
            tensors[f"a_{k}"] = {t: step.a for t, step in steps.items()}
            tensors[k] |= {t: step.h for t, step in steps.items()}
        return self.scored(tensors, tensors["h"], tensors["g"])

    def _by_kernel(self, direction: int, x: Steps, start: Tensor) -> Steps:
        """The outputs of one direction of a kernel that runs both, each with the weights of this one."""
        layer, n = self.layers[direction], start.shape[1]
        states = [ElmanState(start)] * 2
        output, _ = run(layer.cell, [layer.weights()] * 2, stack(list(x.values())), states, fused=True)
        return dict(enumerate(output[..., direction * n : (direction + 1) * n].unstack(), 1))

    def kernel(self) -> Values:
        """With the states, which are what the layer puts out."""
        return {**super().kernel(), **{k: self.outside.value(f"{k}_out") for k in "hg"}}


def whole(layer: RNN, name: str, level: int = 0) -> Block:
    """A parameter of one level of a layer."""
    return Block(present(layer.weights(level)[name]), slice(None))


def value(block: Block) -> Array:
    """A parameter as equations have it."""
    found: Array = column(block.tensor.data)
    return found


def elman_steps(layer: RNN, x: Steps, start: Tensor, level: int = 0) -> dict[int, ElmanStep]:
    """One level of a layer run over x⁽¹⁾ … x⁽τ⁾ op by op."""
    weights = layer.weights(level)
    projected = project(weights, stack([x[t] for t in range(1, len(x) + 1)]))
    steps = unroll(layer.cell, projected, ElmanState(start), weights["weight_hh"], weights["bias_hh"])
    return dict(enumerate(steps, 1))


def random_deep(
    family: str,
    rng: np.random.Generator,
    *,
    steps: int = 5,
    inputs: int = 4,
    hidden: int = 3,
    vocabulary: int = 6,
    layers: int | None = None,
) -> Deep:
    """Nothing zero, nothing symmetric; two layers or three where `layers` does not say."""
    layers = int(rng.integers(2, 4)) if layers is None else layers
    layer = RNN(inputs, hidden, layers, dtype=np.float64, rng=rng, implementation="fused")
    heads = (Linear(hidden, vocabulary, dtype=np.float64, rng=rng),)
    randomise(rng, layer, *heads)
    x, targets = rng.standard_normal((steps, inputs)), rng.integers(0, vocabulary, steps)
    return Deep(family, heads, x, targets, layer, rng.standard_normal((layers, hidden)))


def random_bidirectional(
    family: str,
    rng: np.random.Generator,
    *,
    steps: int = 5,
    inputs: int = 4,
    hidden: int = 3,
    vocabulary: int = 6,
    backward: int | None = None,
) -> BothWays:
    """The same, with as many units for the second direction as nothing else has, where `backward` does not say."""
    taken = (inputs, hidden, vocabulary)
    others = [n for n in range(2, 9) if n not in taken]
    sizes = (hidden, int(rng.choice(others)) if backward is None else backward)
    ahead, back = (RNN(inputs, n, dtype=np.float64, rng=rng, implementation="fused") for n in sizes)
    first, second = (
        Linear(n, vocabulary, bias, dtype=np.float64, rng=rng) for n, bias in zip(sizes, (True, False), strict=True)
    )
    randomise(rng, ahead, back, first, second)
    x, targets = rng.standard_normal((steps, inputs)), rng.integers(0, vocabulary, steps)
    start = (rng.standard_normal(sizes[0]), rng.standard_normal(sizes[1]))
    return BothWays(family, (first, second), x, targets, (ahead, back), start)


def randomise(rng: np.random.Generator, *modules: Module) -> None:
    """Give every parameter normal entries of deviation 0.6: more would saturate the units of the upper layers."""
    for p in (p for module in modules for p in module.parameters()):
        p.assign(0.6 * rng.standard_normal(p.shape))
