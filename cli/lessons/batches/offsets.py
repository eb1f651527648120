"""The page on offsets: which tokens are asked for in one pass, and which in all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Excerpt, Result, Table, at_least, at_most
from cli.lab.texts import prepare
from cli.lessons.batches.coloured import USUAL
from cli.lessons.batches.numbers import ROWS, STEPS, N
from data import Minibatch, random_batches, sequential_batches
from data.ids import Ints

Pass = Callable[[Ints, int, int, int], Iterator[Minibatch]]


def passes(rng: np.random.Generator) -> dict[str, Pass]:
    """One pass over a text in rows and steps from an offset on, by each sampling."""
    return {
        "sequential": lambda text, rows, steps, o: sequential_batches(text, rows, steps, offset=o),
        "random": lambda text, rows, steps, o: random_batches(text, rows, steps, offset=o, rng=rng),
    }


def asked(one: Pass, length: int, rows: int, steps: int) -> Ints:
    """How often each place of a text is a target (steps, N), for each offset."""
    found = np.zeros((steps, length), int)
    for offset in range(steps):
        for minibatch in one(np.arange(length), rows, steps, offset):
            np.add.at(found[offset], minibatch.targets, 1)
    return found


@experiment()
def labels(*, rng: np.random.Generator) -> Result:
    """The targets of each offset, on the numbers and on the story."""
    length = prepare().training.size
    small = {name: asked(one, N, ROWS, STEPS) for name, one in passes(rng).items()}
    large = {name: asked(one, length, *USUAL) for name, one in passes(rng).items()}
    numbers, story = (np.stack(list(counts.values())) for counts in (small, large))  # (samplings, offsets, places)
    never = (story.sum(axis=1)[:, 1:] == 0).sum(axis=1)
    expected = [ROWS * STEPS * ((N - 1 - o) // (ROWS * STEPS)) for o in range(STEPS)]
    columns: tuple[Column, ...] = (("the story", "text"), ("left out at offset 0", "count"), ("by all", "count"))
    rows = tuple(
        (name, length - 1 - int(c[0].sum()), int(n)) for (name, c), n in zip(large.items(), never, strict=True)
    )
    said = f"of {length - 1:,} tokens; {USUAL[0]} rows of {USUAL[1]} steps"
    return Result(
        (
            Excerpt(_grid(small["sequential"]), "\nwhich of the numbers 0 to 34 are targets, in sequence"),
            Table(columns, rows, said),
        ),
        (
            at_most("over all offsets: numbers after 0 that are never targets", (numbers.sum(1)[:, 1:] == 0).sum(), 0),
            at_most("times that 0 is a target", numbers[..., 0].sum(), 0),
            at_least("numbers left out by one offset, at the least", N - 1 - numbers.sum(axis=2).max(), 1),
            at_most(
                "targets at one offset, less B T ⌊(N − 1 − offset)/(B T)⌋", np.abs(numbers.sum(2) - expected).max(), 0
            ),
            at_most("how often one pass asks for the same token", max(numbers.max(), story.max()), 1),
            at_most("the story over all offsets: never asked for, as a share", never.max() / length, 1e-3),
        ),
    )


def _grid(counts: Ints) -> str:
    lines = [("offset 0", counts[0]), *((str(o), counts[o]) for o in range(1, STEPS)), ("all", counts.sum(axis=0))]
    return "\n".join(f"{name:>8}  " + "".join("■" if n else "·" for n in row) for name, row in lines)
