"""What the steps of a fused layer computed within: its gates, its candidates, its cell states."""

from __future__ import annotations

import numpy as np

from minigrad import Tensor
from minigrad.graph import Array
from rnn.errors import RnnError
from rnn.fused.layer import Layout

KEPT: dict[str, tuple[str, ...]] = {"elman": (), "gru": ("q", "r", "z", "n"), "lstm": ("i", "f", "g", "o", "c")}
"""The quantities that a step of each family's kernels keeps for backward, in the order in which they lie."""


def inside(output: Tensor, direction: int = 0) -> dict[str, Array]:
    """What the kernel kept for backward, by the letters of `rnn.formulas`: each (T, B, H), a copy.

    `output` is what a fused layer gave while recording, before its graph is freed. i, f, g, o, c of an LSTM; q, r, z, n
    of gated recurrent units; nothing of an Elman network, whose backward needs no more than its outputs. At steps
    after the end of a row it holds whatever was there. RnnError if the tensor is not of a fused layer on the CPU.
    """
    if output.device != "cpu":
        raise RnnError(f"the tensor lies on {output.device}", "inside", "ask the same layer on the CPU")
    node = output.node
    if node is None or not node.args or len(node.args) < 2 or not isinstance(node.args[1], Layout):
        raise RnnError("the tensor is not of a fused layer", "inside", "give its output, recorded and not yet freed")
    layout, (each, _) = node.args[1], node.kept
    names = KEPT[layout.family.name]
    steps, batch, width = node.outputs[0].shape
    if not names:
        return {}
    blocks = each[direction].steps.reshape(steps, batch, len(names), width // layout.directions)
    return {name: np.array(blocks[:, :, k]) for k, name in enumerate(names)}
