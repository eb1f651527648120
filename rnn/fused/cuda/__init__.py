"""Whole sequences on a GPU in one launch, forward and backward: the twins of the kernels in `rnn.fused`.

Imported when a layer's parameters lie on cuda, never before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rnn.fused.cuda.family import GRU, LSTM, Elman, Family, GRUBefore
from rnn.fused.cuda.layer import backward, forward
from rnn.fused.layer import fused_layer

FAMILIES: dict[str, Family] = {
    "elman": Elman(flag=False),
    "relu": Elman(flag=True),
    "gru": GRUBefore(),
    "gru-after": GRU(),
    "lstm": LSTM(flag=False),
    "peephole": LSTM(flag=True),
}
"""The kernels of each family of cells that has them."""

FUSED: dict[str, Callable[..., Any]] = {
    name: fused_layer(family, forward, backward) for name, family in FAMILIES.items()
}
"""A whole layer by the kernels of its family, with the arguments and results of `rnn.stepwise.layer`."""
