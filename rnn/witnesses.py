"""Independent ways to the same quantities: the engine, central differences, the fused kernel.

Each gives values under the names that equations use: columns (n, 1) for vectors, a dict from t for what has time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from minigrad import Tensor, cross_entropy, differences, grad, softmax
from minigrad.graph import Array, replay
from minigrad.nn import Linear, Parameter
from rnn.cells import unroll
from rnn.layers import RNN

LAYERS: dict[str, type[RNN]] = {"elman": RNN}


@dataclass(frozen=True)
class Problem:
    """A network with an output layer, a sequence and its targets, in float64: one thing for all witnesses to compute.

    x (τ, I), h0 (H,), targets (τ,) ids. The loss is the sum over t of the cross-entropies, in nats.
    """

    family: str
    layer: RNN
    head: Linear
    x: Array
    h0: Array
    targets: Array

    @property
    def tau(self) -> int:
        """The number of time steps."""
        return len(self.x)

    def parameters(self) -> dict[str, Parameter]:
        """The parameter that each letter of the family's equations is."""
        letters = {letter: vars(self.layer)[f"{name}_l0"] for letter, (name, _) in self.layer.cell.letters.items()}
        return {**letters, "V": self.head.weight, "c": _present(self.head.bias)}

    def given(self) -> dict[str, Any]:
        """What a chain of equations starts from: parameters, inputs, targets and h⁽⁰⁾."""
        values: dict[str, Any] = {letter: column(p.data) for letter, p in self.parameters().items()}
        values["b"] = values["b"] + column(_present(self.layer.bias_hh_l0).data)  # the equations have one bias
        values["x"] = {t: column(x) for t, x in enumerate(self.x, 1)}
        values["y"] = {t: int(y) for t, y in enumerate(self.targets, 1)}
        values["h"] = {0: column(self.h0)}
        return values

    @cached_property
    def graph(self) -> Graph:
        """The network run step by step in the engine, with every quantity of every step."""
        return run(self)

    def kernel(self) -> dict[str, Any]:
        """What the fused kernel has for the quantities that equations name it as a witness of."""
        return fused(self)


def _present(p: Parameter | None) -> Parameter:
    assert p is not None  # the networks here are built with all their biases
    return p


def random_problem(
    family: str,
    rng: np.random.Generator,
    *,
    steps: int = 5,
    inputs: int = 4,
    hidden: int = 3,
    vocabulary: int = 6,
    scale: float = 0.8,
) -> Problem:
    """Normal weights, inputs and initial state, nothing zero, nothing symmetric; by default all sizes differ."""
    layer = LAYERS[family](inputs, hidden, dtype=np.float64, rng=rng)
    head = Linear(hidden, vocabulary, dtype=np.float64, rng=rng)
    for p in (*layer.parameters(), *head.parameters()):
        p.assign(scale * rng.standard_normal(p.shape))
    x, h0 = rng.standard_normal((steps, inputs)), rng.standard_normal(hidden)
    return Problem(family, layer, head, x, h0, rng.integers(0, vocabulary, steps))


def column(a: Any) -> Any:
    """A vector (n,) as a column (n, 1); matrices as they are, numbers as floats."""
    a = np.asarray(a)
    return float(a) if a.ndim == 0 else a.reshape(-1, 1) if a.ndim == 1 else a


def _of_step(a: Any) -> Any:
    """The row (1, n) that a step of one sequence gives, or its vector (n,), as a column (n, 1)."""
    return column(np.asarray(a).ravel() if np.ndim(a) else a)


@dataclass(frozen=True)
class Graph:
    """A recorded run: each quantity's tensor by name (a dict from t for what has time), and the loss.

    `of_step` brings what belongs to one step into the form in which the equations have it.
    """

    tensors: dict[str, Any]
    loss: Tensor
    of_step: Callable[[Any], Any] = _of_step

    def value(self, name: str) -> Any:
        """The engine's value of a quantity, a gradient (`grad_…`) or a Jacobian (`d…_d…`)."""
        if name.startswith("grad_") or name == "dL_dL":
            return self._each(name, lambda t, tensor: grad(self.loss, tensor, retain_graph=True).data)
        if name in ("dh_dh", "do_dh"):
            return self._jacobians(name, _rows)
        return self._each(name, lambda t, tensor: tensor.data)

    def difference(self, name: str) -> Any:
        """A gradient or Jacobian by central differences: the graph is run forwards with the quantity moved."""
        if name in ("dh_dh", "do_dh"):
            return self._jacobians(name, _difference)
        return self._each(name, lambda t, tensor: _difference(self.loss, tensor))

    def _each(self, name: str, value: Any) -> Any:
        of = "L_t" if name == "dL_dL" else name.removeprefix("grad_")
        tensors = self.tensors[of]
        if isinstance(tensors, dict):
            return {t: self.of_step(value(t, tensor)) for t, tensor in tensors.items()}
        return column(value(None, tensors))

    def _jacobians(self, name: str, jacobian: Any) -> dict[int, Array]:
        """∂above⁽ᵗ⁾/∂h: by the state before for h itself, by the state of the same step for o."""
        h, above, back = self.tensors["h"], self.tensors[name[1]], int(name[1] == "h")
        return {t: jacobian(above[t], h[t - back]) for t in above if t - back >= 1}


