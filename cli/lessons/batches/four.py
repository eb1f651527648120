"""The page on sentences of uneven lengths: the four that are printed."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Matrices, Result, Table, at_least, at_most
from data import PAD, UNKNOWN, Vocab, padded

SENTENCES = (
    "I love AI", "She is studying machine learning", "He is a scientist", "Deep learning models are fascinating",
)  # fmt: skip
PRINTED = ((1, 2, 3, 0, 0), (4, 5, 6, 7, 8), (9, 5, 10, 11, 0), (12, 8, 13, 14, 15))
LENGTHS = (3, 5, 4, 5)


@experiment()
def four_sentences() -> Result:
    """The four sentences of seed 000, numbered as they are there, side by side."""
    words = dict.fromkeys(" ".join(SENTENCES).split())
    vocab = Vocab((PAD, *words, UNKNOWN), "word", (PAD,))
    batch = padded([vocab.encode(s) for s in SENTENCES], int(vocab.ids_of(PAD)))
    cells = np.where(batch.mask, vocab.tokens_of(batch.ids), "·")
    back = [" ".join(row[m]) for row, m in zip(cells, batch.mask, strict=True)]
    columns: tuple[Column, ...] = tuple((f"t = {t}", "text") for t in range(1, batch.ids.shape[1] + 1))
    lost = sum(a != b for a, b in zip(back, SENTENCES, strict=True))
    same = batch.ids.shape == np.shape(PRINTED)
    stops = sum(len(vocab.unknown(f"{s}.")) for s in SENTENCES)
    return Result(
        (
            Table(columns, tuple(map(tuple, cells)), "a column is what the network reads at one step; · is padding"),
            Matrices((("ids", batch.ids), ("lengths", batch.lengths[:, None]), ("mask", batch.mask))),
        ),
        (
            at_most("ids that are not as printed", (batch.ids != PRINTED).sum() if same else batch.ids.size, 0),
            at_most("lengths that are not those of the sentences", (batch.lengths != LENGTHS).sum(), 0),
            at_most("places where the mask is wrong", (batch.mask != (np.array(PRINTED) != 0)).sum() if same else 1, 0),
            at_most("sentences that the mask does not give back", lost, 0),
            at_least("with their full stops, which are left out in print: unknown words", stops, len(SENTENCES)),
        ),
    )
