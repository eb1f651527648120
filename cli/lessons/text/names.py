"""The page on what an id is to a network: the name of a column of weights, and no quantity."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Matrices, Result, Table, at_least, at_most
from data import Vocab
from minigrad import Tensor, no_grad, relative_error
from minigrad.graph import Array
from rnn.layers import RNN

TEXT = "the lamp the sea and the bar"
_HOT, _MOVED, _KEPT = "one-hot vectors", "other ids, U to match", "other ids, U as it was"


@experiment(units=between(2, 12))
def names(units: int = 3, *, rng: np.random.Generator) -> Result:
    """A layer that reads ids, their one-hot vectors, and ids that are all one larger."""
    vocab = Vocab.from_text(TEXT, "word")
    ids, V = vocab.encode(TEXT), len(vocab)
    layer = RNN(V, units, dtype=np.float64, rng=rng, implementation="stepwise")
    U = np.round(layer.weight_ih_l0.data, 2)
    layer.weight_ih_l0.assign(U)
    others, hot, states = (ids + 1) % V, np.eye(V)[ids], _states(layer, ids)
    matching = RNN(V, units, dtype=np.float64, implementation="stepwise")
    matching.load_state_dict({**layer.state_dict(), "weight_ih_l0": np.roll(U, 1, axis=1)})
    found = {_HOT: _states(layer, hot), _MOVED: _states(matching, others), _KEPT: _states(layer, others)}
    off = {name: relative_error(other, states) for name, other in found.items()}
    x, product = hot[0][:, None], U @ hot[0]
    columns: tuple[Column, ...] = (("the layer reads", "text"), ("states off by", "error"))
    first = f"x⁽¹⁾ stands for “{vocab.tokens[ids[0]]}”, whose id is {ids[0]}"
    return Result(
        (Matrices((("U", U), ("x⁽¹⁾", x), ("U x⁽¹⁾", product[:, None]))),
         Table(columns, tuple(off.items()), f"“{TEXT}”; {first}")),
        (
            at_most("U x and the column of U that the id names: the difference", np.abs(hot @ U.T - U.T[ids]).max(), 0),
            at_most("one-hot vectors in place of ids: states off by", off[_HOT], 1e-12),
            at_most("all ids one larger, and the columns of U moved along", off[_MOVED], 1e-12),
            at_least("all ids one larger, and nothing else", off[_KEPT], 1e-3),
        ),
    )  # fmt: skip


def _states(layer: RNN, x: Array) -> Array:
    """The states (T, H) for ids (T,) or vectors (T, V)."""
    with no_grad():
        return layer(Tensor(x) if x.ndim == 2 else x)[0].data
