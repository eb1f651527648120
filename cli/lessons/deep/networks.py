"""The small networks of this lesson, and its one function: the states of all layers, in any order that runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache

import numpy as np

from cli.lab.experiments import between
from minigrad import Tensor, tanh
from rnn.formulas.notation import superscript
from rnn.witnesses.layered import Deep, random_deep

TINY = {"hidden": between(1, 3), "steps": between(3, 4), "layers": between(2, 3)}

Place = tuple[int, int]
Each = dict[int, Tensor]
States = dict[Place, Tensor]


def states(places: Iterable[Place], U: Each, W: Each, b: Each, h: States, phi: Callable[..., Tensor] = tanh) -> States:
    """The state at each place (layer, time). `h` begins as the inputs, at layer 0, and first states, at time 0."""
    h = dict(h)
    for n, t in places:
        a = b[n] + W[n] @ h[n, t - 1]
        h[n, t] = phi(a + U[n] @ h[n - 1, t])
    return h


def layer_by_layer(layers: int, steps: int) -> list[Place]:
    """The whole of the lowest layer, then the whole of the next."""
    return [(layer, t) for layer in range(1, layers + 1) for t in range(1, steps + 1)]


def step_by_step(layers: int, steps: int) -> list[Place]:
    """The first step of every layer from the lowest up, then the second."""
    return [(layer, t) for t in range(1, steps + 1) for layer in range(1, layers + 1)]


def at(layer: int, t: int) -> str:
    """A place as it is printed: ⁽²,³⁾."""
    return superscript(f"{layer},{t}")


@cache
def tiny(hidden: int, steps: int, layers: int, seed: int, inputs: int = 3, at_rest: bool = False) -> Deep:
    """A network with two decimals in every number, so that those printed are those used; from zero if at rest."""
    rng = np.random.default_rng(seed)
    problem = random_deep("deep", rng, steps=steps, inputs=inputs, hidden=hidden, vocabulary=3, layers=layers)
    for name, p in (*problem.layer.named_parameters(), *problem.heads[0].named_parameters()):
        # Small biases, so that no unit is stuck at one end of tanh.
        p.assign(np.round(p.data * (0.4 if name.startswith("bias") else 1), 2))
    start = np.round(0 * problem.start if at_rest else 0.5 * problem.start, 2)
    return replace(problem, x=np.round(problem.x, 1), start=start)


def letters(problem: Deep) -> tuple[Each, Each, Each, States]:
    """U, W and b of each layer, and what the states start from, as tensors that can be learned or nudged."""
    given = problem.given()

    def each(name: str) -> Each:
        return {layer: Tensor(array, True) for layer, array in given[name].items()}

    inputs = {(0, t): Tensor(x, True) for t, x in given["x"].items()}
    return each("U"), each("W"), each("b"), {**inputs, **{place: Tensor(h, True) for place, h in given["h"].items()}}
