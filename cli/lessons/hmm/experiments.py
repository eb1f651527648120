"""Experiments of the lesson on hidden Markov models: lists, messages, what they tell, their cost, and learning."""

from cli.lessons.hmm.best import best_sequence
from cli.lessons.hmm.costs import operations, too_small
from cli.lessons.hmm.heard import every_sequence, heard
from cli.lessons.hmm.learning import learned
from cli.lessons.hmm.messages import backwards, forwards, two_forms
from cli.lessons.hmm.network import by_itself
from cli.lessons.hmm.told import as_a_slope, smudged, weather

__all__ = [
    "as_a_slope", "backwards", "best_sequence", "by_itself", "every_sequence", "forwards", "heard", "learned",
    "operations", "smudged", "too_small", "two_forms", "weather",
]  # fmt: skip
