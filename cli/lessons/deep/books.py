"""The pages on data and cells: more text, a second author, and gated cells in layers."""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Excerpt, Result, Table, at_least, at_most
from cli.lessons.deep.depths import KNOBS
from cli.lessons.deep.training import UNITS, Trained, build, fitted, frequencies, on_story, story
from rnn.metrics import Ints

PARTS = (32, 8, 1)


@cache
def _on(which: str, updates: int, seed: int) -> Trained:
    """One layer, trained on a part of the story ("32": a thirty-second), on the "other" author, or on "both"."""
    if which == "1":
        return on_story(1, UNITS, updates, seed)
    text = story().training
    half = text.size // 2
    chosen = {
        **{str(k): text[: text.size // k] for k in PARTS},
        "other": retold(text),
        "both": np.concatenate([text[:half], retold(text)[half:]]),
    }
    return fitted(build(1, UNITS, seed), chosen[which], updates, seed)


def backwards(text: str) -> str:
    """A second author, who tells the same story with every word spelt from its end."""
    return re.sub(r"[^\W\d_]+", lambda word: word[0][::-1], text)


def retold(ids: Ints) -> Ints:
    """The same in ids."""
    vocab = story().vocab
    return vocab.encode(backwards(vocab.decode(ids)))


@experiment(updates=KNOBS["updates"])
def more_text(updates: int = 120, *, seed: int) -> Result:
    """The same network and as many updates, on a small part of the story, on a larger, and on all."""
    text, found = story(), {k: _on(str(k), updates, seed) for k in PARTS}
    few = PARTS[0]
    training = {k: t.on(text.training[: text.training.size // few]) for k, t in found.items()}
    held_out = {k: t.on(text.held_out) for k, t in found.items()}
    columns: tuple[Column, ...] = (("characters", "text"), ("on its beginning", "number"), ("held out", "number"))
    rows = tuple((f"{text.training.size // k:,}", training[k], held_out[k]) for k in PARTS)
    return Result(
        (Table(columns, rows, f"perplexity after {updates} updates; all have seen the beginning"),),
        (
            at_least(
                "the smallest part: held-out perplexity to that with all the text", held_out[few] / held_out[1], 1.05
            ),
            at_least("the smallest part: held out to what it has read", held_out[few] / training[few], 1.3),
            at_most("all the text: held out to what it has read", held_out[1] / training[1], 1.2),
        ),
    )


@experiment(updates=KNOBS["updates"])
def two_authors(updates: int = 120, *, seed: int) -> Result:
    """One author, the other, and half of each; every network on both."""
    named = {"the story": "1", "words reversed": "other", "half of each": "both"}
    held_out = (story().held_out, retold(story().held_out))
    found = {name: tuple(_on(which, updates, seed).on(ids) for ids in held_out) for name, which in named.items()}
    columns: tuple[Column, ...] = (("trained on", "text"), ("the story", "number"), ("words reversed", "number"))
    one, other, both = found.values()
    abroad = min(one[1] / one[0], other[0] / other[1])
    dearest = min(both[0] / one[0], both[1] / other[1])
    cheapest = max(both[0] / other[0], both[1] / one[1])
    sample = " ".join(story().vocab.decode(retold(story().training[:180])).split()[4:20])
    return Result(
        (
            Excerpt(sample, "the second author"),
            Table(columns, tuple((name, *p) for name, p in found.items()), f"held-out perplexity, {updates} updates"),
        ),
        (
            at_least("who knows one author only, on the other: perplexity to that at home", abroad, 1.5),
            at_least("who knows both, on either: perplexity to the specialist's", dearest, 1),
            at_most("who knows both, on either: perplexity to the stranger's", cheapest, 0.8),
        ),
    )


@experiment()
def gated(*, seed: int) -> Result:
    """Two layers of LSTM and of GRU on the story, for a few updates."""
    text, units, updates = story(), 24, 60
    found = {}
    for cell in ("lstm", "gru"):
        found[cell] = fitted(build(2, units, seed, cell), text.training, updates, seed, rate=0.03, window=8)
    held_out = text.held_out[:2000]
    blind = frequencies(text.training, held_out, len(text.vocab))
    scores = {cell: t.on(held_out) for cell, t in found.items()}
    columns: tuple[Column, ...] = (
        ("two layers of", "text"),
        ("parameters", "text"),
        ("held out", "number"),
        ("char/s", "text"),
    )
    rows = tuple((c.upper(), f"{t.parameters:,}", scores[c], f"{t.speed:,.0f}") for c, t in found.items())
    caption = f"{units} units, perplexity after {updates} updates; letter frequencies alone: {blind:.1f}"
    return Result(
        (Table(columns, rows, caption),),
        tuple(at_most(f"two layers of {c.upper()}: held-out perplexity to that of letter frequencies", p / blind, 0.95)
              for c, p in scores.items()),
    )  # fmt: skip
