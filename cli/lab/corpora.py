"""`rnn-lab data`: the texts that are known, and one of them looked at closely."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cli.lab.cuts import Cut, cut
from cli.lab.frequencies import Ranked, ranked
from cli.lab.texts import Prepared, flags, prepare
from data import UNKNOWN, DataError, Entry, entries, load
from data.corpus import fetching
from data.fetching import Tell, fetch

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
    """A corpus looked at closely, cleaned but for `raw_characters`.

    `words` are runs of letters, in small ones; `ranks` those of single words, pairs and triples. `flags` are the
    options that name the text.
    """

    text: Prepared
    raw_characters: int
    compressed: int  # bytes that zlib, level 9, makes of it
    bytes: int  # bytes of it in UTF-8
    characters: Frequencies
    words: Frequencies
    total_words: int
    distinct_words: int
    excerpt: str
    ranks: tuple[Ranked, ...]
    sequential: Cut | None  # None where there is too little text
    random: Cut | None
    flags: str

    def row(self) -> dict[str, Any]:
        """Under the names that programs read."""
        corpus, text = self.text.corpus, self.text
        return {
            "name": corpus.name, "title": corpus.title, "source": corpus.source, "licence": corpus.licence,
            "sha256": corpus.sha256, "cleaning": corpus.cleaning, "tokens": text.vocab.kind, "split": text.fraction,
            "raw_characters": self.raw_characters, "characters": len(corpus.text),
            "training_characters": text.training_characters, "held_out_characters": text.held_out_characters,
            "training_tokens": text.training.size, "held_out_tokens": text.held_out.size,
            "vocabulary": len(text.vocab), "symbols": list(self.symbols),
            "zlib_ratio": self.compressed / self.bytes, "zlib_bits_per_character": self.zlib_bits,
            "frequent_characters": [list(pair) for pair in self.characters],
            "frequent_words": [list(pair) for pair in self.words], "words": self.total_words,
            "distinct_words": self.distinct_words,
            "rank_frequency": {of.name: of.row() for of in self.ranks},
            "excerpt": self.excerpt, "minibatches": self.sequential.rows() if self.sequential else [],
            "random_minibatches": self.random.rows() if self.random else [],
        }  # fmt: skip

    @property
    def symbols(self) -> tuple[str, ...]:
        """The vocabulary without `<unk>`."""
        return tuple(token for token in self.text.vocab.tokens if token != UNKNOWN)

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
            problem = f"not here: {fetching(entry)}"
    return Listed(entry.name, entry.title, characters, entry.licence, entry.cleaning, entry.split, problem)


def portrait(
    name_or_path: str, *, clean: str | None, tokens: str | None, fraction: float | None, seed: int
) -> Portrait:
    """Look at a corpus or a file; raises DataError as loading and splitting do."""
    prepared = prepare(name_or_path, clean=clean, tokens=tokens, fraction=fraction)
    text = prepared.corpus.text
    read = _WORD.findall(load(name_or_path, clean=clean, tokens="word").text.lower())
    words, encoded = Counter(read), text.encode()
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
        ranks=ranked(read),
        sequential=cut(prepared),
        random=cut(prepared, np.random.default_rng(seed)),
        flags=flags(corpus=name_or_path, clean=clean, tokens=tokens, split=fraction),
    )


def _excerpt(text: str) -> str:
    """The beginning, up to the end of a word where there is one; "…" if more follows."""
    beginning = "\n".join(text.split("\n", LINES)[:LINES])
    if len(beginning) > EXCERPT:
        whole_words = re.match(r"(?s).*\S(?=\s)", beginning[: EXCERPT + 1])
        beginning = whole_words[0] if whole_words else beginning[:EXCERPT]
    return beginning + (" …" if len(beginning) < len(text) else "")


@dataclass(frozen=True)
class Arrived:
    """A text that is in its place; `fetched` is False where it was there before."""

    name: str
    path: str
    source: str
    bytes: int
    sha256: str
    fetched: bool

    def row(self) -> dict[str, Any]:
        """Under the names that programs read."""
        return asdict(self)


def fetched(name: str, source: str | None, tell: Tell) -> Arrived:
    """Fetch a text; `tell` is told how far it has come. Raises DataError as `data.fetching.fetch` does."""
    text = fetch(name, source=source, tell=tell)
    return Arrived(text.name, str(text.path), text.source, text.bytes, text.sha256, text.fresh)
