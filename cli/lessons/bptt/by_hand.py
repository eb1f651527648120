"""The pages to be followed with pencil and paper: one small network, the same on all of them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Claim, Column, Excerpt, Matrices, Result, Steps, Table, Witnesses, at_most
from minigrad import relative_error
from minigrad.graph import Array
from rnn.formulas import REGISTRY
from rnn.formulas.notation import superscript
from rnn.formulas.registry import Values
from rnn.formulas.worked import work
from rnn.verify import engine_values
from rnn.witnesses import Network, random_network

ALPHABET = "abc"
_TINY = {"hidden": between(1, 4), "steps": between(2, 5)}


@cache
def _tiny(hidden: int, steps: int, seed: int) -> Network:
    """A network that reads letters of a three-letter alphabet and is asked for the next one."""
    rng = np.random.default_rng(seed)
    problem = random_network("elman", rng, steps=steps, inputs=3, hidden=hidden, vocabulary=3)
    # Two decimals, so that the printed numbers are the ones used and a reader can follow on paper.
    for p in (*problem.layer.parameters(), *problem.head.parameters()):
        p.assign(np.round(p.data, 2))
    ids = rng.integers(0, 3, steps + 1)
    return replace(problem, x=np.eye(3)[ids[:-1]], start=(np.round(0.5 * problem.start[0], 2),), targets=ids[1:])


def _same(hidden: int, steps: int, seed: int) -> tuple[Network, Values]:
    """The same small network on every page: its seed is the lesson's, not the page's."""
    problem = _tiny(hidden, steps, seed)
    return problem, engine_values(problem)


def _steps(values: Values, *equations: tuple[str, int]) -> Steps:
    return Steps(tuple(work(REGISTRY[id], values, t=t) for id, t in equations))


@experiment(**_TINY)
def network(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """The network, small enough to copy onto paper."""
    problem, values = _same(hidden, steps, seed)
    read = "".join(ALPHABET[int(x.argmax())] for x in problem.x)
    wanted = "".join(ALPHABET[y] for y in problem.targets)
    named = tuple((k, values[k]) for k in ("U", "W", "b", "V", "c"))
    return Result((Excerpt(f"{read} → {wanted}", "reads → is asked for"), Matrices((*named, ("h⁽⁰⁾", values["h"][0])))))


@experiment(**_TINY)
def forward(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """The first step worked in full, then every step in a table, then the loss."""
    problem, values = _same(hidden, steps, seed)
    first = _steps(values, *((id, 1) for id in ("7", "8", "9", "10")))
    rows = tuple(
        (f"t = {t}", *values["h"][t].ravel(), values["y_hat"][t][problem.targets[t - 1], 0])
        for t in range(1, steps + 1)
    )
    states = (f"h{_subscript(i)}" for i in range(1, hidden + 1))
    columns: list[Column] = [(name, "number") for name in (*states, "ŷ of the right letter")]
    return Result((first, Table((("", "text"), *columns), rows), _steps(values, ("13", steps))))


def _subscript(i: int) -> str:
    return str(i).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


@experiment(**_TINY)
def last_scores(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """∇o at the last step."""
    _, values = _same(hidden, steps, seed)
    total = max(abs(float(g.sum())) for g in values["grad_o"].values())
    return Result(
        (_steps(values, ("17", steps)),),
        (at_most("the entries of each ∇o⁽ᵗ⁾ add up to zero", total, 1e-12),),
    )


@experiment(**_TINY)
def last_step(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """∇h at the last step, according to four ways."""
    problem, values = _same(hidden, steps, seed)
    mine = REGISTRY["18"](values)[steps]
    rows, claims = _witnesses(problem, "grad_h", steps, mine)
    return Result((_steps(values, ("18", steps)), Witnesses(f"∇h{superscript(steps)}", rows)), claims)


def _witnesses(problem: Network, name: str, t: int, mine: Array) -> tuple[Any, tuple[Claim, ...]]:
    ways = {
        "autograd": problem.graph.value(name)[t],
        "differences": problem.graph.difference(name)[t],
        "fused kernel": problem.kernel()[name][t],
    }
    errors = {way: relative_error(mine, value) for way, value in ways.items()}
    rows = (("formula", mine, None), *((way, value, errors[way]) for way, value in ways.items()))
    where = f"∇h{superscript(t)}"
    return rows, (
        at_most(f"{where} by equation equals autograd", errors["autograd"], 1e-10),
        at_most(f"{where} by equation equals differences", errors["differences"], 1e-6),
    )


@experiment(**_TINY)
def earlier_steps(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """∇h at all earlier steps, right to left."""
    problem, values = _same(hidden, steps, seed)
    jacobian = _steps(values, ("19-h", steps - 1))
    walk = _steps(values, *(("20", t) for t in range(steps - 1, 0, -1)))
    mine, jacobians = REGISTRY["20"](values), REGISTRY["19"](values)
    rows, claims = _witnesses(problem, "grad_h", 1, mine[1])
    apart = max(relative_error(mine[t], jacobians[t]) for t in mine)
    return Result(
        (jacobian, walk, Witnesses("∇h⁽¹⁾", rows)),
        (*claims, at_most("equation 20 and equation 19 with its Jacobians agree", apart, 1e-12)),
    )


@experiment(**_TINY)
def parameters(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """The five sums over time."""
    _, values = _same(hidden, steps, seed)
    return Result((_steps(values, *((id, steps) for id in ("21", "22", "23", "24", "25"))),))
