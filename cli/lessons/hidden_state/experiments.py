"""Experiments of the lesson on the hidden state: one step, the step repeated, and how far it runs."""

from cli.lessons.hidden_state.again import left_to_itself, whole_past
from cli.lessons.hidden_state.graph import copies, loop_and_graph
from cli.lessons.hidden_state.longer import counts, past_the_end, task
from cli.lessons.hidden_state.state import concatenation, hidden_state, softmax_twice, two_numberings, without_memory

__all__ = [
    "concatenation", "copies", "counts", "hidden_state", "left_to_itself", "loop_and_graph", "past_the_end",
    "softmax_twice", "task", "two_numberings", "whole_past", "without_memory",
]  # fmt: skip
