"""How copies of a stretch of ops must be wired for one of them to stand for all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minigrad.graph import Array
from minigrad.view.record import Wires

FEWEST = 3  # copies that are worth folding


@dataclass(frozen=True)
class Run:
    """`count` copies of `period` ops each, from op `start` on."""

    start: int
    period: int
    count: int

    @property
    def end(self) -> int:
        """The op after the last."""
        return self.start + self.period * self.count


@dataclass(frozen=True)
class Wiring:
    """What every op reads, leaves being −1, and the kind of every op as a number."""

    wires: Wires
    kinds: Array

    def copies(self, hoped: Run) -> int:
        """How many copies, of those that are hoped for, are wired alike from the first on."""
        reach = FEWEST + 1
        while True:
            tried = Run(hoped.start, hoped.period, min(reach, hoped.count))
            alike = self._alike(tried)
            if alike < tried.count - 1 or tried.count == hoped.count:
                return alike
            reach *= 4

    def _alike(self, run: Run) -> int:
        """Every input of every copy against the same of the copy before; each of these will do."""
        edges = slice(self.wires.begins[run.start], self.wires.begins[run.end])
        source = self.wires.sources[edges].reshape(run.count, -1)
        step, outside = np.diff(source, axis=0), source < run.start
        moves = (step == run.period) & (source[:-1] >= 0)
        begins = outside[:-1] & ~outside[1:] & (source[1:] < run.start + run.period)
        begins &= np.vstack([moves[1:], np.zeros_like(moves[:1])])  # and moves on; of the last it is not known
        even = outside[1:] & outside[:-1]
        even[1:] &= step[1:] == step[:-1]
        own = source >= run.start + run.period * np.arange(run.count)[:, None]
        chosen = own[1:] & own[:-1] & (self.kinds[source[1:]] == self.kinds[source[:-1]])
        wrong = np.flatnonzero(~(moves | begins | even | chosen).all(axis=1))
        return int(wrong[0]) + 1 if wrong.size else run.count
