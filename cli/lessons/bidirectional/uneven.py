"""The page on rows of uneven lengths: where the second direction has to begin."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Excerpt, Result, Table, at_least, at_most
from cli.lessons.bidirectional.language import WORDS, language
from cli.lessons.bidirectional.small import read_both_ways, states_of
from minigrad import relative_error
from minigrad.graph import Array
from rnn.composition import Bidirectional
from rnn.formulas import REGISTRY
from rnn.layers import RNN
from rnn.stepwise import reverse
from rnn.verify import check
from rnn.witnesses import random_problem

PADDING = (0, 1, 4, 16)
ROWS = 3


@experiment()
def padding(*, rng: np.random.Generator) -> Result:
    """The first state from the right of a short sentence, the more padding stands after it."""
    everything = language()
    shortest = int(everything.lengths.argmin())
    sentence = everything.ids[: everything.lengths[shortest], shortest]
    ahead, back = (RNN(len(WORDS), 4, dtype=np.float64, rng=rng) for _ in range(2))
    alone = states_of(Bidirectional(ahead, back), sentence[:, None], None)
    rows, naive, careful = [], [], []
    for more in PADDING:
        ids, lengths = padded(sentence, more), np.array([sentence.size])
        turned = read_both_ways(ahead, back, ids).data[: sentence.size]
        told = states_of(Bidirectional(ahead, back), ids, lengths)[: sentence.size]
        naive.append(relative_error(turned, alone))
        careful.append(relative_error(told, alone))
        rows.append((str(more), naive[-1], careful[-1]))
    columns: tuple[Column, ...] = (
        ("padding", "text"), ("padding turned too", "error"), ("own end", "error"),
    )  # fmt: skip
    batch, lengths = np.array([[1, 2, 3, 4, 5], [1, 2, 3, 0, 0], [1, 2, 0, 0, 0]]).T, np.array([5, 3, 2])
    shown = "\n".join(f"{_row(a)}   →   {_row(b)}" for a, b in zip(batch.T, reverse(batch, lengths).T, strict=True))
    return Result(
        (Excerpt(shown, "\na batch and its rows turned, each by itself; · is padding"),
         Table(columns, tuple(rows), "error of the states of the sentence's own words")),
        (
            at_most("told the lengths, padding changes no state", max(careful), 1e-12),
            at_least("turning the padding too changes them", min(naive[1:]), 1e-3),
            at_most("the equations for uneven rows equal autograd", _masked(rng), 1e-10),
        ),
    )  # fmt: skip


def padded(sentence: Array, more: int) -> Array:
    """One row (T + more, 1) whose padding is a word like any other to a layer that does not know better."""
    return np.concatenate([sentence, np.full(more, WORDS.index("."))])[:, None]


def _row(ids: Array) -> str:
    return " ".join("·" if k == 0 else "abcde"[k - 1] for k in ids)


def _masked(rng: np.random.Generator) -> float:
    """The worst error of the family on a random batch."""
    equations = [e for e in REGISTRY.values() if e.family == "masked"]
    checks = check(equations, [random_problem("masked", rng)])
    return max(max(c.engine, c.chain) for c in checks if c.engine is not None)
