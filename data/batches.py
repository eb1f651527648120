"""One pass over a text in minibatches, sampled at random or in sequence [D2L 8.3.4, seed 004 8.3.4].

A text of N ids is cut, from an offset on, into windows of T ids, B of them to a minibatch; the targets are
the same ids one place later. A new offset for each pass changes where the cuts fall and what is left over.
Ids may be of any whole-number type and lie on disk (`data.stored`): a minibatch reads its own windows only. A random
pass also holds the order of its windows, 16 bytes for each.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.errors import DataError
from data.ids import as_ids


class Minibatch(NamedTuple):
    """B rows of T ids, and what follows: in the text targets[b, t] stands one place after inputs[b, t]."""

    inputs: NDArray[np.int64]  # (B, T)
    targets: NDArray[np.int64]  # (B, T)


def random_batches(
    ids: NDArray[np.integer[Any]],
    batch: int,
    window: int,
    *,
    rng: np.random.Generator,
    offset: int | None = None,
    starts: Sequence[int] | None = None,
) -> Iterator[Minibatch]:
    """One pass in random order: each of the ⌊(N − 1 − offset) / T⌋ windows at most once [D2L 8.3.4.1].

    `offset` is drawn from 0 … T−1 unless given. `starts`, the first places of the windows in the order
    wanted, takes the place of the drawn order, as for a printed example; it needs the `offset` that it
    belongs to. Windows that do not fill a last minibatch are left out. All randomness is drawn at the call.
    Raises DataError at the call for a batch or window below 1, for starts where no window begins, and for a
    text of fewer than offset + BT + 1 tokens, which one minibatch needs; an offset yet to be drawn counts as
    the largest, T−1, so that no text passes by luck.
    """
    if starts is not None and offset is None:
        raise DataError("starts are given without their offset", "starts", "give offset= as well")
    array = _checked(ids, batch, window, window - 1 if offset is None else offset)
    if offset is None:
        offset = int(rng.integers(window))
    whole = np.arange(offset, len(array) - window, window)
    order = rng.permutation(whole) if starts is None else _checked_starts(starts, whole, batch)
    groups = order[: len(order) // batch * batch].reshape(-1, batch)
    return (_gather(array, first, window) for first in groups)


def sequential_batches(
    ids: NDArray[np.integer[Any]],
    batch: int,
    window: int,
    *,
    rng: np.random.Generator | None = None,
    offset: int | None = None,
) -> Iterator[Minibatch]:
    """One pass in order: each row goes on in the text where it ended in the minibatch before [D2L 8.3.4.2].

    Row b reads on from offset + bS, where S = ⌊(N − 1 − offset) / B⌋, so that a state can be carried along
    it; the S mod T tokens after its last whole window are not read. Unless given, `offset` is drawn from
    0 … T−1 at the call, or is 0 where there is no `rng`.
    Raises DataError at the call as `random_batches` does.
    """
    drawn = offset is None and rng is not None
    array = _checked(ids, batch, window, window - 1 if drawn else offset or 0)
    if offset is None:
        offset = 0 if rng is None else int(rng.integers(window))
    stretch = (len(array) - 1 - offset) // batch
    rows = offset + stretch * np.arange(batch)
    return (_gather(array, rows + step, window) for step in range(0, stretch // window * window, window))


def batches_per_epoch(length: int, batch: int, window: int, offset: int = 0) -> int:
    """The number of minibatches in one pass over `length` ids: ⌊(N − 1 − offset) / (B T)⌋ for both samplings.

    Over the offsets 0 … T−1 it varies by one at most.
    """
    return max(0, length - 1 - offset) // (batch * window)


def _gather(ids: NDArray[np.integer[Any]], first: NDArray[np.int64], window: int) -> Minibatch:
    places = first[:, None] + np.arange(window)
    return Minibatch(ids[places].astype(np.int64, copy=False), ids[places + 1].astype(np.int64, copy=False))


def _checked_starts(starts: Sequence[int], whole: NDArray[np.int64], batch: int) -> NDArray[np.int64]:
    order = as_ids(list(starts)).astype(np.int64)
    if len(order) < batch or len(np.unique(order)) < len(order) or not np.isin(order, whole).all():
        raise DataError(
            f"starts {order.tolist()} cannot be used",
            f"windows begin at {whole[0]} … {whole[-1]}",
            f"give at least {batch} of {whole.tolist()[:3]} …, each once",
        )
    return order


def _checked(ids: NDArray[np.integer[Any]], batch: int, window: int, offset: int) -> NDArray[np.integer[Any]]:
    for name, value, least in (("batch", batch, 1), ("window", window, 1), ("offset", offset, 0)):
        if value < least:
            raise DataError(f"the {name} is {value}", name, f"give a whole number of at least {least}")
    array = as_ids(ids)
    needed = offset + batch * window + 1
    if len(array) < needed:
        raise DataError(
            f"the text has {len(array):,} tokens and one minibatch needs {needed:,}",
            f"batch {batch}, window {window}, offset up to {offset}",
            "give a longer text, or a smaller batch or window",
        )
    return array
