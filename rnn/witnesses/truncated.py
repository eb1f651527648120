"""Witnesses for backpropagation through time cut short: states detached where the way back is to end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from minigrad import Tensor, cross_entropy, grad
from rnn.formulas.registry import Values
from rnn.formulas.truncation import at_random, in_chunks
from rnn.stepwise import project
from rnn.witnesses.base import Graph, column, total
from rnn.witnesses.network import Network
from rnn.witnesses.sensitivity import lasting_network


class Chunks(Graph):
    """A graph in which each chunk has states of its own, the tensors "state" by (k, t); δ is the gradient by them."""

    def value(self, name: str) -> Any:
        """As for any graph; δ⁽ᵏ,ᵗ⁾ too."""
        return super().value("grad_state" if name == "delta" else name)

    def difference(self, name: str) -> Any:
        """The same by central differences; where a chunk begins the state is held as it is."""
        return super().difference("grad_state" if name == "delta" else name)


@dataclass(frozen=True)
class Truncated(Network):
    """Each chunk's window is run again from the detached state before it, and the chunk's losses differentiated."""

    window: int
    stride: int

    def given(self) -> Values:
        """The parameters, x, y and the forward pass, and which steps belong to which chunk and window."""
        run = self._whole
        forward = {name: run.value(name) for name in ("h", "y_hat", "grad_o")}
        return in_chunks({**super().given(), **forward}, self.window, self.stride)

    @cached_property
    def graph(self) -> Graph:
        """All chunks; one tensor of zeros, h by its time, moves a state in every chunk that has it."""
        moved = {t: self._zeros() for t in range(1, self.tau + 1)}
        states = {(k, t): self._zeros() for k, *_ in self._chunks() for t in moved}  # of no influence but for these:
        losses = {}
        for k, first, start, end in self._chunks():
            own = self._rerun(start, end, moved)
            states |= {(k, t): h for t, h in own.items()}
            losses[k] = total(self._loss(own[t], t) for t in range(first + 1, end + 1))
        loss = total(losses.values())
        return Chunks({**self.blocks(), "h": moved, "state": states, "L": losses}, loss)

    def kernel(self) -> Values:
        """∇b, ∇W and ∇U from the fused kernel, run once for each window."""
        losses = []
        for _, first, start, end in self._chunks():
            h = self.by_kernel(Tensor(self.x[start:end, None]), self._start(start))
            losses += [self._loss(h[t - start - 1], t) for t in range(first + 1, end + 1)]
        blocks = {letter: block for letter, block in self.blocks().items() if letter in "bWU"}
        gradients = grad(total(losses), [tensor for tensor, _ in blocks.values()])
        found = zip(blocks.items(), gradients, strict=True)
        return {f"grad_{letter}": column(g.data[rows]) for (letter, (_, rows)), g in found}

    @cached_property
    def _whole(self) -> Graph:
        return self.run()

    def _chunks(self) -> Iterator[tuple[int, int, int, int]]:
        """Each chunk's number, the step before its first, the state at which its window begins, and its last step."""
        for k, first in enumerate(range(0, self.tau, self.stride), 1):
            end = min(first + self.stride, self.tau)
            yield k, first, max(0, end - self.window), end

    def _rerun(self, start: int, end: int, moved: dict[int, Tensor]) -> dict[int, Tensor]:
        """The states of a window by their time."""
        cell, weights, state, found = self.layer.cell, self.layer.weights(), self._start(start), {}
        recurrent = [weights[name] for name in cell.recurrent]
        for t, x in enumerate(project(weights, Tensor(self.x[start:end, None])).unstack(), start + 1):
            found[t] = cell.step(x, state, *recurrent).h + moved[t]
            state = cell.State(found[t])
        return found

    def _start(self, t: int) -> Any:
        return self.layer.cell.State(self._whole.tensors["h"][t].detach())

    def _loss(self, h: Tensor, t: int) -> Tensor:
        return cross_entropy(self.head(h), self.targets[t - 1 : t])

    def _zeros(self) -> Tensor:
        return Tensor(np.zeros((1, self.layer.hidden_size)), requires_grad=True)


@dataclass(frozen=True)
class Randomised(Network):
    """What goes on from step t is h detached + ξ⁽ᵗ⁾ (h − h detached): the state as it is, with its link weighted."""

    xi: tuple[float, ...]

    def given(self) -> Values:
        """The parameters, x, y, the forward pass and ξ."""
        forward = {name: self.graph.value(name) for name in ("h", "grad_o")}
        return at_random({**super().given(), **forward}, self.xi)

    @cached_property
    def graph(self) -> Graph:
        """The network with weighted links; h by its time are the states as they come out of their step."""
        cell, weights = self.layer.cell, self.layer.weights()
        recurrent = [weights[name] for name in cell.recurrent]
        passed = Tensor(self.h0[None])
        h = {0: passed}
        for t, x in enumerate(project(weights, Tensor(self.x[:, None])).unstack(), 1):
            h[t] = cell.step(x, cell.State(passed), *recurrent).h
            if t < self.tau:
                passed = h[t].detach() + self.xi[t - 1] * (h[t] - h[t].detach())
        o = {t: self.head(state) for t, state in h.items() if t}
        loss = total(cross_entropy(scores, self.targets[t - 1 : t]) for t, scores in o.items())
        return Graph({**self.blocks(), "h": h, "o": o}, loss)


def random_truncated(
    family: str, rng: np.random.Generator, *, window: int | None = None, stride: int | None = None, **sizes: int
) -> Network:
    """A network as `lasting_network` draws it, for the family "truncated" or "randomised".

    The window is drawn from 1 to τ and the stride from 1 to the window, unless they are given. The weights ξ are
    positive and of mean 1, as equations must hold whatever they are.
    """
    p = lasting_network(rng, **sizes)
    parts = family, p.layer, p.x, p.start, p.targets, p.head
    if family == "randomised":
        return Randomised(*parts, tuple(map(float, rng.uniform(0.2, 1.8, p.tau - 1))))
    window = window or int(rng.integers(1, p.tau + 1))
    return Truncated(*parts, window, stride or int(rng.integers(1, window + 1)))
