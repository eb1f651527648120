"""The pages on the way back: from one state to the next in four ways, and every equation checked."""

from __future__ import annotations

from functools import reduce

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Matrices, Result, Table, at_most
from cli.lab.gates import SURE, TINY, fix, gap, tiny
from minigrad import relative_error
from minigrad.graph import Array
from rnn.formulas import REGISTRY, find
from rnn.formulas.notation import superscript
from rnn.formulas.registry import Values
from rnn.formulas.worked import work
from rnn.verify import Check, check, engine_values
from rnn.witnesses import random_network
from rnn.witnesses.base import jacobian

THROUGH = ("GRU-14", "GRU-15", "GRU-16", "GRU-17", "GRU-18", "GRU-19", "GRU-20")
FAMILIES = {"D2L": "gru", "torch": "gru-after"}
WAYS = ("engine", "differences", "chain")


@experiment(problems=between(1, 4, full=4))
def every_gradient(problems: int = 2, *, rng: np.random.Generator) -> Result:
    """The equations of both forms on random networks, against autograd and differences."""
    checks = {name: _checked(family, problems, rng) for name, family in FAMILIES.items()}
    worst = {(name, way): _worst(found, way) for name, found in checks.items() for way in WAYS}
    rows = tuple((name, str(len(found)), *(worst[name, way] for way in WAYS)) for name, found in checks.items())
    columns: tuple[Column, ...] = (
        ("form", "text"), ("equations", "text"), ("autograd", "error"), ("differences", "error"), ("chained", "error"),
    )  # fmt: skip

    def most(way: str) -> float:
        return max(worst[name, way] for name in FAMILIES)

    return Result(
        (Table(columns, rows, f"the worst of {problems} random networks"),),
        (
            at_most("every equation of both forms equals autograd", most("engine"), 1e-10),
            at_most("every gradient equals differences", most("differences"), 1e-6),
            at_most("chained, from parameters to gradients, they still do", most("chain"), 1e-10),
        ),
    )


def _worst(found: list[Check], way: str) -> float:
    """The largest error against one witness."""
    return max(error for c in found if (error := getattr(c, way)) is not None)


def _checked(family: str, problems: int, rng: np.random.Generator) -> list[Check]:
    drawn = [random_network(family, rng, steps=3, inputs=3, hidden=2, vocabulary=4) for _ in range(problems)]
    return check(find(family), drawn)


def ways(values: Values, t: int) -> tuple[Array, ...]:
    """∂h⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾ in its four parts: the terms of GRU-13, walked back from each unit of h⁽ᵗ⁺¹⁾ on its own."""
    rows = [_felt(values, t, unit) for unit in np.eye(len(values["h"][t]))]
    return tuple(np.stack(part) for part in zip(*rows, strict=True))


def _felt(values: Values, t: int, unit: Array) -> list[Array]:
    known = {**values, "grad_h": {t + 1: unit[:, None]}, "grad_o": {t: 0 * values["grad_o"][t]}}
    for id in THROUGH:
        known[REGISTRY[id].quantity] = {t + 1: REGISTRY[id].at(known, t=t + 1)}
    terms = work(REGISTRY["GRU-13"], known, t=t).terms[1:]  # the first goes through the scores
    return [reduce(np.matmul, term.factors).ravel() for term in terms]


@experiment(**TINY)
def jacobians(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """From one state to the next: the direct way and the three others, together, and with Z = 1."""
    problem = tiny("gru", hidden, steps, seed)
    values, t = engine_values(problem), 1
    parts = ways(values, t)
    h = problem.graph.tensors["h"]
    whole = jacobian(h[t + 1], h[t])
    names = ("directly", "through n", "through r", "through z")
    after = f"∂h{superscript(t + 1)}/∂h{superscript(t)}"
    return Result(
        (Matrices((*zip(names, parts, strict=True), (after, sum(parts)))),),
        (
            at_most("directly, it is diag(z)", gap(parts[0], np.diagflat(values["z"][t + 1])), 0),
            at_most("the four add up to autograd's", relative_error(sum(parts), whole), 1e-10),
            at_most("with Z = 1 the whole of it is the identity", _kept(hidden, seed), 0),
        ),
    )


def _kept(hidden: int, seed: int) -> float:
    """How far ∂h⁽τ⁾/∂h⁽⁰⁾ is from the identity where the update gate is set to 1."""
    problem = random_network("gru", np.random.default_rng(seed), steps=8, inputs=3, hidden=hidden, vocabulary=3)
    fix(problem.layer, z=SURE)
    h = problem.graph.tensors["h"]
    return gap(jacobian(h[problem.tau], h[0]), np.eye(hidden))
