"""Experiments of the lesson on automatic differentiation: one small graph, then order, size, and a network."""

from cli.lessons.autograd.by_hand import backward_steps, expression, nudging, paths, slopes_of_ops
from cli.lessons.autograd.edges import edges
from cli.lessons.autograd.letters import learning, whole_network
from cli.lessons.autograd.order import any_graph, order_matters
from cli.lessons.autograd.size import arrays, long_chain
from cli.lessons.autograd.tapes import instructions

__all__ = [
    "any_graph", "arrays", "backward_steps", "edges", "expression", "instructions", "learning", "long_chain", "nudging",
    "order_matters", "paths", "slopes_of_ops", "whole_network",
]  # fmt: skip
