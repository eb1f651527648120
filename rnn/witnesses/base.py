"""What a witness is asked: a problem for all of them to compute, and the engine's record of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np

from minigrad import Tensor, differences, grad
from minigrad.graph import Array
from minigrad.replay import replaying
from rnn.formulas import REGISTRY, notation
from rnn.formulas.registry import Values

STEP = 2e-4
"""How far differences move an entry. They err by s⁴ times a fifth derivative, and by ε L / s from rounding.

With 1e-3 the first came to 3e-5 of a gradient, where scores are fed back through large weights; here to 5e-8. The
second comes to some 1e-11, at most 5e-9 of a gradient's largest entry.
"""


class Problem(Protocol):
    """A network, its inputs and its targets, in float64, under the names that a family's equations use."""

    @property
    def family(self) -> str:
        """The family of equations."""

    @property
    def graph(self) -> Graph:
        """The network run step by step in the engine, with every quantity of every step."""

    def given(self) -> Values:
        """What a chain of equations starts from: parameters, inputs, targets, first states, and how many steps."""

    def kernel(self) -> Values:
        """What the fused kernel has for the quantities that equations name it as a witness of."""


class Block(NamedTuple):
    """Some rows of a parameter: what one letter of the equations stands for."""

    tensor: Tensor
    rows: slice


def column(a: Any) -> Any:
    """A vector (n,) as a column (n, 1); matrices as they are, numbers as floats."""
    a = np.asarray(a)
    return float(a) if a.ndim == 0 else a.reshape(-1, 1) if a.ndim == 1 else a


def of_step(a: Any) -> Any:
    """The row (1, n) that a step of one sequence gives, or its vector (n,), as a column (n, 1)."""
    return column(np.asarray(a).ravel() if np.ndim(a) else a)


@dataclass(frozen=True)
class Graph:
    """A recorded run: each quantity's tensor by name (a dict from its index for what has time), and the loss.

    `of_step` brings what belongs to one step into the form in which the equations have it.
    """

    tensors: dict[str, Any]
    loss: Tensor
    of_step: Callable[[Any], Any] = of_step
    known: dict[tuple[str, Tensor], Array] = field(default_factory=dict)  # several letters may share a parameter

    def value(self, name: str) -> Any:
        """The engine's value of a quantity, a gradient (`grad_…`) or a Jacobian (`d…_d…`)."""
        if name.startswith("grad_") or name == "dL_dL":
            self._differentiate(name)
            return self._each(name, lambda tensor: self.known["gradient", tensor])
        if name in ("dh_dh", "do_dh"):
            return self._jacobians(name, jacobian)
        return self._each(name, lambda tensor: tensor.data)

    def difference(self, name: str) -> Any:
        """A gradient or Jacobian by central differences: the graph is run forwards with the quantity moved."""
        if name in ("dh_dh", "do_dh"):
            return self._jacobians(name, difference)
        return self._each(name, self._moved)

    def _differentiate(self, name: str) -> None:
        """The gradients by all tensors of a quantity, in one pass."""
        found = self._of(name)
        each = found.values() if isinstance(found, dict) else [found]
        tensors = (x.tensor if isinstance(x, Block) else x for x in each)
        new = [tensor for tensor in dict.fromkeys(tensors) if ("gradient", tensor) not in self.known]
        for tensor, gradient in zip(new, grad(self.loss, new, retain_graph=True) if new else (), strict=True):
            self.known["gradient", tensor] = gradient.data

    def _moved(self, tensor: Tensor) -> Array:
        if ("difference", tensor) not in self.known:
            self.known["difference", tensor] = difference(self.loss, tensor)
        return self.known["difference", tensor]

    def _of(self, name: str) -> Any:
        """The tensors of a quantity, of its gradient or its Jacobian."""
        return self.tensors["L_t" if name == "dL_dL" else name.removeprefix("grad_")]

    def _each(self, name: str, value: Callable[[Tensor], Array]) -> Any:
        tensors = self._of(name)
        if isinstance(tensors, dict) and isinstance(next(iter(tensors.values())), Block):
            return {index: column(value(tensor)[rows]) for index, (tensor, rows) in tensors.items()}
        if isinstance(tensors, dict):
            return {index: self.of_step(value(tensor)) for index, tensor in tensors.items()}
        if isinstance(tensors, Block):
            return column(value(tensors.tensor)[tensors.rows])
        return column(value(tensors))

    def _jacobians(self, name: str, by: Callable[[Tensor, Tensor], Array]) -> dict[int, Array]:
        """∂above⁽ᵗ⁾/∂h: by the state before for h itself, by the state of the same step for o."""
        h, above, back = self.tensors["h"], self.tensors[name[1]], int(name[1] == "h")
        return {t: by(above[t], h[t - back]) for t in above if t - back >= 1}


def jacobian(above: Tensor, below: Tensor) -> Array:
    """∂above/∂below (entries of above, entries of below), a row by a backward pass."""
    seeds = np.eye(above.size).reshape(above.size, *above.shape)
    return np.stack([grad(above, below, seed=s, retain_graph=True).data.ravel() for s in seeds])


def difference(above: Tensor, below: Tensor) -> Array:
    """The same by central differences; of a number, in the shape of below."""
    again = replaying(above, [below])
    moved = differences(lambda array: again([array]), below.data, STEP)
    return moved if above.ndim == 0 else moved.reshape(below.size, above.size).T


def total(losses: Iterable[Tensor]) -> Tensor:
    """The sum of at least one."""
    first, *rest = losses
    return sum(rest, first)


def beyond(family: str, graph: Graph, tau: int) -> Values:
    """Zeros for whatever the family's equations read at τ + 1: nothing comes after the end, and nothing from there."""
    found: Values = {}
    for e in (e for e in REGISTRY.values() if e.family == family and e.over in ("t = 1 … τ", "t = τ … 1")):
        for term in e.reads:
            if term.index == "t+1":
                name = notation.name(term.symbol)
                last = graph.tensors[name.removeprefix("grad_")][tau]
                found[name] = {tau + 1: 0 * graph.of_step(last.data)}
    return found
