"""The page on counting: a table of letters that knows its own text as well as any network."""

from __future__ import annotations

import numpy as np

from cli.lab.beginnings import piece
from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Result, Table, at_least, at_most
from cli.lessons.memorisation.copies import longest
from cli.lessons.memorisation.learnt import on
from rnn.baselines import NGram

ORDERS = (1, 2, 3, 4, 5, 6, 7, 8)
WRITTEN = 2000


@experiment(counted=between(5000, 20_000))
def tables(counted: int = 10_000, *, rng: np.random.Generator) -> Result:
    """Tables of one letter to eight, on the text that they were counted from and on what follows it."""
    text = piece(counted)
    unread, V = text.held_out, len(text.vocab)

    def made(order: int, smoothing: str) -> NGram:
        return NGram(order, smoothing).fit(text.training, vocabulary=V)

    plain = {k: made(k, "mle") for k in ORDERS}
    smooth = {k: made(k, "witten-bell") for k in ORDERS}
    own = {k: (on(plain[k], text.training), on(smooth[k], text.training)) for k in ORDERS}
    foreign = {k: on(smooth[k], unread) for k in ORDERS}
    best = min(on(made(k, "modified-kneser-ney"), unread) for k in ORDERS)
    zeros = int(np.isinf(plain[8].log_probs(unread)).sum())
    written = text.vocab.decode(plain[8].sample(WRITTEN, context=text.training[:20], rng=rng))
    copied = len(longest(written, text.vocab.decode(text.training)))
    columns: tuple[Column, ...] = (("in a row", "text"), ("read", "number"), ("smoothed", "number"),
                                   ("unread, smoothed", "number"))  # fmt: skip
    rows = tuple((str(k), *own[k], foreign[k]) for k in ORDERS)
    rises = max(own[k + 1][0] / own[k][0] for k in ORDERS[:-1])
    return Result(
        (Table(columns, rows, f"perplexity, counted on {text.training.size:,} characters; Witten–Bell smoothing"),),
        (
            at_most("plain counts of eight letters, on their own text", own[8][0], 1.2),
            at_most("the same, smoothed", own[8][1], 1.35),
            at_most("a longer table on its own text, to a shorter (largest)", rises, 1),
            at_least("letters of unread text that plain counts say cannot be", zeros, 1),
            at_least("smoothed: unread to read", foreign[8] / own[8][1], 3),
            at_least("longest run that plain counts copy", copied, 30),
            at_most("the best Kneser–Ney on unread text, to these eight letters", best / foreign[8], 1),
        ),
    )
