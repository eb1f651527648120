"""The page on blanks: a letter from those on both sides of it."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Excerpt, Result, Table, at_least, at_most
from cli.lessons.bidirectional.networks import VIEWS, Reader, View, fit, mean_loss, reader, size
from cli.lessons.bidirectional.text import LETTERS, WINDOW, decode, encode, story
from cli.lessons.bidirectional.words import KNOBS
from minigrad import Tensor, concat, no_grad
from minigrad.graph import Array
from minigrad.nn import Module

SENTENCES = ("the lamp was turned to the sea", "he looked at the water and said nothing")


class Blanks(Module):
    """Scores for x⁽ᵗ⁾ from h⁽ᵗ⁻¹⁾ and g⁽ᵗ⁺¹⁾, which have read everything but x⁽ᵗ⁾; or from h⁽ᵗ⁻¹⁾ alone."""

    def __init__(self, width: int, view: View, rng: np.random.Generator):
        self.reader: Reader = reader(len(LETTERS), width, len(LETTERS), view, rng)

    def __call__(self, ids: Array, lengths: Any = None) -> Tensor:
        """Scores (T, B, V) for each of ids (T, B), none of which looks at its own letter."""
        states = self.reader.states(ids)
        return self.reader.head(without_own(states) if self.reader.view == "both" else delayed(states))


def without_own(states: Tensor) -> Tensor:
    """[h⁽ᵗ⁻¹⁾, g⁽ᵗ⁺¹⁾] in the place of [h⁽ᵗ⁾, g⁽ᵗ⁾]; beyond either end is zero."""
    units = states.shape[-1] // 2
    h, g = states[..., :units], states[..., units:]
    after = concat([g[1:], g[-1:] * 0.0])
    return concat([delayed(h), after], axis=-1)


def delayed(h: Tensor) -> Tensor:
    """h⁽ᵗ⁻¹⁾ in the place of h⁽ᵗ⁾, zero at the first step."""
    return concat([h[:1] * 0.0, h[:-1]])


@cache
def filler(view: View, width: int, training: int, seed: int) -> Blanks:
    """A network trained to restore each letter from the others."""
    rng = np.random.default_rng([seed, 7])
    network = Blanks(width, view, rng)

    def batch() -> tuple[Array, Array, None]:
        ids = story().batch(rng)
        return ids, ids, None

    fit(network, batch, training, rate=0.015)
    return network


@experiment(**KNOBS)
def blanks(width: int = 24, training: int = 200, *, seed: int) -> Result:
    """Every letter of unseen text as a blank, filled from one side and from both."""
    ids = story().unseen(length=2 * WINDOW)
    inside = np.full(ids.shape, -1)
    inside[4:-4] = ids[4:-4]  # where both sides have something to read
    rows, nats, right = [], {}, {}
    views: tuple[View, ...] = ("left", "both")
    for view in views:
        network = filler(view, width, training, seed)
        with no_grad():
            scores = network(ids)
            nats[view] = mean_loss(scores, inside).item()
        right[view] = float((scores.data.argmax(-1) == inside)[4:-4].mean())
        rows.append((VIEWS[view], str(size(network)), nats[view], right[view]))
    columns: tuple[Column, ...] = (("reads", "text"), ("weights", "text"), ("nats", "number"), ("right", "share"))
    return Result(
        (Table(columns, tuple(rows), f"one letter of held-out text at a time, {training} updates"),
         Excerpt("\n\n".join(filled(s, width, training, seed) for s in SENTENCES),
                 "\neach letter as it would be restored if it alone were missing; · where it is right")),
        (
            at_most("nats from both sides, as a share of those from the left", nats["both"] / nats["left"], 0.95),
            at_least("letters right from both sides, as a multiple", right["both"] / right["left"], 1.05),
            at_most("how far the letter that stood there moves its scores", own_letter(width, training, seed), 0),
        ),
    )  # fmt: skip


def filled(sentence: str, width: int, training: int, seed: int) -> str:
    """The sentence, and below it what each network would put in the place of each letter."""
    ids = encode(sentence)
    lines = [f"      {sentence}"]
    for view in ("left", "both"):
        with no_grad():
            guess = filler(view, width, training, seed)(ids[:, None]).data[:, 0].argmax(-1)
        marks = ("·" if a == b else LETTERS[a].replace(" ", "_") for a, b in zip(guess, ids, strict=True))
        lines.append(f"{view:6}" + "".join(marks))
    return "\n".join(lines)


def own_letter(width: int, training: int, seed: int) -> float:
    """By how much scores of a place move when its own letter is another."""
    network, ids, place = filler("both", width, training, seed), encode(SENTENCES[0])[:, None], 9
    other = ids.copy()
    other[place] = (other[place] + 5) % len(LETTERS)
    assert decode(other[:, 0]) != decode(ids[:, 0])
    with no_grad():
        return float(np.abs(network(ids).data[place] - network(other).data[place]).max())
