"""Numbers for tokens as they come, before it is known which are frequent."""

from collections import defaultdict
from collections.abc import Callable
from itertools import count
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from data.tokens import BYTES, code_points
from data.vocab import named

Numbers = NDArray[np.unsignedinteger[Any]]


class Numbering(Protocol):
    """A number below `size` for every token met, and of each number its token."""

    dtype: np.dtype[Any]

    @property
    def size(self) -> int:
        """One more than the greatest number."""

    def take(self, text: str) -> Numbers:
        """The numbers (N,) of the tokens of a piece of text that begins and ends between tokens."""

    def token(self, number: int) -> str:
        """The token of a number."""


class _CodePoints:
    """A character is numbered by its code point."""

    dtype = np.dtype("<u4")
    size = 0

    def take(self, text: str) -> Numbers:
        codes = code_points(text)
        self.size = max(self.size, int(codes.max(initial=0)) + 1)
        return codes

    def token(self, number: int) -> str:
        return chr(number)


class _Appearance:
    """A word is numbered in the order of first appearance."""

    dtype = np.dtype("<u4")

    def __init__(self) -> None:
        self._numbers: defaultdict[str, int] = defaultdict(count().__next__)
        self._words: list[str] = []

    @property
    def size(self) -> int:
        return len(self._numbers)

    def take(self, text: str) -> Numbers:
        return np.array([self._numbers[word] for word in text.split()], dtype=self.dtype)

    def token(self, number: int) -> str:
        if len(self._words) < self.size:
            self._words = list(self._numbers)
        return self._words[number]


class _Values:
    """A byte is its own number."""

    dtype = np.dtype("u1")
    size = len(BYTES)

    def take(self, text: str) -> Numbers:
        return np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=self.dtype)

    def token(self, number: int) -> str:
        return BYTES[number]


_NUMBERINGS: dict[str, Callable[[], Numbering]] = {"char": _CodePoints, "word": _Appearance, "byte": _Values}


def numbering_of(kind: str) -> Numbering:
    """A new numbering for that kind of tokens. Raises DataError for an unknown kind."""
    named(kind)
    return _NUMBERINGS[kind]()
