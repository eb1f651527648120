"""The page on the state between minibatches: carried or begun anew, and cut from its history."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Plot, Result, Table, at_least, at_most, curve
from cli.lab.texts import prepare
from data import sequential_batches
from minigrad import Tensor, grad, relative_error
from minigrad.graph import Array
from rnn.layers import RNN, detached

UNITS, LAST = 16, 3  # hidden units, and minibatches


@experiment(rows=between(2, 5), window=between(5, 20))
def between_minibatches(rows: int = 4, window: int = 14, *, rng: np.random.Generator) -> Result:
    """States of a layer that reads three minibatches, against those of one that reads the rows in one go."""
    text = prepare()
    found = [m.inputs.T for m in list(sequential_batches(text.training, rows, window, offset=0))[:LAST]]
    layer = RNN(len(text.vocab), UNITS, dtype=np.float64, rng=rng, implementation="stepwise")
    layer.weight_hh_l0.assign(0.9 * np.linalg.qr(rng.standard_normal((UNITS, UNITS)))[0])
    whole = layer(np.concatenate(found))[0].data
    states = {name: in_turn(layer, found, carry) for name, carry in (("carried", True), ("anew", False))}
    off = {name: np.linalg.norm(s - whole, axis=2).mean(axis=1) for name, s in states.items()}
    felt = {"carried": _felt(layer, found, cut=False), "carried and cut": _felt(layer, found, cut=True)}
    columns: tuple[Column, ...] = (("the state is", "text"), ("∂ last state / ∂ minibatch 1", "error"))
    drawn = curve("anew", range(len(whole)), off["anew"]), curve("carried", range(len(whole)), off["carried"])
    return Result(
        (
            Plot("how far the states are from those of reading in one go", drawn, "step"),
            Table(columns, tuple(felt.items()), "a norm; the minibatch between them is the second"),
        ),
        (
            at_most("carried: states off from reading in one go", relative_error(states["carried"], whole), 1e-12),
            at_most("anew: off in the first minibatch, where there is no past", off["anew"][:window].max(), 1e-12),
            at_least("anew: off at the first step of the second", off["anew"][window], 1e-2),
            at_most("cut: what the last state feels of the first minibatch", felt["carried and cut"], 0),
            at_least("not cut: the same", felt["carried"], 1e-9),
        ),
    )


def in_turn(layer: RNN, minibatches: list[Array], carry: bool) -> Array:
    """The states of all minibatches (T, B, H), one after another."""
    state, states = None, []
    for ids in minibatches:
        output, last = layer(ids, state)
        states.append(output.data)
        state = detached(last) if carry else None
    return np.concatenate(states)


def _felt(layer: RNN, found: list[Array], cut: bool) -> float:
    """‖∂(r · last state)/∂x‖ over the inputs x of the first minibatch, for r of ones."""
    first = Tensor(np.eye(layer.input_size)[found[0]], requires_grad=True)
    _, state = layer(first)
    for ids in found[1:]:
        _, state = layer(ids, detached(state) if cut else state)
    return float(np.linalg.norm(grad(state.sum(), first).data))
