"""The text that is counted, in characters or in words, and how well models that count foresee the rest of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from cli.lab.experiments import between
from cli.lab.texts import DEFAULT, prepare
from data import DataError, Vocab, development, load
from rnn.baselines import NGram
from rnn.baselines.counts import Counts
from rnn.metrics import Ints

CLEANING = "d2l-v1"  # small letters, and one space for whatever else there is
OTHER = "time-machine"
BOOK = between(0, 1, full=1)  # 1 is The Time Machine where it is here, else the bundled story as well
EPSILON = between(0.001, 1)
EPSILONS = tuple(10.0 ** (k / 2) for k in range(-8, 5))  # what is tried wherever ε is swept


@dataclass(frozen=True, eq=False)
class Split:
    """A text to count and a text to be asked about, in ids below `vocabulary`."""

    learn: Ints
    ask: Ints
    vocabulary: int
    _counts: dict[int, Counts] = field(default_factory=dict)
    _nats: dict[tuple[int, str, float], float] = field(default_factory=dict)

    def model(self, order: int, smoothing: str, epsilon: float | Sequence[float] = 1.0) -> NGram:
        """Counts of the first text, smoothed."""
        made = NGram(order, smoothing, epsilon=epsilon)
        if smoothing == "jelinek-mercer":  # it learns its weights while it counts
            return made.fit(self.learn, vocabulary=self.vocabulary)
        return made.refit(self.counts(order))

    def counts(self, order: int) -> Counts:
        """Of the first text; counted once."""
        if order not in self._counts:
            self._counts[order] = NGram(order).fit(self.learn, vocabulary=self.vocabulary).counts
        return self._counts[order]

    def nats(self, order: int, smoothing: str, epsilon: float = 1.0) -> float:
        """The mean loss on the second text; worked out once, as several pages ask for it."""
        asked = order, smoothing, epsilon
        if asked not in self._nats:
            self._nats[asked] = -float(self.model(*asked).log_probs(self.ask).mean())
        return self._nats[asked]


@dataclass(frozen=True, eq=False)
class Book:
    """A text, cut in two.

    `whole` learns from the training part and is asked about the part held out. `choice` does the same within the
    training part: whatever has to be chosen is chosen there.
    """

    name: str
    vocab: Vocab
    whole: Split
    choice: Split


def open_book(number: int, tokens: str = "char", clean: str = CLEANING) -> Book:
    """The bundled story for 0; for 1 the other book, where it is here."""
    return _read(_at_hand(number), tokens, clean)


def _at_hand(number: int) -> str:
    if number:
        try:
            return load(OTHER).name
        except DataError:
            pass
    return DEFAULT


@cache
def _read(name: str, tokens: str, clean: str) -> Book:
    text = prepare(name, clean=clean, tokens=tokens)
    size = len(text.vocab)
    fitted, chosen_on = (ids.astype(np.int64) for ids in development(text.training))
    return Book(name, text.vocab, Split(text.training, text.held_out, size), Split(fitted, chosen_on, size))
