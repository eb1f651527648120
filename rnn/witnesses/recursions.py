"""Witnesses for the equations of unfolding: the Elman network under other names.

A system left to itself is the network without input; a driven system is the network as it is; with samples as rows
it reads several sequences at once, and its matrices stand transposed.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from minigrad import Tensor, cross_entropy
from rnn.cells import unroll
from rnn.cells.elman import ElmanState
from rnn.formulas.unfolding import f, f_alone
from rnn.stepwise import project
from rnn.witnesses.base import Graph, total
from rnn.witnesses.network import Network, random_network


class System(Network):
    """One sequence, its state named s and h; family "driven", or "system", which reads zeros."""

    def given(self) -> dict[str, Any]:
        """f, θ as one column, the signal, and where the state starts."""
        known, tau = super().given(), self.tau
        alone = self.family == "system"
        letters = ("b", "W") if alone else ("b", "W", "U")
        theta = np.concatenate([known[k].reshape(-1, 1) for k in letters])
        start = known["h"]
        return {
            "f": f_alone if alone else f,
            "theta": theta,
            "x": known["x"],
            "s": dict(start),
            "h": dict(start),
            "tau": tau,
        }

    @cached_property
    def graph(self) -> Graph:
        """The network run step by step in the engine; s is its hidden state."""
        found = self.run()
        return Graph({**found.tensors, "s": found.tensors["h"]}, found.loss)

    def kernel(self) -> dict[str, Any]:
        """The fused kernel's values; s is its hidden state."""
        values = super().kernel()
        return {**values, "s": values["h"]}


class Rows(Network):
    """Several sequences, one in each row: x (τ, n, d), h0 (n, h), targets (τ, n)."""

    def given(self) -> dict[str, Any]:
        """D2L's parameters, the batches Xₜ, the first state and φ = tanh."""
        p = {letter: np.atleast_2d(np.asarray(value).T) for letter, value in self.letters().items()}
        return {
            "W_xh": p["U"], "W_hh": p["W"], "b_h": p["b"], "W_hq": p["V"],
            "b_q": p["c"], "phi": np.tanh, "X": dict(enumerate(self.x, 1)), "H": {0: self.start[0]}, "tau": self.tau,
        }  # fmt: skip

    @cached_property
    def graph(self) -> Graph:
        """All rows run step by step in the engine."""
        layer, start = self.layer, ElmanState(Tensor(self.start[0], requires_grad=True))
        weights = layer.weights()
        recurrent = [weights[name] for name in layer.cell.recurrent]
        steps = unroll(layer.cell, project(weights, Tensor(self.x)), start, *recurrent)
        H = {t: step.h for t, step in enumerate(steps, 1)}
        O = {t: self.head(h) for t, h in H.items()}  # noqa: E741  # the book's letter
        loss = total(cross_entropy(o, ids) for o, ids in zip(O.values(), self.targets, strict=True))
        return Graph({"H": H, "O": O, "L": loss}, loss, of_step=np.asarray)

    def kernel(self) -> dict[str, Any]:
        """The states of the fused kernel, and the scores they give."""
        states = self.by_kernel(Tensor(self.x), ElmanState(Tensor(self.start[0])))
        return {"H": dict(enumerate(states.data, 1)), "O": dict(enumerate(self.head(states).data, 1))}


def random_recursion(family: str, rng: np.random.Generator, *, rows: int = 3, **sizes: int) -> Network:
    """As `random_network`: nothing zero but the input of a system left to itself."""
    p = random_network("elman", rng, **sizes)
    if family == "system":
        return System(family, p.layer, np.zeros_like(p.x), p.start, p.targets, p.head)
    if family == "driven":
        return System(family, p.layer, p.x, p.start, p.targets, p.head)
    x, h0 = rng.standard_normal((p.tau, rows, p.layer.input_size)), rng.standard_normal((rows, p.layer.hidden_size))
    return Rows(family, p.layer, x, (h0,), rng.integers(0, len(p.head.weight), (p.tau, rows)), p.head)
