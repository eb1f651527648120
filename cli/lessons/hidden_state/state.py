"""The pages on one step: from a hidden layer to a hidden state, its two products, and its names."""

from __future__ import annotations

import math

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Matrices, Result, Steps, Table, at_least, at_most
from cli.lessons.hidden_state.networks import TINY, random_rows, rows, shapes
from minigrad import Tensor, cross_entropy, relative_error, softmax
from minigrad.graph import Array
from rnn.formulas import REGISTRY
from rnn.formulas.registry import Values
from rnn.formulas.worked import work
from rnn.verify import engine_values


def hidden_layer(known: Values, t: int) -> Array:
    """φ(Xₜ W_xh + b_h): a multilayer perceptron's hidden layer, which sees this step's input and nothing else."""
    return known["phi"](known["X"][t] @ known["W_xh"] + known["b_h"])


@experiment(**TINY)
def without_memory(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """Two sequences that differ in their first letter: how far apart are the hidden units at each step?"""
    known = engine_values(rows(hidden, steps, seed))
    layer = [float(np.linalg.norm(np.diff(hidden_layer(known, t), axis=0))) for t in range(1, steps + 1)]
    state = [float(np.linalg.norm(np.diff(known["H"][t], axis=0))) for t in range(1, steps + 1)]
    letters = [tuple("abc"[int(x.argmax())] for x in known["X"][t]) for t in range(1, steps + 1)]
    found = tuple((f"t = {t}", *letters[t - 1], layer[t - 1], state[t - 1]) for t in range(1, steps + 1))
    columns: tuple[Column, ...] = (
        ("", "text"), ("one", "text"), ("other", "text"), ("hidden layer", "number"), ("hidden state", "number"),
    )  # fmt: skip
    return Result(
        (Table(columns, found, "how far apart the two sequences put the hidden units"),),
        (
            at_most("a hidden layer has forgotten the first letter", max(layer[1:]), 0),
            at_least("a hidden state still tells it at the last step", state[-1], 1e-6),
        ),
    )


@experiment(**TINY)
def hidden_state(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """D2L's equations 4 and 5 for two samples, worked at the first step."""
    known = engine_values(rows(hidden, steps, seed))
    step = Steps(tuple(work(REGISTRY[id], known, t=1) for id in ("D2L-8.4-4", "D2L-8.4-5")))
    named = ("W_xh", "W_hh", "b_h", "W_hq", "b_q")
    given = (("X₁", known["X"][1]), ("H₀", known["H"][0]), *((k, known[k]) for k in named))
    equation = REGISTRY["D2L-8.4-4"]
    apart = max(relative_error(equation.at(known, t=t), known["H"][t]) for t in range(1, steps + 1))
    cut = {**known, "W_hh": np.zeros_like(known["W_hh"])}
    alone = max(float(np.abs(equation.at(cut, t=t) - hidden_layer(known, t)).max()) for t in range(1, steps + 1))
    return Result(
        (shapes(known), Matrices(given), step),
        (
            at_most("equation 4 gives the engine's hidden state at every step", apart, 1e-12),
            at_most("with W_hh = 0 it is the hidden layer, entry by entry", alone, 0),
        ),
    )


def side_by_side(X: Array, H: Array) -> Array:
    """[X, H]: each sample's input and state in one row."""
    return np.hstack([X, H])


def one_above_other(W_xh: Array, W_hh: Array) -> Array:
    """[W_xh; W_hh]: the rows for the input above the rows for the state."""
    return np.vstack([W_xh, W_hh])


@experiment(**TINY, problems=between(1, 50))
def concatenation(hidden: int = 2, steps: int = 3, problems: int = 20, *, seed: int) -> Result:
    """Two products added are one product of what stands side by side."""
    known = engine_values(rows(hidden, steps, seed))
    X, H, W_xh, W_hh = known["X"][1], known["H"][0], known["W_xh"], known["W_hh"]
    wide, tall = side_by_side(X, H), one_above_other(W_xh, W_hh)
    parts = Matrices((("X₁ W_xh", X @ W_xh), ("H₀ W_hh", H @ W_hh), ("added", X @ W_xh + H @ W_hh)))
    whole = Matrices((("[X₁, H₀]", wide), ("[W_xh; W_hh]", tall), ("product", wide @ tall)))
    rng = np.random.default_rng(seed)
    drawn = [random_rows(rng) for _ in range(problems)]
    off, swapped = zip(*(_identity(k) for k in drawn), strict=True)
    return Result(
        (parts, whole),
        (
            at_most(f"one product equals two, in each of {problems} random batches", max(off), 1e-12),
            at_least("[H, X] on the same weights fits in shape and is wrong", min(swapped), 1e-3),
        ),
    )


def _identity(known: Values) -> tuple[float, float]:
    """The error of the one product, and of the one in which state and input have changed places."""
    X, H, W_xh, W_hh = known["X"][2], known["H"][1], known["W_xh"], known["W_hh"]
    two, tall = X @ W_xh + H @ W_hh, one_above_other(W_xh, W_hh)
    return relative_error(side_by_side(X, H) @ tall, two), relative_error(side_by_side(H, X) @ tall, two)


@experiment(**TINY)
def two_numberings(hidden: int = 2, steps: int = 3, *, seed: int) -> Result:
    """The state numbered by the last input it has read, or by the next it will read."""
    known = engine_values(rows(hidden, steps, seed))
    ours, state = known["H"], known["H"][0]
    theirs = {1: state}
    for t in range(2, steps + 2):  # h_t = g(h_{t−1}, x_{t−1})
        state = known["phi"](known["X"][t - 1] @ known["W_xh"] + state @ known["W_hh"] + known["b_h"])
        theirs[t] = state
    apart = max(relative_error(theirs[t], ours[t - 1]) for t in theirs)
    read = "acba"
    here = {t: (read[:t], ours[t][0, 0]) for t in range(1, steps + 1)}
    found = tuple(
        (f"t = {t}", *here.get(t, (None, None)), read[: t - 1] or "nothing", h[0, 0]) for t, h in theirs.items()
    )
    columns: tuple[Column, ...] = (
        ("", "text"), ("read here", "text"), ("h₁", "number"), ("read there", "text"), ("h₁", "number"),
    )  # fmt: skip
    return Result(
        (Table(columns, found, "what hₜ has read, and its first unit; one sequence"),),
        (at_most("there, hₜ is what is hₜ₋₁ here", apart, 1e-12),),
    )


@experiment(symbols=between(2, 50))
def softmax_twice(symbols: int = 3) -> Result:
    """The loss as the right score rises above all others, with softmax taken once and taken twice."""
    leads = (0.0, 2.0, 5.0, 10.0, 20.0, 40.0)
    scores = [Tensor(np.eye(symbols)[:1] * lead) for lead in leads]
    once = [abs(cross_entropy(o, np.array([0])).item()) for o in scores]
    twice = [cross_entropy(softmax(o), np.array([0])).item() for o in scores]
    floor = math.log(1 + (symbols - 1) / math.e)
    columns: tuple[Column, ...] = (("right score leads by", "text"), ("loss", "number"), ("softmax twice", "number"))
    found = tuple((f"{lead:g}", a, b) for lead, a, b in zip(leads, once, twice, strict=True))
    return Result(
        (Table(columns, found, f"{symbols} symbols, nats"),),
        (
            at_most("taken once, a sure and right answer costs nothing", once[-1], 1e-12),
            at_least("taken twice, no answer costs less than log(1 + (V − 1)/e)", min(twice), floor - 1e-12),
        ),
    )
