"""The page on what each order writes."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Excerpt, Result, at_least, at_most
from cli.lessons.ngrams.book import BOOK, open_book
from rnn.metrics import Ints

ORDERS = (1, 2, 3, 5, 9)
_SHOWN = 48  # characters of each
_WRITTEN = 3000
_COPIED = 16  # characters in a row that nobody writes by chance


def new_grams(written: Ints, text: Ints, order: int) -> float:
    """Which share of the runs of `order` tokens stands nowhere in the text."""
    known = {run.tobytes() for run in _runs(text, order)}
    runs = _runs(written, order)
    return sum(run.tobytes() not in known for run in runs) / len(runs)


def _runs(ids: Ints, order: int) -> Ints:
    return np.lib.stride_tricks.sliding_window_view(ids, order)


@experiment(book=BOOK)
def writes(book: int = 0, *, rng: np.random.Generator) -> Result:
    """A line by each order, and how much of what it writes is in the book."""
    it = open_book(book)
    written = {n: it.whole.model(n, "mle").sample(_WRITTEN, rng=rng) for n in ORDERS}
    lines = "\n".join(f"{n}  {it.vocab.decode(ids[-_SHOWN:])}" for n, ids in written.items())
    fresh = max(new_grams(ids, it.whole.learn, n) for n, ids in written.items())
    copied = {n: 1 - new_grams(written[n], it.whole.learn, _COPIED) for n in (3, 9)}
    return Result(
        (Excerpt(lines, f"\nn, and what the counts of {it.name} write"),),
        (
            at_most("n-grams that are not in the book, as a share", fresh, 0.002),
            at_least("order 3: runs of four letters that are not, as a share",
                     new_grams(written[3], it.whole.learn, 4), 0.1),
            at_most(f"order 3: of what it writes, {_COPIED} letters in a row are in the book", copied[3], 0.05),
            at_least(f"order 9: of what it writes, {_COPIED} letters in a row are in the book", copied[9], 0.3),
        ),
    )  # fmt: skip
