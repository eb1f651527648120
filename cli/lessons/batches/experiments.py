"""Experiments of the lesson on minibatches: windows, offsets and states, padding, and rows that carry on."""

from cli.lessons.batches.alike import alike
from cli.lessons.batches.coloured import coloured
from cli.lessons.batches.four import four_sentences
from cli.lessons.batches.nothing import nothing
from cli.lessons.batches.numbers import at_random, in_sequence
from cli.lessons.batches.offsets import labels
from cli.lessons.batches.persons import carried
from cli.lessons.batches.rows import documents_in_rows
from cli.lessons.batches.state import between_minibatches
from cli.lessons.batches.together import rows_together

__all__ = [
    "alike", "at_random", "between_minibatches", "carried", "coloured", "documents_in_rows", "four_sentences",
    "in_sequence", "labels", "nothing", "rows_together",
]  # fmt: skip
