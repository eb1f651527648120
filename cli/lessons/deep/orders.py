"""The pages on the graph of a deep network: in which orders it can be computed, and how many ways lead through it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Excerpt, Plot, Result, Table, at_least, at_most, curve
from cli.lessons.deep.networks import TINY, Each, Place, States, layer_by_layer, letters, states, step_by_step, tiny
from cli.lessons.hidden_state.separate import inputs
from minigrad import Tensor, grad
from minigrad.graph import Node, nodes

LAYERS = (1, 2, 3, 4)


@experiment(**TINY)
def orders(hidden: int = 2, steps: int = 3, layers: int = 2, *, seed: int) -> Result:
    """Every order in which the states can be computed, found by trying, and the numbers that each gives."""
    given = letters(tiny(hidden, steps, layers, seed))
    places = layer_by_layer(layers, steps)
    found = list(runnable(places, *given))
    last = [states(order, *given)[layers, steps].data for order in found]
    apart = max(float(np.abs(h - last[0]).max()) for h in last)
    h = states(places, *given)
    turns = {place: max(ways(h[place], h[0, 1]), default=0) for place in places}
    columns: tuple[Column, ...] = (("", "text"), *((f"t = {t}", "text") for t in range(1, steps + 1)))
    rows = tuple((f"layer {n}", *(str(turns[n, t]) for t in range(1, steps + 1))) for n in range(layers, 0, -1))
    named = [layer_by_layer(layers, steps), step_by_step(layers, steps)]
    return Result(
        (
            Excerpt(f"{len(found):,} of {math.factorial(len(places)):,} orders run", "one state at a time"),
            Table(columns, rows, "all that can be computed at once: in which turn"),
        ),
        (
            at_most("orders that run, less those counted by hooks", abs(len(found) - hooks(layers, steps)), 0),
            at_least("layer by layer and step by step are among them", sum(order in found for order in named), 2),
            at_most("largest difference that the order makes to the last state", apart, 0),
            at_most("turns needed, less those of τ + λ − 1", abs(max(turns.values()) - (steps + layers - 1)), 0),
        ),
    )


def runnable(places: list[Place], U: Each, W: Each, b: Each, h: States) -> Iterator[list[Place]]:
    """Every order of the places in which each state finds what it reads."""
    if not places:
        yield []
    for place in places:
        try:
            further = states([place], U, W, b, h)
        except KeyError:  # what it reads is not there yet
            continue
        for rest in runnable([p for p in places if p != place], U, W, b, further):
            yield [place, *rest]


def hooks(layers: int, steps: int) -> int:
    """How many orders fill a rectangle from one corner: n! over the product of all hooks. [Frame et al. 1954]"""
    product = math.prod(i + j - 1 for i in range(1, layers + 1) for j in range(1, steps + 1))
    return math.factorial(layers * steps) // product


def ways(output: Tensor, leaf: Tensor) -> Counter[int]:
    """How many ways lead from a leaf to the output in the engine's record, by how many tanh stand on them."""
    found: dict[Node, Counter[int]] = {}
    for node in nodes(output):  # oldest first
        squeezed = int(node.op.name == "tanh")
        found[node] = Counter()
        for x in inputs(node):
            before = {0: 1} if x is leaf else found[x.node] if x.node is not None else {}
            found[node].update({k + squeezed: n for k, n in before.items()})
    assert output.node is not None  # it has been computed
    return found[output.node]


@experiment(reach=between(2, 16))
def many_ways(reach: int = 8, *, seed: int) -> Result:
    """How many ways lead from an input to a state of the top layer, counted in three manners."""
    lags = range(reach + 1)
    counted = {(n, lag): found for n in LAYERS for lag, found in _counted(n, reach, seed).items()}
    totals = {place: sum(found.values()) for place, found in counted.items()}
    binomial = {(n, lag): math.comb(lag + n - 1, n - 1) for n, lag in totals}
    linear = {(n, lag): value for n in LAYERS for lag, value in _linear(n, reach).items()}
    squeezes = max(abs(k - (lag + n)) for (n, lag), found in counted.items() for k in found)
    columns: tuple[Column, ...] = (("steps back", "text"), *((f"λ = {n}", "text") for n in LAYERS))
    shown = sorted({0, 1, 2, 4, reach} & set(lags))
    rows = tuple((str(lag), *(f"{totals[n, lag]:,}" for n in LAYERS)) for lag in shown)
    curves = tuple(curve(f"λ = {n}", lags, [totals[n, lag] for lag in lags]) for n in LAYERS[1:])
    return Result(
        (Table(columns, rows, "ways from x⁽ᵗ⁾ to o⁽ᵗ⁾ and later, counted in the engine's record"),
         Plot("ways", curves, "back", log=True)),
        (
            at_most("ways counted, less the binomial number", max(abs(totals[p] - binomial[p]) for p in totals), 0),
            at_most("without tanh, all weights one, the gradient is that number",
                    max(abs(linear[p] - binomial[p]) for p in totals), 0),
            at_most("tanh on any way, less steps back + λ", squeezes, 0),
        ),
    )  # fmt: skip


def _counted(layers: int, reach: int, seed: int) -> dict[int, Counter[int]]:
    U, W, b, h = letters(tiny(1, reach + 1, layers, seed, inputs=1))
    top = states(layer_by_layer(layers, reach + 1), U, W, b, h)[layers, reach + 1]
    return {lag: ways(top, h[0, reach + 1 - lag]) for lag in range(reach + 1)}


def _linear(layers: int, reach: int) -> dict[int, float]:
    """∂h⁽λ,τ⁾/∂x⁽ˢ⁾ by automatic differentiation where every layer only adds what it reads."""
    one, zero = Tensor(np.ones((1, 1))), Tensor(np.zeros((1, 1)))
    level, times = range(1, layers + 1), range(1, reach + 2)
    x = {(0, t): Tensor(np.zeros((1, 1)), True) for t in times}
    weights, biases = dict.fromkeys(level, one), dict.fromkeys(level, zero)
    start = {**x, **{(n, 0): zero for n in level}}
    top = states(layer_by_layer(layers, reach + 1), weights, weights, biases, start, phi=lambda a: a)
    found = grad(top[layers, reach + 1].sum(), list(x.values()))
    return {reach + 1 - t: g.item() for t, g in zip(times, found, strict=True)}
