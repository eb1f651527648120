"""How often words, pairs and triples of words occur, by rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from data import Vocab
from rnn.baselines.zipf import RANKS, least_squares, rank_frequency
from rnn.metrics import Ints

ORDERS = ("words", "pairs", "triples")
POINTS = 60  # of a curve, at most
_FEWEST = 20  # words that a text must have for its ranks to show anything


@dataclass(frozen=True)
class Ranked:
    """The frequencies of what occurs, the most frequent first, at ranks evenly spaced on a logarithmic scale.

    `exponent` is that of Zipf's law, by least squares on ranks 10 to 1000; None where there are fewer.
    """

    name: str
    distinct: int
    once: float  # which share of the distinct ones occurs once
    exponent: float | None
    log_ranks: tuple[float, ...]  # log₁₀
    log_frequencies: tuple[float, ...]

    def row(self) -> dict[str, object]:
        """Under the names that programs read."""
        pairs = zip(self.log_ranks, self.log_frequencies, strict=True)
        frequencies = [[round(10**rank), round(10**frequency)] for rank, frequency in pairs]
        return {
            "distinct": self.distinct, "once": self.once, "exponent": self.exponent, "frequencies": frequencies,
        }  # fmt: skip


def ranked(words: Sequence[str]) -> tuple[Ranked, ...]:
    """For single words, pairs and triples; none of a text with hardly any words [D2L 8.3.2]."""
    if len(words) < _FEWEST:
        return ()
    vocab = Vocab.from_text(" ".join(words), "word")
    ids = vocab.of_text(words)
    return tuple(_ranked(name, order, ids, len(vocab)) for order, name in enumerate(ORDERS, start=1))


def _ranked(name: str, order: int, ids: Ints, vocabulary: int) -> Ranked:
    found = rank_frequency(ids, order, vocabulary=vocabulary)
    exponent = least_squares(found.frequencies).exponent if found.distinct >= RANKS[1] else None
    ranks, frequencies = found.log_log(POINTS)
    return Ranked(name, found.distinct, found.singletons, exponent, tuple(ranks.tolist()), tuple(frequencies.tolist()))
