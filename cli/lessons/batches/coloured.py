"""The page on a text coloured by minibatch."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Pieces, Result, at_most
from cli.lab.texts import prepare
from cli.lessons.text.steps import changed, visible
from data import Minibatch, random_batches, sequential_batches

MINIBATCHES = 3
USUAL = (32, 35)  # rows and steps of the book's minibatches


@experiment(rows=between(2, 5), window=between(5, 20), offset=between(0, 4))
def coloured(rows: int = 4, window: int = 14, offset: int = 0, *, rng: np.random.Generator) -> Result:
    """The beginning of the story in sequence and at random, and both over all of it."""
    text = prepare()
    length = offset + rows * MINIBATCHES * window + 1
    read, places = text.vocab.decode(text.training[:length]), np.arange(length)
    order = list(sequential_batches(places, rows, window, offset=offset))
    drawn = list(random_batches(places, rows, window, rng=rng, offset=offset))
    joined = "".join(read[i] for i in np.concatenate([m.inputs for m in order], axis=1).ravel())
    begins = [{int(i) for m in found for i in m.inputs[:, 0]} for found in (order, drawn)]
    story = np.arange(text.training.size)
    in_order = goes_on(sequential_batches(story, *USUAL, offset=0))
    by_chance = goes_on(random_batches(story, *USUAL, offset=0, rng=rng))
    return Result(
        (
            _pieces(read, order, offset, "in sequence: each row goes on in the next minibatch"),
            _pieces(read, drawn, offset, "at random: each window once, anywhere"),
        ),
        (
            at_most("in sequence, row after row: characters off the text", changed(joined, read[offset:-1]), 0),
            at_most("windows that only one of the two reads", len(begins[0] ^ begins[1]), 0),
            at_most("the whole story in sequence: rows that do not go on", 1 - in_order, 0),
            at_most("at random: rows that go on, as a share", by_chance, 0.02),
        ),
    )


def goes_on(found: Iterable[Minibatch]) -> float:
    """The share of rows that go on in the next minibatch."""
    inputs = np.stack([m.inputs for m in found])
    return float((inputs[1:, :, 0] == inputs[:-1, :, -1] + 1).mean())


def _pieces(text: str, found: Iterable[Minibatch], offset: int, caption: str) -> Pieces:
    """The windows in the order of the text, three to a line, and what they leave over."""
    windows = sorted((int(row[0]), int(row[-1]) + 1, k) for k, m in enumerate(found, 1) for row in m.inputs)
    read = tuple((visible(text[first:end]), k) for first, end, k in windows)
    over = [visible(part) for part in (text[:offset], text[windows[-1][1] :]) if part]
    return Pieces(read, MINIBATCHES, f"{caption}; left over: {' and '.join(over)}\n")
