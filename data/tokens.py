"""What a token is: a character, a word or a byte; how a text is cut into tokens, and how tokens make a text again."""

import codecs
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from data.ids import Ints

UNKNOWN, PAD, BOS, EOS = "<unk>", "<pad>", "<bos>", "<eos>"
REPLACEMENT = "\ufffd"  # how an unknown character is shown

BYTES = tuple(chr(b) if 32 <= b < 127 else f"<0x{b:02X}>" for b in range(256))
"""The name of each byte: itself where it is a visible ASCII character or a space, else <0x00> … <0xFF>."""
_VALUE = {name: value for value, name in enumerate(BYTES)}


class Kind(Protocol):
    """One way to cut texts.

    `unit` is what a token is called, `joint` what stands between two, and `fixed` the tokens that are there
    whatever the text; where there are any, no token is unknown.
    """

    unit: str
    joint: str
    fixed: tuple[str, ...]

    def cut(self, text: str) -> Sequence[str]:
        """The tokens of a text, in order."""

    def spells(self, token: str) -> bool:
        """Whether a text can have this token."""

    def encoder(self, ids: Mapping[str, int], unknown: int) -> Callable[[str], Ints]:
        """A function from a text to the ids (N,) of its tokens; `unknown` for those that have none."""

    def pieces(self, tokens: Iterable[str], after: str) -> Iterator[str]:
        """The text of tokens, piece by piece, as it goes on after the text `after`."""

    def characters(self, text: str) -> int:
        """How many characters the tokens of a text spell: what bits per character are counted by."""


class Characters:
    """A token is a code point; a character that is not known is shown as U+FFFD."""

    unit = "character"
    joint = ""
    fixed: tuple[str, ...] = ()

    def cut(self, text: str) -> str:
        return text

    def spells(self, token: str) -> bool:
        return len(token) == 1

    def encoder(self, ids: Mapping[str, int], unknown: int) -> Callable[[str], Ints]:
        """By a table from code points. Its last slot is nobody's: every greater code point is sent there."""
        table = np.full(max(map(ord, ids), default=0) + 2, unknown, dtype=np.int64)
        table[[ord(token) for token in ids]] = list(ids.values())
        return lambda text: table[np.minimum(code_points(text), len(table) - 1)]

    def pieces(self, tokens: Iterable[str], after: str) -> Iterator[str]:
        return (REPLACEMENT if token == UNKNOWN else token for token in tokens)

    def characters(self, text: str) -> int:
        return len(text)


class Words:
    """A token is what stands between white space [D2L 8.2.2]; how much of that there was is forgotten."""

    unit = "word"
    joint = " "
    fixed: tuple[str, ...] = ()

    def cut(self, text: str) -> list[str]:
        return text.split()

    def spells(self, token: str) -> bool:
        return token.split() == [token]

    def encoder(self, ids: Mapping[str, int], unknown: int) -> Callable[[str], Ints]:
        return lambda text: np.array([ids.get(word, unknown) for word in text.split()], dtype=np.int64)

    def pieces(self, tokens: Iterable[str], after: str) -> Iterator[str]:
        space = "" if not after or after[-1].isspace() else " "
        for token in tokens:
            yield space + token
            space = " "

    def characters(self, text: str) -> int:
        """With one space between two words."""
        return len(" ".join(text.split()))


class Bytes:
    """A token is a byte of the text in UTF-8 and its id the byte's value, so that none is ever unknown.

    Bytes that are not UTF-8, as an untrained model makes them, are shown as U+FFFD.
    """

    unit = "byte"
    joint = ""
    fixed: tuple[str, ...] = BYTES

    def cut(self, text: str) -> list[str]:
        return [BYTES[value] for value in _encoded(text)]

    def spells(self, token: str) -> bool:
        return token in _VALUE

    def encoder(self, ids: Mapping[str, int], unknown: int) -> Callable[[str], Ints]:
        return lambda text: np.frombuffer(_encoded(text), dtype=np.uint8).astype(np.int64)

    def pieces(self, tokens: Iterable[str], after: str) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for token in tokens:
            value = _VALUE.get(token)
            yield decoder.decode(b"", final=True) + token if value is None else decoder.decode(bytes([value]))
        yield decoder.decode(b"", final=True)

    def characters(self, text: str) -> int:
        return len(text)


KINDS: Mapping[str, Kind] = {"char": Characters(), "word": Words(), "byte": Bytes()}
"""The kinds of tokens by name."""


def code_points(text: str) -> NDArray[np.uint32]:
    """The characters of `text` as numbers (N,)."""
    # "surrogatepass": a command line may hold bytes that are not text, and those reach us as surrogates.
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
