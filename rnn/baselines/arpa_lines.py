"""The lines of an ARPA file, as grams of words; whatever is wrong with one is said with its number."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

from rnn.errors import RnnError

Words = tuple[str, ...]
Entries = dict[Words, tuple[float, float]]  # gram -> (log₁₀ P, log₁₀ of what it spares, 0 where nothing is said)

BLANKS = re.compile("[ \t]+")
COUNT = re.compile(r"ngram +(\d{1,9}) *= *(\d{1,18})")


class Line(NamedTuple):
    """A line that is not blank."""

    number: int
    text: str


class Source:
    """The lines of a file, one at a time; `here` is the last one taken."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.here = Line(0, "")
        self._lines = self._read()

    def take(self) -> Line:
        """The next line; RnnError where the file ends."""
        self.here = next(self._lines, Line(self.here.number + 1, ""))
        if not self.here.text:
            self.refuse("the file ends too early")
        return self.here

    def refuse(self, what: str) -> NoReturn:
        """Say what is wrong with the line taken last."""
        raise RnnError(what, f"{self.path}, line {self.here.number}", "repair that line, or get the file again")

    def _read(self) -> Iterator[Line]:
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise RnnError(f"the file cannot be read ({error.strerror})", str(self.path), "give an ARPA file") from None
        for number, line in enumerate(content.split(b"\n"), 1):
            if text := self._decoded(line, number).strip(" \t\r"):
                yield Line(number, text)

    def _decoded(self, line: bytes, number: int) -> str:
        try:
            return line.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            self.here = Line(number, "")
            self.refuse("the line is not UTF-8")


def grams_of(path: Path) -> tuple[Entries, ...]:
    """The entries of each order, order 1 first, in the order of the file. Raises RnnError for a damaged file."""
    source = Source(path)
    while source.take().text != "\\data\\":  # what comes before is a comment
        pass
    promised = list(_promised(source))
    if not promised:
        source.refuse("there is no line such as ngram 1=5 after \\data\\")
    tables: list[Entries] = []
    for order, times in enumerate(promised, 1):
        if source.here.text != f"\\{order}-grams:":
            source.refuse(f"{_short(source.here.text)} stands where \\{order}-grams: belongs")
        known = tables[0] if tables else None
        tables.append(_section(source, order, times, known, highest=order == len(promised)))
    if source.here.text != "\\end\\":
        source.refuse(f"{_short(source.here.text)} stands where \\end\\ belongs")
    return tuple(tables)


def _promised(source: Source) -> Iterator[int]:
    """How many grams of each order the head of the file says there are; ends at the first line of another kind."""
    order = 1
    while match := COUNT.fullmatch(source.take().text):
        if int(match[1]) != order:
            source.refuse(f"order {match[1]} stands where order {order} belongs")
        yield int(match[2])
        order += 1


def _section(source: Source, order: int, promised: int, known: Entries | None, *, highest: bool) -> Entries:
    found: Entries = {}
    while not source.take().text.startswith("\\"):
        gram, numbers = _entry(source, order, highest=highest)
        if gram in found:
            source.refuse(f"{_short(' '.join(gram))} is there twice")
        if known is not None:
            _check_known(source, gram, known)
        found[gram] = numbers
    if len(found) != promised:
        source.refuse(f"{len(found):,} {order}-grams where \\data\\ promised {promised:,}")
    return found


def _entry(source: Source, order: int, *, highest: bool) -> tuple[Words, tuple[float, float]]:
    """A token may begin with a backslash, a line of a section cannot: it begins with a number."""
    fields = BLANKS.split(source.here.text)
    if not order + 1 <= len(fields) <= order + 2 - highest:
        source.refuse(
            f"{len(fields)} fields stand where a {order}-gram has {order + 1}{'' if highest else ' or one more'}"
        )
    log_p = _number(source, fields[0])
    if log_p > 0:
        source.refuse(f"the log-probability is {fields[0]}, above 0")
    spare = _number(source, fields[-1]) if len(fields) == order + 2 else 0.0
    return tuple(fields[1 : order + 1]), (log_p, spare)


def _number(source: Source, field: str) -> float:
    try:
        value = float(field)
    except ValueError:
        value = math.nan
    if math.isnan(value) or value == math.inf:
        source.refuse(f"{_short(field)} is no logarithm")
    return value


def _check_known(source: Source, gram: Words, known: Entries) -> None:
    for token in gram:
        if (token,) not in known:
            source.refuse(f"the token {_short(token)} is not among the 1-grams")


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
