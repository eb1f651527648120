"""The networks of this lesson, and how they are trained: on a short piece as the book does it, and on a story."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import islice

import numpy as np

from cli.lab.beginnings import BOOK_SIZE, piece
from cli.lab.texts import Prepared, prepare
from data import Minibatch, batches_per_epoch, random_batches, sequential_batches
from minigrad.optim import SGD, Adam, Optimizer
from minigrad.schedules import LambdaLR, cosine
from rnn.metrics import Ints
from rnn.models import LanguageModel
from rnn.training import Trainer

THETA = 1.0  # the longest gradient that is used


@dataclass(frozen=True)
class Run:
    """A trained model; of each update the loss before it, and the gradient's length before and after clipping."""

    model: LanguageModel
    losses: tuple[float, ...]
    norms: tuple[float, ...]
    used: tuple[float, ...]


@dataclass(frozen=True)
class Setting:
    """How a short piece of text is read: so many rows of so many steps, by how many units, how often and how fast."""

    rows: int
    window: int
    units: int
    passes: int
    rate: float
    printed: bool = False  # plain gradient descent and weights from N(0, 0.01²), as the book has it

    def updates(self, size: int) -> int:
        """In all passes over a piece of so many characters."""
        return self.passes * batches_per_epoch(size, self.rows, self.window, self.window - 1)


QUICK = Setting(rows=8, window=32, units=128, passes=230, rate=0.008)
BOOK = Setting(rows=32, window=35, units=512, passes=500, rate=1.0, printed=True)


def setting(characters: int) -> Setting:
    """The book's for a piece as long as the book's, else one that takes a second."""
    return BOOK if characters == BOOK_SIZE else QUICK


@cache
def story() -> Prepared:
    """The bundled story."""
    return prepare("the-lighthouse")


def build(vocabulary: int, units: int, rng: np.random.Generator, *, small: bool = False) -> LanguageModel:
    """An Elman network with weights as they are usually drawn; if small, from N(0, 0.01²) with zero biases."""
    model = LanguageModel(vocabulary, units, rng=rng)
    if small:
        redrawn(model, 0.01, rng)
    return model


def redrawn(model: LanguageModel, std: float, rng: np.random.Generator) -> None:
    """New weights from N(0, std²), and no biases [D2L 8.5]."""
    for p in model.parameters():
        p.assign(std * rng.standard_normal(p.shape) if p.ndim > 1 else np.zeros(p.shape))


def fit(
    model: LanguageModel,
    optimizer: Optimizer,
    ids: Ints,
    chosen: Setting,
    updates: int,
    rng: np.random.Generator,
    *,
    at_random: bool = False,
    schedule: LambdaLR | None = None,
    watch: Callable[[int], None] = lambda step: None,
) -> Run:
    """So many updates; `watch` is called after each."""

    def epoch(rng: np.random.Generator) -> Iterable[Minibatch]:
        cut = random_batches if at_random else sequential_batches
        return cut(ids, chosen.rows, chosen.window, rng=rng)

    trainer = Trainer(model, optimizer, epoch, rng=rng, clip=THETA, carry=not at_random, schedule=schedule)
    losses, norms, used = [], [], []
    for report in islice(trainer.steps(), updates):
        losses.append(report.loss)
        norms.append(report.grad_norm)
        used.append(length(optimizer))
        watch(report.step)
    return Run(model, tuple(losses), tuple(norms), tuple(used))


def length(optimizer: Optimizer) -> float:
    """Of the gradient that the parameters hold, all taken as one vector."""
    return float(np.sqrt(sum(float((p.grad.data**2).sum()) for p in optimizer.params if p.grad is not None)))


@cache
def on_piece(characters: int, at_random: bool, seed: int) -> Run:
    """Trained on a short piece, with minibatches at random or in sequence."""
    text, chosen = piece(characters), setting(characters)
    rng, updates = np.random.default_rng([seed, at_random]), chosen.updates(text.training.size)
    model = build(len(text.vocab), chosen.units, rng, small=chosen.printed)
    if chosen.printed:
        optimizer: Optimizer = SGD(model.parameters(), chosen.rate)
        return fit(model, optimizer, text.training, chosen, updates, rng, at_random=at_random)
    optimizer = Adam(model.parameters(), chosen.rate)
    falling = LambdaLR(optimizer, cosine(updates))
    return fit(model, optimizer, text.training, chosen, updates, rng, at_random=at_random, schedule=falling)
