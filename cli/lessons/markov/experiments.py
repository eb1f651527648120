"""Experiments of the lesson on Markov chains: how much matters, days ahead, days back, and a rule that changes."""

from cli.lessons.markov.ahead import counted, far_ahead, from_the_joint, ways
from cli.lessons.markov.back import backwards, both_ways
from cli.lessons.markov.causes import cubic, linear
from cli.lessons.markov.change import changed, noticed, told
from cli.lessons.markov.network import network
from cli.lessons.markov.order import orders, pages_of_it, yesterday_too

__all__ = [
    "backwards", "both_ways", "changed", "counted", "cubic", "far_ahead", "from_the_joint", "linear", "network",
    "noticed", "orders", "pages_of_it", "told", "ways", "yesterday_too",
]  # fmt: skip
