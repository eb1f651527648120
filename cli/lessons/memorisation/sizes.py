"""The pages on room: how much a text and a network hold, and a text in which there is nothing to be learned."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from cli.lab.beginnings import piece
from cli.lab.experiments import experiment
from cli.lab.figures import Column, Excerpt, Result, Table, at_least, at_most
from cli.lessons.memorisation.learnt import KNOBS, Learnt, by_heart, learn, on, parts
from rnn.metrics import Ints, bits

SMALL = (2, 16)  # units
FLOAT = 32  # bits of a number
ALPHABET = "abcdefghijklmnopqrstuvwxyz "
NONSENSE, UNITS = 500, 128


@experiment(**KNOBS)
def room(characters: int = 1000, units: int = 128, *, seed: int) -> Result:
    """Networks of several sizes on one text: what they have room for, and what they made of it."""
    text = piece(characters)
    V, (_, unread) = len(text.vocab), parts(text)
    needed = text.training.size * bits(math.log(V))
    learnt = {n: by_heart(characters, n, seed) for n in (*SMALL, units)}
    found = {n: (on(it.model, text.training), on(it.model, unread)) for n, it in learnt.items()}
    columns: tuple[Column, ...] = (("units", "text"), ("numbers", "count"), ("their bits", "count"), ("read", "number"),
                                   ("unread", "number"))  # fmt: skip
    rows = tuple((str(n), it.parameters, FLOAT * it.parameters, *found[n]) for n, it in learnt.items())
    caption = f"the text: {text.training.size:,} characters of {V}, at most {needed:,.0f} bits"
    room_for = FLOAT * learnt[units].parameters / needed
    miscounted = max(abs(size(n, V) - it.parameters) for n, it in learnt.items())
    return Result(
        (Table(columns, rows, caption),),
        (
            at_least("bits of the largest network to those of the text", room_for, 10),
            at_most("numbers counted by hand, less the modules'", miscounted, 0),
            at_least("the smallest network on what it read", found[2][0], 4),
            at_most("the largest, to that", found[units][0] / found[2][0], 0.25),
            at_least("unread: the largest to the smallest", found[units][1] / found[2][1], 1.5),
        ),
    )


def size(units: int, vocabulary: int) -> int:
    """H × V, H × H and two biases of H in the layer; V × H and a bias of V in front of the scores."""
    return units * (vocabulary + units + 2) + vocabulary * (units + 1)


@cache
def _on_nonsense(seed: int) -> tuple[Learnt, Ints, Ints]:
    """Trained on letters drawn one by one, all equally likely; and those letters, and others drawn in the same way."""
    rng = np.random.default_rng([seed, 7])
    letters, others = rng.integers(len(ALPHABET), size=(2, NONSENSE))
    return learn(letters, others, len(ALPHABET), UNITS, rng), letters, others


@experiment()
def nonsense(*, seed: int) -> Result:
    """A text without any rule."""
    learnt, letters, others = _on_nonsense(seed)
    own, foreign = on(learnt.model, letters), on(learnt.model, others)
    columns: tuple[Column, ...] = (("", "text"), ("perplexity", "number"))
    rows = (
        ("the text that was read", own),
        ("another, drawn in the same way", foreign),
        ("knowing how it was drawn", 27.0),
    )
    return Result(
        (
            Excerpt("".join(ALPHABET[i] for i in letters[:60]), "its beginning"),
            Table(columns, rows, f"{NONSENSE} letters"),
        ),
        (
            at_most("perplexity on the nonsense that was read", own, 1.6),
            at_least("on other nonsense, to that of one who knows how it was drawn", foreign / len(ALPHABET), 1),
        ),
    )
