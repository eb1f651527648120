"""The page on a cell that counts: the letters of each word, its weights set by hand."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Result, Table, Traces, at_least, at_most
from cli.lab.gates import SURE
from cli.lab.texts import prepare
from minigrad import Tensor, no_grad
from minigrad.graph import Array
from rnn.cells import unroll
from rnn.cells.lstm import LSTMState, LSTMStep
from rnn.layers import GRU, LSTM
from rnn.stepwise import project

CHARACTERS, SHOWN = 2000, 144
MOST = 12  # letters of a word that fills a bar


def zeros(layer: LSTM) -> dict[str, Array]:
    """A zero for each of its numbers, by the names of its parameters."""
    return {name: np.zeros(p.shape) for name, p in layer.named_parameters()}


def counter(letters: Array, step: float) -> LSTM:
    """One cell that adds a small number at each letter, and is emptied at whatever is none."""
    layer = LSTM(len(letters), 1, dtype=np.float64)
    numbers = zeros(layer)
    U = numbers["weight_ih_l0"]
    b = numbers["bias_ih_l0"]
    i, f, g, o = range(4)
    U[i] = U[f] = np.where(letters, SURE, -SURE)
    b[g] = np.arctanh(step)
    b[o] = SURE
    layer.load_state_dict(numbers)
    return layer


def steps_of(layer: LSTM, x: Tensor | Array) -> dict[str, Array]:
    """Every quantity of each step by its letter, (T, H), where the layer reads x (T, 1) or (T, 1, I) from zeros."""
    weights = layer.weights()
    zero = Tensor(np.zeros((1, layer.hidden_size), layer.dtype))
    with no_grad():
        steps = unroll(
            layer.cell, project(weights, x), LSTMState(zero, zero), *(weights[n] for n in layer.cell.recurrent)
        )
    return {name: np.stack([getattr(s, name).data[0] for s in steps]) for name in LSTMStep._fields}


def by_hand(text: str) -> Array:
    """How many letters of the word have been read, at each character."""
    counts, count = [], 0
    for character in text:
        count = count + 1 if character.isalpha() else 0
        counts.append(count)
    return np.array(counts)


@experiment(step=between(0.05, 0.9))
def counted(step: float = 0.1, *, rng: np.random.Generator) -> Result:
    """The counter reads held-out text; what it has counted, what shows of it, and what a GRU could hold at most."""
    text = prepare()
    layer = counter(np.array([token.isalpha() and len(token) == 1 for token in text.vocab.tokens]), step)
    ids = text.held_out[:CHARACTERS]
    found, right = steps_of(layer, ids[:, None]), by_hand(text.vocab.decode(ids))
    count, shows = found["c"].ravel() / step, found["h"].ravel()
    drawn = (("cell", tuple(count[:SHOWN] / MOST)), ("shows", tuple(shows[:SHOWN] / np.tanh(step * MOST))))
    return Result(
        (
            Traces(text.vocab.decode(ids[:SHOWN]), drawn, f"{step:g} for each letter; full at {MOST} letters"),
            _longer_words(layer, text.vocab.encode("e"), step),
        ),
        (
            at_most(f"{CHARACTERS} characters: how far from the count, in letters", np.abs(count - right).max(), 1e-9),
            at_least("the longest word among them has so many letters", right.max(), 8),
            at_most("what a GRU holds of the same text, at most", _most_of_a_gru(ids, len(text.vocab), rng), 1),
        ),
    )


def _longer_words(layer: LSTM, letter: Array, step: float) -> Table:
    """What the cell has, and what shows of it, within words of one letter repeated."""
    lengths = (1, 2, 5, 10, 50, 100)
    found = steps_of(layer, np.repeat(letter, lengths[-1])[:, None])
    rows = tuple((str(n), found["c"][n - 1, 0] / step, found["h"][n - 1, 0]) for n in lengths)
    columns: tuple[Column, ...] = (("letters", "text"), ("c / step", "number"), ("h", "number"))
    return Table(columns, rows, "one long word")


def _most_of_a_gru(ids: Array, vocabulary: int, rng: np.random.Generator) -> float:
    """The largest entry of any state of a GRU with large random weights, from a state of zeros."""
    layer = GRU(vocabulary, 8, dtype=np.float64, rng=rng)
    for p in layer.parameters():
        p.assign(3 * rng.standard_normal(p.shape))
    with no_grad():
        return float(np.abs(layer(ids[:200])[0].data).max())
