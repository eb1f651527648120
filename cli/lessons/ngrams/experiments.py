"""Experiments of the lesson on n-grams: counting, smoothing, three sweeps, the tail, and words."""

from cli.lessons.ngrams.counting import tables, unseen, what_follows
from cli.lessons.ngrams.laplace import limits
from cli.lessons.ngrams.rows import chained, sums
from cli.lessons.ngrams.sweeps import epsilons, orders, sizes
from cli.lessons.ngrams.tail import before_it, contest, tail
from cli.lessons.ngrams.words import counted_words, zipf
from cli.lessons.ngrams.writing import writes

__all__ = [
    "before_it", "chained", "contest", "counted_words", "epsilons", "limits", "orders", "sizes", "sums", "tables",
    "tail", "unseen", "what_follows", "writes", "zipf",
]  # fmt: skip
