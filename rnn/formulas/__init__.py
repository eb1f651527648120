"""The only home of equations: one plain NumPy function per printed equation, a file or a few per family."""

# ruff: noqa: F401  # importing a family enters its equations, in this order
from rnn.formulas import (  # isort: skip
    elman, unfolding, relu, mean, jordan, output_recurrence, gru, gru_after, lstm, lstm_backward, lstm_gradients,
    peephole, deep, bidirectional, masked, truncation, sensitivity, clipping, smoothing, zipf, markov, hmm,
)  # fmt: skip
from rnn.formulas.registry import FAMILIES, REGISTRY, Equation, evaluate, find, ordered

__all__ = ["FAMILIES", "REGISTRY", "Equation", "elman", "evaluate", "find", "ordered", "unfolding"]
