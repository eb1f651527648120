"""The only home of equations: one plain NumPy function per printed equation, a file per family."""

from rnn.formulas import elman, unfolding
from rnn.formulas.registry import REGISTRY, Equation, evaluate, find

__all__ = ["REGISTRY", "Equation", "elman", "evaluate", "find", "unfolding"]
