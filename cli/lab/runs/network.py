"""The network that settings describe."""

from __future__ import annotations

import numpy as np

from cli.lab.errors import LabError
from cli.lab.settings import Settings
from minigrad import DeviceError
from rnn.models import LanguageModel


def build(settings: Settings, vocabulary: int, rng: np.random.Generator) -> LanguageModel:
    """The network with fresh weights: ±1/√hidden, or with `std` N(0, std²) and biases of 0.

    LabError if the device cannot be used.
    """
    try:
        model = _fresh(settings, vocabulary, rng)
    except DeviceError as error:
        remedy = "give --device cpu; rnn-lab doctor says what is missing"
        what, *why = str(error).split("; ")
        said = f"{what.partition(': ')[2]}{f' ({why[0]})' if why else ''}"
        raise LabError(said, f"--device {settings.device}", remedy) from None
    if settings.std is not None:
        for p in model.parameters():
            p.assign(settings.std * rng.standard_normal(p.shape) if p.ndim > 1 else np.zeros(p.shape))
    return model


def _fresh(settings: Settings, vocabulary: int, rng: np.random.Generator) -> LanguageModel:
    return LanguageModel(
        vocabulary,
        settings.hidden,
        settings.layers,
        cell=settings.cell,
        dropout=settings.dropout,
        embedding=settings.embedding,
        tied=settings.tied,
        bidirectional=settings.bidirectional,
        dtype=np.dtype(settings.dtype),
        device=settings.device,
        rng=rng,
    )
