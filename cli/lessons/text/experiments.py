"""Experiments of the lesson on text: cutting, cleaning, counting and numbering, and the words nobody met."""

from cli.lessons.text.cleaning import cleanings, in_pieces
from cli.lessons.text.corpora import counts
from cli.lessons.text.names import names
from cli.lessons.text.numbering import by_frequency, min_frequency, unknown
from cli.lessons.text.padding import padding
from cli.lessons.text.steps import kinds, one_sentence

__all__ = [
    "by_frequency", "cleanings", "counts", "in_pieces", "kinds", "min_frequency", "names", "one_sentence", "padding",
    "unknown",
]  # fmt: skip
