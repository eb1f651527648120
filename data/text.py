"""Cleaning a text, numbering its characters, and holding a part of it out [D2L 8.2, seed 004 8.2].

N is a length and V the size of a vocabulary.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from data.errors import DataError

UNKNOWN = "<unk>"
_REPLACEMENT = 0xFFFD  # how an unknown character is shown
_NOT_LETTERS = re.compile("[^A-Za-z]+")

TextOrIds = TypeVar("TextOrIds", str, NDArray[np.int64])


def _none(text: str) -> str:
    return text


def _d2l_zh(text: str) -> str:
    # Lines end at "\n" alone: splitlines would also cut at form feeds, which the reference does not.
    return "".join(_NOT_LETTERS.sub(" ", line).strip().lower() for line in text.split("\n"))


def _d2l_v1(text: str) -> str:
    return _NOT_LETTERS.sub(" ", text).lower()


CLEANINGS: Mapping[str, Callable[[str], str]] = {"none": _none, "d2l-zh": _d2l_zh, "d2l-v1": _d2l_v1}
"""Name → function from raw to cleaned text.

`none` changes nothing. `d2l-zh` takes each line by itself: every run of characters other than a–z and A–Z
becomes one space, the ends are stripped, capitals lowered; the lines are joined with nothing, so that words
meet where a line ends [D2L 8.2.1, v0.17]. `d2l-v1` takes the whole text at once, so that a line end is a
space [D2L 9.2, v1.0].
"""


@dataclass(frozen=True)
class Vocab:
    """The characters that a model knows; a token's id is its place in `tokens`, and id 0 is `<unk>`.

    Two vocabularies are equal when their tokens are. `Vocab(tokens)` rebuilds a saved one.
    Raises DataError unless `<unk>` comes first and the rest are single characters, each once.
    """

    tokens: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", tuple(self.tokens))  # a list, as JSON gives it, will do
        if self.tokens[:1] != (UNKNOWN,):
            raise _vocab_error(f"the first token must be {UNKNOWN}, not {self.tokens[:1]}")
        if odd := [token for token in self.tokens[1:] if not isinstance(token, str) or len(token) != 1]:
            raise _vocab_error(f"the token {odd[0]!r} is not a single character")
        if len(set(self.tokens)) < len(self.tokens):
            raise _vocab_error("a token occurs twice")

    @classmethod
    def from_text(cls, text: str) -> "Vocab":
        """The characters of `text`, the most frequent first, equals by code point [D2L 8.2.3]."""
        codes, counts = np.unique(_code_points(text), return_counts=True)
        order = np.lexsort((codes, -counts))
        return cls((UNKNOWN, *map(chr, codes[order].tolist())))

    def __len__(self) -> int:
        """V, `<unk>` included."""
        return len(self.tokens)

    def encode(self, text: str) -> NDArray[np.int64]:
        """The ids (N,) of the N characters of `text`; 0 for each one that is not in the vocabulary."""
        return self._ids[np.minimum(_code_points(text), len(self._ids) - 1)]

    def decode(self, ids: NDArray[np.integer[Any]] | list[int]) -> str:
        """The text of ids (N,); `<unk>` is shown as U+FFFD. Raises DataError for an id outside 0 … V−1."""
        array = as_ids(ids)
        if array.size and not 0 <= array.min() <= array.max() < len(self):
            raise DataError(
                f"ids run from {array.min()} to {array.max()}",
                f"vocabulary of {len(self)} tokens",
                "decode with the vocabulary that encoded the text",
            )
        return self._codes[array].tobytes().decode("utf-32-le", "surrogatepass")

    def unknown(self, text: str) -> str:
        """The distinct characters of `text` that the vocabulary lacks, in their order of appearance."""
        known = set(self.tokens)
        return "".join(char for char in dict.fromkeys(text) if char not in known)

    @cached_property
    def _codes(self) -> NDArray[np.uint32]:
        return np.array([_REPLACEMENT, *map(ord, self.tokens[1:])], dtype="<u4")

    @cached_property
    def _ids(self) -> NDArray[np.int64]:
        """Code point → id. The last slot is nobody's: `encode` sends every greater code point there."""
        codes = self._codes[1:]
        ids = np.zeros(int(codes.max(initial=0)) + 2, dtype=np.int64)
        ids[codes] = np.arange(1, len(self))
        return ids


def split(sequence: TextOrIds, fraction: float | Fraction) -> tuple[TextOrIds, TextOrIds]:
    """(training, held_out): the first ⌊N · fraction⌋ of the N characters or ids, and the rest.

    The product is taken in the arithmetic of `fraction`: give a `Fraction` where a float would round, as for
    the eight ninths that remain when the last ninth is the development part. An array is cut into views.
    Raises DataError unless 0 < fraction < 1 and both parts have something in them.
    """
    if not 0 < fraction < 1:
        raise DataError(f"the training fraction is {fraction}", "split", "give one above 0 and below 1")
    cut = int(len(sequence) * fraction)
    if cut == 0:  # it is never N: below 1 the rounded product stays below N
        what = f"{fraction} of {len(sequence)} tokens leaves nothing to train on"
        raise DataError(what, "split", "give a longer text or a larger fraction")
    return sequence[:cut], sequence[cut:]


def as_ids(ids: NDArray[np.integer[Any]] | list[int]) -> NDArray[np.int64]:
    """`ids` as an int64 array (N,), not copied where it is one.

    Raises DataError for other shapes, and for other numbers than whole ones.
    """
    array = np.asarray(ids)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise DataError(
            f"ids have shape {array.shape} and dtype {array.dtype}",
            "ids",
            "give whole numbers in one dimension, as Vocab.encode does",
        )
    return array.astype(np.int64, copy=False)


def _code_points(text: str) -> NDArray[np.uint32]:
    # "surrogatepass": a command line may hold bytes that are not text, and those reach us as surrogates.
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def _vocab_error(what: str) -> DataError:
    return DataError(what, "vocabulary", f"give {UNKNOWN}, then single characters, each once")
