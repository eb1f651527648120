"""Witnesses for the equations of unfolding: the Elman network of `rnn.witnesses` under other names.

A system left to itself is the network without input; a driven system is the network as it is; with samples as rows
it reads several sequences at once, and its matrices stand transposed.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from minigrad import Tensor, cross_entropy
from rnn.cells import unroll
from rnn.formulas.unfolding import f, f_alone
from rnn.witnesses import Graph, Problem, by_kernel, fused, random_problem, run, total


class System(Problem):
    """One sequence, its state named s and h; family "driven", or "system", which reads zeros."""

    def given(self) -> dict[str, Any]:
        """f, θ as one column, the signal, and where the state starts."""
        known = super().given()
        alone = self.family == "system"
        letters = ("b", "W") if alone else ("b", "W", "U")
        theta = np.concatenate([known[k].reshape(-1, 1) for k in letters])
        start = known["h"]
        return {"f": f_alone if alone else f, "theta": theta, "x": known["x"], "s": dict(start), "h": dict(start)}

    @cached_property
    def graph(self) -> Graph:
        """The network run step by step in the engine; s is its hidden state."""
        found = run(self)
        return Graph({**found.tensors, "s": found.tensors["h"]}, found.loss)

    def kernel(self) -> dict[str, Any]:
        """The fused kernel's values; s is its hidden state."""
        values = fused(self)
        return {**values, "s": values["h"]}


class Rows(Problem):
    """Several sequences, one in each row: x (τ, n, d), h0 (n, h), targets (τ, n)."""

    def given(self) -> dict[str, Any]:
        """D2L's parameters, the batches Xₜ, the first state and φ = tanh."""
        p = {letter: np.atleast_2d(tensor.data.T) for letter, tensor in self.parameters().items()}
        assert self.layer.bias_hh_l0 is not None  # the networks here are built with all their biases
        return {
            "W_xh": p["U"], "W_hh": p["W"], "b_h": p["b"] + self.layer.bias_hh_l0.data, "W_hq": p["V"],
            "b_q": p["c"], "phi": np.tanh, "X": dict(enumerate(self.x, 1)), "H": {0: self.h0},
        }  # fmt: skip

    @cached_property
    def graph(self) -> Graph:
        """All rows run step by step in the engine."""
        layer = self.layer
        start = Tensor(self.h0, requires_grad=True)
        steps = unroll(layer.cell, layer.project(Tensor(self.x)), start, layer.weight_hh_l0, layer.bias_hh_l0)
        H = {t: step.h for t, step in enumerate(steps, 1)}
        O = {t: self.head(h) for t, h in H.items()}  # noqa: E741  # the book's letter
        loss = total(cross_entropy(o, ids) for o, ids in zip(O.values(), self.targets, strict=True))
        return Graph({"H": H, "O": O, "L": loss}, loss, of_step=np.asarray)

    def kernel(self) -> dict[str, Any]:
        """The states of the fused kernel, and the scores they give."""
        states = by_kernel(self.layer, Tensor(self.x), Tensor(self.h0))
        return {"H": dict(enumerate(states.data, 1)), "O": dict(enumerate(self.head(states).data, 1))}


def random_recursion(family: str, rng: np.random.Generator, *, rows: int = 3, **sizes: int) -> Problem:
    """As `rnn.witnesses.random_problem`: nothing zero but the input of a system left to itself."""
    p = random_problem("elman", rng, **sizes)
    if family == "system":
        return System(family, p.layer, p.head, np.zeros_like(p.x), p.h0, p.targets)
    if family == "driven":
        return System(family, p.layer, p.head, p.x, p.h0, p.targets)
    x, h0 = rng.standard_normal((p.tau, rows, p.layer.input_size)), rng.standard_normal((rows, p.layer.hidden_size))
    return Rows(family, p.layer, p.head, x, h0, rng.integers(0, len(p.head.weight), (p.tau, rows)))
