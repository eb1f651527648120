"""Training, as a generator: one update, one report. [D2L 8.5, seed 004]"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count

from minigrad import cross_entropy
from minigrad.graph import Array
from minigrad.optim import Optimizer, clip_grad_norm
from rnn.errors import RnnError
from rnn.layers import detached
from rnn.models import LanguageModel


@dataclass(frozen=True)
class StepReport:
    """One update: its number and its pass (both from 1), mean loss in nats, gradient norm before clipping, tokens."""

    step: int
    epoch: int
    loss: float
    grad_norm: float
    tokens: int


def train(
    model: LanguageModel,
    optimizer: Optimizer,
    epoch: Callable[[], Iterable[tuple[Array, Array]]],
    *,
    clip: float = 1.0,
    carry: bool = True,
) -> Iterator[StepReport]:
    """Update for as long as reports are asked for.

    `epoch()` gives one pass as (inputs, targets), each (B, T). With `carry` the state goes on from minibatch to
    minibatch, cut from its history, so that backpropagation through time is truncated at T steps (sequential
    batches); otherwise each starts at zero (random ones).
    """
    steps = count(1)
    for number in count(1):
        state = None
        for inputs, targets in epoch():
            step = next(steps)
            logits, state = model(inputs.T, state)
            loss = cross_entropy(logits, targets.T)
            optimizer.zero_grad()
            loss.backward()
            norm = clip_grad_norm(optimizer.params, clip)
            if not math.isfinite(loss.item() + norm):
                raise RnnError(
                    f"the loss is {loss.item():.3g}, its gradient {norm:.3g}", f"step {step}", "lower the learning rate"
                )
            optimizer.step()
            state = detached(state) if carry else None
            yield StepReport(step, number, loss.item(), norm, inputs.size)
