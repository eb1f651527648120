"""The page on modules: the equations, the layers by one name, and a stack of single ones are one function."""

from __future__ import annotations

from typing import Any

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Excerpt, Result, Table, at_least, at_most
from cli.lessons.deep.networks import TINY, layer_by_layer, letters, states, tiny
from minigrad import Tensor, grad, relative_error
from minigrad.graph import Array
from rnn.composition import Stack
from rnn.errors import RnnError
from rnn.layers import GRU, LSTM, RNN
from rnn.recurrent import Recurrent
from rnn.verify import engine_values
from rnn.witnesses.layered import Deep

CELLS: dict[str, type[RNN] | type[GRU] | type[LSTM]] = {"RNN": RNN, "GRU": GRU, "LSTM": LSTM}


def apart(whole: Recurrent) -> list[Recurrent]:
    """The same layers as modules of their own, one above the other, with copies of the weights."""
    single: list[Recurrent] = []
    for n in range(whole.num_layers):
        size = single[-1].output_size if single else whole.input_size
        layer = Recurrent(whole.cell, size, whole.hidden_size, dtype=whole.dtype)
        layer.load_state_dict({f"{k}_l0": p.data for k, p in whole.weights(n).items() if p is not None})
        single.append(layer)
    return single


@experiment(**TINY)
def one_function(hidden: int = 2, steps: int = 3, layers: int = 2, *, seed: int) -> Result:
    """The last layer's states from the equations, from the short function, and from three modules."""
    problem = tiny(hidden, steps, layers, seed, at_rest=True)
    known = engine_values(problem)
    equations = np.hstack([known["h"][layers, t] for t in range(1, steps + 1)]).T
    found = {name: relative_error(h, equations) for name, h in _computed(problem).items()}
    rows = tuple((name, off) for name, off in found.items())
    cells = {name: _whole_and_apart(cell, layers, seed) for name, cell in CELLS.items()}
    columns: tuple[Column, ...] = (("", "text"), ("states", "error"), ("gradient", "error"))
    return Result(
        (
            Table((("off from the equations by", "text"), ("", "error")), rows),
            Table(
                columns, tuple((name, *off) for name, off in cells.items()), f"{layers} layers against a stack of one"
            ),
            Excerpt(refusal(seed), "a stack whose sizes do not meet"),
        ),
        (
            *(at_most(f"{name}: off from the equations", off, 1e-12) for name, off in found.items()),
            at_most("for every cell, stacked layers give the same states", max(o for o, _ in cells.values()), 1e-12),
            at_most("and the same gradient of the lowest weights", max(g for _, g in cells.values()), 1e-10),
            at_least("a GRU of 5 units below an LSTM of 2 runs: stacks that do", _unlike(seed), 1),
        ),
    )


def _computed(problem: Deep) -> dict[str, Array]:
    """The top layer's states (T, H), by name of what computed them."""
    whole, (U, W, b, h) = problem.layer, letters(problem)
    steps, top = range(1, problem.tau + 1), whole.num_layers
    by_hand = states(layer_by_layer(top, problem.tau), U, W, b, h)
    stepwise = RNN(whole.input_size, whole.hidden_size, top, dtype=np.float64, implementation="stepwise")
    stepwise.load_state_dict(whole.state_dict())
    return {
        "the short function above": np.hstack([by_hand[top, t].data for t in steps]).T,
        f"RNN(…, num_layers={top}), op by op": stepwise(problem.x)[0].data,
        "the same, compiled": whole(problem.x)[0].data,
        "a Stack of single layers": Stack(apart(whole))(problem.x)[0].data,
    }


def _whole_and_apart(cell: Any, layers: int, seed: int) -> tuple[float, float]:
    """How far a layer of several and a stack of single ones are apart, in states and in a gradient."""
    rng = np.random.default_rng(seed)
    whole = cell(4, 3, layers, dtype=np.float64, rng=rng)
    single = apart(whole)
    x, weight = rng.standard_normal((5, 2, 4)), rng.standard_normal((5, 2, 3))
    one, other = whole(x)[0], Stack(single)(x)[0]
    mine = grad((one * weight).sum(), whole.weight_ih_l0)
    theirs = grad((other * weight).sum(), single[0].weight_ih_l0)
    return relative_error(other.data, one.data), relative_error(theirs.data, mine.data)


def refusal(seed: int) -> str:
    """What a stack says to layers that do not fit."""
    rng = np.random.default_rng(seed)
    try:
        Stack([GRU(4, 3, rng=rng), LSTM(5, 2, rng=rng)])
    except RnnError as error:
        return str(error)
    return ""


def _unlike(seed: int) -> int:
    """One if a GRU of five units below an LSTM of two gives finite outputs of the shape (T, B, 2), else zero."""
    rng = np.random.default_rng(seed)
    mixed = Stack([GRU(4, 5, dtype=np.float64, rng=rng), LSTM(5, 2, dtype=np.float64, rng=rng)])
    output, _ = mixed(Tensor(rng.standard_normal((6, 3, 4))))
    return int(output.shape == (6, 3, 2) and bool(np.isfinite(output.data).all()))
