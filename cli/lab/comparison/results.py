"""What a comparison finds: a row for each model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from cli.lab.comparison.choosing import Choice
from rnn.baselines import NGram
from rnn.metrics import Evaluation, bits, perplexity

NOT_TRIED = "it may have been trained on the development part"
SOURCE = "entropy of the source"


@dataclass(frozen=True)
class Row:
    """One model on every part of the text: perplexity per token, bits per character.

    `kind` is its smoothing, or uniform, run or source. `tokens` says what a token is: char, word or byte. The
    development part measures a model of the rest of the training part; None for a run. `size` is the number of counts
    stored, or of parameters; `seconds` what choosing, making and measuring took, without the counting, which all
    models share. `discounts` are an n-gram's, one row per order, and `fallbacks` says for which of them no estimate
    exists. `typed` is the probability of each token of a text that was typed.
    """

    model: str
    kind: str
    tokens: str
    order: int | None
    development: Evaluation | None
    train: Evaluation
    held_out: Evaluation
    size: int = 0
    seconds: float = 0.0
    choice: Choice = field(default_factory=Choice)
    discounts: tuple[tuple[float, ...], ...] = ()
    fallbacks: Mapping[int, str] = field(default_factory=dict)
    typed: tuple[float, ...] | None = None

    @property
    def smoothing(self) -> str | None:
        """Its smoothing, if it has one."""
        return self.kind if self.order else None

    def row(self) -> dict[str, Any]:
        """Under the names that programs read; bits and zero events are those of the part held out."""
        tried = {"development_perplexity": self.development.perplexity} if self.development else _untried()
        return {
            "model": self.model, "order": self.order, "smoothing": self.smoothing, "tokens": self.tokens, **tried,
            "train_perplexity": self.train.perplexity, "held_out_perplexity": self.held_out.perplexity,
            "bits_per_character": self.held_out.bits_per_character, "zero_events": self.held_out.zero_events,
            "size": self.size, "seconds": self.seconds, "context": "carry", "settings": self._settings(),
        }  # fmt: skip

    def _settings(self) -> dict[str, Any]:
        found = self.choice.row()
        if self.discounts:
            found |= {"discounts": self.discounts, "fallbacks": self.fallbacks}
        return found


def _untried() -> dict[str, Any]:
    return {"development_perplexity": None, "development_perplexity_reason": NOT_TRIED}


def discounts_of(ngram: NGram) -> tuple[tuple[tuple[float, ...], ...], dict[int, str]]:
    """The discounts of each order, none where nothing is discounted, and by order why there is no estimate."""
    found = [(order, one) for order, one in enumerate(ngram.discounts, 1) if one]
    return tuple(one.values for _, one in found), {order: one.fallback for order, one in found if one.fallback}


def source_row(entropy: float, tokens: str, parts: Sequence[int]) -> Row:
    """What no model can go below on average, from nats per character, where each token is one.

    `parts` are the lengths of the development part, the training part and the part held out.
    """
    tried, train, held_out = (Evaluation(n, entropy, perplexity(entropy), bits(entropy), 0) for n in parts)
    return Row(SOURCE, "source", tokens, None, tried, train, held_out)


def best(rows: Iterable[Row]) -> Row:
    """The model with the lowest perplexity on the part held out; the first of equals."""
    return min((row for row in rows if row.kind != "source"), key=lambda row: row.held_out.nats)


def preferred(rows: Iterable[Row]) -> dict[str, Row]:
    """For each smoothing the order with the lowest perplexity on the development part; the lowest of equals."""
    counting = [row for row in rows if row.smoothing]
    return {kind: min(group, key=_tried) for kind, group in groupby(counting, key=lambda row: row.kind)}


def _tried(row: Row) -> float:
    return row.development.nats if row.development else float("inf")
