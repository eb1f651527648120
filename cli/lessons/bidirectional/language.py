"""A small language in which a word's part of speech often depends on words that are still to come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np

from cli.lessons.bidirectional.networks import NO_TARGET, View
from minigrad.graph import Array

PARTS = {
    "adjective": ("old", "light", "wet"),
    "noun": ("old", "light", "man", "saw", "watch", "boats"),
    "verb": ("man", "light", "saw", "watch", "met"),
}
TAGS = tuple(PARTS)
WORDS = ("the", ".", *dict.fromkeys(word for words in PARTS.values() for word in words))
_SUBJECTS = (("the", "noun"), ("the", "adjective", "noun"))
_OBJECTS = (((), 0.5), (("the", "noun"), 0.25), (("the", "adjective", "noun"), 0.25))

Sentence = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class Language:
    """Every sentence S of the language: ids and tags (T, S), padded, lengths and probabilities (S,)."""

    ids: Array
    tags: Array
    lengths: Array
    p: Array

    def draw(self, count: int, rng: np.random.Generator) -> tuple[Array, Array, Array]:
        """Random sentences: ids (T, count), tags (T, count), lengths (count,)."""
        which = rng.choice(self.p.size, count, p=self.p)
        return self.ids[:, which], self.tags[:, which], self.lengths[which]

    def share_right(self, guesses: Array) -> float:
        """The expected share of right guesses (T, S) over the words that have a part of speech: exact, no sample."""
        asked = self.tags != NO_TARGET
        return float(((guesses == self.tags) & asked).sum(0) @ self.p / (asked.sum(0) @ self.p))


def templates() -> Iterator[tuple[tuple[str, ...], float]]:
    """The forms that a sentence may take, with their probabilities."""
    for subject, (objects, p) in product(_SUBJECTS, _OBJECTS):
        yield (*subject, "verb", *objects, "."), p / len(_SUBJECTS)


@cache
def language() -> Language:
    """The whole of it."""
    found: list[tuple[tuple[str, ...], tuple[str, ...], float]] = []
    for form, p in templates():
        sentences = list(product(*(PARTS.get(part, (part,)) for part in form)))
        found += [(words, form, p / len(sentences)) for words in sentences]
    longest = max(len(words) for words, _, _ in found)
    ids, tags = (np.full((longest, len(found)), blank) for blank in (WORDS.index("."), NO_TARGET))
    for s, (words, form, _) in enumerate(found):
        ids[: len(words), s] = [WORDS.index(w) for w in words]
        tags[: len(words), s] = [TAGS.index(part) if part in TAGS else NO_TARGET for part in form]
    return Language(ids, tags, np.array([len(w) for w, _, _ in found]), np.array([p for _, _, p in found]))


@cache
def ceiling(view: View, ahead: int = 0) -> float:
    """The share of words that the best of all taggers with this view gets right, found by going through every sentence.

    Where two places look alike to it, it can only take the more probable tag. One that starts from the right does
    not know how many words there are before.
    """
    all_of_it = language()
    seen: dict[tuple[int, ...], Array] = defaultdict(lambda: np.zeros(len(TAGS)))
    for t, s in zip(*np.nonzero(all_of_it.tags != NO_TARGET), strict=True):
        end = all_of_it.lengths[s]
        begin, stop = {"left": (0, t + 1 + ahead), "right": (t, end), "both": (0, end)}[view]
        key = tuple(all_of_it.ids[begin : min(stop, end), s].tolist())
        seen[key if view == "right" else (t, *key)][all_of_it.tags[t, s]] += all_of_it.p[s]
    return float(sum(p.max() for p in seen.values()) / sum(p.sum() for p in seen.values()))


def written(words: str, tags: str) -> str:
    """A sentence with the first letter of each tag below its word."""
    pairs = list(zip(words.split(), tags.split(), strict=True))
    width = [max(len(w), len(t)) + 2 for w, t in pairs]
    return "\n".join(
        "".join(f"{pair[k]:{n}}" for pair, n in zip(pairs, width, strict=True)).replace("_", " ").rstrip()
        for k in (0, 1)
    )
