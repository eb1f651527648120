"""Small language models trained on the bundled story, all in one way, so that one thing differs at a time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from itertools import islice

import numpy as np

from cli.lab.texts import Prepared, prepare
from data import sequential_batches
from minigrad.init import xavier_uniform
from minigrad.optim import Adam
from rnn.layers import LAYERS
from rnn.metrics import Ints, perplexity
from rnn.models import LanguageModel
from rnn.training import Trainer

UNITS = 40  # of one layer; a network of more has narrower ones, so as to have as many parameters
BATCH = 24


@dataclass(frozen=True)
class Trained:
    """A model, the perplexity of each minibatch before its update, and how many characters a second it read."""

    model: LanguageModel
    course: tuple[float, ...]
    speed: float

    @property
    def parameters(self) -> int:
        """How many numbers it has learned."""
        return sum(p.size for p in self.model.parameters())

    def on(self, ids: Ints) -> float:
        """Its perplexity on a text, from a state of zeros on."""
        return perplexity(-float(self.model.log_probs(ids).mean()))


@cache
def story() -> Prepared:
    """The bundled story."""
    return prepare("the-lighthouse")


def frequencies(training: Ints, other: Ints, vocabulary: int) -> float:
    """The perplexity of a text for one who knows how often each character stands in the training part, plus one."""
    p = np.bincount(training, minlength=vocabulary) + 1.0
    return perplexity(-float(np.log(p[other] / p.sum()).mean()))


def build(layers: int, units: int, seed: int, cell: str = "rnn", *, wide: bool = True) -> LanguageModel:
    """A model with weights that keep the size of what passes up, if wide; else drawn from ±1/√H."""
    rng, vocabulary = np.random.default_rng(seed), len(story().vocab)
    model = LanguageModel(vocabulary, units, layers, cell=cell, rng=rng)
    if wide:
        model.rnn = LAYERS[cell](vocabulary, units, layers, rng=rng, init=xavier_uniform())
    return model


def fitted(
    model: LanguageModel, ids: Ints, updates: int, seed: int, *, rate: float = 0.01, window: int = 16
) -> Trained:
    """Trained with Adam on minibatches in sequence, each going on with the state of the one before."""
    rng = np.random.default_rng([seed, 1])
    optimizer = Adam(model.parameters(), rate)
    trainer = Trainer(model, optimizer, lambda rng: sequential_batches(ids, BATCH, window, rng=rng), rng=rng)
    clock = time.perf_counter()
    told = list(islice(trainer.steps(), updates))
    speed = sum(report.tokens for report in told) / (time.perf_counter() - clock)
    return Trained(model, tuple(perplexity(report.loss) for report in told), speed)


@cache
def on_story(layers: int, units: int, updates: int, seed: int) -> Trained:
    """An Elman network of so many layers on the training part."""
    return fitted(build(layers, units, seed), story().training, updates, seed)


def size(layers: int, units: int) -> int:
    """How many parameters such a network has, counted by hand: two biases to a layer, as the modules have."""
    vocabulary = len(story().vocab)
    lowest = units * vocabulary + units**2 + 2 * units
    return lowest + (layers - 1) * (2 * units**2 + 2 * units) + vocabulary * (units + 1)


def width(layers: int, units: int) -> int:
    """How wide its layers are for it to have the parameters of one layer of `units`, as nearly as can be."""
    return min(range(1, units + 1), key=lambda h: abs(size(layers, h) - size(1, units)))
