"""Experiments of the lesson on reading both ways: by hand, tagging, blanks, and the misuse."""

from cli.lessons.bidirectional.blanks import blanks
from cli.lessons.bidirectional.costs import costs
from cli.lessons.bidirectional.misuse import by_step, fine_perplexity, leak, writing
from cli.lessons.bidirectional.small import as_code, both_ways, going_back
from cli.lessons.bidirectional.tagging import sentences, tagging
from cli.lessons.bidirectional.uneven import padding
from cli.lessons.bidirectional.words import around, words

__all__ = [
    "around", "as_code", "blanks", "both_ways", "by_step", "costs", "fine_perplexity", "going_back", "leak", "padding",
    "sentences", "tagging", "words", "writing",
]  # fmt: skip
