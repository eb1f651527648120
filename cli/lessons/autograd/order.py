"""Walks back through a graph: in the right order, in wrong ones, and by every way on its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Result, Table, Tree, at_least, at_most
from minigrad import Value, differences, graph_of, relative_error
from minigrad.scalar import history

Gradients = dict[Value, float]


def sends(y: Value, g: float) -> list[tuple[Value, float]]:
    """What an op that has received g hands on to what it was computed from."""
    if y.op is None:
        return []
    given = y.op.rule(g, y.data, *(p.data for p in y.parents))
    return list(zip(y.parents, given if len(y.parents) == 2 else (given,), strict=True))


def pulled(output: Value, order: Iterable[Value]) -> Gradients:
    """Every op of `order` hands on what it has received so far, once."""
    found = {output: 1.0}
    for y in order:
        for parent, g in sends(y, found.get(y, 0.0)):
            found[parent] = found.get(parent, 0.0) + g
    return found


def newest_first(output: Value) -> list[Value]:
    """The order in which ops were computed, turned round: all that uses an op comes before it."""
    return history(output)[::-1]


def nearest_first(output: Value) -> list[Value]:
    """The output, then what it was computed from, then what that was computed from: level by level."""
    order = [output]
    for y in order:  # which grows as it is walked
        order += [p for p in y.parents if p.op and p not in order]
    return order


def overwritten(output: Value) -> tuple[Gradients, int]:
    """The right order, but what arrives replaces what was there: `=` where `+=` belongs."""
    found = {output: 1.0}
    for y in newest_first(output):
        found |= dict(sends(y, found[y]))
    return found, len(history(output))


def at_once(output: Value) -> tuple[Gradients, int]:
    """Whatever arrives makes an op hand on all it has, and again when more arrives."""
    found: Gradients = {}
    return found, _arrivals(output, lambda y, g: found.setdefault(y, 0.0) + g, found)


def one_by_one(output: Value) -> tuple[Gradients, int]:
    """Whatever arrives is handed on by itself: right, and as long as there are ways."""
    found: Gradients = {}
    return found, _arrivals(output, lambda y, g: g, found)


def _arrivals(output: Value, handed: Callable[[Value, float], float], found: Gradients) -> int:
    """How often an op handed something on; `handed` says what, when g arrives at y."""
    waiting, visits = [(output, 1.0)], 0
    while waiting:
        y, g = waiting.pop()
        on = handed(y, g)
        found[y] = found.get(y, 0.0) + g
        waiting += sends(y, on)
        visits += y.op is not None
    return visits


def doubled(a: Value, times: int) -> Value:
    """b = a + a, c = b + b, and so on."""
    for _ in range(times):
        a = a + a
    return a


@experiment(doublings=between(2, 12))
def order_matters(doublings: int = 2, *, rng: np.random.Generator) -> Result:
    """b = a + a, c = b + b: one number, two ways at every step."""
    a = Value(float(rng.integers(1, 9)))
    letters = "bcdefghijklm"
    values = [doubled(a, 1)]
    while len(values) < doublings:
        values.append(doubled(values[-1], 1))
    last = values[-1]
    last.backward()
    view = graph_of(last, {"a": a, **dict(zip(letters, values, strict=False))}, fold=doublings > 4)
    truth = float(differences(lambda at: doubled(Value(float(at[0])), doublings).data, np.array([a.data]))[0])
    ops = len(history(last))
    ways = {
        "the engine": (a.grad, ops),
        "= in place of +=": (overwritten(last)[0][a], ops),
        "handed on at every arrival": _of(a, at_once(last)),
        "every arrival on its own": _of(a, one_by_one(last)),
    }
    rows = tuple((way, g, visits) for way, (g, visits) in ways.items())
    top = letters[doublings - 1]
    columns: tuple[Column, ...] = (("way of going back", "text"), (f"∂{top}/∂a", "number"), ("visits", "count"))
    wrong = [relative_error(ways[k][0], truth) for k in ("= in place of +=", "handed on at every arrival")]
    return Result(
        (Tree(view), Table(columns, (*rows, ("differences", truth, None)))),
        (
            at_most("the engine says 2 for each doubling, multiplied; off by", abs(a.grad - 2**doublings), 0),
            at_most("differences agree", relative_error(a.grad, truth), 1e-6),
            at_least("with = in place of += the gradient is off by (part of it)", wrong[0], 0.4),
            at_least("handed on at every arrival it is off by (part of it)", wrong[1], 0.4),
            at_most("every arrival on its own is right; off by", abs(ways["every arrival on its own"][0] - a.grad), 0),
            at_least("but it visits ops, where the engine visits one a doubling", rows[3][2], 2**doublings - 1),
        ),
    )


def _of(a: Value, found: tuple[Gradients, int]) -> tuple[float, int]:
    return found[0][a], found[1]


@experiment(graphs=between(20, 200, full=100))
def any_graph(graphs: int = 40, *, rng: np.random.Generator) -> Result:
    """Random graphs, walked in three orders."""
    orders: dict[str, Callable[[Value], Iterable[Value]]] = {
        "newest first, as the engine": newest_first,
        "nearest to the output first": nearest_first,
        "oldest first": history,
    }
    drawn = [random_graph(rng) for _ in range(graphs)]
    errors = {name: [_error(leaves, y, order) for leaves, y in drawn] for name, order in orders.items()}
    wrong = {name: sum(error > 1e-9 for error in found) for name, found in errors.items()}
    rows = tuple((name, wrong[name], max(errors[name])) for name in orders)
    columns: tuple[Column, ...] = (("order", "text"), ("wrong", "count"), ("worst", "error"))
    first, second, third = orders
    return Result(
        (Table(columns, rows, f"of {graphs} random graphs: how many gradients are wrong, and by how much"),),
        (
            at_most("newest first is the engine's gradient in all of them; worst error", max(errors[first]), 1e-12),
            at_least("nearest first is wrong in (part of them)", wrong[second] / graphs, 0.1),
            at_least("oldest first is wrong in (part of them)", wrong[third] / graphs, 0.5),
        ),
    )


def random_graph(rng: np.random.Generator, ops: int = 12) -> tuple[list[Value], Value]:
    """Three numbers, and an output that was computed from them with sums, products and tanh."""
    leaves = [Value(float(x)) for x in rng.uniform(0.2, 1.2, 3)]
    values = list(leaves)
    for _ in range(ops):
        a, b = (values[-1 - int(k)] for k in rng.integers(0, min(5, len(values)), 2))
        values.append((a + b, a * b, a.tanh())[int(rng.integers(0, 3))])
    return leaves, sum(leaves, values[-1])


def _error(leaves: list[Value], y: Value, order: Callable[[Value], Iterable[Value]]) -> float:
    for leaf in leaves:
        leaf.grad = 0.0
    y.backward()
    found = pulled(y, order(y))
    return relative_error([found.get(leaf, 0.0) for leaf in leaves], [leaf.grad for leaf in leaves])
