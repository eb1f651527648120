"""The pages on what a network of several layers computes: drawn, in shapes, and by hand."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Lattice, Result, Steps, Table, at_least, at_most
from cli.lessons.deep.networks import TINY, at, layer_by_layer, letters, states, tiny
from minigrad import relative_error
from minigrad.graph import Array
from rnn.formulas import REGISTRY, evaluate
from rnn.formulas.deep import a as received
from rnn.formulas.notation import superscript
from rnn.formulas.registry import Values
from rnn.formulas.worked import work
from rnn.layers import RNN
from rnn.verify import chain, engine_values


@experiment(**TINY)
def picture(hidden: int = 2, steps: int = 3, layers: int = 2, *, seed: int) -> Result:
    """The graph of states: to the right through time, upwards through the layers."""
    problem = tiny(hidden, steps, layers, seed)
    known = engine_values(problem)
    U, W, b, h = letters(problem)
    moved = {**h, (0, 2): h[0, 2] + 0.5}
    one, other = (states(layer_by_layer(layers, steps), U, W, b, start) for start in (h, moved))
    change = {place: float(np.abs(one[place].data - other[place].data).max()) for place in one}
    past = max(c for (layer, t), c in change.items() if t < 2)
    still = max(relative_error(one[place].data, known["h"][place]) for place in layer_by_layer(layers, steps))
    reached = min(change[layer, steps] for layer in range(1, layers + 1))
    return Result(
        (_lattice(layers, steps),),
        (
            at_most("followed along the arrows, every state is the engine's", still, 1e-12),
            at_most("a nudge of x⁽²⁾ moves no state at an earlier time", past, 0),
            at_least("it moves the last state of every layer", reached, 1e-12),
        ),
    )


def _lattice(layers: int, steps: int) -> Lattice:
    times = range(1, steps + 1)
    inner = tuple(tuple(f"h{at(n, t)}" for t in range(steps + 1)) for n in range(layers, 0, -1))
    nodes = (("", *(f"o{superscript(t)}" for t in times)), *inner, ("", *(f"x{superscript(t)}" for t in times)))
    none: tuple[str | None, ...] = (None,) * steps
    across = (none, *((f"W{superscript(n)}",) * steps for n in range(layers, 0, -1)), none)
    up = ((None, *("V",) * steps), *((None, *(f"U{superscript(n)}",) * steps) for n in range(layers, 0, -1)))
    return Lattice(nodes, across, up, "each state goes on in its own layer, and up to the next")


def sizes(inputs: int, hidden: int, scores: int, layers: int) -> dict[str, tuple[int, ...]]:
    """The shape of every parameter, as this lesson gives them."""
    upper = {f"U{superscript(n)}": (hidden, hidden) for n in range(2, layers + 1)}
    each = {name: shape for n in range(1, layers + 1) for name, shape in
            ((f"W{superscript(n)}", (hidden, hidden)), (f"b{superscript(n)}", (hidden, 1)))}  # fmt: skip
    return {"U⁽¹⁾": (hidden, inputs), **upper, **each, "V": (scores, hidden), "c": (scores, 1)}


@experiment(**TINY)
def shapes(hidden: int = 2, steps: int = 3, layers: int = 2, *, seed: int) -> Result:
    """Who has which shape, and where the scores come from."""
    problem = tiny(hidden, steps, layers, seed, inputs=5)
    given, known = problem.given(), engine_values(problem)
    found = {
        **{f"{k}{superscript(n)}": given[k][n].shape for k in "UWb" for n in given[k]},
        "V": given["V"].shape, "c": given["c"].shape,
    }  # fmt: skip
    said = sizes(5, hidden, 3, layers)
    read = max(relative_error(REGISTRY["DEEP-4"].at(known, t=t), known["o"][t]) for t in known["o"])
    below = {**known, "depth": layers - 1}
    wrong = min(relative_error(REGISTRY["DEEP-4"].at(below, t=t), known["o"][t]) for t in known["o"])
    rows = (("U⁽¹⁾", "H × I"), *((f"U{superscript(n)}", "H × H") for n in range(2, layers + 1)),
            ("W of each layer", "H × H"), ("b of each layer", "H × 1"), ("V", "V × H"), ("c", "V × 1"))  # fmt: skip
    here = [found.get(name, found.get(f"{name[0]}⁽¹⁾")) for name, _ in rows]
    table = tuple((*row, " × ".join(map(str, shape or ()))) for row, shape in zip(rows, here, strict=True))
    return Result(
        (Table((("", "text"), ("shape", "text"), ("here", "text")), table, f"{layers} layers, I = 5, H = {hidden}"),),
        (
            at_most("parameters whose shape is not as said", sum(found[k] != said[k] for k in said), 0),
            at_most("entries counted by the table, less those of the module", _off_by(5, hidden, layers), 0),
            at_most("the scores at every step are read from the top layer", read, 1e-12),
            at_least("read from the layer below they are others at every step", wrong, 1e-6),
        ),
    )


def _off_by(inputs: int, hidden: int, layers: int) -> int:
    """How far the table's count is from the module's own, which keeps two biases where the equations have one."""
    said = sum(int(np.prod(s)) for k, s in sizes(inputs, hidden, 3, layers).items() if k[0] in "UWb")
    return abs(said - sum(p.size for p in RNN(inputs, hidden, layers).parameters()) + layers * hidden)


@experiment(steps=TINY["steps"])
def one_unit(steps: int = 3, *, seed: int) -> Result:
    """Two layers of one unit, from zero: every state is one line of arithmetic."""
    problem = tiny(1, steps, 2, seed, inputs=1, at_rest=True)
    known = engine_values(problem)
    named = {f"{k}{superscript(n)}": float(known[k][n].item()) for n in (1, 2) for k in "UWb"}
    notes = as_the_notes_have_it(named, problem.x[:, 0])
    off = max(abs(notes[place] - known["h"][place].item()) for place in notes)
    numbers: tuple[Column, ...] = (("", "text"), ("U", "number"), ("W", "number"), ("b", "number"))
    weights = tuple((f"layer {n}", *(known[k][n].item() for k in "UWb")) for n in (1, 2))
    read = ("x", *(x.item() for x in problem.x))
    sums: tuple[Column, ...] = (("", "text"), ("b", "number"), ("W × past", "number"), ("U × below", "number"),
                                ("sum", "number"), ("tanh", "number"))  # fmt: skip
    return Result(
        (
            Table(numbers, weights),
            Table((("", "text"), *((f"t = {t}", "number") for t in range(1, steps + 1))), (read,)),
            Table(sums, tuple(_sum(known, *place) for place in notes)),
        ),
        (at_most("worked one after another, they are the engine's states", off, 1e-12),),
    )


def as_the_notes_have_it(p: dict[str, float], x: Array) -> dict[tuple[int, int], float]:
    """The first layer for all steps, then the second, each from nothing: the first step has no sum over the past."""
    found, below = {}, [float(one) for one in x]
    for n in (1, 2):
        U, W, b = (p[f"{k}{superscript(n)}"] for k in "UWb")
        h = [np.tanh(U * below[0] + b)]
        for one in below[1:]:
            h.append(np.tanh(U * one + W * h[-1] + b))
        found.update({(n, t): float(value) for t, value in enumerate(h, 1)})
        below = h
    return found


def _sum(known: Values, n: int, t: int) -> tuple[str | float, ...]:
    """The three numbers that are added for a state, what they come to, and the state."""
    past, below = known["W"][n] @ known["h"][n, t - 1], known["U"][n] @ known["h"][n - 1, t]
    return f"h{at(n, t)}", *(float(a.item()) for a in (known["b"][n], past, below, known["a"][n, t], known["h"][n, t]))


@experiment(**TINY)
def vectors(hidden: int = 2, steps: int = 3, layers: int = 2, *, seed: int) -> Result:
    """The first step worked in full, from the lowest layer up, then every state in a table."""
    problem = tiny(hidden, steps, layers, seed)
    known = engine_values(problem)
    first = Steps(tuple(work(REGISTRY[id], known, l=n, t=1) for n in (1, 2) for id in ("DEEP-2", "DEEP-3")))
    rows = tuple((f"h{at(n, t)}", *known["h"][n, t].ravel()) for n, t in layer_by_layer(layers, steps))
    columns: tuple[Column, ...] = (("", "text"), *((f"unit {i}", "number") for i in range(1, hidden + 1)))
    chained = evaluate(chain(REGISTRY["DEEP-3"]), problem.given())
    off = max(relative_error(chained["h"][place], known["h"][place]) for place in layer_by_layer(layers, steps))
    loss = relative_error(chained["L"], known["L"])
    return Result(
        (first, Table(columns, rows)),
        (
            at_most("from numbers to states, the equations equal the engine", off, 1e-12),
            at_most("and so does the loss", loss, 1e-12),
            at_least("with W and U exchanged in the second layer it is another", _exchanged(known), 1e-6),
        ),
    )


def _exchanged(known: Values) -> float:
    """How far a⁽²,¹⁾ moves where the second layer reads its own past in the place of the layer below."""
    right = known["a"][2, 1]
    wrong = received(known["b"], known["U"], known["h"], known["W"], 2, 1)
    return relative_error(wrong, right)
