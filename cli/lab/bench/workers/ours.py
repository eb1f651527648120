"""This project through its public layers, as `rnn.training` uses them.

The variant is the layers' implementation on the processor, or "cuda": there ids and targets lie on the GPU already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from typing import Any

import numpy as np

from minigrad import Tensor, cross_entropy
from minigrad.graph import Array
from minigrad.nn import Linear, Module
from minigrad.optim import SGD, clip_grad_norm
from rnn.decoding import sample
from rnn.layers import LAYERS
from rnn.models import LanguageModel

_settings: dict[str, Any] = {}


def start(threads: int, variant: str) -> str:
    """The number of threads was set from outside, before anything was imported."""
    on_gpu = variant == "cuda"
    _settings.update(implementation="auto" if on_gpu else variant, device="cuda" if on_gpu else "cpu")
    try:
        return version("rnn-lab")
    except PackageNotFoundError:
        return "from its folder"


def load(workload: Mapping[str, Any], problem: dict[str, Array]) -> Training | Generation:
    """The work of these weights."""
    return (Generation if workload["tokens"] else Training)(workload, problem)


def _weights(problem: Mapping[str, Array]) -> dict[str, Array]:
    return {name: a for name, a in problem.items() if name not in ("ids", "targets")}


def _placed(ids: Array) -> Any:
    return Tensor(ids, device="cuda") if _settings["device"] == "cuda" else ids


class Tagger(Module):
    """ids → one-hot → recurrent layers, in both directions if need be → scores for each step."""

    def __init__(self, workload: Mapping[str, Any]):
        self.rnn = LAYERS[workload["cell"]](
            workload["vocabulary"], workload["hidden"], workload["layers"],
            bidirectional=workload["bidirectional"], implementation=_settings["implementation"],
        )  # fmt: skip
        self.head = Linear(self.rnn.output_size, workload["vocabulary"])
        self.to(_settings["device"])

    def __call__(self, ids: Any) -> Any:
        """(T, B) to (T, B, V)."""
        return self.head(self.rnn(ids)[0])


class Training:
    """A training step, from the zero state."""

    def __init__(self, workload: Mapping[str, Any], problem: dict[str, Array]):
        self.ids, self.targets = _placed(problem["ids"]), _placed(problem["targets"])
        self.model = Tagger(workload)
        self.model.load_state_dict(_weights(problem))
        self.optimizer = SGD(self.model.parameters(), lr=1.0)

    def step(self) -> tuple[float, float]:
        """The loss and the gradient's norm before clipping."""
        loss = cross_entropy(self.model(self.ids), self.targets)
        self.optimizer.zero_grad()
        loss.backward()
        norm = clip_grad_norm(self.optimizer.params, 1.0)
        self.optimizer.step()
        return loss.item(), norm

    def check(self) -> list[float]:
        """Losses and norms of three steps: wrong gradients show from the second on."""
        return [x for _ in range(3) for x in self.step()]

    def gradients(self) -> list[float]:
        """The norm of each."""
        named = sorted(self.model.named_parameters())
        return [float(np.linalg.norm(p.grad.numpy())) for _, p in named if p.grad is not None]


class Generation:
    """Tokens one after the other, as `rnn-lab sample` draws them."""

    def __init__(self, workload: Mapping[str, Any], problem: dict[str, Array]):
        self.ids, self.tokens = problem["ids"], workload["tokens"]
        self.model = LanguageModel(
            workload["vocabulary"], workload["hidden"], workload["layers"], cell=workload["cell"],
            implementation=_settings["implementation"],
        )  # fmt: skip
        self.model.load_state_dict(_weights(problem))

    def step(self) -> None:
        """Sample them."""
        drawn = sample(self.model, self.ids[:1, 0], rng=np.random.default_rng(0))
        assert sum(1 for _ in islice(drawn, self.tokens)) == self.tokens

    def check(self) -> list[float]:
        """Mean −log P of each given id after those before it."""
        return [-float(self.model.log_probs(self.ids[:, 0])[1:].mean())]


def on_device(step: Callable[[], Any], times: int) -> float:
    """Seconds of each of that many steps, between two events of the GPU."""
    from numba import cuda

    begin, end = cuda.event(), cuda.event()
    begin.record()
    for _ in range(times):
        step()
    end.record()
    end.synchronize()
    return float(begin.elapsed_time(end)) / 1e3 / times
