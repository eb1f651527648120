"""Modules: parameters with names, and the two layers that every network here is built with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from minigrad import ops
from minigrad.errors import ShapeError
from minigrad.graph import Array
from minigrad.tensor import Tensor

Initialiser = Callable[[np.random.Generator, tuple[int, ...]], Array]


class Parameter(Tensor):
    """A tensor that a module owns and an optimiser changes."""

    __slots__ = ()

    def __init__(self, data: Any, dtype: Any = None):
        super().__init__(data, requires_grad=True, dtype=dtype)

    @classmethod
    def wrap(cls, data: Array, node: Any = None, index: int = 0) -> Tensor:
        """What is computed from a parameter is a plain tensor."""
        return Tensor.wrap(data, node, index)

    def assign(self, data: Array) -> None:
        """Put new values in place; backward through an earlier use of the old ones will refuse."""
        self.data[...] = data
        self.touch()


class Module:
    """Something with parameters. They are found by walking the attributes, in the order they were set."""

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Parameter]]:
        """(name, parameter), names joined by dots, as torch names them."""
        for name, value in vars(self).items():
            if isinstance(value, Parameter):
                yield prefix + name, value
            elif isinstance(value, Module):
                yield from value.named_parameters(f"{prefix}{name}.")

    def parameters(self) -> list[Parameter]:
        """All parameters, in the order of their names' first appearance."""
        return [p for _, p in self.named_parameters()]

    def state_dict(self) -> dict[str, Array]:
        """Copies of all parameters by name."""
        return {name: p.data.copy() for name, p in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Take over all parameters; every missing, unexpected or misshapen entry is named before any is touched."""
        own = dict(self.named_parameters())
        wrong = [f"{n} is missing" for n in own if n not in state]
        wrong += [f"{n} is unexpected" for n in state if n not in own]
        wrong += [
            f"{n} has shape {np.shape(state[n])}, not {p.shape}"
            for n, p in own.items()
            if n in state and np.shape(state[n]) != p.shape
        ]
        if wrong:
            raise ShapeError("load_state_dict: " + ", ".join(wrong))
        for name, p in own.items():
            p.assign(np.asarray(state[name]))


def uniform(bound: float) -> Initialiser:
    """Draws from U(−bound, bound)."""
    return lambda rng, shape: rng.uniform(-bound, bound, shape)


class Linear(Module):
    """y = x Wᵀ + b. x (..., in), y (..., out); `weight` (out, in), `bias` (out,), both U(±1/√in) as torch."""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: Any = np.float32,
        rng: np.random.Generator | None = None,
    ):
        rng = rng or np.random.default_rng()
        draw = uniform(1 / np.sqrt(in_features))
        self.weight = Parameter(draw(rng, (out_features, in_features)), dtype)
        self.bias = Parameter(draw(rng, (out_features,)), dtype) if bias else None

    def __call__(self, x: Tensor) -> Tensor:
        """The product is taken over all rows at once, whatever axes precede the last."""
        y = x.reshape(-1, x.shape[-1]) @ self.weight.T
        if self.bias is not None:
            y = y + self.bias
        return y.reshape(*x.shape[:-1], self.weight.shape[0])


class Embedding(Module):
    """Row `id` of `weight` (n, d) for each id; N(0, 1) as torch. ids (...), result (..., d)."""

    def __init__(self, n: int, d: int, *, dtype: Any = np.float32, rng: np.random.Generator | None = None):
        rng = rng or np.random.default_rng()
        self.weight = Parameter(rng.standard_normal((n, d)), dtype)

    def __call__(self, ids: Any) -> Tensor:
        """Rows are looked up, never multiplied by one-hot vectors."""
        return ops.take(self.weight, ids)
