"""What every task hands out, and what every task says of itself."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class Examples:
    """B rows of at most T steps, time first as the layers take them, with questions at some of the steps.

    `inputs` are ids (T, B) or reals (T, B, I). `targets` (T, B), ids or reals, hold the answer wherever `asked`
    (T, B) is true, and 0 elsewhere, which means nothing. Row b has `lengths[b]` steps; what follows is padding, 0.
    """

    inputs: NDArray[Any]
    targets: NDArray[Any]
    asked: NDArray[np.bool_]
    lengths: NDArray[np.int64]

    @property
    def last(self) -> NDArray[Any]:
        """The targets (B,) at the last step of each row, for tasks that ask once, at the end."""
        return self.targets[self.lengths - 1, np.arange(len(self.lengths))]


class Task(Protocol):
    """A task with a known best loss.

    The loss is the mean over all asked targets: in nats where the targets are `outputs` classes, the squared
    error where they are real numbers (`outputs` is 0). With rows of uneven lengths it is the expected total of a row
    over its expected number of targets, which the mean over many rows tends to.
    """

    @property
    def symbols(self) -> int:
        """How many ids the inputs may be; for real inputs how many numbers a step holds."""

    @property
    def outputs(self) -> int:
        """How many classes a target may be, 0 for a real number."""

    @property
    def optimum(self) -> float:
        """The expected loss of the best predictor."""

    @property
    def guess(self) -> float:
        """The expected loss of the best predictor that looks at no input and always says the same."""

    def draw(self, rows: int, rng: np.random.Generator) -> Examples:
        """Random rows. Raises DataError for fewer than 1."""


def whole_rows(inputs: NDArray[Any], targets: NDArray[Any], asked: NDArray[np.bool_] | slice | None = None) -> Examples:
    """Rows without padding; every step is asked, or those of a mask (T, B) or a slice of the time."""
    steps, rows = targets.shape
    mask = np.ones((steps, rows), bool)
    if asked is not None:
        mask = np.zeros_like(mask)
        mask[asked] = True
    return Examples(inputs, np.where(mask, targets, 0).astype(targets.dtype), mask, np.full(rows, steps))


def written(strings: list[list[int]]) -> Examples:
    """Strings of ids as rows to be foreseen: the input begins with id 0, the target ends with it."""
    lengths = np.array([len(string) + 1 for string in strings])
    inputs, targets = (np.zeros((lengths.max(), len(strings)), np.int64) for _ in range(2))
    for row, string in enumerate(strings):
        inputs[1 : len(string) + 1, row] = targets[: len(string), row] = string
    return Examples(inputs, targets, np.arange(lengths.max())[:, None] < lengths, lengths)


def entropy(p: ArrayLike, axis: int = -1) -> NDArray[np.float64]:
    """H = −Σ p log p in nats along an axis, with 0 log 0 = 0."""
    chances = np.asarray(p, dtype=np.float64)
    return -np.sum(chances * np.log(chances, where=chances > 0, out=np.zeros_like(chances)), axis=axis)
