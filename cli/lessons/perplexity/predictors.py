"""The predictors of this lesson: three that run through it, and three that are there to be looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cli.lessons.ngrams.book import Book, open_book
from minigrad.graph import Array
from rnn.baselines import NGram, Uniform
from rnn.metrics import Context, Floats, Ids, Ints, Predictor, check_ids

ORDER = 6  # of the model that has counted
NAMES = ("uniform", "letters", "counts")


def as_written(number: int) -> Book:
    """The text with its capitals and stops."""
    return open_book(number, clean="none")


def three(book: Book) -> dict[str, Predictor]:
    """One that knows nothing, one that knows how frequent each letter is, and one that has counted well."""
    return dict(zip(NAMES, (Uniform(book.whole.vocabulary), letters(book), counts(book)), strict=True))


def letters(book: Book) -> NGram:
    """How frequent each letter is."""
    return book.whole.model(1, "laplace")


def counts(book: Book) -> NGram:
    """Kneser–Ney, looking five letters back."""
    return book.whole.model(ORDER, "modified-kneser-ney")


@dataclass(frozen=True, eq=False)
class ByHeart:
    """Sure of every next token while all goes as in a text that it knows by heart; after that it knows nothing."""

    text: Ints
    vocabulary: int

    def log_probs(self, ids: Ids, context: Context = "carry") -> Floats:
        """0 along the text, −∞ where another token comes first, −log V from there on."""
        given = check_ids(ids, self.vocabulary)
        along = given[: len(self.text)] == self.text[: len(given)]
        same = int(np.argmin(along)) if not along.all() else len(along)
        out = np.full(given.size, -np.log(self.vocabulary))
        out[:same] = 0.0
        if same < len(along):
            out[same] = -np.inf
        return out

    def next_distribution(self, context: Ids) -> Floats:
        """All on one token, or 1/V."""
        n = len(context)
        if n < len(self.text) and (np.asarray(context) == self.text[:n]).all():
            return np.eye(self.vocabulary)[self.text[n]]
        return np.full(self.vocabulary, 1 / self.vocabulary)


@dataclass(frozen=True)
class Coin:
    """Says that heads, token 1, come up with a probability; always the same."""

    heads: float
    vocabulary: int = 2

    def log_probs(self, ids: Ids, context: Context = "carry") -> Floats:
        """log of it for heads, of the rest for tails."""
        return np.asarray(np.log(self.next_distribution(()))[check_ids(ids, self.vocabulary)])

    def next_distribution(self, context: Ids) -> Floats:
        """Tails and heads."""
        return np.array([1 - self.heads, self.heads])


@dataclass(frozen=True, eq=False)
class BothSides:
    """Two models, one of which reads from the end: P(w) ∝ P(w | before) P(w | after) / P(w)."""

    before: NGram
    after: NGram  # of the text read backwards
    alone: NGram  # of single tokens

    @property
    def vocabulary(self) -> int:
        """That of both."""
        return self.before.vocabulary

    def log_probs(self, ids: Ids, context: Context = "carry") -> Floats:
        """Of each token between its neighbours: so the future is looked at."""
        given = check_ids(ids, self.vocabulary)
        left, right = rows(self.before, given), rows(self.after, given[::-1])[::-1]
        table = left * right / self.alone.next_distribution(())
        return np.log(table[np.arange(given.size), given] / table.sum(axis=1))

    def next_distribution(self, context: Ids) -> Floats:
        """With nothing after it."""
        return self.before.next_distribution(context)


def rows(model: NGram, ids: Ints) -> Array:
    """What the model expects at every place of a text, (N, V)."""
    k = min(model.order - 1, ids.size)
    first = [model.next_distribution(ids[:t]) for t in range(k)]
    windows = np.lib.stride_tricks.sliding_window_view(ids, k)[: ids.size - k]
    return np.concatenate([np.array(first).reshape(k, -1), model.next_distribution(windows)])
