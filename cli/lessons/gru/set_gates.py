"""The pages on gates that are set to one end: what is kept, what is overwritten, what is forgotten."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Result, Table, Witnesses, at_least, at_most
from cli.lab.gates import ALPHABET, SURE, TINY, fix, gap, letters, states, tiny, with_gates
from cli.lessons.gru.networks import gru
from minigrad import Tensor, no_grad, relative_error, sigmoid
from minigrad.graph import Array
from rnn.formulas import REGISTRY, evaluate
from rnn.formulas.notation import superscript
from rnn.layers import GRU, RNN
from rnn.recurrent import Recurrent
from rnn.verify import chain
from rnn.witnesses import Network

LONG = 300


@experiment(**TINY)
def kept(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """Z = 1: by the equations with the gate set, and by layers with a bias so large that σ is 1."""
    problem = tiny("gru", hidden, steps, seed)
    h = with_gates(problem, r=1, z=1)["h"]
    ends = tuple((f"{a:g}", 1 - _sigma(a)) for a in (5.0, 10.0, 20.0, 40.0))
    tails = Table((("a", "text"), ("1 − σ(a)", "error")), ends, "σ in float64")
    return Result(
        (states(problem, "Z = 1", h=h), tails),
        (
            at_most("by the equations: how far the state moves", max(gap(h[t], h[0]) for t in h), 0),
            at_most(f"σ({SURE:g}): how far from 1", 1 - _sigma(SURE), 0),
            at_most(f"D2L's layer with that bias, {LONG} random inputs: how far it moves", _moved(seed, False), 0),
            at_most("torch's, the same", _moved(seed, True), 0),
        ),
    )


def _sigma(a: float) -> float:
    return sigmoid(Tensor(np.array(a))).item()


def _moved(seed: int, reset_after: bool) -> float:
    """How far the state of a layer with Z = 1 strays from its first one."""
    rng = np.random.default_rng(seed)
    layer = gru(3, 5, rng, reset_after=reset_after)
    fix(layer, z=SURE)
    start = rng.standard_normal((1, 2, 5))
    with no_grad():
        return gap(layer(rng.standard_normal((LONG, 2, 3)), Tensor(start))[0].data, start)


@experiment(**TINY)
def overwritten(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """Z = 0 and R = 1 beside a tanh network with the candidate's weights."""
    problem = tiny("gru", hidden, steps, seed)
    plain = tanh_network(problem)
    mine, theirs = with_gates(problem, r=1, z=0), evaluate(chain(REGISTRY["20"]), plain.given())
    layers = [_last(_fixed(problem), problem), _last(plain.layer, problem)]
    ways = (("tanh equations", theirs["h"][steps]), ("GRU, biases set", layers[0]), ("RNN layer", layers[1]))
    last = mine["h"][steps]
    rows = (("GRU, gates set", last, None), *((way, v, relative_error(v.ravel(), last.ravel())) for way, v in ways))
    apart = max(gap(mine["h"][t], theirs["h"][t]) for t in range(steps + 1))
    felt = max(relative_error(mine[f"grad_{k}_n"], theirs[f"grad_{k}"]) for k in "UWb")
    return Result(
        (Witnesses(f"h{superscript(steps)}", rows),),
        (
            at_most("by the equations: how far from the tanh network's states", apart, 0),
            at_most("as layers, the gates set by their biases", relative_error(layers[0], layers[1]), 1e-12),
            at_most("∇U, ∇W and ∇b are the tanh network's too", felt, 1e-10),
        ),
    )


def tanh_network(problem: Network) -> Network:
    """The network of lesson 10 with the weights of this one's candidate."""
    known, hidden = problem.letters(), problem.layer.hidden_size
    layer = RNN(len(ALPHABET), hidden, dtype=np.float64)
    biases = {"bias_ih_l0": known["b_n"].ravel(), "bias_hh_l0": np.zeros(hidden)}
    layer.load_state_dict({"weight_ih_l0": known["U_n"], "weight_hh_l0": known["W_n"], **biases})
    return Network("elman", layer, problem.x, problem.start, problem.targets, problem.head)


def _fixed(problem: Network) -> GRU:
    """The same layer with R = 1 and Z = 0."""
    layer = GRU(len(ALPHABET), problem.layer.hidden_size, reset_after=False, dtype=np.float64)
    layer.load_state_dict(problem.layer.state_dict())
    fix(layer, r=SURE)
    fix(layer, z=-SURE)
    return layer


def _last(layer: Recurrent, problem: Network) -> Array:
    """The last state of a layer that starts where the problem does."""
    return layer(Tensor(problem.x), Tensor(problem.h0[None]))[0].data[-1]


@experiment(**TINY)
def forgotten(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """R = 0: two texts that differ in their first letter, and how far apart the states are after each step."""
    one = tiny("gru", hidden, steps, seed)
    other = replace(one, x=np.vstack([np.roll(one.x[:1], 1, axis=1), one.x[1:]]))
    settings = ((1.0, 0.0), (0.0, 0.0), (0.0, 0.5))
    apart = {gates: _apart(one, other, *gates) for gates in settings}
    rows = tuple(
        (f"t = {t}", f"{a} | {b}", *(apart[gates][t - 1] for gates in settings))
        for t, (a, b) in enumerate(zip(letters(one), letters(other), strict=True), 1)
    )
    columns: tuple[Column, ...] = (
        ("", "text"), ("read", "text"), ("R=1 Z=0", "number"), ("R=0 Z=0", "number"), ("R=0 Z=½", "number"),
    )  # fmt: skip
    known = with_gates(one, r=0, z=0)
    alone = {t: np.tanh(known["b_n"] + known["U_n"] @ x) for t, x in known["x"].items()}
    off = max(gap(known["h"][t], alone[t]) for t in alone)
    return Result(
        (Table(columns, rows, "how far apart the states are"),),
        (
            at_most("R = 0, Z = 0: what is left of the first letter later on", max(apart[0.0, 0.0][1:]), 0),
            at_most("the state is tanh(b + U x), the input's alone", off, 0),
            at_least("R = 0, Z = ½: what is left at the last step", apart[0.0, 0.5][-1], 1e-6),
        ),
    )


def _apart(one: Network, other: Network, r: float, z: float) -> list[float]:
    """‖difference of the states‖ after each step, gates set."""
    a, b = (with_gates(p, r=r, z=z)["h"] for p in (one, other))
    return [float(np.linalg.norm(a[t] - b[t])) for t in range(1, one.tau + 1)]
