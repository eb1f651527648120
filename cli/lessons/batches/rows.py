"""The page on documents in rows: which sentence is read where and when."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Excerpt, Result, at_most
from data import Continued, stateful_batches

SENTENCES = (4, 2, 3, 1, 2)  # of each document
_TEN = 10


@experiment(rows=between(2, 5))
def documents_in_rows(rows: int = 3) -> Result:
    """Five documents in a few rows, sentence by sentence."""
    documents = [[np.array([_TEN * d + k]) for k in range(1, n + 1)] for d, n in enumerate(SENTENCES)]
    minibatches = list(stateful_batches(documents, rows, pad=-1))
    shown = [["", *(str(k) for k in range(1, len(minibatches) + 1))]]
    shown += [[f"row {r + 1}", *(_cell(m, r) for m in minibatches)] for r in range(rows)]
    text = "\n".join(f"{line[0]:<11}" + "".join(f"{cell:<5}" for cell in line[1:]) for line in shown)
    read = sorted(int(i) for m in minibatches for i in m.ids[:, 0])
    sizes = [len(m.fresh) for m in minibatches]
    return Result(
        (
            Excerpt(
                text.replace(" " * 11, "minibatch  ", 1),
                "\na2 is the second sentence of document a; * a state begins anew",
            ),
        ),
        (
            at_most("sentences that do not follow the one before in their row", broken(minibatches), 0),
            at_most(
                "states begun anew, less documents",
                abs(sum(int(m.fresh.sum()) for m in minibatches) - len(SENTENCES)),
                0,
            ),
            at_most(
                "sentences not read once",
                len(set(read) ^ {int(s[0]) for d in documents for s in d}) + len(read) - len(set(read)),
                0,
            ),
            at_most(
                "minibatches with more rows than the one before",
                sum(b > a for a, b in pairwise(sizes)),
                0,
            ),
        ),
    )


def _cell(minibatch: Continued, row: int) -> str:
    if row >= len(minibatch.fresh):
        return "·"
    document, sentence = divmod(int(minibatch.ids[row, 0]), _TEN)
    return f"{'abcde'[document]}{sentence}{'*' if minibatch.fresh[row] else ''}"


def broken(minibatches: list[Continued]) -> int:
    """How many sentences go on from another than the one before them, or begin a document and are not marked."""
    found, last = 0, dict[int, int]()
    for minibatch in minibatches:
        for row, (ids, fresh) in enumerate(zip(minibatch.ids, minibatch.fresh, strict=True)):
            first = ids[0] % _TEN == 1
            found += first != fresh or (not first and last[row] != ids[0] - 1)
            last[row] = int(ids[0])
    return found
