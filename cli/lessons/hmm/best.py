"""The page on the most probable sequence, which is not the sequence of the most probable."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Result, Table, at_least, at_most
from cli.lessons.hmm.house import LETTERS, NAMES, START, WEATHER, house
from cli.lessons.hmm.listing import Listing
from rnn.metrics import Ints

_STEPS = 5


def one_by_one(ids: Ints) -> Ints:
    """The most probable weather of each evening."""
    return house().posterior(ids).argmax(axis=1)


def possible(states: Ints) -> bool:
    """Whether the weather can take this course."""
    return bool(START[states[0]] > 0 and all(WEATHER[a, b] > 0 for a, b in pairwise(states)))


@experiment()
def best_sequence() -> Result:
    """Every text of a few evenings: the best sequence, and the best of each evening."""
    texts = [np.array(t) for t in product(range(len(LETTERS)), repeat=_STEPS)]
    listed = [Listing(house(), ids).best() for ids in texts]
    found = [house().viterbi(ids) for ids in texts]
    singly = [one_by_one(ids) for ids in texts]
    apart = [k for k, states in enumerate(singly) if not possible(states)]
    rows: tuple[tuple[str, ...], ...] = ()
    if apart:
        k = apart[len(apart) // 2]
        rows = tuple(
            (f"t = {t + 1}", LETTERS[texts[k][t]], NAMES[singly[k][t]], NAMES[found[k].states[t]])
            for t in range(_STEPS)
        )
    columns: tuple[Column, ...] = (("", "text"), ("heard", "text"), ("each by itself", "text"), ("as a whole", "text"))
    gammas = [house().posterior(ids) for ids in texts]
    hits = [g.max(axis=1).sum() - g[np.arange(_STEPS), f.states].sum() for g, f in zip(gammas, found, strict=True)]
    gaps = [abs(f.log_probs[0] - np.log(p)) for f, (_, p) in zip(found, listed, strict=True)]
    return Result(
        (Table(columns, rows, "the most probable weather"),),
        (
            at_most(f"Viterbi's is the best of all {len(NAMES) ** _STEPS} sequences, for each of {len(texts)} texts",
                    max(gaps), 1e-12),
            at_least("texts where the weather of each evening, taken together, cannot be", len(apart), 1),
            at_least("one by one, no fewer evenings are expected to be right", min(hits), -1e-12),
            at_least("and on some texts clearly more", max(hits), 0.05),
        ),
    )  # fmt: skip
