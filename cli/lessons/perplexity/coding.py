"""The page on sending a text: a coder that needs as many bits as the model is surprised."""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Result, Table, at_least, at_most
from cli.lessons.ngrams.book import BOOK
from cli.lessons.perplexity.predictors import ORDER, as_written, three
from cli.lessons.perplexity.reading import surprises
from minigrad.graph import Array
from rnn.metrics import Predictor

LETTERS = between(50, 1000, full=1000)
TOTAL = 1 << 64  # what the shares of a table sum to

Tables = Callable[[Sequence[int]], list[int]]


def encode(ids: Sequence[int], tables: Tables) -> tuple[int, int]:
    """A number, and how many bits it has."""
    low, width, whole = 0, 1, 1
    for t, x in enumerate(ids):
        shares = tables(ids[:t])
        low = low * TOTAL + width * sum(shares[:x])
        width *= shares[x]
        whole *= TOTAL
    bits = (whole // width).bit_length() + 1
    return -(-(low << bits) // whole), bits


def decode(number: int, bits: int, length: int, tables: Tables) -> list[int]:
    """The tokens, from the number alone."""
    low, width, whole, ids = 0, 1, 1, list[int]()
    for _ in range(length):
        shares = tables(ids)
        ends = list(accumulate(shares))
        gap = number * whole - (low << bits)
        point = gap * TOTAL // (width << bits)
        x = bisect_right(ends, point)
        below = ends[x] - shares[x]
        low = low * TOTAL + width * below
        width *= shares[x]
        whole *= TOTAL
        ids.append(x)
    return ids


def whole_shares(p: Array) -> list[int]:
    """Probabilities as whole numbers of at least 1 that sum to TOTAL."""
    room = TOTAL - len(p)
    shares = [1 + int(v * room) for v in (p / p.sum()).tolist()]
    shares[int(np.argmax(p))] += TOTAL - sum(shares)
    return shares


def tables_of(model: Predictor) -> Tables:
    """What a model expects next, in whole numbers; it looks back as far as the models of this lesson do."""
    return lambda ids: whole_shares(model.next_distribution(ids[max(len(ids) - ORDER, 0) :]))


@experiment(book=BOOK, letters=LETTERS)
def coded(book: int = 0, letters: int = 200) -> Result:
    """A piece of the text as one number, with the help of each reader, and back."""
    it = as_written(book)
    ids = it.whole.ask[:letters].tolist()
    rows, over, wrong, per = list[tuple[str, str, str, float]](), list[float](), 0, dict[str, float]()
    for name, model in three(it).items():
        number, bits = encode(ids, tables_of(model))
        found = decode(number, bits, len(ids), tables_of(model))
        surprise = float(surprises(model.log_probs(ids)).sum())
        wrong += sum(a != b for a, b in zip(found, ids, strict=True))
        over.append(bits - surprise)
        per[name] = bits / letters
        rows.append((name, f"{surprise:,.2f}", f"{bits:,}", per[name]))
    plain = it.vocab.decode(np.array(ids)).encode()
    for name, packed in (("zlib", zlib.compress(plain, 9)), ("as it stands", plain)):
        rows.append((name, "–", f"{8 * len(packed):,}", 8 * len(packed) / letters))
    columns: tuple[Column, ...] = (
        ("", "text"), ("−Σ log₂ p", "text"), ("bits sent", "text"), ("per letter", "number"),
    )  # fmt: skip
    return Result(
        (Table(columns, tuple(rows), f"{letters} letters of {it.name}"),),
        (
            at_most("letters that do not come back", wrong, 0),
            at_most("bits sent less −Σ log₂ p, at the most", max(over), 2),
            at_least("and at the least", min(over), -1e-6),
            at_least("who has counted spares, of the bits of who knows nothing", 1 - per["counts"] / per["uniform"],
                     0.5),
        ),
    )  # fmt: skip
