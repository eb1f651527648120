"""`rnn-lab data`: the texts that are known, and one of them looked at closely."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import numpy as np

from cli.lab.texts import Prepared, flags, prepare
from data import DataError, Entry, entries, load, sequential_batches

ROWS, STEPS, BATCHES = 4, 24, 3  # of the minibatches that are shown
MOST_FREQUENT = 8
EXCERPT, LINES = 300, 12  # characters, and lines at most
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")

Frequencies = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Listed:
    """A corpus in the list.

    `characters` is how many there are after its own cleaning; None if a `problem` keeps it from being read.
    """

    name: str
    title: str
    characters: int | None
    licence: str
    cleaning: str
    split: float
    problem: str | None

    def row(self) -> dict[str, Any]:
        """Under the names that programs read; a null has its reason beside it."""
        row = asdict(self)
        problem = row.pop("problem")
        return row | ({"characters_reason": problem} if problem else {})


@dataclass(frozen=True)
class Portrait:
    """A corpus looked at closely, cleaned but for `raw_characters`. `flags` are the options that name it."""

    text: Prepared
    raw_characters: int
    compressed: int  # bytes that zlib, level 9, makes of it
    bytes: int  # bytes of it in UTF-8
    characters: Frequencies
    words: Frequencies
    total_words: int
    distinct_words: int
    excerpt: str
    minibatches: tuple[tuple[str, ...], ...]  # in reading order, each of rows of one length
    flags: str

    def row(self) -> dict[str, Any]:
        """Under the names that programs read."""
        corpus, text = self.text.corpus, self.text
        return {
            "name": corpus.name, "title": corpus.title, "source": corpus.source, "licence": corpus.licence,
            "sha256": corpus.sha256, "cleaning": corpus.cleaning, "split": text.fraction,
            "raw_characters": self.raw_characters, "characters": len(corpus.text),
            "training_characters": text.training.size, "held_out_characters": text.held_out.size,
            "vocabulary": len(text.vocab), "symbols": list(text.vocab.tokens[1:]),
            "zlib_ratio": self.compressed / self.bytes, "zlib_bits_per_character": self.zlib_bits,
            "frequent_characters": [list(pair) for pair in self.characters],
            "frequent_words": [list(pair) for pair in self.words], "words": self.total_words,
            "distinct_words": self.distinct_words,
            "excerpt": self.excerpt, "minibatches": [list(rows) for rows in self.minibatches],
        }  # fmt: skip

    @property
    def zlib_bits(self) -> float:
        """Bits per character that zlib needs: to be set beside a model's."""
        return 8 * self.compressed / len(self.text.corpus.text)


def listed() -> list[Listed]:
    """Every known corpus, those included whose text is not here or cannot be read."""
    return [_listed(entry) for entry in entries()]


def _listed(entry: Entry) -> Listed:
    characters = problem = None
    try:
        characters = len(load(entry.name).text)
    except DataError as error:
        problem = f"{error.what}; {error.remedy}"
        if entry.path is None and entry.file is not None:
            problem = f"not here: put {entry.file} into RNN_LAB_DATA"
    return Listed(entry.name, entry.title, characters, entry.licence, entry.cleaning, entry.split, problem)


def portrait(name_or_path: str, *, clean: str | None, fraction: float | None) -> Portrait:
    """Look at a corpus or a file; raises DataError as loading and splitting do."""
    prepared = prepare(name_or_path, clean=clean, fraction=fraction)
    text = prepared.corpus.text
    words = Counter(_WORD.findall(text.lower()))
    encoded = text.encode()
    return Portrait(
        text=prepared,
        raw_characters=len(load(name_or_path, clean="none").text),
        compressed=len(zlib.compress(encoded, 9)),
        bytes=len(encoded),
        characters=tuple(Counter(text).most_common(MOST_FREQUENT)),
        words=tuple(words.most_common(MOST_FREQUENT)),
        total_words=words.total(),
        distinct_words=len(words),
        excerpt=_excerpt(text),
        minibatches=_minibatches(prepared),
        flags=flags(corpus=name_or_path, clean=clean, split=fraction),
    )


def _excerpt(text: str) -> str:
    """The beginning, up to the end of a word where there is one; "…" if more follows."""
    beginning = "\n".join(text.split("\n", LINES)[:LINES])
    if len(beginning) > EXCERPT:
        whole_words = re.match(r"(?s).*\S(?=\s)", beginning[: EXCERPT + 1])
        beginning = whole_words[0] if whole_words else beginning[:EXCERPT]
    return beginning + (" …" if len(beginning) < len(text) else "")


def _minibatches(prepared: Prepared) -> tuple[tuple[str, ...], ...]:
    """The first sequential ones of the training part; fewer steps if it is short, none if it is tiny."""
    steps = min(STEPS, (prepared.training.size - 1) // (ROWS * BATCHES))
    if steps < 1:
        return ()
    batches = islice(sequential_batches(prepared.training, ROWS, steps), BATCHES)
    return tuple(tuple(prepared.vocab.decode(np.asarray(row)) for row in batch.inputs) for batch in batches)
