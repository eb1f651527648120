"""The page on one window, and on rows that are read together."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Excerpt, Result, Table, at_most
from cli.lab.texts import prepare
from cli.lessons.text.steps import aligned, visible
from data import sequential_batches
from minigrad import Tensor, relative_error
from minigrad.graph import nodes
from rnn.layers import RNN

UNITS = 16


@experiment(rows=between(2, 5), window=between(5, 20))
def rows_together(rows: int = 4, window: int = 14, *, rng: np.random.Generator) -> Result:
    """A window and its targets; and some windows, read one by one and side by side."""
    text = prepare()
    inputs, targets = next(sequential_batches(text.training, rows, window, offset=0))
    read, wanted = ([visible(text.vocab.decode([i])) for i in row] for row in (inputs[0], targets[0]))
    layer = RNN(len(text.vocab), UNITS, dtype=np.float64, rng=rng, implementation="stepwise")
    together = layer(inputs.T)[0]
    alone = [layer(row[:, None])[0] for row in inputs]
    off = max(relative_error(together.data[:, b], one.data[:, 0]) for b, one in enumerate(alone))
    products = sum(map(_products, alone)), _products(together)
    columns: tuple[Column, ...] = (("rows are read", "text"), ("products with W", "count"), ("states made", "count"))
    found = (("one by one", products[0], rows * window), ("together", products[1], rows * window))
    shown = aligned(("input", "target"), read, wanted)
    return Result(
        (
            Excerpt(shown, "\nthe first window; each target is the input one place on"),
            Table(columns, found, f"{rows} rows of {window} steps"),
        ),
        (
            at_most("targets that are not the next input", int((targets[:, :-1] != inputs[:, 1:]).sum()), 0),
            at_most("a row read with others, against itself alone", off, 1e-12),
            at_most("products with W, together, less the steps", abs(products[1] - window), 0),
        ),
    )


def _products(states: Tensor) -> int:
    """Products of states with the matrix W in the engine's record."""
    return sum(node.op.name == "matmul" for node in nodes(states))
