"""The beginning of a text cut into minibatches, as a pass over it would."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cli.lab.texts import Prepared
from data import Minibatch, random_batches, sequential_batches

ROWS, BATCHES = 4, 3
STEPS = {"char": 15, "word": 3, "byte": 15}  # of a window: three of them fit a line of 60 columns


@dataclass(frozen=True)
class Window:
    """Some tokens that stand side by side in the text, as text, and the minibatch (from 1) and row they went to."""

    text: str
    minibatch: int
    row: int


@dataclass(frozen=True)
class Cut:
    """The windows in the order of the text, which begins with `tokens` tokens; each minibatch is `batch` × `steps`."""

    windows: tuple[Window, ...]
    tokens: int
    batch: int
    steps: int

    def rows(self) -> list[list[str]]:
        """The rows of each minibatch in turn."""
        placed = sorted(self.windows, key=lambda window: (window.minibatch, window.row))
        return [[window.text for window in placed[i : i + self.batch]] for i in range(0, len(placed), self.batch)]


def cut(prepared: Prepared, rng: np.random.Generator | None = None) -> Cut | None:
    """Three minibatches of four rows from the beginning of the training part; of fewer steps if it is short.

    In sequence, or with `rng` at random; None where the text is too short.
    """
    steps = min(STEPS[prepared.vocab.kind], (prepared.training.size - 1) // (ROWS * BATCHES))
    if steps < 1:
        return None
    tokens = ROWS * BATCHES * steps + 1
    places = np.arange(tokens)
    passes = random_batches(places, ROWS, steps, rng=rng, offset=0) if rng else sequential_batches(places, ROWS, steps)
    windows = [window for number, batch in enumerate(passes, 1) for window in _windows(prepared, batch, number)]
    return Cut(tuple(window for _, window in sorted(windows, key=lambda pair: pair[0])), tokens, ROWS, steps)


def _windows(prepared: Prepared, batch: Minibatch, number: int) -> list[tuple[int, Window]]:
    """Each row's first place in the text, and what stands there."""
    texts = [prepared.vocab.decode(prepared.training[row]) for row in batch.inputs]
    return [
        (int(row[0]), Window(text, number, i)) for i, (row, text) in enumerate(zip(batch.inputs, texts, strict=True))
    ]
