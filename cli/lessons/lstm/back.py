"""The pages on the way back: two ways into a cell, the direct path from cell to cell, and the others."""

from __future__ import annotations

from functools import cache

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Plot, Result, Steps, Table, Witnesses, at_least, at_most, curve
from cli.lab.gates import TINY, tiny
from minigrad import Tensor, grad, relative_error
from minigrad.graph import Array
from rnn.cells.lstm import LSTMState
from rnn.formulas import REGISTRY, find
from rnn.formulas.notation import superscript
from rnn.formulas.worked import work
from rnn.layers import LSTM
from rnn.stepwise import project
from rnn.verify import Check, check, engine_values
from rnn.witnesses import random_network

LONG, UNITS, INPUTS = 20, 8, 4
SCALES = {"as drawn": 0.8, "no W": 0.0, "W large": 3.0}


@experiment(**TINY)
def two_ways(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """∇c one step before the last, and what autograd and differences say."""
    problem = tiny("lstm", hidden, steps, seed)
    values, t = engine_values(problem), steps - 1
    mine = REGISTRY["LSTM-18"].at(values, t=t)
    ways = {"autograd": values["grad_c"][t], "differences": problem.graph.difference("grad_c")[t]}
    off = {way: relative_error(mine, value) for way, value in ways.items()}
    rows = (("formula", mine, None), *((way, value, off[way]) for way, value in ways.items()))
    return Result(
        (Steps((work(REGISTRY["LSTM-18"], values, t=t),)), Witnesses(f"∇c{superscript(t)}", rows)),
        (
            at_most("by equation LSTM-18 it equals autograd", off["autograd"], 1e-10),
            at_most("and differences", off["differences"], 1e-6),
        ),
    )


def checked(family: str, problems: int, rng: np.random.Generator) -> list[Check]:
    """Every equation of a family on random networks."""
    drawn = [random_network(family, rng, steps=3, inputs=3, hidden=2, vocabulary=4) for _ in range(problems)]
    return check(find(family), drawn)


@experiment(problems=between(1, 4, full=4))
def every_gradient(problems: int = 1, *, rng: np.random.Generator) -> Result:
    """The backward equations on random networks, against autograd and differences."""
    found = checked("lstm", problems, rng)
    rows = tuple(
        (name, str(len(group)), max(c.engine or 0.0 for c in group), max(c.differences or 0.0 for c in group))
        for name, group in groups(found).items()
    )
    columns: tuple[Column, ...] = (
        ("gradients of", "text"), ("count", "text"), ("autograd", "error"), ("differences", "error"),
    )  # fmt: skip
    return Result(
        (Table(columns, rows, f"worst of {problems} random networks"),),
        (
            at_most("every equation equals autograd", max(c.engine or 0.0 for c in found), 1e-10),
            at_most("every gradient equals differences", max(c.differences or 0.0 for c in found), 1e-6),
            at_most("chained from parameters to gradients they still do", max(c.chain for c in found), 1e-10),
        ),
    )


def groups(found: list[Check]) -> dict[str, list[Check]]:
    """The backward equations by what they give."""
    kinds = {
        "weights": "∇U_ ∇W_ ∇V",
        "biases": "∇b_ ∇d",
        "x, h⁽⁰⁾, c⁽⁰⁾": "∇x ∇h⁽⁰⁾ ∇c⁽⁰⁾",
        "all between": "∇",
    }
    sorted_: dict[str, list[Check]] = {name: [] for name in kinds}
    for c in found:
        name = next((k for k, starts in kinds.items() if c.equation.gives.startswith(tuple(starts.split()))), "")
        sorted_.get(name, []).append(c)
    return sorted_


def cells(layer: LSTM, x: Tensor, first: LSTMState, *, cut: bool) -> tuple[list[Tensor], Array]:
    """c⁽⁰⁾ … c⁽ᵀ⁾, and the product of all forget gates; if cut, no gradient flows through h."""
    cell, weights = layer.cell, layer.weights()
    recurrent = [weights[k] for k in cell.recurrent]
    state, found = first, [first.c]
    product = np.ones(first.c.shape)
    for x_t in project(weights, x).unstack():
        h = state.h.detach() if cut else state.h
        before = LSTMState(h, state.c)
        step = cell.step(x_t, before, *recurrent)
        state = cell.state(step)
        found.append(state.c)
        product = product * step.f.data
    return found, product


def felt(cell: list[Tensor]) -> list[Array]:
    """∂c⁽ᵀ⁾/∂c⁽ᵗ⁾ for every t."""
    rows = [grad(cell[-1], cell, seed=unit[None], retain_graph=True) for unit in np.eye(cell[-1].size)]
    return [np.vstack([row[t].data for row in rows]) for t in range(len(cell))]


@cache
def _drawn(seed: int) -> tuple[dict[str, Array], Array, Array]:
    """The numbers of a layer, an input and a first cell state."""
    rng = np.random.default_rng(seed)
    numbers = {k: rng.normal(scale=0.8, size=np.shape(v)) for k, v in LSTM(INPUTS, UNITS).state_dict().items()}
    numbers["bias_ih_l0"][UNITS : 2 * UNITS] += 2  # forget gates mostly open, so that something is left to compare
    return numbers, rng.standard_normal((LONG, 1, INPUTS)), rng.standard_normal((1, UNITS))


def reach(scale: float, cut: bool, seed: int) -> tuple[list[Array], Array]:
    """∂c⁽ᵀ⁾/∂c⁽ᵗ⁾ for every t and diag(Πf), with W as many times as large."""
    numbers, x, first = _drawn(seed)
    layer = LSTM(INPUTS, UNITS, dtype=np.float64)
    layer.load_state_dict({k: scale / 0.8 * v if k == "weight_hh_l0" else v for k, v in numbers.items()})
    start = LSTMState(Tensor(np.zeros((1, UNITS))), Tensor(first, requires_grad=True))
    found, product = cells(layer, Tensor(x), start, cut=cut)
    return felt(found), np.diagflat(product)


@experiment()
def direct_path(*, seed: int) -> Result:
    """The direct path from cell to cell against all paths together, for three sizes of W."""
    whole = {name: reach(scale, False, seed) for name, scale in SCALES.items()}
    cut, product = reach(SCALES["as drawn"], True, seed)
    norms = {name: [float(np.linalg.norm(J, 2)) for J in reversed(J)] for name, (J, _) in whole.items()}
    direct = [float(np.linalg.norm(J, 2)) for J in reversed(cut)]
    curves = (
        *(curve(name, range(LONG + 1), norms[name]) for name in ("W large", "as drawn")),
        curve("direct", range(LONG + 1), direct),
    )
    apart = {name: relative_error(J[0], f) for name, (J, f) in whole.items()}
    return Result(
        (Plot("‖∂c⁽ᵀ⁾/∂c⁽ᵗ⁾‖", curves, "steps back", log=True),),
        (
            at_most("without W all of it is Πf, the product of the forget gates", apart["no W"], 1e-12),
            at_most("with W, and h cut off from the gradient, it is Πf too", relative_error(cut[0], product), 1e-12),
            at_least("with computed gates there is more than that (relative)", apart["as drawn"], 0.01),
            at_most("the direct path never grows (its largest norm)", max(direct), 1),
            at_least("with a large W the whole does grow (its largest norm)", max(norms["W large"]), 1.5),
        ),
    )  # fmt: skip
