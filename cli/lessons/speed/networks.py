"""The network of this lesson: ids in, a recurrent layer, scores for the next id; the same in two implementations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cli.lab.bench.problem import draw
from cli.lab.bench.workloads import Workload
from cli.lab.experiments import between
from minigrad import Tensor, cross_entropy, grad
from minigrad.graph import Array
from minigrad.nn import Linear
from rnn.layers import LAYERS
from rnn.recurrent import Recurrent
from rnn.sequence import Implementation

WIDTHS = {"units": between(8, 256), "batch": between(1, 64)}
SIZES = {**WIDTHS, "steps": between(2, 256)}
CELLS = ("rnn", "gru", "lstm")
NAMES = {"rnn": "RNN", "gru": "GRU", "lstm": "LSTM"}


def workload(cell: str, units: int, steps: int, batch: int) -> Workload:
    """A training step of that size."""
    return Workload(f"{cell}-{units}", cell, units, steps=steps, batch=batch)


@dataclass(frozen=True)
class Network:
    """A layer and a head with the weights of a problem, its ids and its targets, both (T, B)."""

    layer: Recurrent
    head: Linear
    ids: Array
    targets: Array

    def loss(self) -> Tensor:
        """The mean cross-entropy over all steps and rows."""
        return cross_entropy(self.head(self.layer(self.ids)[0]), self.targets)

    def gradients(self) -> dict[str, Array]:
        """The loss and its gradient by every parameter."""
        loss, named = self.loss(), {**dict(self.layer.named_parameters()), **dict(self.head.named_parameters())}
        found = grad(loss, list(named.values()))
        return {"loss": loss.data, **{name: g.data for name, g in zip(named, found, strict=True)}}


def network(
    of: Workload, seed: int, implementation: Implementation = "auto", dtype: Any = np.float32, *, scale: float = 1.0
) -> Network:
    """Weights U(±1/√H), those from state to state times `scale`; the same for every implementation and precision."""
    arrays = draw(of, np.random.default_rng(seed))
    kind = LAYERS[of.cell]
    layer = kind(of.vocabulary, of.hidden, dtype=dtype, implementation=implementation)
    layer.load_state_dict(_named(arrays, "rnn.", dtype))
    layer.weight_hh_l0.assign(layer.weight_hh_l0.data * dtype(scale))
    head = Linear(of.hidden, of.vocabulary, dtype=dtype)
    head.load_state_dict(_named(arrays, "head.", dtype))
    return Network(layer, head, arrays["ids"], arrays["targets"])


def _named(arrays: Mapping[str, Array], prefix: str, dtype: Any) -> dict[str, Array]:
    return {k.removeprefix(prefix): a.astype(dtype) for k, a in arrays.items() if k.startswith(prefix)}
