"""Witnesses for Jacobians across many steps: row by row from the engine, column by column from differences."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from minigrad import Tensor
from minigrad.graph import Array
from rnn.formulas.registry import Values
from rnn.witnesses.base import Graph, difference, jacobian
from rnn.witnesses.network import Network, random_network

Derivative = Callable[[Tensor, Tensor], Array]


class Derivatives(Graph):
    """A graph that also gives J, ν, F and each P by their times."""

    def value(self, name: str) -> Any:
        """As for any graph; the Jacobians a row at a time."""
        return self._across(name, jacobian) if name in _ACROSS else super().value(name)

    def difference(self, name: str) -> Any:
        """The same by central differences."""
        return self._across(name, difference) if name in _ACROSS else super().difference(name)

    def _across(self, name: str, by: Derivative) -> dict[int, Any]:
        return {t: _ACROSS[name](self.tensors, t, by) for t in self.tensors["h"] if t or not name.startswith("P_")}


def _to_the_end(tensors: dict[str, Any], t: int, by: Derivative) -> Array:
    h = tensors["h"]
    return by(h[max(h)], h[t])


def _stretch(tensors: dict[str, Any], t: int, by: Derivative) -> float:
    """The spectral norm: the root of the largest eigenvalue of JᵀJ."""
    J = _to_the_end(tensors, t, by)
    return float(np.sqrt(np.linalg.eigvalsh(J.T @ J)[-1]))


def _from_the_start(tensors: dict[str, Any], t: int, by: Derivative) -> Array:
    return by(tensors["h"][t], tensors["h"][0])


def _by(letter: str) -> Callable[[dict[str, Any], int, Derivative], Array]:
    """∂h⁽ᵗ⁾ by a parameter, whose entries stand column by column; in the engine's derivative they stand by rows."""

    def found(tensors: dict[str, Any], t: int, by: Derivative) -> Array:
        parameter = tensors[letter].tensor
        rows = by(tensors["h"][t], parameter)
        return rows.reshape(-1, *parameter.shape).reshape(len(rows), -1, order="F") if letter != "b" else rows

    return found


_ACROSS: dict[str, Callable[[dict[str, Any], int, Derivative], Any]] = {
    "J": _to_the_end,
    "nu": _stretch,
    "F": _from_the_start,
    "P_W": _by("W"),
    "P_U": _by("U"),
    "P_b": _by("b"),
}


class Sensitivity(Network):
    """One sequence; family "jacobian" or "rtrl"."""

    def given(self) -> Values:
        """The parameters, x, y, the forward pass, I, and the zeros with which every P begins."""
        values = {**super().given(), **{name: self.graph.value(name) for name in ("h", "grad_o")}}
        H = self.layer.hidden_size
        zeros: Values = {f"P_{k}": {0: np.zeros((H, np.size(values[k])))} for k in "WUb"}
        return {**values, **(zeros if self.family == "rtrl" else {}), "I": np.eye(H)}

    @cached_property
    def graph(self) -> Graph:
        """The network run step by step in the engine."""
        found = self.run()
        return Derivatives(found.tensors, found.loss)


def lasting_network(rng: np.random.Generator, **sizes: int) -> Network:
    """A random Elman network in which changes last, with ‖W‖ = 1 and few units saturated.

    Otherwise a product over many steps is so small that it drowns in the rounding of differences.
    """
    network = random_network("elman", rng, scale=0.5, **sizes)
    W = network.layer.weight_hh_l0
    W.assign(W.data / np.linalg.norm(W.data, 2))
    return network


def random_sensitivity(family: str, rng: np.random.Generator, **sizes: int) -> Sensitivity:
    """A network as `lasting_network` draws it, for the family "jacobian" or "rtrl"."""
    p = lasting_network(rng, **sizes)
    return Sensitivity(family, p.layer, p.x, p.start, p.targets, p.head)
