"""The pages on one step by hand: three gates, a candidate, and two states."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Excerpt, Matrices, Result, Steps, Table, at_least, at_most
from cli.lab.gates import TINY, letters, states, tiny
from minigrad import relative_error
from rnn.formulas import REGISTRY, evaluate, find
from rnn.formulas.registry import Values
from rnn.formulas.worked import work
from rnn.layers import GRU, LSTM, RNN
from rnn.verify import engine_values
from rnn.witnesses import Network


def first_step(values: Values, *numbers: int) -> Steps:
    """Equations worked at t = 1."""
    return Steps(tuple(work(REGISTRY[f"LSTM-{n}"], values, t=1) for n in numbers))


@experiment(**TINY)
def three_gates(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """The forget gate and the candidate at the first step in full, the other two gates as they come out."""
    problem = tiny("lstm", hidden, steps, seed)
    values = engine_values(problem)
    read = Excerpt(letters(problem)[0], "is read first")
    others = Matrices(tuple((f"{gate}⁽¹⁾", values[gate][1]) for gate in "io"))
    opened = np.concatenate([values[gate][t] for gate in "ifo" for t in range(1, steps + 1)])
    candidates = np.concatenate([values["g"][t] for t in range(1, steps + 1)])
    return Result(
        (read, first_step(values, 3, 4, 5, 6), others),
        (
            at_least("no gate is quite shut (the least of all)", opened.min(), 1e-9),
            at_most("none is quite open (the largest of all)", opened.max(), 1 - 1e-9),
            at_most("a candidate lies between −1 and 1 (the largest size)", np.abs(candidates).max(), 1),
        ),
    )


@experiment(**TINY)
def two_states(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """Cell and hidden state at the first step, and both at all steps."""
    problem = tiny("lstm", hidden, steps, seed)
    values = engine_values(problem)
    mine = evaluate(find("lstm"), problem.given())
    off = {q: max(relative_error(mine[q][t], values[q][t]) for t in range(1, steps + 1)) for q in "ch"}
    layer = _by_layer(problem)
    last = max(relative_error(layer[q], mine[q][steps].ravel()) for q in "ch")
    beyond = max(float(np.max(np.abs(values["h"][t]) - values["o"][t])) for t in range(1, steps + 1))
    return Result(
        (first_step(values, 7, 10), states(problem, "all states", c=values["c"], h=values["h"])),
        (
            at_most("equations 1 to 10, one after another, give the engine's cell states", off["c"], 1e-12),
            at_most("and its hidden states", off["h"], 1e-12),
            at_most("the layer that trains gives the same last two", last, 1e-12),
            at_most("no hidden state is larger than its output gate is open (by how much)", beyond, 0),
        ),
    )


def _by_layer(problem: Network) -> dict[str, np.ndarray]:
    """The last states that the layer itself gives for the whole sequence."""
    start = problem.layer.cell.State(*(part[None] for part in problem.start))
    last = problem.layer(problem.x, start)[1]
    return {"h": last.h.data[0], "c": last.c.data[0]}


@experiment(units=between(1, 64))
def sizes(units: int = 16) -> Result:
    """How many numbers three kinds of layer learn, with as many inputs as units."""
    layers = {kind.__name__: kind(units, units) for kind in (RNN, GRU, LSTM)}
    learned = {name: sum(p.size for p in layer.parameters()) for name, layer in layers.items()}
    carried = {name: sum(layer.state_sizes) for name, layer in layers.items()}
    rows = tuple((name, f"{learned[name]:,}", str(carried[name])) for name in layers)
    columns: tuple[Column, ...] = (("layer", "text"), ("numbers learned", "text"), ("numbers carried on", "text"))
    return Result(
        (Table(columns, rows, f"{units} inputs, {units} units"),),
        (
            at_most(
                "an LSTM learns four times what an RNN does (off by)", abs(learned["LSTM"] - 4 * learned["RNN"]), 0
            ),
            at_most("a GRU three times (off by)", abs(learned["GRU"] - 3 * learned["RNN"]), 0),
            at_most("an LSTM carries two numbers for each unit (off by)", abs(carried["LSTM"] - 2 * units), 0),
        ),
    )
