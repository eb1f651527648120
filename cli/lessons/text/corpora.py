"""The page on the corpora: how much text there is, counted twice."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Excerpt, Result, Table, at_least, at_most
from cli.lessons.text.steps import changed
from data import DataError, Vocab, entries, load
from data.corpus import fetching
from data.text import cleaned

CLEANING = "d2l-zh"
PRINTED = "time-machine"
_KNOWN = ("the-lighthouse", "time-machine", "tiny-shakespeare")
_LETTERS = re.compile("[A-Za-z]+")
_FIRST = 5  # of the most frequent words


class Counts(NamedTuple):
    """Of a text under d2l-zh: its sizes, its lines as they were written, and its most frequent words.

    `once` is how many words occur once; None where that is not known.
    """

    characters: int
    symbols: int
    lines: int
    words: int
    distinct: int
    frequent: tuple[tuple[str, int], ...]
    once: int | None = None

    def off(self, other: Counts) -> int:
        """By how much the counts differ that both know, added up."""
        sizes = sum(abs(a - b) for a, b in zip(self[:5], other[:5], strict=True))
        once = 0 if self.once is None or other.once is None else abs(self.once - other.once)
        return sizes + len(set(self.frequent) ^ set(other.frequent)) + once


D2L = Counts(170_580, 28, 3_221, 32_775, 4_579, (("the", 2261), ("i", 1267), ("and", 1245), ("of", 1155), ("a", 816)))
"""Those of The Time Machine [D2L 8.2, 8.3]; the symbols are the letters, the space and <unk>."""


def by_vocabulary(raw: str) -> tuple[Counts, int]:
    """A text, counted in the ids of the project's vocabularies; and how many tokens the ids do not give back."""
    text, words = (cleaned(raw, CLEANING, kind) for kind in ("char", "word"))
    symbols, vocab = Vocab.from_text(text), Vocab.from_text(words, "word")
    ids, letters = vocab.encode(words), symbols.encode(text)
    times = np.bincount(ids, minlength=len(vocab))
    frequent = tuple((vocab.tokens[i], int(times[i])) for i in range(1, min(_FIRST, len(vocab) - 1) + 1))
    lines = raw.removesuffix("\n").count("\n") + 1
    lost = changed(symbols.decode(letters), text) + changed(vocab.decode(ids).split(), words.split())
    once = int((times == 1).sum())
    return Counts(len(letters), len(symbols), lines, len(ids), len(vocab) - 1, frequent, once), lost


def by_line(raw: str) -> Counts:
    """The same counts, by going through the text as it was written, line by line."""
    lines = raw.removesuffix("\n").split("\n")
    read = [_LETTERS.findall(line.lower()) for line in lines]
    words = Counter(word for line in read for word in line)
    symbols = {*"".join(words), *(" " if len(line) > 1 else "" for line in read)} - {""}
    characters = sum(len(" ".join(line)) for line in read)
    once = sum(n == 1 for n in words.values())
    frequent = sorted(words.items(), key=lambda pair: (-pair[1], pair[0]))[:_FIRST]
    return Counts(characters, len(symbols) + 1, len(lines), words.total(), len(words), tuple(frequent), once)


def texts() -> tuple[dict[str, str], dict[str, str]]:
    """The corpora that are here, as they were written, and the commands that get the others; by name."""
    here, elsewhere = dict[str, str](), dict[str, str]()
    for entry in (e for e in entries() if e.name in _KNOWN):
        try:
            here[entry.name] = load(entry.name, clean="none").text
        except DataError:
            elsewhere[entry.name] = fetching(entry)
    return here, elsewhere


@experiment()
def counts() -> Result:
    """The corpora that are here, counted, and how to get the others."""
    here, elsewhere = texts()
    counted = {name: by_vocabulary(raw) for name, raw in here.items()}
    found, lost = {name: c for name, (c, _) in counted.items()}, sum(n for _, n in counted.values())
    off = sum(found[name].off(by_line(raw)) for name, raw in here.items())
    once = {name: (c.once or 0) / c.distinct for name, c in found.items()}
    sizes: tuple[Column, ...] = (("", "text"), ("lines", "count"), ("characters", "count"), ("words", "count"))
    kinds: tuple[Column, ...] = (
        ("words in", "text"),
        ("different", "count"),
        ("once", "share"),
        ("most often", "text"),
    )
    rows: list[tuple[str | int | None, ...]] = [(k, c.lines, c.characters, c.words) for k, c in found.items()]
    rows += [(name, None, None, None) for name in elsewhere]
    most = tuple((k, c.distinct, once[k], _most(c)) for k, c in found.items())
    said = f"cleaned by {CLEANING}; once: share of the different words that occur once"
    figures = Table(sizes, tuple(rows)), Table(kinds, most, said)
    gets = Excerpt("\n".join(elsewhere.values()), "\ngets what is not here")
    claims = (
        at_most(f"corpora counted in two ways ({len(found)}): off by", off, 0),
        at_most("characters and words that their ids do not give back", lost, 0),
        at_least("words that occur once, as a share of the different ones", min(once.values()), 0.4),
    )
    printed = [
        at_most("The Time Machine: off from the counts in print", c.off(D2L), 0)
        for k, c in found.items()
        if k == PRINTED
    ]
    return Result((*figures, gets) if elsewhere else figures, (*claims, *printed))


def _most(of: Counts) -> str:
    word, times = of.frequent[0]
    return f"{word} {times:,}"
