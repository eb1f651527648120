"""Counts of what follows what, and how far counts stray by chance."""

from __future__ import annotations

import numpy as np

from cli.lab.figures import Column, Table
from cli.lessons.markov.weather import NAMES
from minigrad.graph import Array
from rnn.metrics import Ints

BESIDE: tuple[Column, ...] = tuple((name, "number") for name in NAMES)


def counts(ids: Ints, length: int = 2) -> Array:
    """How often each run of `length` days stands in a diary, (V, …, V) with an axis for each day."""
    found = np.zeros((len(NAMES),) * length)
    np.add.at(found, tuple(ids[k : len(ids) - length + 1 + k] for k in range(length)), 1)
    return found


def shares(counted: Array) -> Array:
    """Each row divided by its sum."""
    return np.asarray(counted / counted.sum(axis=-1, keepdims=True))


def errors(counted: Array, p: Array) -> Array:
    """How far counts lie from what tables p make one expect, in standard errors."""
    n = counted.sum(axis=-1, keepdims=True)
    return np.asarray((counted - n * p) / np.sqrt(n * p * (1 - p)))


def astray(counted: Array, p: Array) -> float:
    """The largest of them, whatever its sign."""
    return float(np.abs(errors(counted, p)).max())


def table(corner: str, rows: Array, caption: str = "") -> Table:
    """A table of probabilities with today in rows."""
    found = tuple((name, *row) for name, row in zip(NAMES, rows, strict=True))
    return Table(((corner, "text"), *BESIDE), found, caption)
