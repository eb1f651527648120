"""Whole sequences in one compiled pass, forward and hand-derived backward, as ops of the engine."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from rnn.fused.elman import Elman
from rnn.fused.family import Family
from rnn.fused.gru import GRU
from rnn.fused.layer import fused_layer
from rnn.fused.lstm import LSTM

FAMILIES: dict[str, Family] = {
    "elman": Elman(flag=False),
    "relu": Elman(flag=True),
    "gru": GRU(flag=False),
    "gru-after": GRU(flag=True),
    "lstm": LSTM(flag=False),
    "peephole": LSTM(flag=True),
}
"""The kernels of each family of cells that has them."""

FUSED: dict[str, Callable[..., Any]] = {name: fused_layer(family) for name, family in FAMILIES.items()}
"""A whole layer by the kernels of its family, with the arguments and results of `rnn.stepwise.layer`."""


def fused(family: str, device: str) -> Callable[..., Any]:
    """A whole layer by the kernels of a family of cells on a device; those of a GPU are imported when they are used."""
    layers: dict[str, Callable[..., Any]] = FUSED if device == "cpu" else import_module("rnn.fused.cuda").FUSED
    return layers[family]
