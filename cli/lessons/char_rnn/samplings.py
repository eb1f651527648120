"""The pages on minibatches at random and in sequence: two numbers from one book, and where they come from."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cli.lab.beginnings import BOOK_SIZE, piece
from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Plot, Result, Table, at_least, at_most, curve
from cli.lab.texts import Prepared
from cli.lessons.char_rnn.training import on_piece, setting
from data import batches_per_epoch
from minigrad import log_softmax, no_grad
from minigrad.graph import Array
from rnn.metrics import Ints, perplexity
from rnn.models import LanguageModel

CHARACTERS = between(900, 1200, full=BOOK_SIZE)
LAST = 10  # passes over which the book's number is a mean
PRINTED = {"sequence": 1.2, "random": 1.6}  # the largest of the runs that the book has recorded


def as_printed(characters: int, at_random: bool, seed: int) -> float:
    """Perplexity as the book takes it: over the minibatches of the last passes, each before its update."""
    text, chosen = piece(characters), setting(characters)
    per_pass = batches_per_epoch(text.training.size, chosen.rows, chosen.window, chosen.window - 1)
    return perplexity(float(np.mean(on_piece(characters, at_random, seed).losses[-LAST * per_pass :])))


@experiment(characters=CHARACTERS)
def two_samplings(characters: int = 1000, *, seed: int) -> Result:
    """One text, two networks that differ in how their minibatches are cut, and the book's perplexity of both."""
    text, chosen = piece(characters), setting(characters)
    runs = {"sequence": on_piece(characters, False, seed), "random": on_piece(characters, True, seed)}
    found = {"sequence": as_printed(characters, False, seed), "random": as_printed(characters, True, seed)}
    every = max(1, len(runs["random"].losses) // 200)
    curves = tuple(
        curve(name, range(1, len(run.losses) + 1, every), [perplexity(x) for x in run.losses[::every]])
        for name, run in runs.items()
    )
    columns: tuple[Column, ...] = (("minibatches", "text"), ("as the book takes it", "number"))
    bounds = PRINTED if chosen.printed else {"sequence": 1.6, "random": 1.8}
    return Result(
        (
            Plot("perplexity of each minibatch", curves, "updates", log=True),
            Table(columns, tuple(found.items()), _about(text, len(runs["random"].losses))),
        ),
        (
            at_most("in sequence: perplexity as the book takes it", found["sequence"], bounds["sequence"]),
            at_most("at random: perplexity as the book takes it", found["random"], bounds["random"]),
            at_least("random to sequence", found["random"] / found["sequence"], 1),
        ),
    )


def _about(text: Prepared, updates: int) -> str:
    return f"{text.corpus.title.split(',')[0]}, first {text.training.size:,} characters, {updates:,} updates"


def windows(ids: Ints, window: int) -> tuple[Array, Array]:
    """Every window of the text, and what follows each of its letters: two arrays (T, N − T)."""
    found = np.ascontiguousarray(sliding_window_view(ids, window + 1).T)
    return found[:-1], found[1:]


def counting(ids: Ints, window: int) -> Array:
    """Least mean loss at each step t of a window (T,) of anyone who has read its first t letters and no more."""
    everything = sliding_window_view(ids, window + 1)
    entropies = np.array([entropy(everything[:, :t]) for t in range(1, window + 2)])
    return np.diff(entropies)  # H(x₁ … xₜ₊₁) − H(x₁ … xₜ): what the next letter adds


def entropy(rows: Array) -> float:
    """Of the row that is drawn, if all are equally likely: −Σ p log p over the different ones."""
    _, n = np.unique(np.ascontiguousarray(rows).view([("", rows.dtype)] * rows.shape[1]), return_counts=True)
    p = n / n.sum()
    return -float(p @ np.log(p))


def begun_anew(model: LanguageModel, ids: Ints, window: int) -> Array:
    """The model's mean loss at each step (T,), over every window, each read from a state of zeros."""
    inputs, targets = windows(ids, window)
    total, rows = np.zeros(window), max(1, 2**15 // window)
    for k in range(0, inputs.shape[1], rows):
        with no_grad():
            scores = log_softmax(model(np.ascontiguousarray(inputs[:, k : k + rows]))[0]).data
        total -= np.take_along_axis(scores, targets[:, k : k + rows, None], 2).sum(axis=(1, 2), dtype=np.float64)
    return total / inputs.shape[1]


@experiment(characters=CHARACTERS)
def begun(characters: int = 1000, *, seed: int) -> Result:
    """The loss at each step of a window that is begun anew, and the least that anyone can have there."""
    text, window = piece(characters), setting(characters).window
    model = on_piece(characters, True, seed).model
    found, floor = begun_anew(model, text.training, window), counting(text.training, window)
    reading_on = perplexity(-float(model.log_probs(text.training).mean()))
    steps = range(1, window + 1)
    curves = curve("network", steps, found.tolist()), curve("least", steps, floor.tolist())
    other = begun_anew(on_piece(characters, False, seed).model, text.training, window)
    anew, strange, bound = (perplexity(float(v.mean())) for v in (found, other, floor))
    columns: tuple[Column, ...] = (("", "text"), ("perplexity", "number"))
    rows = (("the least that there is, begun anew", bound), ("trained at random, begun anew", anew),
            ("trained at random, reading on", reading_on), ("trained in sequence, begun anew", strange))  # fmt: skip
    return Result(
        (
            Plot("loss at each step of a window", curves, "step"),
            Table(columns, rows, "on the text that they were trained on"),
        ),
        (
            at_least("loss less the least possible, at the step where that is smallest", (found - floor).min(), -1e-6),
            at_least("loss at the first step", found[0], 1),
            at_most("loss at the last step, to that", found[-1] / found[0], 0.2),
            at_least("at random, as the book takes it: to the least begun anew",
                     as_printed(characters, True, seed) / bound, 1),
            at_most("reading on: perplexity to that of windows begun anew", reading_on / anew, 0.95),
            at_least("trained in sequence, begun anew: to that of one trained for it", strange / anew, 1.2),
        ),
    )  # fmt: skip
