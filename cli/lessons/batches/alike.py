"""The page on what padding costs: sentences as they come, shuffled, and sorted by length."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Excerpt, Result, Table, at_least, at_most
from cli.lessons.text.story import parts, raw, sentences
from data import PAD, Padded, Vocab, padded_batches
from data.ids import Ints

ALIKE = "of like lengths"
_BARS = 6  # rows of the minibatch that is drawn
_ROOM = 44


@experiment(batch=between(4, 32))
def alike(batch: int = 8, *, rng: np.random.Generator) -> Result:
    """The sentences of the story in minibatches, three ways."""
    vocab = Vocab.from_text(parts()[0], "word", reserved=(PAD,))
    pad, rows = int(vocab.ids_of(PAD)), [vocab.encode(s) for s in sentences(raw())]
    ways = {
        "as they come": list(padded_batches(rows, batch, pad=pad)),
        "shuffled": list(padded_batches(rows, batch, pad=pad, rng=rng)),
        ALIKE: list(padded_batches(rows, batch, pad=pad, rng=rng, alike=True)),
    }
    waste = {name: wasted(found) for name, found in ways.items()}
    columns: tuple[Column, ...] = (("sentences", "text"), ("places", "count"), ("padding", "share"))
    table = tuple((name, sum(b.ids.size for b in found), waste[name]) for name, found in ways.items())
    drawn = "\n\n".join(_bars(ways[name][len(rows) // batch // 2]) for name in ("shuffled", ALIKE))
    lost = max(_lost(found, rows) for found in ways.values())
    longest = [b.ids.shape[1] for b in ways[ALIKE]]
    back = sum(later < before for before, later in pairwise(longest))
    return Result(
        (
            Excerpt(drawn, "\nrows of a shuffled minibatch, and of one of like lengths"),
            Table(columns, table, f"{len(rows):,} sentences, {sum(map(len, rows)):,} words, {batch} to a minibatch"),
        ),
        (
            at_most("sentences that one of the ways loses or repeats", lost, 0),
            at_most(
                "of like lengths: padding, as a share of that when shuffled", waste[ALIKE] / waste["shuffled"], 0.5
            ),
            at_least("of like lengths: minibatches shorter than the one before", back, 1),
        ),
    )


def wasted(found: list[Padded]) -> float:
    """The share of places that are padding."""
    return 1 - sum(int(b.lengths.sum()) for b in found) / sum(b.ids.size for b in found)


def _lost(found: list[Padded], rows: list[Ints]) -> int:
    """How many sentences are there more often than in the story, or less often."""
    read = Counter(tuple(ids[:n].tolist()) for b in found for ids, n in zip(b.ids, b.lengths, strict=True))
    wanted = Counter(tuple(row.tolist()) for row in rows)
    return ((read - wanted) + (wanted - read)).total()


def _bars(batch: Padded) -> str:
    scale = max(1, -(-batch.ids.shape[1] // _ROOM))
    width = -(-batch.ids.shape[1] // scale)
    lengths = [-(-int(n) // scale) for n in batch.lengths[:_BARS]]
    return "\n".join("■" * n + "·" * (width - n) for n in lengths)
