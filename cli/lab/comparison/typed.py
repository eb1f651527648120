"""A text that was typed, whose every token each model is asked about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cli.lab.errors import LabError
from data import KINDS, Vocab
from rnn.metrics import Ints, Predictor


@dataclass(frozen=True)
class Typed:
    """The text, cut into tokens; `unknown` are those that the vocabulary has not, which count as `<unk>`."""

    text: str
    tokens: tuple[str, ...]
    ids: Ints
    unknown: tuple[str, ...]

    def row(self, probabilities: tuple[float, ...]) -> dict[str, Any]:
        """What one model says, under the names that programs read."""
        return {
            "text": self.text,
            "text_tokens": self.tokens,
            "text_unknown": self.unknown,
            "probabilities": probabilities,
        }


def typed(text: str, vocab: Vocab) -> Typed:
    """Cut a text as the corpus is cut. Raises LabError where nothing is left."""
    tokens = tuple(KINDS[vocab.kind].cut(text))
    if not tokens:
        raise LabError(f"there is no {vocab.unit} in the text", "--text", f"type at least one {vocab.unit}")
    return Typed(text, tokens, vocab.encode(text), vocab.unknown(text))


def probabilities(model: Predictor, text: Typed) -> tuple[float, ...]:
    """P of each token after those before it; nothing stands before the first."""
    return tuple(np.exp(model.log_probs(text.ids)).tolist())
