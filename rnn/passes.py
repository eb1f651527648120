"""Pass after pass over minibatches, and a place in them that can be saved and found again."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np

from minigrad.graph import Array
from rnn.checkpoint import State, restore_rng, rng_state
from rnn.errors import RnnError

Minibatch = tuple[Array, Array]
Epoch = Callable[[np.random.Generator], Iterable[Minibatch]]
"""One pass as (inputs, targets), each (B, T); what is drawn for it is drawn from the generator."""


class Passes:
    """Minibatches without end: `number` is the pass (from 1), `taken` how many of it have been used.

    A pass need not be held to be found again: it is begun as it began, from where the generator stood then, and what
    was taken is skipped.
    """

    def __init__(self, epoch: Epoch, rng: np.random.Generator):
        self.epoch, self.rng = epoch, rng
        self.number, self.taken = 1, 0
        self._start = ""  # where the generator stood when this pass began, once it has
        self._rest: Iterator[Minibatch] | None = None
        self._before = rng.bit_generator.state

    def next(self) -> Minibatch:
        """The next minibatch, of a new pass where one is over. It is used once `take` is called."""
        while True:
            rest = self._begun() if self._rest is None else self._rest
            self._before = self.rng.bit_generator.state
            for inputs, targets in rest:
                return inputs, targets
            if not self.taken:
                raise RnnError("a pass has no minibatches", "Trainer", "give an `epoch` that yields some")
            self.number, self.taken, self._start, self._rest = self.number + 1, 0, "", None

    def take(self) -> None:
        """The minibatch that `next` gave has been used."""
        self.taken += 1

    def put_back(self) -> None:
        """As if `next` had not been called."""
        self.rng.bit_generator.state, self._rest = self._before, None

    def state_dict(self) -> State:
        """The place, and where the generator stands now and stood when the pass began."""
        return {"number": self.number, "taken": self.taken, "start": self._start, "now": rng_state(self.rng)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to the place; KeyError, TypeError or ValueError if it is none."""
        number, taken, start, now = (state[name] for name in ("number", "taken", "start", "now"))
        if min(operator.index(number) - 1, operator.index(taken)) < 0 or (taken and not start):
            raise ValueError(f"pass {number}, {taken} taken")
        restore_rng(self.rng, start or now)
        restore_rng(self.rng, now)
        self.number, self.taken, self._start, self._rest = number, taken, start, None

    def _begun(self) -> Iterator[Minibatch]:
        now = rng_state(self.rng)
        self._start = self._start or now
        restore_rng(self.rng, self._start)
        rest = iter(self.epoch(self.rng))
        skipped = sum(1 for _ in islice(rest, self.taken))
        if skipped < self.taken:
            what = f"the pass has {skipped} minibatches, of which {self.taken} had been taken"
            raise RnnError(what, "Trainer", "go on with the same data")
        if self.taken:  # others may draw from the generator too
            restore_rng(self.rng, now)
        self._rest = rest
        return rest
