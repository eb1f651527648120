"""Experiments of the lesson on backpropagation through time: by hand, in general, on text, and what it costs."""

from __future__ import annotations

from typing import Any

import numpy as np

from cli.lab.costs import cost, growth
from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Excerpt, Result, Table, at_least, at_most
from cli.lessons.bptt.by_hand import earlier_steps, forward, last_scores, last_step, network, parameters
from cli.lessons.bptt.on_text import PARAMETERS, left_to_right, norms_through_time, on_text, randomised, truncation
from minigrad import Tensor, cross_entropy, relative_error
from minigrad.nn import Linear
from rnn.cells import unroll
from rnn.cells.elman import ElmanState
from rnn.formulas import REGISTRY, evaluate
from rnn.formulas.registry import Values
from rnn.layers import RNN
from rnn.stepwise import project
from rnn.verify import chain, check, engine_values
from rnn.witnesses import Network, random_network

__all__ = [
    "all_equations", "costs", "earlier_steps", "forward", "last_scores", "last_step", "left_to_right", "network",
    "norms_through_time", "on_text", "parameters", "printed_error", "randomised", "truncation",
]  # fmt: skip


@experiment(problems=between(1, 20, full=10))
def all_equations(problems: int = 3, *, rng: np.random.Generator) -> Result:
    """Every equation on random networks with all sizes different, against every witness."""
    drawn = [
        random_network("elman", rng, steps=int(rng.integers(3, 7)), inputs=4, hidden=3, vocabulary=5)
        for _ in range(problems)
    ]
    equations = [e for e in REGISTRY.values() if e.family == "elman" and not e.expected_to_fail]
    checks = check(equations, drawn)
    rows = tuple((c.equation.id, c.equation.gives, c.engine, c.differences, c.fused) for c in checks)
    columns: tuple[Column, ...] = (
        ("eq.", "text"),
        ("gives", "text"),
        ("autograd", "error"),
        ("differences", "error"),
        ("fused", "error"),
    )
    worst = {
        w: max(getattr(c, w) for c in checks if getattr(c, w) is not None)
        for w in ("engine", "differences", "fused", "chain")
    }
    return Result(
        (Table(columns, rows, f"worst of {problems} random networks"),),
        (
            at_most("every equation equals autograd", worst["engine"], 1e-10),
            at_most("every gradient equals central differences", worst["differences"], 1e-6),
            at_most("every gradient equals the fused kernel's", worst["fused"], 1e-10),
            at_most("chained from parameters to gradients they still do", worst["chain"], 1e-10),
        ),
    )


@experiment(hidden=between(1, 4))
def printed_error(hidden: int = 3, *, rng: np.random.Generator) -> Result:
    """Equation 20 as it is printed: read literally, read charitably, and what that does to the parameters."""
    problem = random_network("elman", rng, steps=5, inputs=4, hidden=hidden, vocabulary=5)
    values = engine_values(problem)
    off = _chain_errors(problem, values, "20-printed")
    mended = _chain_errors(problem, values, "20")
    rows = tuple((f"∇{k}", off[k], mended[k]) for k in PARAMETERS)
    alone = random_network("elman", rng, steps=5, inputs=4, hidden=1, vocabulary=5)
    at_one = max(_chain_errors(alone, engine_values(alone), "20-printed").values())
    touched = max(off[k] for k in ("b", "W", "U"))
    printed = (
        at_least("as printed, equation 20 puts ∇b, ∇W or ∇U off", touched, 1e-3)
        if hidden > 1
        else at_most("with one hidden unit the misprint does no harm", touched, 1e-10)
    )
    columns: tuple[Column, ...] = (("", "text"), ("as printed", "share"), ("mended", "share"))
    return Result(
        (Excerpt(_literal(values, problem.tau), "the printed formula, read literally"),
         Table(columns, rows, f"error of each gradient, {hidden} hidden units")),
        (
            printed,
            at_most("∇V and ∇c stay right all the same", max(off["V"], off["c"]), 1e-10),
            at_most("mended, all five are right", max(mended.values()), 1e-10),
            at_most("at one hidden unit the printed form agrees", at_one, 1e-10),
        ),
    )  # fmt: skip


def _chain_errors(problem: Network, values: Values, variant: str) -> dict[str, float]:
    found = evaluate(chain(REGISTRY[variant]), problem.given())
    return {k: relative_error(found[f"grad_{k}"], values[f"grad_{k}"]) for k in PARAMETERS}


def _literal(values: Values, tau: int) -> str:
    """What NumPy says to Wᵀ ∇h diag(1 − h²), product by product."""
    W, g, h = values["W"], values["grad_h"][tau], values["h"][tau]
    left, right = W.T @ g, np.diagflat(1 - h**2)
    if h.shape[0] == 1:
        return f"Wᵀ∇h is {left.shape}, diag(…) is {right.shape}: with one unit the shapes happen to fit"
    try:
        left @ right
    except ValueError:
        return f"Wᵀ∇h is {left.shape}, diag(…) is {right.shape}: no such product"
    return f"Wᵀ∇h is {left.shape}, diag(…) is {right.shape}"


@experiment(units=between(2, 64, full=64))
def costs(units: int = 16, *, rng: np.random.Generator) -> Result:
    """Operations and kept bytes of one pass, for lengths that double."""
    shortest = int(rng.integers(12, 30))
    lengths = [shortest * 2**k for k in range(4)]
    found = [_cost_of(units, n) for n in lengths]
    rows = tuple((str(n), f"{c.operations:,}", f"{c.bytes:,}") for n, c in zip(lengths, found, strict=True))
    columns: tuple[Column, ...] = (("T", "text"), ("operations", "text"), ("bytes kept", "text"))
    return Result(
        (Table(columns, rows, f"{units} units, one sequence, counted in the engine's graph"),),
        (
            at_most("operations grow no faster than T (p in Tᵖ)", growth([c.operations for c in found], lengths), 1.05),
            at_most("memory grows no faster than T (p in Tᵖ)", growth([c.bytes for c in found], lengths), 1.05),
        ),
    )


def _cost_of(units: int, length: int) -> Any:
    rng = np.random.default_rng(length)
    layer, head = RNN(20, units, rng=rng), Linear(units, 20, rng=rng)
    ids = rng.integers(0, 20, (length, 1))
    start, weights = ElmanState(Tensor(np.zeros((1, units), np.float32))), layer.weights()
    steps = unroll(layer.cell, project(weights, ids), start, weights["weight_hh"], weights["bias_hh"])
    losses = [cross_entropy(head(s.h), ids[t]) for t, s in enumerate(steps)]
    return cost(sum(losses[1:], losses[0]))
