"""The pages on graphs that are long or wide: a chain, a network of arrays, and the same as a tape."""

from __future__ import annotations

import gc
import sys
from contextlib import suppress

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Result, Tree, at_least, at_most
from cli.lessons.autograd.min_char_rnn import dot
from minigrad import GraphView, Tensor, Value, graph_of, relative_error
from minigrad.graph import Array


def chain(x: Value, length: int) -> Value:
    """x times a little more than 1, less a little, again and again."""
    for _ in range(length // 2):
        x = x * 1.0001 - 0.0001
    return x


def by_recursion(value: Value, reached: list[int]) -> None:
    """The walk that comes to mind first: a function that calls itself for each parent."""
    reached[0] += 1
    for parent in value.parents:
        by_recursion(parent, reached)


@experiment(length=between(10_000, 100_000))
def long_chain(length: int = 100_000) -> Result:
    """A graph that is nothing but deep."""
    before = _living()
    x = Value(2.0)
    y = chain(x, length)
    y.backward()
    view = graph_of(y, {"x": x})
    reached = [0]
    with suppress(RecursionError):
        by_recursion(y, reached)
    slope = 1.0001 ** (length // 2)
    off = relative_error(x.grad, slope)
    del x, y
    return Result(
        (Tree(view),),
        (
            at_most("the slope is the product of all factors; off by", off, 1e-9),
            at_most("lines of the tree", len(view.lines), 8),
            at_most("ops less those that the tree accounts for", abs(view.ops - length // 2 * 2), 0),
            at_most("a walk that calls itself gives up at op", reached[0], sys.getrecursionlimit()),
            at_most("Values left when the chain is let go", _living() - before, 0),
        ),
    )


def _living() -> int:
    """Values that exist; the collector of cycles has no part in it, as there are none."""
    gc.disable()
    try:
        return sum(type(found) is Value for found in gc.get_objects())
    finally:
        gc.enable()


def unrolled(W: Tensor, U: Tensor, b: Tensor, x: list[Tensor], h: Tensor) -> Tensor:
    """The last state: h⁽ᵗ⁾ = tanh(W h⁽ᵗ⁻¹⁾ + U x⁽ᵗ⁾ + b), step after step."""
    for x_t in x:
        h = (W @ h + U @ x_t + b).tanh()
    return h


@experiment(length_in_time=between(4, 200))
def arrays(length_in_time: int = 100, *, rng: np.random.Generator) -> Result:
    """The same with arrays for numbers: a recurrent network, and its picture."""
    drawn = _weights(rng)
    x = rng.standard_normal((length_in_time, 2))
    view, gradients = _in_tensors(drawn, x)
    longer, _ = _in_tensors(drawn, np.vstack([x, x]))
    ops, scalar = _in_values(drawn, x)
    steps = [line.times for line in view.lines if line.text.endswith("tanh")]
    return Result(
        (Tree(view, "×n: so many alike, of which the last is shown; ‖·‖ is the length of an array"),),
        (
            at_most("lines that twice as many steps add to the tree", len(longer.lines) - len(view.lines), 0),
            at_most("steps less those that its line for tanh stands for", abs(sum(steps) - length_in_time), 0),
            at_most("∇W and ∇U in single numbers are the same; off by", _apart(gradients, scalar), 1e-12),
            at_least("ops in single numbers for each op on arrays", ops / view.ops, 5),
        ),
    )


def _weights(rng: np.random.Generator) -> dict[str, Array]:
    """W turns the state without shrinking it much, so that gradients reach the first step."""
    W = 0.95 * np.linalg.qr(rng.standard_normal((3, 3)))[0]
    return {"W": W, "U": rng.standard_normal((3, 2)), "b": 0.1 * rng.standard_normal(3), "h0": np.zeros(3)}


def _in_tensors(drawn: dict[str, Array], numbers: Array) -> tuple[GraphView, list[Array]]:
    """Its picture with gradients, and ∇W and ∇U."""
    W, U, b = (Tensor(drawn[name], requires_grad=True) for name in ("W", "U", "b"))
    h0, x = Tensor(drawn["h0"]), [Tensor(x) for x in numbers]
    h = unrolled(W, U, b, x, h0)
    loss = (h * h).sum()
    view = graph_of(loss, {"W": W, "U": U, "b": b, "x": x, "h⁽⁰⁾": h0, "h": h, "L": loss}, gradients=True)
    loss.backward()
    return view, [_known(W), _known(U)]


def _known(x: Tensor) -> Array:
    assert x.grad is not None  # the loss depends on it
    return x.grad.data


def _in_values(drawn: dict[str, Array], numbers: Array) -> tuple[int, list[Array]]:
    """How many ops, and ∇W and ∇U."""
    W, U = ([[Value(w) for w in row] for row in drawn[name].tolist()] for name in ("W", "U"))
    b, h = ([Value(w) for w in drawn[name].tolist()] for name in ("b", "h0"))
    for row in numbers.tolist():
        x = [Value(number) for number in row]
        h = [(dot(w, h) + dot(u, x) + beta).tanh() for w, u, beta in zip(W, U, b, strict=True)]
    loss = dot(h, h)
    loss.backward()
    return graph_of(loss).ops, [np.array([[w.grad for w in row] for row in matrix]) for matrix in (W, U)]


def _apart(a: list[Array], b: list[Array]) -> float:
    return max(relative_error(x, y) for x, y in zip(a, b, strict=True))
