"""The pages on repeating a step: a state left to itself, and one that reads."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Plot, Result, Table, at_least, at_most, curve
from cli.lessons.hidden_state.networks import TINY, driven
from minigrad import Tensor, grad, relative_error
from minigrad.graph import Array
from rnn.cells import unroll
from rnn.cells.elman import ElmanState
from rnn.formulas import REGISTRY
from rnn.formulas.notation import superscript
from rnn.formulas.unfolding import g
from rnn.stepwise import project
from rnn.verify import engine_values
from rnn.witnesses.recursions import System

_LATER = 24  # steps that a system left to itself is followed in the plot


@experiment(**TINY)
def left_to_itself(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """A state and nothing else, step by step, and unfolded."""
    problem = driven(hidden, steps, seed, "system")
    known, given = engine_values(problem), problem.given()
    found = tuple((f"s{superscript(t)}", *known["s"][t].ravel()) for t in range(steps + 1))
    columns: tuple[Column, ...] = (("", "text"), *((f"unit {i}", "number") for i in range(1, hidden + 1)))
    trace = [given["s"][0]]
    for _ in range(_LATER):
        trace.append(given["f"](trace[-1], given["theta"]))
    curves = tuple(curve(f"unit {i + 1}", range(_LATER + 1), [s[i, 0] for s in trace]) for i in range(hidden))
    nested = REGISTRY["2"](known)[3]
    looped = max(relative_error(value, known["s"][t]) for t, value in REGISTRY["1"](known).items())
    return Result(
        (Table(columns, found), Plot("the same, followed for longer", curves, "t")),
        (
            at_most("equation 1 gives every state of the engine's loop", looped, 1e-12),
            at_most("f inside f gives what two turns of the loop give", relative_error(nested, trace[3]), 1e-12),
        ),
    )


@experiment(**TINY)
def whole_past(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """g⁽ᵗ⁾ of the whole past against one f after another."""
    problem = driven(hidden, steps, seed)
    known = engine_values(problem)
    pasts = {t: [known["x"][s] for s in range(t, 0, -1)] for t in range(1, steps + 1)}
    whole = {t: g(known["h"][0], known["theta"], *past) for t, past in pasts.items()}
    stepwise = REGISTRY["4"](known)
    off = {t: relative_error(whole[t], known["h"][t]) for t in whole}
    found = tuple(
        (
            f"g{superscript(t)}",
            ", ".join(f"x{superscript(s)}" for s in range(t, 0, -1)),
            str(sum(map(len, past))),
            off[t],
        )
        for t, past in pasts.items()
    )
    columns: tuple[Column, ...] = (("", "text"), ("reads", "text"), ("numbers", "text"), ("off from the loop", "error"))
    sizes = f"f reads {hidden} + {len(known['x'][1])} numbers at every t and gives {hidden}"
    felt = [float(np.linalg.norm(a)) for a in _felt(problem)]
    return Result(
        (Table(columns, found, sizes),),
        (
            at_most("g⁽ᵗ⁾ of the whole past is the state, at every t", max(off.values()), 1e-12),
            at_most("equation 4 is the state too", max(relative_error(stepwise[t], known["h"][t]) for t in off), 1e-12),
            at_least("the last state feels the weakest of all inputs", min(felt), 1e-9),
        ),
    )


def _felt(problem: System) -> list[Array]:
    """∂h⁽τ⁾/∂x⁽ˢ⁾ for each s."""
    layer, x = problem.layer, Tensor(problem.x[:, None], requires_grad=True)
    start, weights = ElmanState(Tensor(problem.h0[None])), layer.weights()
    steps = unroll(layer.cell, project(weights, x), start, weights["weight_hh"], weights["bias_hh"])
    rows = [grad(steps[-1].h, x, seed=seed[None], retain_graph=True).data for seed in np.eye(layer.hidden_size)]
    return list(np.stack(rows).swapaxes(0, 1))
