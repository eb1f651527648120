"""Sentences of uneven lengths as minibatches: padded, and in rows that carry a state on [seed 000].

A sentence is a row of ids. Padding is an id of its own, never `<unk>`; what a network makes of it must count for
nothing, and `mask` and `lengths` say where it is.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.errors import DataError
from data.ids import Ints, as_ids

Sentences = Sequence[ArrayLike]


class Padded(NamedTuple):
    """B sentences side by side, each padded at its end to the length T of the longest."""

    ids: Ints  # (B, T)
    lengths: Ints  # (B,), from 1 to T

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(B, T): true where there is a token, false where there is padding."""
        return _mask(self.lengths, self.ids.shape[1])

    def shifted(self) -> tuple["Padded", "Padded"]:
        """(inputs, targets) for a model that predicts the next token: targets[b, t] stands one after inputs[b, t].

        Every sentence gives one token less; its last, such as `<eos>`, is a target only, its first, such as
        `<bos>`, an input only. Raises DataError where a sentence has one token.
        """
        if (self.lengths < 2).any():
            what = f"sentence {int(self.lengths.argmin())} has one token, so nothing follows"
            raise DataError(what, "Padded.shifted", "put <bos> before each sentence, or leave it out")
        less = self.lengths - 1
        inputs = np.where(_mask(less, self.ids.shape[1]), self.ids, self._padding())[:, :-1]
        return Padded(inputs, less), Padded(self.ids[:, 1:], less)

    def _padding(self) -> int:
        """The id that pads; where all are of one length nothing does, and any will do."""
        return int(self.ids[~self.mask][0]) if not self.mask.all() else 0


class Continued(NamedTuple):
    """The next sentence of each row that has one. Row b goes on from row b of the minibatch before.

    Rows that have come to their end are always the last ones: B shrinks, and the state of the first B goes on.
    `fresh` says where a document begins, so that its row starts from a state of its own, not the one before.
    """

    ids: Ints  # (B, T)
    lengths: Ints  # (B,)
    fresh: NDArray[np.bool_]  # (B,)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(B, T): true where there is a token, false where there is padding."""
        return _mask(self.lengths, self.ids.shape[1])


def padded(sentences: Sentences, pad: int = 0) -> Padded:
    """All the sentences as one minibatch, padded with the id `pad` [seed 000].

    Raises DataError for no sentences, an empty one, or one that has the id `pad` in it.
    """
    rows = _checked(sentences, pad)
    lengths = np.array([row.size for row in rows])
    ids = np.full((len(rows), lengths.max()), pad, dtype=np.int64)
    ids[_mask(lengths, ids.shape[1])] = np.concatenate(rows)
    return Padded(ids, lengths)


def padded_batches(
    sentences: Sentences, batch: int, *, pad: int = 0, rng: np.random.Generator | None = None, alike: bool = False
) -> Iterator[Padded]:
    """One pass over the sentences, `batch` at a time; the last minibatch has what is left.

    With `rng` in random order, drawn at the call. With `alike`, sentences of like lengths come together, so that
    little is padded: they are sorted by length, equals staying in order (a random one with `rng`), and with `rng`
    the minibatches are shuffled.
    Raises DataError at the call as `padded` does, and for a batch below 1.
    """
    rows, groups = _checked(sentences, pad), _groups(sentences, batch, rng, alike)
    return (padded([rows[i] for i in group], pad) for group in groups)


def _groups(sentences: Sentences, batch: int, rng: np.random.Generator | None, alike: bool) -> list[Ints]:
    """Which sentences stand in which minibatch."""
    if batch < 1:
        raise DataError(f"the batch is {batch}", "batch", "give a whole number of at least 1")
    order = np.arange(len(sentences)) if rng is None else rng.permutation(len(sentences))
    if alike:
        order = order[np.argsort([np.size(sentences[i]) for i in order], kind="stable")]
    groups = [order[i : i + batch] for i in range(0, len(order), batch)]
    if alike and rng is not None:
        rng.shuffle(groups)
    return groups


def stateful_batches(documents: Sequence[Sentences], batch: int, *, pad: int = 0) -> Iterator[Continued]:
    """One pass over documents whose sentences depend on each other, in at most `batch` rows that carry a state.

    A document stays in one row, a sentence in each minibatch, in order. Each goes to the row that has the fewest
    sentences so far; fewer documents than rows make fewer rows, so cut a single long text into `batch` parts first.
    Raises DataError at the call for no documents, an empty one, a batch below 1, or sentences that `padded` refuses.
    """
    if batch < 1:
        raise DataError(f"the batch is {batch}", "batch", "give a whole number of at least 1")
    if not documents or not all(map(len, documents)):
        raise DataError(
            "there is no document, or one without sentences", "documents", "give at least one sentence each"
        )
    rows: list[list[tuple[NDArray[np.integer[Any]], bool]]] = [[] for _ in range(min(batch, len(documents)))]
    for document in documents:
        row = min(rows, key=len)
        row.extend((ids, i == 0) for i, ids in enumerate(_checked(document, pad)))
    rows.sort(key=len, reverse=True)
    return (_continued([row[k] for row in rows if len(row) > k], pad) for k in range(len(rows[0])))


def _continued(row_by_row: Iterable[tuple[NDArray[np.integer[Any]], bool]], pad: int) -> Continued:
    sentences, fresh = zip(*row_by_row, strict=True)
    return Continued(*padded(sentences, pad), np.array(fresh))


def _mask(lengths: Ints, steps: int) -> NDArray[np.bool_]:
    return np.arange(steps) < lengths[:, None]


def _checked(sentences: Sentences, pad: int) -> list[NDArray[np.integer[Any]]]:
    rows = [as_ids(sentence) for sentence in sentences]
    if not rows:
        raise DataError("there are no sentences", "sentences", "give at least one")
    for i, row in enumerate(rows):
        if not row.size:
            raise DataError("a sentence is empty", f"sentence {i}", "leave it out, or put <eos> after each")
        if (row == pad).any():
            raise DataError(f"a token has the id {pad}, which pads", f"sentence {i}", "reserve another id for padding")
    return rows
