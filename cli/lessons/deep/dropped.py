"""The page on dropout: on what passes up from layer to layer, never on what passes on through time."""

from __future__ import annotations

import math

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Result, Table, at_least, at_most
from minigrad.graph import Array, nodes
from rnn.layers import RNN

LAYERS, STEPS, ROWS = 3, 12, 4


@experiment(drop=between(0.1, 0.8), width=between(8, 64))
def between_layers(drop: float = 0.5, width: int = 32, *, rng: np.random.Generator) -> Result:
    """One network in training and at work, layer by layer."""
    layer = RNN(5, width, LAYERS, dropout=drop, dtype=np.float64, rng=rng, implementation="fused")
    x = rng.standard_normal((STEPS, ROWS, 5))
    output, last = layer(x)
    # A compiled layer is one op, so that the only products entry by entry are those with a mask.
    masks = [node.outputs[0] for node in nodes(output) if node.op.name == "mul"]
    again = layer(x)[1].data
    layer.eval()
    calm, calm_again = layer(x)[1].data, layer(x)[1].data
    moved = [_apart(last.data[n], calm[n]) for n in range(LAYERS)]
    redrawn = [_apart(last.data[n], again[n]) for n in range(LAYERS)]
    lost = [float(np.mean(mask == 0)) for mask in masks]
    rows = tuple((f"layer {n + 1}", moved[n], redrawn[n]) for n in reversed(range(LAYERS)))
    columns: tuple[Column, ...] = (("last state", "text"), ("training, at work", "share"), ("two trainings", "share"))
    spread = math.sqrt(drop * (1 - drop) / masks[0].size) if masks else math.nan
    off = max((abs(share - drop) for share in lost), default=math.inf)
    return Result(
        (
            Table(columns, rows, f"how far apart, p = {drop}"),
            Table((("passed up from", "text"), ("lost", "share")),
                  tuple((f"layer {n}", share) for n, share in reversed(list(enumerate(lost, 1))))),
        ),
        (
            at_most("the lowest layer's states feel no dropout: change", moved[0], 0),
            at_least("every layer above it does", min(moved[1:]), 1e-3),
            at_most(f"dropouts in the record of {STEPS} steps, less one for each pair of layers",
                    abs(len(masks) - (LAYERS - 1)), 0),
            at_most("share lost, less p, in standard deviations", off / spread, 5),
            at_most("at work nothing is drawn: two runs differ by", float(np.abs(calm - calm_again).max()), 0),
        ),
    )  # fmt: skip


def _apart(one: Array, other: Array) -> float:
    return float(np.linalg.norm(one - other) / np.linalg.norm(other))
