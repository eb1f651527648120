"""One token is missing, and those on both sides tell about it [S21, S22]."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data.checks import whole
from data.tasks.examples import Examples, entropy, whole_rows
from data.tasks.source import Source


@dataclass(frozen=True)
class Blank:
    """2r + 1 tokens of a source with the middle one replaced by the id V: which was it? r = `reach` ≥ 1.

    From both sides the best loss is H(x_r | all others) = H(whole) − H(without x_r): `optimum`. From one side alone it
    is H(x_r | the r before) = `one_side`, and the same from the other: H(x_r … x_{2r}) − H(x_{r+1} … x_{2r}) is a
    difference of the same two block entropies, because the text is stationary. Everything is summed over all V^{2r+1}
    blocks; DataError where they are too many, and for a reach below 1.
    """

    source: Source
    reach: int = 1

    def __post_init__(self) -> None:
        whole(self.reach, "reach")
        self.source.blocks(2 * self.reach + 1)

    @property
    def symbols(self) -> int:
        """V and the blank."""
        return self.source.vocabulary + 1

    @property
    def outputs(self) -> int:
        """V."""
        return self.source.vocabulary

    @cached_property
    def optimum(self) -> float:
        """H(x_r | r tokens on either side)."""
        blocks = self.source.blocks(2 * self.reach + 1)
        return float(entropy(blocks.ravel()) - entropy(blocks.sum(axis=self.reach).ravel()))

    @property
    def one_side(self) -> float:
        """H(x_r | the r tokens before it), and equally the r after it."""
        return self.source.floor(self.reach)

    @property
    def guess(self) -> float:
        """H(x_r): the entropy of one token by itself."""
        return self.source.floor(0)

    def draw(self, rows: int, rng: np.random.Generator) -> Examples:
        """Random rows, each a text of its own."""
        steps = 2 * self.reach + 1
        text = np.stack([self.source.sample(steps, rng) for _ in range(whole(rows, "rows"))], axis=1)
        inputs = text.copy()
        inputs[self.reach] = self.source.vocabulary
        return whole_rows(inputs, text, slice(self.reach, self.reach + 1))
