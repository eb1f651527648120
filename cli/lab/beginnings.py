"""The short text that networks learn by heart: what lessons on it share."""

from __future__ import annotations

from functools import cache

from cli.lab.texts import Prepared, prepare
from data import entries

BOOK_SIZE = 10_000  # characters that the book trains on [D2L 8.5]


@cache
def piece(characters: int) -> Prepared:
    """The beginning of the story; at the book's length that of the book's own text, where it has been fetched."""
    if characters != BOOK_SIZE:
        return prepare("the-lighthouse", first=characters)
    here = {entry.name for entry in entries() if entry.path is not None}
    return prepare("time-machine" if "time-machine" in here else "the-lighthouse", clean="d2l-zh", first=characters)
