"""The pages on a network small enough to print: both directions by equation, by hand and by layer."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Excerpt, Result, Steps, Table, at_least, at_most
from minigrad import Tensor, concat, grad, no_grad, relative_error
from minigrad.graph import Array
from minigrad.nn import Linear
from rnn.composition import Bidirectional, Stack
from rnn.formulas import REGISTRY
from rnn.formulas.notation import superscript
from rnn.formulas.registry import Values
from rnn.formulas.worked import work
from rnn.layers import RNN
from rnn.verify import check, engine_values
from rnn.witnesses import random_problem
from rnn.witnesses.layered import BothWays, random_bidirectional

_TINY = {"hidden": between(1, 3), "steps": between(3, 5)}
BACKWARD = 1  # units that read from the right: another number than from the left, as it may be


@cache
def tiny(hidden: int, steps: int, seed: int) -> BothWays:
    """A network with few decimals, so that the printed numbers are the ones used."""
    rng = np.random.default_rng(seed)
    sizes = {"steps": steps, "inputs": 2, "hidden": hidden, "vocabulary": 2, "backward": BACKWARD}
    problem = random_bidirectional("bidirectional", rng, **sizes)
    for module in (*problem.layers, *problem.heads):
        for p in module.parameters():
            p.assign(np.where(np.abs(p.data) < 0.1, 0.1, np.round(p.data, 1)))  # a zero would cut a way
    x = np.eye(2)[rng.integers(0, 2, steps)]
    start = (np.round(0.5 * problem.start[0], 1), np.round(0.5 * problem.start[1], 1))
    return BothWays("bidirectional", problem.heads, x, problem.targets, problem.layers, start)


@experiment(**_TINY)
def both_ways(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """The graph, the middle step worked, and who knows what."""
    values = engine_values(tiny(hidden, steps, seed))
    worked = tuple(work(REGISTRY[id], values, t=2) for id in ("BI-1", "BI-2", "BI-3", "BI-4", "BI-5"))
    off = {id: _off(id, values) for id in ("BI-1", "BI-2", "BI-3", "BI-4", "BI-5")}
    return Result(
        (Excerpt(drawn(steps), "\nx⁽ᵗ⁾ goes to both chains, and o⁽ᵗ⁾ reads both"), Steps(worked)),
        (
            at_most("BI-1 to BI-5 give what the engine has, at every step", max(off.values()), 1e-12),
            at_most("h⁽²⁾ feels no later input", _felt(hidden, steps, seed, "h", later=True), 0),
            at_most("g⁽²⁾ feels no earlier input", _felt(hidden, steps, seed, "g", later=False), 0),
            at_least("o⁽²⁾ feels every input", _felt_least(hidden, steps, seed), 1e-12),
        ),
    )


def drawn(steps: int) -> str:
    """The two chains, one above the other, between inputs and scores."""
    times = range(1, steps + 1)

    def row(between: str, names: Iterable[str], before: str = "", after: str = "") -> str:
        return f"{before:10}" + between.join(names) + after

    arrows = row(" " * 6, ("↑  ↑" for _ in times))
    return "\n".join(
        (
            row(" " * 6, (f"o{superscript(t)}" for t in times)),
            arrows,
            row(" ←─── ", (f"g{superscript(t)}" for t in times), after=f" ←─── g{superscript(steps + 1)}"),
            row(" ───→ ", (f"h{superscript(t)}" for t in times), before="h⁽⁰⁾ ───→ "),
            arrows,
            row(" " * 6, (f"x{superscript(t)}" for t in times)),
        )
    )


def _off(id: str, values: Values) -> float:
    equation = REGISTRY[id]
    return max(relative_error(value, values[equation.quantity][t]) for t, value in equation(values).items())


def _jacobians(hidden: int, steps: int, seed: int, name: str) -> dict[int, float]:
    """The largest entry of the derivative of a quantity at t = 2 by each input."""
    tensors = tiny(hidden, steps, seed).graph.tensors
    above = tensors[name][2]

    def by(x: Tensor) -> float:
        rows = (grad(above, x, seed=s[None], retain_graph=True).data for s in np.eye(above.size))
        return max(float(np.abs(row).max()) for row in rows)

    return {t: by(x) for t, x in tensors["x"].items()}


def _felt(hidden: int, steps: int, seed: int, name: str, later: bool) -> float:
    return max(v for t, v in _jacobians(hidden, steps, seed, name).items() if (t > 2 if later else t < 2))


def _felt_least(hidden: int, steps: int, seed: int) -> float:
    return min(_jacobians(hidden, steps, seed, "o").values())


def read_both_ways(forward: RNN, backward: RNN, x: Array | Tensor) -> Tensor:
    """All states [h⁽ᵗ⁾, g⁽ᵗ⁾] for x (T, B, I): turn the sequence, read it, and turn the states back."""
    h, _ = forward(x)
    g, _ = backward(x[::-1])
    return concat([h, g[::-1]], axis=-1)


@experiment(problems=between(1, 5, full=5))
def as_code(problems: int = 1, *, rng: np.random.Generator) -> Result:
    """The layer against the lines on the page, one wide output matrix against two, and layers on layers."""
    hand = joined = deep = 0.0
    shapes: list[tuple[str, str, str]] = []
    for _ in range(problems):
        d, h, g, q = (int(k) for k in rng.permutation(np.arange(2, 9))[:4])
        layers, head = (_rnn(d, h, rng), _rnn(d, g, rng)), Linear(h + g, q, dtype=np.float64, rng=rng)
        x = rng.standard_normal((6, 2, d))
        states = Bidirectional(*layers)(x)[0]
        hand = max(hand, relative_error(read_both_ways(*layers, x).data, states.data))
        V, c, both = head.weight.data, head.bias, states.data
        assert c is not None  # a Linear has one unless told otherwise
        split = both[..., :h] @ V[:, :h].T + both[..., h:] @ V[:, h:].T + c.data
        joined = max(joined, relative_error(split, head(states).data))
        upper = (_rnn(h + g, h, rng), _rnn(h + g, g, rng))
        two = Stack([Bidirectional(*layers), Bidirectional(*upper)])(x)[0].data
        deep = max(deep, relative_error(two, read_both_ways(*upper, read_both_ways(*layers, x)).data))
        shapes = [("input", "d", str(d)), ("h⁽ᵗ⁾ from the left", "h_f", str(h)), ("g⁽ᵗ⁾ from the right", "h_b", str(g)),
                  ("U_h", "h_f × d", f"{h} × {d}"), ("U_g", "h_b × d", f"{g} × {d}"),
                  ("U_h of a second layer", "h_f × (h_f + h_b)", f"{h} × {h + g}"),
                  ("[V_h, V_g]", "q × (h_f + h_b)", f"{q} × {h + g}")]  # fmt: skip
    columns: tuple[Column, ...] = (("", "text"), ("size", "text"), ("here", "text"))
    return Result(
        (Table(columns, tuple(shapes)),),
        (
            at_most("the function above gives what the layer gives", hand, 1e-12),
            at_most("one matrix over [h, g] is V_h beside V_g", joined, 1e-12),
            at_most("a second layer reads both states of the first", deep, 1e-12),
        ),
    )


def _rnn(inputs: int, units: int, rng: np.random.Generator) -> RNN:
    return RNN(inputs, units, dtype=np.float64, rng=rng)


@experiment(problems=between(1, 5, full=5))
def going_back(problems: int = 1, *, rng: np.random.Generator) -> Result:
    """Every gradient of the family on random networks against every witness."""
    drawn = [random_problem("bidirectional", rng, steps=int(rng.integers(3, 6))) for _ in range(problems)]
    equations = [e for e in REGISTRY.values() if e.family == "bidirectional" and e.gives.startswith("∇")]
    checks = check(equations, drawn)
    rows = tuple((c.equation.id, c.equation.gives, c.engine, c.differences, c.fused) for c in checks)
    columns: tuple[Column, ...] = (
        ("eq.", "text"), ("gives", "text"), ("autograd", "error"), ("differences", "error"), ("fused", "error"),
    )  # fmt: skip
    worst = {w: max(e for c in checks if (e := getattr(c, w)) is not None) for w in ("engine", "differences", "fused")}
    return Result(
        (Table(columns, rows, "worst over networks drawn at random"),),
        (
            at_most("every gradient equals autograd", worst["engine"], 1e-10),
            at_most("every gradient equals central differences", worst["differences"], 1e-6),
            at_most("every gradient equals the compiled kernel's", worst["fused"], 1e-10),
            at_most("chained from the parameters to the end they still do", max(c.chain for c in checks), 1e-10),
        ),
    )


def states_of(layer: Bidirectional, ids: Array, lengths: Array | None) -> Array:
    """The states for a batch of ids, as an array."""
    with no_grad():
        return layer(ids, lengths=lengths)[0].data
