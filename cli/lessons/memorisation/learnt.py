"""Networks that learn a short text by heart, watched as they do so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import islice

import numpy as np

from cli.lab.beginnings import BOOK_SIZE, piece
from cli.lab.experiments import between
from cli.lab.texts import Prepared
from data import Minibatch, random_batches
from minigrad.optim import Adam
from minigrad.schedules import LambdaLR, cosine
from rnn.baselines import NGram
from rnn.metrics import Ints, Predictor, perplexity
from rnn.models import LanguageModel
from rnn.training import Trainer

KNOBS = {"characters": between(800, 1100, full=BOOK_SIZE), "units": between(112, 160, full=256)}
DEVELOPMENT, TEST = 1000, 3000  # characters of the part held out
MARKS = 25


@dataclass(frozen=True)
class Setting:
    """How the text is read: so many rows of so many steps, how often, and how fast it is learned."""

    rows: int
    window: int
    updates: int
    rate: float


QUICK = Setting(rows=8, window=32, updates=800, rate=0.008)
LONG = Setting(rows=32, window=35, updates=4000, rate=0.004)


@dataclass(frozen=True)
class Mark:
    """Where the network stood after some updates: its perplexity on the text, and on the development part."""

    step: int
    text: float
    development: float


@dataclass(frozen=True)
class Learnt:
    """The network at the end, the same when the development part found it best, and the way there."""

    model: LanguageModel
    stopped: LanguageModel
    marks: tuple[Mark, ...]

    @property
    def best(self) -> Mark:
        """The mark at which the development part found it best."""
        return min(self.marks, key=lambda mark: mark.development)

    @property
    def parameters(self) -> int:
        """How many numbers it has."""
        return sum(p.size for p in self.model.parameters())


def parts(text: Prepared) -> tuple[Ints, Ints]:
    """Two pieces of the part held out: one to choose by, one to report."""
    return text.held_out[:DEVELOPMENT], text.held_out[DEVELOPMENT : DEVELOPMENT + TEST]


def on(model: Predictor, ids: Ints) -> float:
    """Its perplexity on a text, from the beginning to the end."""
    return perplexity(-float(model.log_probs(ids).mean()))


def kneser_ney(text: Prepared, order: int = 5) -> NGram:
    """Counts of the same piece of text."""
    return NGram(order, "modified-kneser-ney").fit(text.training, vocabulary=len(text.vocab))


def learn(ids: Ints, unread: Ints, vocabulary: int, units: int, rng: np.random.Generator) -> Learnt:
    """Train an Elman network on `ids`, in windows at random places, and look at `unread` now and then."""
    chosen = LONG if ids.size == BOOK_SIZE else QUICK
    model, stopped = (LanguageModel(vocabulary, units, rng=rng) for _ in range(2))
    optimizer = Adam(model.parameters(), chosen.rate)

    def epoch(rng: np.random.Generator) -> Iterable[Minibatch]:
        return random_batches(ids, chosen.rows, chosen.window, rng=rng)

    falling = LambdaLR(optimizer, cosine(chosen.updates))
    trainer = Trainer(model, optimizer, epoch, rng=rng, carry=False, schedule=falling)
    told: list[Mark] = []
    for report in islice(trainer.steps(), chosen.updates):
        if report.step % (chosen.updates // MARKS) == 0:
            told.append(Mark(report.step, on(model, ids), on(model, unread)))
            if told[-1].development == min(mark.development for mark in told):
                stopped.load_state_dict(model.state_dict())
    return Learnt(model, stopped, tuple(told))


@cache
def by_heart(characters: int, units: int, seed: int) -> Learnt:
    """Trained on the beginning of a story."""
    text, rng = piece(characters), np.random.default_rng([seed, units])
    return learn(text.training, parts(text)[0], len(text.vocab), units, rng)