def _rows(above: Tensor, below: Tensor) -> Array:
    """∂above/∂below (rows of above, entries of below), a row by a backward pass."""
    seeds = np.eye(above.size).reshape(above.size, *above.shape)
    return np.stack([grad(above, below, seed=s, retain_graph=True).data.ravel() for s in seeds])


def _difference(above: Tensor, below: Tensor) -> Array:
    moved = differences(lambda array: replay(above, [(below, array)]), below.data)
    return moved if above.ndim == 0 else moved.reshape(below.size, above.size).T


def run(problem: Problem) -> Graph:
    """Run the layer's cell op by op and keep every tensor."""
    layer = problem.layer
    x = layer.project(Tensor(problem.x[:, None, :]))
    h0 = Tensor(problem.h0[None], requires_grad=True)
    steps = unroll(layer.cell, x, h0, layer.weight_hh_l0, layer.bias_hh_l0)
    tensors: dict[str, Any] = {name: {t: getattr(s, name) for t, s in enumerate(steps, 1)} for name in steps[0]._fields}
    tensors["o"] = {t: problem.head(s.h) for t, s in enumerate(steps, 1)}
    tensors["y_hat"] = {t: softmax(o) for t, o in tensors["o"].items()}
    tensors["L_t"] = {t: cross_entropy(o, problem.targets[t - 1 : t]) for t, o in tensors["o"].items()}
    loss = total(tensors["L_t"].values())
    return Graph({**tensors, **problem.parameters(), "L": loss}, loss)


def total(losses: Iterable[Tensor]) -> Tensor:
    """The sum of at least one."""
    first, *rest = losses
    return sum(rest, first)


def fused(problem: Problem) -> dict[str, Any]:
    """What the fused kernel gives: states, scores, probabilities, the loss, its gradients.

    ∇h⁽ᵗ⁾ is taken where a sequence that starts at h⁽ᵗ⁾ meets what h⁽ᵗ⁾ itself puts out.
    """
    h, head = _fused_states(problem, 0, Tensor(problem.h0[None])), problem.head
    o = head(h)
    loss = cross_entropy(o, problem.targets[:, None]) * float(problem.tau)
    letters = problem.parameters()
    gradients = grad(loss, letters.values(), retain_graph=True)
    values: dict[str, Any] = {f"grad_{k}": column(g.data) for k, g in zip(letters, gradients, strict=True)}
    values["grad_o"] = _series(grad(loss, o).data)
    values |= {"h": _series(h.data), "o": _series(o.data), "y_hat": _series(softmax(o).data), "L": loss.item()}
    values["grad_h"] = {t: _fused_state_gradient(problem, t, h.data[t - 1]) for t in values["h"]}
    return values


def _fused_states(problem: Problem, start: int, state: Tensor) -> Tensor:
    return by_kernel(problem.layer, Tensor(problem.x[start:, None, :]), state)


def by_kernel(layer: RNN, x: Tensor, state: Tensor) -> Tensor:
    """All states (T, B, H) by the fused kernel, from x (T, B, I) and a first state (B, H)."""
    before, layer.implementation = layer.implementation, "fused"
    try:
        return layer(x, state.reshape(1, *state.shape))[0]
    finally:
        layer.implementation = before


def _fused_state_gradient(problem: Problem, t: int, value: Array) -> Array:
    state = Tensor(value, requires_grad=True)
    loss = cross_entropy(problem.head(state), problem.targets[t - 1 : t])
    if t < problem.tau:
        rest = problem.head(_fused_states(problem, t, state))
        loss = loss + cross_entropy(rest, problem.targets[t:, None]) * float(problem.tau - t)
    return _of_step(grad(loss, state).data)


def _series(array: Array) -> dict[int, Any]:
    return {t: _of_step(a) for t, a in enumerate(array, 1)}
