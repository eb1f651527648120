"""The page on writing: a prefix warms the state up, and only then does the network speak."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Excerpt, Result, Table, at_least, at_most
from cli.lessons.char_rnn.course import UPDATES, on_story
from cli.lessons.char_rnn.training import story
from minigrad import cross_entropy, no_grad, relative_error
from rnn.decoding import sample
from rnn.metrics import Ints, perplexity
from rnn.models import LanguageModel

READ, PLACES = (1, 2, 4, 8, 16, 32), 1500
LENGTH = 24  # of what is written
PREFIX = "Maud put her ha"


def written(model: LanguageModel, prefix: Sequence[int], length: int) -> list[int]:
    """The most probable letters that follow the prefix, one after another."""
    state = None
    for letter in prefix[:-1]:  # warm-up: nothing is said yet
        _, state = model(np.array([[letter]]), state)
    said = [prefix[-1]]
    for _ in range(length):
        last = np.array([[said[-1]]])
        scores, state = model(last, state)
        said.append(int(scores.data[0, 0].argmax()))
    return said[1:]


@experiment(updates=UPDATES)
def warm_up(updates: int = 480, *, seed: int) -> Result:
    """What the next letter of unread text costs after the last few before it, and two slips in the warm-up."""
    text, model = story(), on_story(updates, seed).run.model
    ids = text.held_out
    places = np.arange(READ[-1], ids.size, ids.size // PLACES)
    costs = {k: after(model, ids, places, k) for k in READ}
    twice = after(model, ids, places, READ[-1], repeated=True)
    prefix = [int(i) for i in text.vocab.encode(PREFIX)]
    with no_grad():
        warm, cold = written(model, prefix, LENGTH), written(model, prefix[-1:], LENGTH)
    again = list(islice(sample(model, prefix, temperature=0, rng=np.random.default_rng(seed)), LENGTH))
    differ = sum(a != b for a, b in zip(warm, again, strict=True))
    columns: tuple[Column, ...] = (("letters read first", "text"), ("perplexity of the next", "number"))
    rows = (
        *((str(k), perplexity(v)) for k, v in costs.items()),
        (f"{READ[-1]}, the last one twice", perplexity(twice)),
    )
    return Result(
        (
            Excerpt(f"{PREFIX}|{text.vocab.decode(warm)}", "with warm-up: what follows the bar"),
            Excerpt(f"{PREFIX[-1]}|{text.vocab.decode(cold)}", "without: only the last letter has been read"),
            Table(columns, rows, f"on {places.size:,} places of the part held out"),
        ),
        (
            at_most("state after the prefix letter by letter, against all at once", _apart(model, prefix), 1e-5),
            at_most("letters in which this loop and the project's differ", differ, 0),
            at_most("perplexity after sixteen letters to that after one", perplexity(costs[16] - costs[1]), 0.9),
            at_most("after all of them to that after sixteen", perplexity(costs[32] - costs[16]), 1.02),
            at_least("the last letter read twice: perplexity to reading it once", perplexity(twice - costs[32]), 1.1),
        ),
    )  # fmt: skip


def after(model: LanguageModel, ids: Ints, places: Ints, read: int, *, repeated: bool = False) -> float:
    """Mean loss of the letters at some places after reading so many before each, from a state of zeros on."""
    prefixes = ids[places[None] - np.arange(read, 0, -1)[:, None]]
    if repeated:
        prefixes = np.concatenate([prefixes, prefixes[-1:]])
    with no_grad():
        return cross_entropy(model(prefixes)[0][-1], ids[places]).item()


def _apart(model: LanguageModel, prefix: list[int]) -> float:
    with no_grad():
        _, whole = model(np.array(prefix)[:, None])
        state = None
        for letter in prefix:
            _, state = model(np.array([[letter]]), state)
    assert state is not None
    return relative_error(state.data, whole.data)
