"""The pages on one small graph: its tree, its slopes by nudging, by paths, and by one walk back."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import signature

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Plot, Result, Table, Tree, at_least, at_most, curve
from cli.lessons.autograd.expression import SMALL, Neuron, neuron, numbers, read_off, tiny, title
from cli.lessons.autograd.order import newest_first, pulled, sends
from minigrad import Value, differences, graph_of, relative_error
from minigrad.graph import Array
from minigrad.scalar import OPS, Op, history

_TAME = {"log": (0.5, 3.0), "div": (0.5, 2.0)}  # where an op is smooth; others take any number of a usual size


@experiment(**SMALL)
def expression(steps: int = 2, *, seed: int) -> Result:
    """The graph of a small expression, before anybody asks for gradients."""
    shown = tiny(steps, seed)
    view = graph_of(shown.loss, shown.names, fold=False)
    leaves = {name: value.data for name, value in shown.names.items()}
    again = read_off(view, leaves)
    return Result(
        (Tree(view),),
        (
            at_most("worked out again from this picture alone, L differs by", abs(again - shown.loss.data), 0),
            at_most("ops without a line of their own", view.ops - sum(line.role == "op" for line in view.lines), 0),
        ),
    )


def nudged(steps: int, seed: int, k: int, by: float) -> float:
    """The loss with the k-th number changed by so much."""
    moved = list(numbers(steps, seed))
    moved[k] += by
    return neuron(moved, steps).loss.data


@experiment(**SMALL)
def nudging(steps: int = 2, *, seed: int) -> Result:
    """Slopes by changing one number at a time, and what becomes of them as the nudge gets smaller."""
    shown = tiny(steps, seed)
    shown.loss.backward()
    exact = np.array([x.grad for x in shown.inputs])
    sizes = [10.0**-k for k in range(1, 15)]
    by_size = [_slopes(steps, seed, size) for size in sizes]
    errors = [relative_error(found, exact) for found in by_size]
    names = list(shown.names)[: len(exact)]
    rows = tuple(
        (name, f"{nudged(steps, seed, k, 1e-4):.7f}", f"{nudged(steps, seed, k, -1e-4):.7f}", by_size[3][k])
        for k, name in enumerate(names)
    )
    columns: tuple[Column, ...] = (("", "text"), ("L, up", "text"), ("L, down", "text"), ("slope", "number"))
    best = min(range(len(sizes)), key=lambda k: errors[k])
    return Result(
        (
            Table(columns, rows, "each number moved by 0.0001 either way, the others held"),
            Plot("error of the slopes, nudged by 10⁻ᵏ", (curve("error", [*range(1, 15)], errors),), "k", log=True),
        ),
        (
            at_most("the best nudge leaves a relative error of", errors[best], 1e-7),
            at_least("the smallest nudge errs more than the best one (times)", errors[-1] / errors[best], 100),
            at_least("so does the largest (times)", errors[0] / errors[best], 100),
        ),
    )  # fmt: skip


def _slopes(steps: int, seed: int, size: float) -> Array:
    every = range(steps + 3)
    return np.array([(nudged(steps, seed, k, size) - nudged(steps, seed, k, -size)) / (2 * size) for k in every])


@experiment()
def slopes_of_ops(*, rng: np.random.Generator) -> Result:
    """Each op's rule against differences, where both are in their element."""
    found = {op.name: _one_op(op, rng) for op in OPS}
    worst = max(row[-1] or 0.0 for row in found.values())
    columns: tuple[Column, ...] = (
        ("op", "text"), ("a", "number"), ("b", "number"), ("∂y/∂a", "number"), ("∂y/∂b", "number"), ("off by", "error"),
    )  # fmt: skip
    return Result(
        (Table(columns, tuple((name, *row) for name, row in found.items()), "at numbers drawn at random"),),
        (at_most("every op's rule equals differences", worst, 1e-6),),
    )


