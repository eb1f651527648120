"""The pages on what depth costs, how it starts, and what it brings at an equal number of parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from cli.lab.costs import Cost, cost
from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Plot, Result, Table, at_least, at_most, curve
from cli.lessons.deep.training import UNITS, build, frequencies, on_story, size, story, width
from minigrad import Tensor, cross_entropy, grad
from rnn.layers import RNN
from rnn.models import LanguageModel
from rnn.sequence import run

DEPTHS = (1, 2, 4)
KNOBS = {"units": between(16, 64, full=128), "updates": between(100, 160, full=600)}


@experiment(units=KNOBS["units"])
def costs(units: int = UNITS, *, seed: int) -> Result:
    """Operations and kept bytes of reading a line, at equal width and at an equal number of parameters."""
    ids = story().training[:32]
    same = {n: _cost(n, units, ids, seed) for n in DEPTHS}
    equal = {n: _cost(n, width(n, units), ids, seed) for n in DEPTHS}
    columns: tuple[Column, ...] = (("layers", "text"), ("units", "text"), ("parameters", "text"),
                                   ("operations", "text"), ("bytes kept", "text"))  # fmt: skip
    rows = [_row(n, units, same[n]) for n in DEPTHS] + [_row(n, width(n, units), equal[n]) for n in DEPTHS[1:]]
    work = {n: c.operations for n, c in {**same, 3: _cost(3, units, ids, seed)}.items()}
    uneven = max(abs(work[n + 1] - 2 * work[n] + work[n - 1]) for n in (2, 3))
    wider, narrower = work[4] / work[1], equal[4].operations / work[1]
    return Result(
        (Table(columns, tuple(rows), f"one pass over {ids.size} characters, counted in the engine's record"),),
        (
            at_most("operations that layers 3 and 4 add, less those that layer 2 adds", uneven, 0),
            at_least("at equal width, operations of 4 layers to those of 1", wider, 2),
            at_most("at equal parameters, operations of 4 layers to those of 1", narrower, 1.6),
            at_least("at equal width, bytes kept by 4 layers to those of 1", same[4].bytes / same[1].bytes, 1.5),
        ),
    )  # fmt: skip


def _cost(layers: int, units: int, ids: Any, seed: int) -> Cost:
    model = build(layers, units, seed)
    model.rnn = RNN(model.vocabulary, units, layers, implementation="stepwise")
    return cost(model(ids[:, None])[0])


def _row(layers: int, units: int, found: Cost) -> tuple[str, ...]:
    counts = (size(layers, units), found.operations, found.bytes)
    return str(layers), str(units), *(f"{n:,}" for n in counts)


@experiment(units=KNOBS["units"])
def starts(units: int = UNITS, *, seed: int) -> Result:
    """How far the states of each layer move while a network that has learned nothing yet reads the story."""
    moves, felt = {}, {}
    for wide in (False, True):
        moves[wide], felt[wide] = _signals(build(4, units, seed, wide=wide))
    columns: tuple[Column, ...] = (("", "text"), ("±1/√H", "number"), ("±√(3/H)", "number"))
    spread, norms = (
        tuple((f"layer {n + 1}", found[False][n], found[True][n]) for n in reversed(range(4)))
        for found in (moves, felt)
    )
    fades = {wide: moves[wide][3] / moves[wide][0] for wide in moves}
    lost = {wide: felt[wide][0] / felt[wide][3] for wide in felt}
    return Result(
        (
            Table(columns, spread, "how far a unit moves over the text"),
            Table(columns, norms, "how much the loss feels the layer: ‖∇h‖"),
        ),
        (
            at_most("drawn from ±1/√H: spread of the top layer to that of the lowest", fades[False], 0.7),
            at_least("drawn wider: this share, to the share before", fades[True] / fades[False], 1.3),
            at_most("drawn from ±1/√H: ‖∇h‖ of the lowest layer to that of the top", lost[False], 0.7),
            at_least("drawn wider: this share of the gradient, to the share before", lost[True] / lost[False], 1.3),
        ),
    )


def _signals(model: LanguageModel) -> tuple[list[float], list[float]]:
    """The spread over time of each layer's units, and the norm of the loss's gradient by its states."""
    text = story().training[: 8 * 33].reshape(8, 33).T
    zeros, layers = Tensor(np.zeros((8, model.rnn.hidden_size), np.float32)), []
    x: Any = text[:-1]
    for n in range(model.rnn.num_layers):
        x, _ = run(model.rnn.cell, [model.rnn.weights(n)], x, [model.rnn.cell.State(zeros)], fused=True)
        layers.append(x)
    felt = grad(cross_entropy(model.scores(x), text[1:]), layers)
    return [float(h.data[4:].std(axis=0).mean()) for h in layers], [float(np.linalg.norm(g.data)) for g in felt]


@experiment(**KNOBS)
def depths(units: int = UNITS, updates: int = 120, *, seed: int) -> Result:
    """One, two and four layers with as many parameters, trained alike."""
    text, found = story(), {n: on_story(n, width(n, units), updates, seed) for n in DEPTHS}
    held_out = {n: t.on(text.held_out) for n, t in found.items()}
    training = {n: t.on(text.training[: text.held_out.size]) for n, t in found.items()}
    blind = frequencies(text.training, text.held_out, len(text.vocab))
    columns: tuple[Column, ...] = (("layers", "text"), ("units", "text"), ("parameters", "text"),
                                   ("train", "number"), ("held out", "number"), ("char/s", "text"))  # fmt: skip
    rows = tuple((str(n), str(width(n, units)), f"{t.parameters:,}", training[n], held_out[n], f"{t.speed:,.0f}")
                 for n, t in found.items())  # fmt: skip
    caption = f"perplexity after {updates} updates; letter frequencies alone: {blind:.1f}"
    counts = [t.parameters for t in found.values()]
    curves = tuple(curve(_layers(n), range(1, updates + 1), t.course) for n, t in found.items())
    return Result(
        (Table(columns, rows, caption), Plot("perplexity of each minibatch", curves, "updates", log=True)),
        (
            at_most("parameters of the largest to those of the smallest", max(counts) / min(counts), 1.1),
            at_most("parameters counted by hand, less the module's",
                    max(abs(size(n, width(n, units)) - t.parameters) for n, t in found.items()), 0),
            at_most("one layer: held-out perplexity to that of letter frequencies", held_out[1] / blind, 0.7),
            at_most("two layers: held-out perplexity to that of letter frequencies", held_out[2] / blind, 0.8),
            at_most("four layers: held-out perplexity to that of letter frequencies", held_out[4] / blind, 1),
        ),
    )  # fmt: skip


def _layers(n: int) -> str:
    return f"{n} layers" if n > 1 else "1 layer"
