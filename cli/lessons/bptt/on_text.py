"""The pages on real text: what happens to the gradient over many steps, and when it is cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Excerpt, Plot, Result, Table, at_least, at_most, curve
from cli.lab.texts import prepare
from minigrad import Tensor, cross_entropy, grad, jvp, relative_error, stack
from minigrad.nn import Linear
from rnn.cells import unroll
from rnn.cells.elman import ElmanState
from rnn.formulas import REGISTRY, evaluate, find
from rnn.formulas.registry import Values
from rnn.formulas.truncation import at_random, in_chunks, patterns
from rnn.formulas.words import Array
from rnn.layers import RNN
from rnn.stepwise import project
from rnn.verify import chain
from rnn.witnesses import Network

PARAMETERS = ("c", "b", "V", "W", "U")


def _text_problem(hidden: int, length: int, rng: np.random.Generator, norm: float) -> tuple[Network, str]:
    """A network with ‖W‖₂ = norm, on a slice of the bundled story."""
    text = prepare("the-lighthouse")
    start = int(rng.integers(text.training.size - length - 1))
    ids = text.training[start : start + length + 1]
    layer = RNN(len(text.vocab), hidden, dtype=np.float64, rng=rng)
    head = Linear(hidden, len(text.vocab), dtype=np.float64, rng=rng)
    square = rng.standard_normal((hidden, hidden))
    layer.weight_hh_l0.assign(norm * square / np.linalg.norm(square, 2))
    one_hot = np.eye(len(text.vocab))[ids[:-1]]
    problem = Network("elman", layer, one_hot, (0.5 * rng.standard_normal(hidden),), ids[1:], head)
    return problem, text.vocab.decode(ids[:-1])


@experiment(units=between(2, 64, full=64), length=between(16, 100, full=100))
def on_text(units: int = 12, length: int = 40, *, rng: np.random.Generator) -> Result:
    """The same equations, chained, on a piece of real text."""
    problem, words = _text_problem(units, length, rng, norm=0.9)
    graph = problem.graph
    found = evaluate(chain(REGISTRY["20"]), problem.given())
    kernel = problem.kernel()
    rows: list[tuple[Any, ...]] = []
    off: list[float] = []
    for k in PARAMETERS:
        mine = found[f"grad_{k}"]
        errors = relative_error(mine, graph.value(f"grad_{k}")), relative_error(mine, kernel[f"grad_{k}"])
        rows.append((f"∇{k}", str(mine.shape), np.linalg.norm(mine), *errors))
        off += errors
    columns: tuple[Column, ...] = (
        ("", "text"),
        ("shape", "text"),
        ("norm", "number"),
        ("autograd", "error"),
        ("fused", "error"),
    )
    return Result(
        (Excerpt(words), Table(columns, tuple(rows), f"{units} units, {length} steps")),
        (
            at_most("on real text the equations equal autograd and the fused kernel", max(off), 1e-10),
            at_most(
                "the gradient of the summed loss is T times that of the mean", _sum_against_mean(problem, found), 1e-10
            ),
        ),
    )


def _sum_against_mean(problem: Network, found: Values) -> float:
    """The error of ∇W of the sum (by equation) against T times ∇W of the mean (by autograd)."""
    states = problem.layer(Tensor(problem.x[:, None]), Tensor(problem.h0.reshape(1, 1, -1)))[0]
    mean = cross_entropy(problem.head(states), problem.targets[:, None])
    return relative_error(found["grad_W"], problem.tau * grad(mean, problem.layer.weight_hh_l0).data)


@experiment(units=between(2, 64, full=64), length=between(16, 100, full=100))
def left_to_right(units: int = 12, length: int = 40, *, rng: np.random.Generator) -> Result:
    """The change of the loss along one direction of W: from the gradient, and carried forwards without it."""
    problem, _ = _text_problem(units, length, rng, norm=0.9)
    layer, direction = problem.layer, rng.standard_normal((units, units))

    def loss(W: Tensor) -> Tensor:
        x = project(layer.weights(), Tensor(problem.x[:, None]))
        steps = unroll(layer.cell, x, ElmanState(Tensor(problem.h0[None])), W, layer.bias_hh_l0)
        scores = problem.head(stack([s.h for s in steps]))
        return cross_entropy(scores, problem.targets[:, None]) * float(length)

    _, carried = jvp(loss, [layer.weight_hh_l0.data], [direction])
    found = evaluate(chain(REGISTRY["20"]), problem.given())
    backwards = float(np.sum(found["grad_W"] * direction))
    rows = (("backwards: ⟨∇W, D⟩ by equation 24", backwards), ("forwards, carried along D", carried.item()))
    return Result(
        (Table((("change of the loss along D", "text"), ("", "number")), rows, "D: a random direction of W"),),
        (at_most("both ways give the same change", relative_error(carried.item(), backwards), 1e-10),),
    )


@experiment(units=between(2, 64, full=64), length=between(16, 100, full=60))
def norms_through_time(units: int = 24, length: int = 30, *, rng: np.random.Generator) -> Result:
    """How much a loss at the last step feels each state before it, by steps back, for three sizes of W."""
    curves, kept, words = [], {}, ""
    same = int(rng.integers(2**32))
    for norm in (0.5, 0.9, 2.5):
        problem, words = _text_problem(units, length, np.random.default_rng(same), norm)
        norms = _norms_of_last_loss(problem)
        curves.append(curve(f"‖W‖ = {norm}", range(length), norms))
        kept[norm] = norms[-1] / norms[0]
    bound = 0.5 ** (length - 1)
    return Result(
        (Excerpt(words), Plot("‖∇h‖ of the last step's loss", tuple(curves), "steps back", log=True)),
        (
            at_most(
                "with ‖W‖ a half, each step back at least halves the gradient (share left at the first)",
                kept[0.5],
                bound,
            ),
            at_least("with a larger ‖W‖ more is left (ratio to the share before)", kept[0.9] / kept[0.5], 1.0),
        ),
    )


def _norms_of_last_loss(problem: Network) -> list[float]:
    values = evaluate(chain(REGISTRY["20"]), problem.given())
    grad_h = {problem.tau: REGISTRY["18"](values)[problem.tau]}
    silent = {t: 0 * g for t, g in values["grad_o"].items()}
    for t in range(problem.tau - 1, 0, -1):
        grad_h[t] = REGISTRY["20"].at({**values, "grad_h": grad_h, "grad_o": silent}, t=t)
    return [float(np.linalg.norm(grad_h[t])) for t in range(problem.tau, 0, -1)]


@experiment(units=between(2, 64, full=64), length=between(16, 100, full=64), norm=between(0.1, 0.95))
def truncation(units: int = 12, length: int = 32, norm: float = 0.8, *, rng: np.random.Generator) -> Result:
    """∇W with the walk back cut after a window of steps, against the whole of it."""
    problem, _ = _text_problem(units, length, rng, norm)
    values = evaluate(chain(REGISTRY["20"]), problem.given())
    full = values["grad_W"]
    windows = [2**k for k in range(length.bit_length() - 1)]
    bias = [float(np.linalg.norm(_cut(values, k) - full) / np.linalg.norm(full)) for k in windows]
    whole = relative_error(_cut(values, length), full)
    rows = tuple(zip(map(str, windows), bias, strict=True))
    return Result(
        (Table((("window", "text"), ("bias of ∇W", "share")), rows, f"‖W‖ = {norm}, {length} steps"),
         Plot("bias of the truncated ∇W", (curve("bias", windows, bias),), "window", log=True)),
        (
            at_most("W being contractive, a long window has little of a short one's bias", bias[-1] / bias[0], 0.2),
            at_most("a window as long as the text cuts nothing", whole, 1e-10),
        ),
    )  # fmt: skip


def _cut(values: Values, window: int) -> Array:
    """∇W with each step's loss carried back through at most `window` states: a stride of one."""
    found: Array = evaluate(find("truncated"), in_chunks(values, window, 1))["grad_W"]
    return found


