"""A text read from disk in pieces, cleaned as if it were whole, so that it may be larger than memory."""

import codecs
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from data.errors import DataError
from data.text import NOT_LETTERS
from data.vocab import named

PIECE = 1 << 20  # bytes of the file at a time

Pieces = Iterable[str]


class Reading:
    """The text of a UTF-8 file, piece by piece; `sha256` (hexadecimal) is that of all the bytes read so far.

    As `load` does, it drops a byte order mark and makes "\\n" of "\\r\\n".
    """

    def __init__(self, path: Path, piece: int = PIECE) -> None:
        self.path, self.piece = path, piece
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def __iter__(self) -> Iterator[str]:
        """Raises DataError for a file that cannot be read or is not UTF-8."""
        held = ""  # a "\r" at the end of a piece: what it is depends on what follows
        for piece in self._decoded():
            text = held + piece
            held = "\r" if text.endswith("\r") else ""
            yield text.removesuffix("\r").replace("\r\n", "\n")
        if held:
            yield held

    def _decoded(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")()
        place, first = 0, True
        for raw in self._bytes():
            waiting = len(decoder.getstate()[0])
            try:
                text = decoder.decode(raw, final=not raw)
            except UnicodeDecodeError as error:
                offset = place - waiting + error.start
                what = f"the text is not UTF-8 (byte {error.object[error.start]:#04x} at offset {offset})"
                raise DataError(what, str(self.path), "convert it, for instance with iconv") from error
            place += len(raw)
            if first and text:
                text, first = text.removeprefix("\ufeff"), False
            yield text

    def _bytes(self) -> Iterator[bytes]:
        """The file in pieces, and an empty one at its end."""
        try:
            with self.path.open("rb") as file:
                while raw := file.read(self.piece):
                    self._hash.update(raw)
                    yield raw
        except OSError as error:
            raise DataError(f"the file cannot be read ({error.strerror})", str(self.path), "check the path") from error
        yield b""


def _none(pieces: Pieces, end_of_line: str) -> Iterator[str]:
    yield from pieces


def _d2l_v1(pieces: Pieces, end_of_line: str) -> Iterator[str]:
    """A run of other characters that goes on in the next piece is still one space."""
    spaced = False
    for piece in filter(None, pieces):
        text = NOT_LETTERS.sub(" ", piece).lower()
        yield text[1:] if spaced and text[0] == " " else text
        spaced = text[-1] == " "


def _d2l_zh(pieces: Pieces, end_of_line: str) -> Iterator[str]:
    """A space is written when a letter follows it in the same line, as nothing else shows that the line goes on."""
    begun = spaced = False
    for piece in pieces:
        for i, part in enumerate(piece.split("\n")):
            if i:
                yield end_of_line
                begun = spaced = False
            text = NOT_LETTERS.sub(" ", part).lower()
            if words := text.strip():
                yield " " + words if begun and (spaced or text[0] == " ") else words
                begun, spaced = True, text[-1] == " "
            else:
                spaced = spaced or text != ""


_CLEANINGS: Mapping[str, Callable[[Pieces, str], Iterator[str]]] = {
    "none": _none,
    "d2l-zh": _d2l_zh,
    "d2l-v1": _d2l_v1,
}


def cleaned_pieces(pieces: Pieces, cleaning: str, kind: str = "char") -> Iterator[str]:
    """`data.text.cleaned` of a text that comes in pieces: joined, they are what it gives for the whole.

    Pieces of words are cut between words, so that the tokens of the pieces are the tokens of the text; a single
    word is never cut and takes the memory that it takes. Raises DataError for an unknown cleaning or kind.
    """
    named(kind)
    if cleaning not in _CLEANINGS:
        raise DataError(f'there is no cleaning "{cleaning}"', "cleaning", f"choose from {', '.join(_CLEANINGS)}")
    end_of_line = "\n" if kind == "word" else ""
    found = _CLEANINGS[cleaning](pieces, end_of_line)
    return _whole_words(found) if kind == "word" else found


def _whole_words(pieces: Pieces) -> Iterator[str]:
    begun: list[str] = []  # parts of a word that may go on
    for piece in filter(None, pieces):
        words = piece.rsplit(maxsplit=1)
        goes_on = not piece[-1].isspace()
        if goes_on and len(words) < 2 and not piece[0].isspace():
            begun.append(piece)
            continue
        cut = len(piece) - len(words[-1]) if goes_on else len(piece)
        yield "".join((*begun, piece[:cut]))
        begun = [piece[cut:]] if goes_on else []
    yield "".join(begun)
