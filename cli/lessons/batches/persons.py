"""The pages on sentences that depend on each other: rows that carry a state, and what that is worth."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import Literal

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Excerpt, Result, Table, at_least, at_most
from cli.lessons.batches.language import (
    FIRST_NAMES,
    PAD_ID,
    PEOPLE,
    PRONOUNS,
    VOCAB,
    Document,
    document,
    documents,
    floor,
)
from data import Continued, Padded, stateful_batches
from minigrad import Tensor, cross_entropy, log_softmax, no_grad
from minigrad.graph import Array
from minigrad.nn import Linear, Module
from minigrad.optim import Adam
from rnn.layers import RNN, detached

KNOBS = {"units": between(32, 48), "updates": between(200, 400, full=400)}
ROWS, TRAINED, ASKED = 16, 64, 60  # rows of a minibatch, documents of a pass, documents that are asked about
RATE = 0.03
Way = Literal["anew", "carried", "another row", "past the end"]
COIN = math.log(2)


class Reader(Module):
    """Scores for the next word from the states of a tanh layer."""

    def __init__(self, units: int, rng: np.random.Generator):
        self.layer = RNN(len(VOCAB), units, dtype=np.float64, rng=rng)
        self.head = Linear(units, len(VOCAB), dtype=np.float64, rng=rng)

    def __call__(self, inputs: Padded, state: Tensor | None) -> tuple[Tensor, Tensor]:
        """Scores (T, B, V), and the state after each row's own end (1, B, H)."""
        states, last = self.layer(inputs.ids.T, state, lengths=inputs.lengths)
        return self.head(states), last


def begin(state: Tensor | None, fresh: Array) -> Tensor | None:
    """What each row starts from."""
    if state is None or fresh.all():
        return None
    old = detached(state)[:, : len(fresh)]
    return old * ~fresh[:, None]


def start(way: Way, state: Tensor | None, batch: Continued) -> Tensor | None:
    """What each row starts from, the right way or one of three others."""
    if way == "anew":
        return None
    if way == "past the end":
        return begin(state, np.zeros_like(batch.fresh))
    found = begin(state, batch.fresh)
    return Tensor(np.roll(found.data, 1, axis=1)) if found is not None and way == "another row" else found


@cache
def trained(way: Way, units: int, updates: int, seed: int) -> Reader:
    """A reader after so many minibatches of documents that are new in every pass."""
    rng = np.random.default_rng([seed, 5])
    network = Reader(units, rng)
    optimizer, state = Adam(network.parameters(), RATE), None
    for k, batch in enumerate(_minibatches(updates, rng)):
        inputs, targets = Padded(batch.ids, batch.lengths).shifted()
        scores, state = network(inputs, start(way, state, batch))
        real = np.nonzero(inputs.mask.T)
        optimizer.zero_grad()
        cross_entropy(scores[real], targets.ids.T[real]).backward()
        optimizer.lr = RATE * (1 - k / updates)
        optimizer.step()
    return network


def _minibatches(number: int, rng: np.random.Generator) -> Iterator[Continued]:
    """So many, from as many passes as that takes."""
    while number > 0:
        for batch in stateful_batches(documents(TRAINED, rng), ROWS, pad=PAD_ID):
            if number > 0:
                yield batch
            number -= 1


def asked(network: Reader, way: Way, seed: int) -> dict[str, float]:
    """Mean nats at pronouns, at first names, and at all words, of documents that nobody has trained on."""
    state, nats, words = None, list[Array](), list[Array]()
    for batch in stateful_batches(_unseen(seed), ASKED // 6, pad=PAD_ID):
        inputs, targets = Padded(batch.ids, batch.lengths).shifted()
        with no_grad():
            scores, state = network(inputs, start(way, state, batch))
            found = -log_softmax(scores).data
        real, ids = inputs.mask.T, targets.ids.T
        nats.append(np.take_along_axis(found, ids[..., None], axis=-1)[real, 0])
        words.append(ids[real])
    loss, word = np.concatenate(nats), np.concatenate(words)
    kinds = {"he, she": np.isin(word, PRONOUNS), "names": np.isin(word, FIRST_NAMES), "all words": word >= 0}
    return {name: float(loss[chosen].mean()) for name, chosen in kinds.items()}


def _unseen(seed: int) -> list[Document]:
    return documents(ASKED, np.random.default_rng([seed, 7]))


@experiment(**KNOBS)
def carried(units: int = 32, updates: int = 250, *, seed: int) -> Result:
    """The same network trained with and without carrying its state, and the state carried wrongly."""
    ways: tuple[Way, ...] = ("anew", "carried", "another row", "past the end")
    networks = {way: trained("anew" if way == "anew" else "carried", units, updates, seed) for way in ways}
    found = {way: asked(network, way, seed) for way, network in networks.items()}
    best = {"he, she": 0.0, "names": math.log(len(FIRST_NAMES)), "all words": floor(_unseen(seed))}
    columns: tuple[Column, ...] = (("state", "text"), *((name, "number") for name in best))
    rows = tuple((name, *nats.values()) for name, nats in (*found.items(), ("best possible", best)))
    acts = [(0, 0), (1, 1), (2, 2)]
    said = "\n\n".join("\n".join(f"{s} ." for s in document(pronoun, 2, acts)) for pronoun in PEOPLE)
    return Result(
        (
            Excerpt(said, "\ntwo documents"),
            Table(columns, rows, f"nats, after {updates} updates; a coin is {COIN:.3f} nats"),
        ),
        (
            at_least("anew each sentence: nats at he and she", found["anew"]["he, she"], COIN - 1e-9),
            at_most("carried: nats at he and she", found["carried"]["he, she"], COIN / 2),
            at_most("carried, as a share of anew: nats at all words", _of(found, "carried", "anew", "all words"), 0.9),
            at_least("carried to another row: nats at he and she", found["another row"]["he, she"], COIN),
            at_least(
                "past the end, as a multiple of carried: nats at names",
                _of(found, "past the end", "carried", "names"),
                1.5,
            ),
        ),
    )


def _of(found: dict[Way, dict[str, float]], one: Way, other: Way, words: str) -> float:
    return found[one][words] / found[other][words]
