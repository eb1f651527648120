"""The page on how far back a gradient reaches, before anything is learned."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Excerpt, Plot, Result, at_least, curve
from cli.lab.texts import prepare
from minigrad import Tensor, grad
from minigrad.graph import Array
from rnn.cells import unroll
from rnn.layers import GRU, RNN
from rnn.stepwise import project

ADDED = {"GRU, +0": 0.0, "GRU, +2": 2.0, "GRU, +4": 4.0}  # to the bias of the update gate


def felt(layer: RNN | GRU, ids: Array, direction: Array) -> list[float]:
    """‖∇h⁽ᵗ⁾‖ for each t from the last to the first, where the loss is one direction of the last state."""
    weights = layer.weights()
    start = layer.cell.State(Tensor(np.zeros((1, layer.hidden_size)), requires_grad=True))
    recurrent = [weights[name] for name in layer.cell.recurrent]
    h = [step.h for step in unroll(layer.cell, project(weights, ids[:, None]), start, *recurrent)]
    return [float(np.linalg.norm(g.data)) for g in reversed(grad(h[-1], h, seed=direction[None]))]


def opened(drawn: GRU, added: float) -> GRU:
    """A layer with the same numbers, but for this much more in the bias of its update gate."""
    units, numbers = drawn.hidden_size, drawn.state_dict()
    bias = numbers["bias_ih_l0"].copy()
    bias[units : 2 * units] += added
    layer = GRU(drawn.input_size, units, dtype=np.float64)
    layer.load_state_dict({**numbers, "bias_ih_l0": bias})
    return layer


@experiment(length=between(20, 100, full=100), units=between(1, 16))
def far_back(length: int = 50, units: int = 16, *, rng: np.random.Generator) -> Result:
    """The gradient of the last state, by steps back, in layers as they are first drawn."""
    text = prepare()
    begin = int(rng.integers(text.training.size - length))
    ids, direction = text.training[begin : begin + length], rng.standard_normal(units)
    direction /= np.linalg.norm(direction)
    norms = {"RNN": felt(RNN(len(text.vocab), units, dtype=np.float64, rng=rng), ids, direction)}
    drawn = GRU(len(text.vocab), units, dtype=np.float64, rng=rng)
    norms |= {name: felt(opened(drawn, added), ids, direction) for name, added in ADDED.items()}
    left = {name: n[-1] / n[0] for name, n in norms.items()}
    curves = tuple(curve(name, range(length), n) for name, n in reversed(norms.items()))
    return Result(
        (Excerpt(text.vocab.decode(ids)), Plot("‖∇h‖ of the last state", curves, "steps back", log=True)),
        (
            at_least("+2 leaves more of the gradient than +0 (ratio)", left["GRU, +2"] / left["GRU, +0"], 1e2),
            at_least("+4 leaves more again (ratio)", left["GRU, +4"] / left["GRU, +2"], 2),
            at_least("and more than the RNN has (ratio)", left["GRU, +4"] / left["RNN"], 1e2),
        ),
    )
