"""The page on recall: how much of the text must be given before the rest comes by itself."""

from __future__ import annotations

import numpy as np

from cli.lab.beginnings import piece
from cli.lab.experiments import experiment
from cli.lab.figures import Column, Result, Table, at_least, at_most
from cli.lessons.memorisation.learnt import KNOBS, by_heart
from minigrad import no_grad
from minigrad.graph import Array
from rnn.metrics import Ints
from rnn.models import LanguageModel

GIVEN, ASKED = (1, 2, 4, 8, 16, 24), 10  # letters


@experiment(**KNOBS)
def recall(characters: int = 1000, units: int = 128, *, seed: int) -> Result:
    """At every place of the text: some letters are given, and the next ten are asked for."""
    text, model = piece(characters), by_heart(characters, units, seed).model
    ids, rng = text.training, np.random.default_rng([seed, 2])
    places = np.arange(GIVEN[-1], ids.size - ASKED + 1)
    wanted = around(ids, places, 0, ASKED)
    found = {k: right(model, around(ids, places, -k, 0), wanted) for k in GIVEN}
    possible = {k: best(around(ids, places, -k, 0), wanted) for k in GIVEN}
    slipped = right(model, altered(around(ids, places, -16, 0), model.vocabulary, rng), wanted)
    over = max(found[k] - possible[k] for k in GIVEN)
    columns: tuple[Column, ...] = (("letters given", "text"), ("all ten right", "share"), ("possible", "share"))
    rows = (*((str(k), found[k], possible[k]) for k in GIVEN), ("16, one of them wrong", slipped, None))
    return Result(
        (Table(columns, rows, f"at {places.size:,} places of the text"),),
        (
            at_most("after one letter", found[1], 0.1),
            at_least("after sixteen", found[16], 0.6),
            at_most("more than is possible for anyone who has read no more", over, 0),
            at_least("after sixteen of which one is wrong", slipped, 0.3),
        ),
    )  # fmt: skip


def around(ids: Ints, places: Ints, first: int, last: int) -> Array:
    """The letters from so many places before or after each to so many: (T, B)."""
    return ids[places[None] + np.arange(first, last)[:, None]]


def right(model: LanguageModel, given: Array, wanted: Array) -> float:
    """The share of rows in which the most probable letters, one after another, are all those wanted."""
    with no_grad():
        scores, state = model(given)
        said = []
        for _ in wanted:
            said.append(scores.data[-1].argmax(axis=-1))
            scores, state = model(said[-1][None], state)
    return float((np.array(said) == wanted).all(axis=0).mean())


def best(given: Array, wanted: Array) -> float:
    """The share of rows that nobody can surpass who goes by the given letters: the most frequent answer to each."""
    answers: dict[bytes, dict[bytes, int]] = {}
    for context, answer in zip(given.T, wanted.T, strict=True):
        seen = answers.setdefault(context.tobytes(), {})
        seen[answer.tobytes()] = seen.get(answer.tobytes(), 0) + 1
    return sum(max(seen.values()) for seen in answers.values()) / given.shape[1]


def altered(given: Array, vocabulary: int, rng: np.random.Generator) -> Array:
    """One letter of each row, half-way, is another."""
    changed = given.copy()
    half = len(changed) // 2
    changed[half] = (changed[half] + rng.integers(1, vocabulary, changed.shape[1])) % vocabulary
    return changed
