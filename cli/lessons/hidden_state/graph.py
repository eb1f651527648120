"""The pages on the graph that a loop leaves behind, and on a weight's many places in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Excerpt, Lattice, Matrices, Result, Table, at_least, at_most
from cli.lessons.hidden_state.networks import TINY, driven
from cli.lessons.hidden_state.separate import inputs
from minigrad import Tensor, cross_entropy, grad, relative_error
from minigrad.graph import Array, nodes
from minigrad.nn import Linear
from rnn.cells.elman import ElmanState
from rnn.formulas import REGISTRY, evaluate
from rnn.formulas.notation import superscript
from rnn.recurrent import Recurrent
from rnn.stepwise import project
from rnn.verify import chain, engine_values
from rnn.witnesses import Network
from rnn.witnesses.base import total
from rnn.witnesses.recursions import System

_LOOP = """\
    o
    ↑ V
┌─→ h ──┐
└── W ──┘  one step later
    ↑ U
    x"""


@experiment(**TINY)
def loop_and_graph(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """The loop in the code and the graph that it leaves behind."""
    problem = driven(hidden, steps, seed)
    last, layer = engine_values(problem)["h"][steps], problem.layer
    by_hand = _unrolled_by_hand(problem)
    record = nodes(problem.graph.tensors["h"][steps])
    matrices = {id(x) for node in record for x in inputs(node) if x is layer.weight_hh_l0}
    products = sum(
        node.op.name == "matmul" and any(_is(x, layer.weight_hh_l0) for x in inputs(node)) for node in record
    )
    kernel = problem.kernel()["h"]
    columns: tuple[Column, ...] = (("in the engine's record", "text"), ("count", "text"))
    found = (
        ("states made by tanh", str(sum(n.op.name == "tanh" for n in record))),
        ("products with W", str(products)),
        ("matrices W", str(len(matrices))),
    )
    return Result(
        (Excerpt(_LOOP, "a loop, as the code is written"), _lattice(steps), Table(columns, found)),
        (
            at_most("written out step by step, it gives the loop's last state", relative_error(by_hand, last), 1e-12),
            at_most("so does the layer's compiled kernel", relative_error(kernel[steps], last), 1e-12),
            at_most("W is used once at every step: products with W less steps", abs(products - steps), 0),
        ),
    )  # fmt: skip


def _is(x: Tensor, leaf: Tensor) -> bool:
    """x is the leaf, or its transpose."""
    return x is leaf or (x.node is not None and any(y is leaf for y in inputs(x.node)))


def _unrolled_by_hand(problem: System) -> Array:
    """The last state without any loop over a state: f(… f(f(h⁽⁰⁾, x⁽¹⁾), x⁽²⁾) …), from given numbers."""
    given = problem.given()
    f, x, theta, h = given["f"], given["x"], given["theta"], given["h"][0]
    third = f(f(f(h, x[1], theta), x[2], theta), x[3], theta)
    return third if problem.tau == 3 else f(third, x[4], theta)


def _lattice(steps: int, copies: bool = False) -> Lattice:
    times = range(1, steps + 1)
    name = [f"W{superscript(t)}" if copies else "W" for t in times]
    nodes = (
        ("", *(f"o{superscript(t)}" for t in times)),
        ("h⁽⁰⁾", *(f"h{superscript(t)}" for t in times)),
        ("", *(f"x{superscript(t)}" for t in times)),
    )
    none = (None,) * steps
    caption = "the same with a copy of W for each step" if copies else "the graph that it leaves behind: unrolled"
    return Lattice(nodes, (none, tuple(name), none), ((None, *["V"] * steps), (None, *["U"] * steps)), caption)


def gradients_of_copies(layer: Recurrent, head: Linear, x: Sequence[Tensor], h: Tensor, y: Array) -> tuple[Tensor, ...]:
    """∇W⁽ᵗ⁾ for each t."""
    step, b = layer.cell.step, layer.bias_hh_l0
    shared = layer.weight_hh_l0
    copies = [Tensor(shared, True) for _ in x]
    losses = []
    for t, W in enumerate(copies):
        h = step(x[t], ElmanState(h), W, b).h
        losses.append(cross_entropy(head(h), y[t]))
    return grad(total(losses), copies)


def _of_copies(problem: System) -> list[Array]:
    x = project(problem.layer.weights(), Tensor(problem.x[:, None])).unstack()
    start, targets = Tensor(problem.h0[None]), problem.targets[:, None]
    return [g.data for g in gradients_of_copies(problem.layer, problem.head, x, start, targets)]


def added(parts: list[Array]) -> Array:
    """The sum over all copies."""
    return np.sum(parts, axis=0)


@experiment(**TINY)
def copies(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """∇W as a sum over the steps' own copies of W."""
    problem = driven(hidden, steps, seed)
    parts, shared = _of_copies(problem), problem.graph.value("grad_W")
    norms = [float(np.linalg.norm(p)) for p in parts]
    without = added(parts) - parts[int(np.argmax(norms))]
    plain = Network("elman", problem.layer, problem.x, problem.start, problem.targets, problem.head)
    by_formula = evaluate(chain(REGISTRY["20"]), plain.given())["grad_W"]
    named = tuple((f"∇W{superscript(t)}", part) for t, part in enumerate(parts, 1))
    return Result(
        (_lattice(steps, copies=True), Matrices((*named, ("added", added(parts)), ("∇W", shared)))),
        (
            at_most("the copies' gradients add up to the shared weight's", relative_error(added(parts), shared), 1e-12),
            at_most("equation 24, its sum over t, says the same", relative_error(by_formula, shared), 1e-10),
            at_least(
                "without the largest of them the sum is off by (part of ‖∇W‖)",
                float(np.linalg.norm(without - shared)) / float(np.linalg.norm(shared)),
                1 / steps - 1e-12,
            ),
        ),
    )
