"""Experiments of the lesson on perplexity: readers and means, anchors, a coder, and what belongs beside a figure."""

from cli.lessons.perplexity.anchors import anchors, coin, too_sure
from cli.lessons.perplexity.coding import coded
from cli.lessons.perplexity.honest import looking_ahead, own_text, units
from cli.lessons.perplexity.raining import raining
from cli.lessons.perplexity.reading import lengths, means, reading

__all__ = [
    "anchors", "coded", "coin", "lengths", "looking_ahead", "means", "own_text", "raining", "reading", "too_sure",
    "units",
]  # fmt: skip