def _weighted(values: Values, xi: Sequence[float]) -> Array:
    """∇W with the links back weighted by ξ."""
    found: Array = evaluate(find("randomised"), at_random(values, xi))["grad_W"]
    return found


@experiment(span=between(3, 11), probability=between(0.1, 0.9))
def randomised(span: int = 9, probability: float = 0.6, *, rng: np.random.Generator) -> Result:
    """Truncation at random, weighted so as to be right on average: the average taken over every outcome."""
    problem, _ = _text_problem(8, span, rng, norm=0.9)
    values = evaluate(chain(REGISTRY["20"]), problem.given())
    full = values["grad_W"]
    outcomes = [(p, _weighted(values, xi)) for p, xi in patterns(span - 1, probability)]
    mean = sum(p * g for p, g in outcomes)
    spread = float(np.sqrt(sum(p * np.sum((g - full) ** 2) for p, g in outcomes)) / np.linalg.norm(full))
    cut = float(np.linalg.norm(_cut(values, 2) - full) / np.linalg.norm(full))
    rows = (("full", 0.0, 0.0), ("window 2", cut, 0.0), ("at random", relative_error(mean, full), spread))
    return Result(
        (
            Table(
                (("truncation", "text"), ("bias of ∇W", "share"), ("spread of ∇W", "share")),
                rows,
                f"all {len(outcomes)} outcomes, weighted",
            ),
        ),
        (
            at_most("averaged over every outcome, random truncation has no bias", relative_error(mean, full), 1e-10),
            at_least("what it costs is spread (relative to ‖∇W‖)", spread, 1e-2),
        ),
    )
