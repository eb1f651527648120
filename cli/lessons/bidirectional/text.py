"""The bundled story as letters, and windows of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np

from cli.lab.texts import prepare
from minigrad.graph import Array

LETTERS = " abcdefghijklmnopqrstuvwxyz"
WINDOW, ROWS = 16, 12  # steps and sequences of a minibatch


@dataclass(frozen=True)
class Story:
    """Ids of the part to train on and of the part held out: a space is 0, a is 1, … z is 26."""

    training: Array
    held_out: Array

    def batch(self, rng: np.random.Generator, more: int = 0, rows: int = ROWS) -> Array:
        """Windows from anywhere in the training part (WINDOW + more, rows)."""
        return windows(self.training, rng.integers(self.training.size - WINDOW - more, size=rows), WINDOW + more)

    def unseen(self, more: int = 0, length: int = WINDOW) -> Array:
        """Windows from all over the held-out part (length + more, ·)."""
        return windows(self.held_out, np.arange(0, self.held_out.size - length - more, 7), length + more)


def windows(ids: Array, starts: Array, length: int) -> Array:
    """Those that begin at `starts`, as columns (length, B)."""
    return ids[starts + np.arange(length)[:, None]]


@cache
def story() -> Story:
    """The lighthouse, in small letters and spaces."""
    text = prepare("the-lighthouse")
    return Story(*(encode(text.vocab.decode(part)) for part in (text.training, text.held_out)))


def encode(text: str) -> Array:
    """Ids of the letters, whatever else there is a space."""
    return np.array([LETTERS.index(c) for c in re.sub(r"[^a-z]+", " ", text.lower())])


def decode(ids: Array) -> str:
    """The letters of ids."""
    return "".join(LETTERS[int(k)] for k in ids)


def without_spaces(ids: Array) -> tuple[Array, Array]:
    """The letters alone (less 1, so that a is 0), and whether a word ends after each."""
    letters = ids != 0
    ends = np.append(ids[1:] == 0, True)
    return ids[letters] - 1, ends[letters].astype(int)
