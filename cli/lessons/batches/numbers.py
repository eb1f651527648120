"""The pages on the numbers from 0 to 34, whose minibatches are printed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Claim, Matrices, Pieces, Result, at_most
from data import Minibatch, random_batches, sequential_batches
from data.ids import Ints

N, ROWS, STEPS = 35, 2, 5
TEXT = np.arange(N)
STARTS = (14, 29, 19, 9, 4, 24)
PRINTED_RANDOM = ((14, 29), (19, 9), (4, 24))
PRINTED_SEQUENTIAL = ((1, 17), (6, 22), (11, 27))
"""The first number of each row of each minibatch [seed 004, 8.3.4]; the four after it follow in order."""
_TRIED = 200  # random sizes


def starts_in_sequence(n: int, rows: int, steps: int, offset: int) -> list[Ints]:
    """Where the rows of each minibatch begin."""
    stretch = (n - 1 - offset) // rows
    first = offset + stretch * np.arange(rows)
    turns = stretch // steps
    return [first + k * steps for k in range(turns)]


@experiment()
def at_random(*, rng: np.random.Generator) -> Result:
    """Six windows in the order that is printed."""
    found = list(random_batches(TEXT, ROWS, STEPS, rng=rng, offset=4, starts=STARTS))
    drawn = [len(list(random_batches(TEXT, ROWS, STEPS, rng=rng, offset=o))) for o in range(STEPS)]
    return Result(
        (_coloured(found, "random sampling, offset 4 [seed 004]; · is not read"), _first(found[0])),
        (
            *_as_printed(found, PRINTED_RANDOM),
            at_most("minibatches at every offset: off from three", max(abs(n - 3) for n in drawn), 0),
        ),
    )


@experiment()
def in_sequence(*, rng: np.random.Generator) -> Result:
    """Two rows that read on, as printed."""
    found = list(sequential_batches(TEXT, ROWS, STEPS, offset=1))
    inputs = np.stack([m.inputs for m in found])
    breaks = int((inputs[1:, :, 0] != inputs[:-1, :, -1] + 1).sum())
    later = list(sequential_batches(TEXT, ROWS, STEPS, offset=STEPS))
    return Result(
        (_coloured(found, "sequential partitioning, offset 1 [seed 004]"), _first(found[0])),
        (
            *_as_printed(found, PRINTED_SEQUENTIAL),
            at_most("rows that do not go on where they ended", breaks, 0),
            at_most(f"the function above against the project: {_TRIED} random sizes, differences", differences(rng), 0),
            at_most("at offset 5, which the book's own code may draw: minibatches", len(later), 2),
        ),
    )


def _as_printed(found: Sequence[Minibatch], printed: Sequence[Sequence[int]]) -> tuple[Claim, ...]:
    wanted = np.array(printed)[..., None] + np.arange(STEPS)
    return (
        at_most("inputs that are not as printed", off([m.inputs for m in found], wanted), 0),
        at_most("targets that are not as printed", off([m.targets for m in found], wanted + 1), 0),
    )


def off(found: Sequence[Ints], wanted: Ints) -> int:
    """How many numbers differ; all of them if there are more minibatches than are wanted, or fewer."""
    got = np.stack(found)
    return int((got != wanted).sum()) if got.shape == wanted.shape else wanted.size


def differences(rng: np.random.Generator) -> int:
    """For how many of the sizes tried the function finds other windows than the project."""
    wrong = 0
    for _ in range(_TRIED):
        rows, steps = (int(k) for k in rng.integers(1, 8, 2))
        offset, n = int(rng.integers(steps)), int(rng.integers(rows * steps + steps + 1, 200))
        project = [m.inputs[:, 0].tolist() for m in sequential_batches(np.arange(n), rows, steps, offset=offset)]
        wrong += project != [starts.tolist() for starts in starts_in_sequence(n, rows, steps, offset)]
    return wrong


def _coloured(found: Sequence[Minibatch], caption: str) -> Pieces:
    """The numbers in order: windows, and what lies between them."""
    windows = {int(row[0]): (row.tolist(), k) for k, m in enumerate(found, 1) for row in m.inputs}
    pieces, place = list[tuple[str, int]](), 0
    while place < N:
        end = next((start for start in sorted(windows) if start >= place), N)
        row, number = windows[place] if end == place else (list(range(place, end)), 0)
        pieces.append((" ".join(f"{i:2}" for i in row), number))
        place += len(row)
    return Pieces(tuple(pieces), ROWS + 1, caption)


def _first(minibatch: Minibatch) -> Matrices:
    return Matrices((("X", minibatch.inputs), ("Y", minibatch.targets)))
