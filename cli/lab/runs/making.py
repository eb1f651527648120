"""What trains a run: optimiser, schedule and minibatches, as its settings say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cli.lab.runs.network import build
from cli.lab.settings import Settings
from data import Minibatch, batches_per_epoch, random_batches, sequential_batches
from minigrad.optim import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop
from minigrad.schedules import LambdaLR, Schedule, constant, cosine, exponential, step_decay, warmup
from rnn.training import Trainer

OPTIMIZERS: dict[str, tuple[Callable[..., Optimizer], dict[str, float]]] = {
    "sgd": (SGD, {}), "momentum": (SGD, {"momentum": 0.9}), "adagrad": (Adagrad, {}),
    "rmsprop": (RMSprop, {}), "adam": (Adam, {}), "adamw": (AdamW, {}),
}  # fmt: skip
DECAY = 0.1


class Epochs:
    """One pass over the text after another; `over` says whether the last minibatch was the last of its pass."""

    def __init__(self, settings: Settings, ids: Any):
        self.settings, self.ids, self.over = settings, ids, False

    def __call__(self, rng: np.random.Generator) -> Iterator[Minibatch]:
        """The next pass; DataError at the call if the text is too short for a minibatch."""
        batches = sequential_batches if self.settings.carry else random_batches
        return self._told(batches(self.ids, self.settings.batch, self.settings.window, rng=rng))

    def _told(self, batches: Iterator[Minibatch]) -> Iterator[Minibatch]:
        held = next(batches)
        for following in batches:
            self.over = False
            yield held
            held = following
        self.over = True
        yield held


def updates(settings: Settings, tokens: int) -> int | None:
    """How many updates the run will make, give or take one per pass (the offset of each is drawn).

    None where the clock decides.
    """
    if settings.minutes is not None:
        return None
    per_epoch = batches_per_epoch(tokens, settings.batch, settings.window, settings.window - 1)
    return settings.steps if settings.steps is not None else per_epoch * (settings.epochs or 1)


def trainer(settings: Settings, vocabulary: int, epochs: Epochs) -> Trainer:
    """A trainer with fresh weights: the seed decides everything about it."""
    rng = np.random.default_rng(settings.seed)
    model = build(settings, vocabulary, rng)
    make, more = OPTIMIZERS[settings.optimizer]
    given = {"momentum": settings.momentum, "weight_decay": settings.weight_decay}
    optimizer = make(model.parameters(), settings.lr, **more | {k: v for k, v in given.items() if v is not None})
    schedule = _schedule(settings, updates(settings, epochs.ids.size))
    return Trainer(
        model,
        optimizer,
        epochs,
        rng=rng,
        clip=settings.clip,
        clip_value=settings.clip_value,
        carry=settings.carry,
        schedule=None if schedule is None else LambdaLR(optimizer, schedule),
        truncation=settings.truncation or (settings.window if settings.stride else None),
        stride=settings.stride,
    )


def _schedule(s: Settings, total: int | None) -> Schedule | None:
    """The factor of the learning rate by steps taken; `total` is the length of the run, if it is known."""
    after = max((total or 0) - (s.warmup or 0), 1)
    decay, every = s.decay or DECAY, s.decay_every
    forms: dict[str, Callable[[], Schedule]] = {
        "constant": constant,
        "cosine": lambda: cosine(after),
        "step": lambda: step_decay(every or -(-after // 3), decay),
        "exponential": lambda: exponential(decay ** (1 / (every or after))),
    }
    then = forms[s.schedule]()
    if s.warmup is not None:
        return warmup(s.warmup, then)
    return None if s.schedule == "constant" else then
