"""The weights and ids of a workload, drawn from a seed and the same for every implementation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from cli.lab.bench.workloads import GATES, Workload
from minigrad.graph import Array


def shapes(workload: Workload) -> dict[str, tuple[int, ...]]:
    """Parameters under torch's names: `rnn.weight_ih_l0` (G·H, I) …, `head.weight` (V, H·directions), `head.bias`."""
    H, rows = workload.hidden, GATES[workload.cell] * workload.hidden
    found: dict[str, tuple[int, ...]] = {}
    for layer in range(workload.layers):
        width = H * workload.directions if layer else workload.vocabulary
        for suffix in ("", "_reverse")[: workload.directions]:
            kinds = {"weight_ih": (rows, width), "weight_hh": (rows, H), "bias_ih": (rows,), "bias_hh": (rows,)}
            found |= {f"rnn.{kind}_l{layer}{suffix}": shape for kind, shape in kinds.items()}
    V = workload.vocabulary
    return {**found, "head.weight": (V, H * workload.directions), "head.bias": (V,)}


def draw(workload: Workload, rng: np.random.Generator) -> dict[str, Array]:
    """Parameters U(±1/√H), float32, and `ids` and `targets` (T, B), or (tokens, 1) where tokens are generated.

    With such weights a step does not magnify rounding, so implementations that sum in another order agree.
    """
    bound = 1 / np.sqrt(workload.hidden)
    arrays: dict[str, Array] = {
        name: rng.uniform(-bound, bound, shape).astype(np.float32) for name, shape in shapes(workload).items()
    }
    size = workload.tokens or workload.steps, workload.batch
    return arrays | {name: rng.integers(workload.vocabulary, size=size) for name in ("ids", "targets")}


def write(workload: Workload, folder: Path, seed: int) -> Path:
    """Draw it into a file of the folder, which stands for the same arrays at every call."""
    path = folder / f"{workload.name}.npz"
    if not path.exists():
        arrays: Any = draw(workload, np.random.default_rng(seed))  # to savez a keyword could be its own option
        np.savez(path, **arrays)
    return path
