"""The networks that are trained: one output layer over states from the left, from the right, or from both sides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from minigrad import Tensor, concat, cross_entropy
from minigrad.graph import Array
from minigrad.nn import Linear, Module
from minigrad.optim import Adam
from rnn.composition import Bidirectional
from rnn.layers import RNN
from rnn.stepwise import reverse

View = Literal["left", "right", "both"]
VIEWS: dict[View, str] = {"left": "from the left", "right": "from the right", "both": "from both sides"}
NO_TARGET = -1
Batches = Callable[[], tuple[Array, Array, Array | None]]


class Reader(Module):
    """Scores at every step from what has been read: x⁽¹⁾ … x⁽ᵗ⁺ᵏ⁾, x⁽ᵗ⁾ … x⁽τ⁾, or all of it.

    k is `ahead`, for a reader from the left that waits for k more symbols before it answers.
    """

    def __init__(self, symbols: int, units: int, outputs: int, view: View, rng: np.random.Generator, ahead: int = 0):
        def layer() -> RNN:
            return RNN(symbols, units, dtype=np.float64, rng=rng)

        self.view, self.ahead = view, ahead
        self.layer: RNN | Bidirectional = Bidirectional(layer(), layer()) if view == "both" else layer()
        self.head = Linear(self.layer.output_size, outputs, dtype=np.float64, rng=rng)

    def __call__(self, x: Any, lengths: Array | None = None) -> Tensor:
        """Scores (T, B, outputs) for ids (T, B), or for their one-hot vectors (T, B, V)."""
        return self.head(self.states(x, lengths))

    def states(self, x: Any, lengths: Array | None = None) -> Tensor:
        """What the scores are computed from: (T, B, units), or twice as many from both sides."""
        if self.view == "right":
            return reverse(self.layer(reverse(x, lengths), lengths=lengths)[0], lengths)
        later = None if lengths is None else lengths + self.ahead
        return self.layer(_with_more(x, self.ahead), lengths=later)[0][self.ahead :]


def _with_more(x: Any, steps: int) -> Any:
    """x and its last symbol again and again, for a reader that answers late."""
    if not steps:
        return x
    return concat([x, *[x[-1:]] * steps]) if isinstance(x, Tensor) else np.concatenate([x, *[x[-1:]] * steps])


def reader(symbols: int, units: int, outputs: int, view: View, rng: np.random.Generator, ahead: int = 0) -> Reader:
    """A reader with about as many weights as one with `units` for each of two directions, and never with fewer."""
    least = size(Reader(symbols, units, outputs, "both", np.random.default_rng(0)))
    if view == "both":
        return Reader(symbols, units, outputs, view, rng)
    while size(found := Reader(symbols, units, outputs, view, np.random.default_rng(0), ahead)) < least:
        units += 1
    return Reader(symbols, found.layer.output_size, outputs, view, rng, ahead)


def size(network: Module) -> int:
    """How many numbers it learns."""
    return sum(p.size for p in network.parameters())


def mean_loss(scores: Tensor, targets: Array) -> Tensor:
    """The mean cross-entropy, in nats, of those of targets (T, B) that are asked for."""
    asked = targets != NO_TARGET
    if asked.all():  # the usual case, without the cost of picking
        return cross_entropy(scores, targets)
    where = np.nonzero(asked)
    return cross_entropy(scores[where], targets[where])


def fit(network: Any, batches: Batches, updates: int, rate: float = 0.02) -> None:
    """Adam, its rate falling to nothing; `batches` gives ids (T, B), targets (T, B) and perhaps lengths (B,)."""
    optimizer = Adam(network.parameters(), rate)
    for k in range(updates):
        ids, targets, lengths = batches()
        optimizer.zero_grad()
        mean_loss(network(ids, lengths), targets).backward()
        optimizer.lr = rate * (1 - k / updates)
        optimizer.step()