def _one_op(op: Op, rng: np.random.Generator) -> list[float | None]:
    """Its arguments, its slopes, and how far they are from differences; the exponent of a power is a constant."""
    arity = len(signature(op.rule).parameters) - 2
    x = np.round(rng.uniform(*_TAME.get(op.name, (0.3, 2.0)), arity), 1)
    y = op.forward(*x.tolist())
    mine = np.ravel(op.rule(1.0, y, *x.tolist()))
    nudged = differences(lambda at: op.forward(*at.tolist()), x)
    slopes = 1 if op.name == "power" else arity
    blank = [None] * (2 - slopes)
    off = relative_error(mine[:slopes], nudged[:slopes])
    return [*x.tolist(), *[None] * (2 - arity), *mine[:slopes].tolist(), *blank, off]


def ways(output: Value, leaf: Value) -> Iterator[tuple[tuple[Value, ...], float]]:
    """Every way from the output down to a leaf, and the product of the slopes along it."""
    waiting: list[tuple[tuple[Value, ...], float]] = [((output,), 1.0)]
    while waiting:
        path, product = waiting.pop()
        if path[-1] is leaf:
            yield path, product
        elif path[-1].op is not None:
            waiting += [((*path, parent), slope) for parent, slope in sends(path[-1], product)]


@experiment(**SMALL)
def paths(steps: int = 2, *, seed: int) -> Result:
    """∂L/∂w as a sum over all ways from w to L."""
    shown = tiny(steps, seed)
    w = shown.names["w"]
    shown.loss.backward()
    found = list(ways(shown.loss, w))
    rows = tuple((_told(shown, path), product) for path, product in found)
    total = sum(product for _, product in found)
    nudged_w = differences(
        lambda at: neuron([float(at[0]), *numbers(steps, seed)[1:]], steps).loss.data, np.array([w.data])
    )[0]
    columns: tuple[Column, ...] = (("a way from w to L", "text"), ("slopes multiplied", "number"))
    return Result(
        (Table(columns, (*rows, ("added up", total)), "ops without a name are shown as dots"),),
        (
            at_most("added up, the ways give the engine's ∂L/∂w", relative_error(total, w.grad), 1e-12),
            at_most("and that of differences", relative_error(total, nudged_w), 1e-6),
            at_most("ways less uses of w", abs(len(found) - steps), 0),
        ),
    )


def _told(shown: Neuron, path: tuple[Value, ...]) -> str:
    known = {id(value): name for name, value in shown.names.items()}
    return " ".join(known.get(id(value), "·") for value in reversed(path))


@experiment(**SMALL)
def backward_steps(steps: int = 2, *, seed: int) -> Result:
    """One walk from L down: each op hands on what it has received."""
    shown = tiny(steps, seed)
    order = newest_first(shown.loss)
    found = pulled(shown.loss, order)
    rows = tuple((title(y, shown.names), found[y], _handed(shown, y, found[y])) for y in order)
    shown.loss.backward()
    off = max(abs(found[x] - x.grad) for x in (*order, *shown.inputs))
    mine = [found[x] for x in shown.inputs]
    slopes = differences(lambda at: neuron(at.tolist(), steps).loss.data, np.array(numbers(steps, seed)))
    columns: tuple[Column, ...] = (("op", "text"), ("has received", "number"), ("hands on", "text"))
    return Result(
        (Table(columns, rows), Tree(graph_of(shown.loss, shown.names, fold=False))),
        (
            at_most("every ∇ of this walk equals the engine's, bit for bit; off by", off, 0),
            at_most("those of the inputs equal differences", relative_error(mine, slopes), 1e-6),
            at_most("ops that it did not visit just once", len(history(shown.loss)) - len(order), 0),
        ),
    )  # fmt: skip


def _handed(shown: Neuron, y: Value, g: float) -> str:
    to = ((title(p, shown.names), f"{slope:.3f}".replace("-", "−")) for p, slope in sends(y, g))
    return ", ".join(f"{slope} to {name}" for name, slope in to)
