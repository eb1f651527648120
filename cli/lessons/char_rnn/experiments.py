"""Experiments of the lesson on a network that reads letters: a word, a story, samplings, warm-up, detaching."""

from cli.lessons.char_rnn.course import by_hand, learning, samples
from cli.lessons.char_rnn.history import dragged_along, what_is_cut
from cli.lessons.char_rnn.machine import one_word, only_the_past
from cli.lessons.char_rnn.reading import before_training, shapes
from cli.lessons.char_rnn.samplings import begun, two_samplings
from cli.lessons.char_rnn.warm import warm_up

__all__ = [
    "before_training", "begun", "by_hand", "dragged_along", "learning", "one_word", "only_the_past", "samples",
    "shapes", "two_samplings", "warm_up", "what_is_cut",
]  # fmt: skip
