"""The page on gates that the input moves: a unit that knows whether somebody is speaking, set by hand."""

from __future__ import annotations

from itertools import product

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Result, Traces, at_least, at_most
from cli.lab.gates import SURE
from cli.lab.texts import prepare
from minigrad import Tensor, no_grad
from minigrad.graph import Array
from rnn.cells import unroll
from rnn.cells.gru import GRUState, GRUStep
from rnn.layers import GRU
from rnn.stepwise import project

MARK = '"'
NAMES = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
CHARACTERS = 2000  # of the held-out text, that are answered
SHOWN = 176
BEFORE = 44  # characters shown before the first mark


def spoken(ids: Array, mark: int) -> Array:
    """Whether each character is speech, (T, …): from an opening mark on, up to the closing one."""
    return np.cumsum(ids == mark, axis=0) % 2


def toggle(vocabulary: int, mark: int) -> GRU:
    """One unit; its sign changes at the mark."""
    U = np.zeros((3, vocabulary))  # rows: r, z, n
    W, b = np.zeros((3, 1)), np.zeros(3)
    b[:2] = SURE  # both gates are 1, but at the
    U[1, mark] = -2 * SURE  # mark z is 0, and there
    W[2] = -SURE  # h becomes tanh(-SURE * h)
    layer = GRU(vocabulary, 1, reset_after=False)
    layer.load_state_dict(named(U, W, b, 0 * b))
    return layer


def named(*numbers: Array) -> dict[str, Array]:
    """U, W and both biases under a layer's names."""
    return dict(zip(NAMES, numbers, strict=True))


def steps_of(layer: GRU, x: Tensor | Array, start: Array) -> dict[str, Array]:
    """Every quantity of each step by its letter, (T, H), where the layer reads x (T, 1) or (T, 1, I)."""
    weights = layer.weights()
    recurrent = [weights[name] for name in layer.cell.recurrent]
    with no_grad():
        steps = unroll(layer.cell, project(weights, x), GRUState(Tensor(start[None])), *recurrent)
    return {name: np.stack([getattr(s, name).data[0] for s in steps]) for name in GRUStep._fields}


def shown(ids: Array, mark: int) -> slice:
    """A piece of the text around its first quotation marks."""
    begin = max(0, int((ids == mark).argmax()) - BEFORE)
    return slice(begin, begin + SHOWN)


@experiment()
def turned_over() -> Result:
    """The unit reads the held-out text; beside it, the best of many tanh units."""
    text = prepare()
    ids, (mark,) = text.held_out[:CHARACTERS], text.vocab.encode(MARK)
    speech = spoken(ids, mark)
    found = steps_of(toggle(len(text.vocab), mark), ids[:, None], np.array([-1], np.float32))
    z, h = found["z"][:, 0], found["h"][:, 0]
    piece = shown(ids, mark)
    rival = best_tanh_unit(ids[piece] == mark, speech[piece])
    return Result(
        (
            Traces(
                text.vocab.decode(ids[piece]),
                (("z", tuple(z[piece])), ("h", tuple((1 + h[piece]) / 2)), ("tanh", tuple((1 + rival) / 2))),
                "z from 0 to 1; h and the best tanh unit from −1 to 1",
            ),
        ),
        (
            at_most(f"characters answered wrongly, of {CHARACTERS:,}", np.sum((h > 0) != speech), 0),
            at_most("steps at which the gate opens, less marks read", abs(np.sum(z < 0.5) - np.sum(ids == mark)), 0),
            at_least("wrong answers of the best tanh unit, above", np.sum((rival > 0) != speech[piece]), 1),
        ),
    )


def best_tanh_unit(marks: Array, speech: Array) -> Array:
    """The states of the unit h ← tanh(w h + b), b one number at marks and another elsewhere, that is wrong least often.

    A few thousand are tried, their three numbers on a grid.
    """
    grid = np.linspace(-5, 5, 15)
    w, letter, mark = np.array(list(product(grid, grid, grid))).T
    h, states = -np.ones(len(w)), []
    for at_mark in marks:
        h = np.tanh(w * h + (mark if at_mark else letter))
        states.append(h)
    found = np.stack(states)
    wrong = np.sum((found > 0) != speech[:, None], axis=0)
    return found[:, wrong.argmin()]
