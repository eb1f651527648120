"""Experiments of the lesson on backpropagation through time."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from cli.lab.costs import cost, growth
from cli.lab.experiments import between, experiment
from cli.lab.figures import (
    Claim, Excerpt, Matrices, Plot, Result, Steps, Table, Witnesses, at_least, at_most, curve,
)  # fmt: skip
from cli.lab.texts import Prepared, prepare
from minigrad import Tensor, cross_entropy, grad, relative_error
from minigrad.graph import Array
from minigrad.nn import Linear
from rnn.cells import unroll
from rnn.formulas import REGISTRY, evaluate
from rnn.formulas.registry import Values
from rnn.formulas.truncation import patterns, randomised_grad_W, truncated_grad_W
from rnn.formulas.worked import work
from rnn.layers import RNN
from rnn.verify import chain, check, engine_values
from rnn.witnesses import Problem, fused, random_problem

ALPHABET = "abc"
_PARAMETERS = ("c", "b", "V", "W", "U")
_TINY = {"hidden": between(1, 4), "steps": between(2, 5)}


@cache
def _tiny(hidden: int, steps: int, seed: int) -> Problem:
    """A network that reads letters of a three-letter alphabet and is asked for the next one."""
    rng = np.random.default_rng(seed)
    problem = random_problem("elman", rng, steps=steps, inputs=3, hidden=hidden, vocabulary=3)
    # Two decimals, so that the printed numbers are the ones used and a reader can follow on paper.
    for p in (*problem.layer.parameters(), *problem.head.parameters()):
        p.assign(np.round(p.data, 2))
    ids = rng.integers(0, 3, steps + 1)
    return replace(problem, x=np.eye(3)[ids[:-1]], h0=np.round(0.5 * problem.h0, 2), targets=ids[1:])


def _same(hidden: int, steps: int, rng: np.random.Generator) -> tuple[Problem, Values]:
    """The same small network on every page: its seed is the lesson's, not the page's."""
    problem = _tiny(hidden, steps, _lesson_seed(rng))
    return problem, engine_values(problem)


def _lesson_seed(rng: np.random.Generator) -> int:
    entropy: Any = rng.bit_generator.seed_seq.entropy  # type: ignore[attr-defined]  # conduct seeds with [seed, name]
    return int(entropy[0])


def _steps(values: Values, tau: int, *equations: tuple[str, int]) -> Steps:
    return Steps(tuple(work(REGISTRY[id], values, t, tau) for id, t in equations))


@experiment(**_TINY)
def network(hidden: int = 2, steps: int = 3, *, rng: np.random.Generator) -> Result:
    """The network, small enough to copy onto paper."""
    problem, values = _same(hidden, steps, rng)
    read = "".join(ALPHABET[int(x.argmax())] for x in problem.x)
    wanted = "".join(ALPHABET[y] for y in problem.targets)
    named = tuple((k, values[k]) for k in ("U", "W", "b", "V", "c"))
    return Result((Excerpt(f"{read} → {wanted}", "reads → is asked for"), Matrices((*named, ("h⁽⁰⁾", values["h"][0])))))


@experiment(**_TINY)
def forward(hidden: int = 2, steps: int = 3, *, rng: np.random.Generator) -> Result:
    """The first step worked in full, then every step in a table, then the loss."""
    problem, values = _same(hidden, steps, rng)
    first = _steps(values, steps, *((id, 1) for id in ("7", "8", "9", "10")))
    rows = tuple(
        (f"t = {t}", *values["h"][t].ravel(), values["y_hat"][t][problem.targets[t - 1], 0])
        for t in range(1, steps + 1)
    )
    states = (f"h{_subscript(i)}" for i in range(1, hidden + 1))
    columns = [(name, "number") for name in (*states, "ŷ of the right letter")]
    return Result((first, Table((("", "text"), *columns), rows), _steps(values, steps, ("13", steps))))


def _subscript(i: int) -> str:
    return str(i).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


@experiment(**_TINY)
def last_scores(hidden: int = 2, steps: int = 3, *, rng: np.random.Generator) -> Result:
    """∇o at the last step."""
    _, values = _same(hidden, steps, rng)
    total = max(abs(float(g.sum())) for g in values["grad_o"].values())
    return Result(
        (_steps(values, steps, ("17", steps)),),
        (at_most("the entries of each ∇o⁽ᵗ⁾ add up to zero", total, 1e-12),),
    )


@experiment(**_TINY)
def last_step(hidden: int = 2, steps: int = 3, *, rng: np.random.Generator) -> Result:
    """∇h at the last step, according to four ways."""
    problem, values = _same(hidden, steps, rng)
    mine = REGISTRY["18"](values, steps)[steps]
    rows, claims = _witnesses(problem, "grad_h", steps, mine)
    return Result((_steps(values, steps, ("18", steps)), Witnesses(f"∇h⁽{_superscript(steps)}⁾", rows)), claims)


def _superscript(i: int) -> str:
    return str(i).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _witnesses(problem: Problem, name: str, t: int, mine: Array) -> tuple[Any, tuple[Claim, ...]]:
    ways = {
        "autograd": problem.graph.value(name)[t],
        "differences": problem.graph.difference(name)[t],
        "fused kernel": fused(problem)[name][t],
    }
    errors = {way: relative_error(mine, value) for way, value in ways.items()}
    rows = (("formula", mine, None), *((way, value, errors[way]) for way, value in ways.items()))
    where = f"∇h⁽{_superscript(t)}⁾"
    return rows, (
        at_most(f"{where} by equation equals autograd", errors["autograd"], 1e-10),
        at_most(f"{where} by equation equals differences", errors["differences"], 1e-6),
    )


@experiment(**_TINY)
def earlier_steps(hidden: int = 2, steps: int = 3, *, rng: np.random.Generator) -> Result:
    """∇h at all earlier steps, right to left."""
    problem, values = _same(hidden, steps, rng)
    jacobian = _steps(values, steps, ("19-h", steps - 1))
    walk = _steps(values, steps, *(("20", t) for t in range(steps - 1, 0, -1)))
    mine, jacobians = REGISTRY["20"](values, steps), REGISTRY["19"](values, steps)
    rows, claims = _witnesses(problem, "grad_h", 1, mine[1])
    apart = max(relative_error(mine[t], jacobians[t]) for t in mine)
    return Result(
        (jacobian, walk, Witnesses("∇h⁽¹⁾", rows)),
        (*claims, at_most("equation 20 and equation 19 with its Jacobians agree", apart, 1e-12)),
    )


@experiment(**_TINY)
def parameters(hidden: int = 2, steps: int = 3, *, rng: np.random.Generator) -> Result:
    """The five sums over time."""
    _, values = _same(hidden, steps, rng)
    return Result((_steps(values, steps, *((id, steps) for id in ("21", "22", "23", "24", "25"))),))


@experiment(problems=between(1, 20, full=10))
def all_equations(problems: int = 3, *, rng: np.random.Generator) -> Result:
    """Every equation on random networks with all sizes different, against every witness."""
    drawn = [
        random_problem("elman", rng, steps=int(rng.integers(3, 7)), inputs=4, hidden=3, vocabulary=5)
        for _ in range(problems)
    ]
    equations = [e for e in REGISTRY.values() if e.family == "elman" and not e.expected_to_fail]
    checks = check(equations, drawn)
    rows = tuple((c.equation.id, c.equation.gives, c.engine, c.differences, c.fused) for c in checks)
    columns = (("eq.", "text"), ("gives", "text"), ("autograd", "error"), ("differences", "error"), ("fused", "error"))
    worst = {w: max(getattr(c, w) for c in checks if getattr(c, w) is not None) for w in ("engine", "differences", "fused", "chain")}
    return Result(
        (Table(columns, rows, f"worst of {problems} random networks"),),
        (
            at_most("every equation equals autograd", worst["engine"], 1e-10),
            at_most("every gradient equals central differences", worst["differences"], 1e-6),
            at_most("every gradient equals the fused kernel's", worst["fused"], 1e-10),
            at_most("chained from parameters to gradients they still do", worst["chain"], 1e-10),
        ),
    )


@experiment(hidden=between(1, 4))
def printed_error(hidden: int = 3, *, rng: np.random.Generator) -> Result:
    """Equation 20 as it is printed: read literally, read charitably, and what that does to the parameters."""
    problem = random_problem("elman", rng, steps=5, inputs=4, hidden=hidden, vocabulary=5)
    values = engine_values(problem)
    off = _chain_errors(problem, values, "20-printed")
    mended = _chain_errors(problem, values, "20")
    rows = tuple((f"∇{k}", off[k], mended[k]) for k in _PARAMETERS)
    alone = random_problem("elman", rng, steps=5, inputs=4, hidden=1, vocabulary=5)
    at_one = max(_chain_errors(alone, engine_values(alone), "20-printed").values())
    touched = max(off[k] for k in ("b", "W", "U"))
    printed = (
        at_least("as printed, equation 20 puts ∇b, ∇W or ∇U off", touched, 1e-3)
        if hidden > 1
        else at_most("with one hidden unit the misprint does no harm", touched, 1e-10)
    )
    return Result(
        (Excerpt(_literal(values, problem.tau), "the printed formula, read literally"),
         Table((("", "text"), ("as printed", "share"), ("mended", "share")), rows, f"error of each gradient, {hidden} hidden units")),
        (
            printed,
            at_most("∇V and ∇c stay right all the same", max(off["V"], off["c"]), 1e-10),
            at_most("mended, all five are right", max(mended.values()), 1e-10),
            at_most("at one hidden unit the printed form agrees", at_one, 1e-10),
        ),
    )  # fmt: skip


def _chain_errors(problem: Problem, values: Values, variant: str) -> dict[str, float]:
    found = evaluate(chain(REGISTRY[variant]), problem.given(), problem.tau)
    return {k: relative_error(found[f"grad_{k}"], values[f"grad_{k}"]) for k in _PARAMETERS}


def _literal(values: Values, tau: int) -> str:
    """What NumPy says to Wᵀ ∇h diag(1 − h²), product by product."""
    W, g, h = values["W"], values["grad_h"][tau], values["h"][tau]
    left, right = W.T @ g, np.diagflat(1 - h**2)
    if h.shape[0] == 1:
        return f"Wᵀ∇h is {left.shape}, diag(…) is {right.shape}: with one unit the shapes happen to fit"
    try:
        left @ right
    except ValueError:
        return f"Wᵀ∇h is {left.shape}, diag(…) is {right.shape}: no such product"
    return f"Wᵀ∇h is {left.shape}, diag(…) is {right.shape}"


def _text_problem(hidden: int, length: int, rng: np.random.Generator, norm: float) -> tuple[Problem, Prepared, str]:
    """A network with ‖W‖₂ = norm, on a slice of the bundled story."""
    text = prepare("the-lighthouse")
    start = int(rng.integers(text.training.size - length - 1))
    ids = text.training[start : start + length + 1]
    layer = RNN(len(text.vocab), hidden, dtype=np.float64, rng=rng)
    head = Linear(hidden, len(text.vocab), dtype=np.float64, rng=rng)
    square = rng.standard_normal((hidden, hidden))
    layer.weight_hh_l0.assign(norm * square / np.linalg.norm(square, 2))
    one_hot = np.eye(len(text.vocab))[ids[:-1]]
    problem = Problem("elman", layer, head, one_hot, 0.5 * rng.standard_normal(hidden), ids[1:])
    return problem, text, text.vocab.decode(ids[:-1])


@experiment(units=between(2, 64, full=64), length=between(16, 100, full=100))
def on_text(units: int = 12, length: int = 40, *, rng: np.random.Generator) -> Result:
    """The same equations, chained, on a piece of real text."""
    problem, _, words = _text_problem(units, length, rng, norm=0.9)
    graph = problem.graph
    found = evaluate(chain(REGISTRY["20"]), problem.given(), length)
    kernel = fused(problem)
    rows, off = [], []
    for k in _PARAMETERS:
        mine = found[f"grad_{k}"]
        errors = relative_error(mine, graph.value(f"grad_{k}")), relative_error(mine, kernel[f"grad_{k}"])
        rows.append((f"∇{k}", str(mine.shape), np.linalg.norm(mine), *errors))
        off += errors
    columns = (("", "text"), ("shape", "text"), ("norm", "number"), ("autograd", "error"), ("fused", "error"))
    return Result(
        (Excerpt(words), Table(columns, tuple(rows), f"{units} units, {length} steps")),
        (
            at_most("on real text the equations equal autograd and the fused kernel", max(off), 1e-10),
            at_most("the gradient of the summed loss is T times that of the mean", _sum_against_mean(problem, found), 1e-10),
        ),
    )


def _sum_against_mean(problem: Problem, found: Values) -> float:
    """The error of ∇W of the sum (by equation) against T times ∇W of the mean (by autograd)."""
    states = problem.layer(Tensor(problem.x[:, None]), Tensor(problem.h0.reshape(1, 1, -1)))[0]
    mean = cross_entropy(problem.head(states), problem.targets[:, None])
    return relative_error(found["grad_W"], problem.tau * grad(mean, problem.layer.weight_hh_l0).data)


@experiment(units=between(2, 64, full=64), length=between(16, 100, full=60))
def norms_through_time(units: int = 24, length: int = 30, *, rng: np.random.Generator) -> Result:
    """How much a loss at the last step feels each state before it, by steps back, for three sizes of W."""
    curves, kept, words = [], {}, ""
    for norm in (0.5, 0.9, 2.5):
        problem, _, words = _text_problem(units, length, np.random.default_rng(rng.bit_generator.seed_seq.entropy), norm)  # type: ignore[attr-defined]  # conduct seeds it so
        norms = _norms_of_last_loss(problem)
        curves.append(curve(f"‖W‖ = {norm}", range(length), norms))
        kept[norm] = norms[-1] / norms[0]
    bound = 0.5 ** (length - 1)
    return Result(
        (Excerpt(words), Plot("‖∇h‖ of the last step's loss", tuple(curves), "steps back", log=True)),
        (
            at_most("with ‖W‖ a half, each step back at least halves the gradient (share left at the first)", kept[0.5], bound),
            at_least("with a larger ‖W‖ more is left (ratio to the share before)", kept[0.9] / kept[0.5], 1.0),
        ),
    )


def _norms_of_last_loss(problem: Problem) -> list[float]:
    values = evaluate(chain(REGISTRY["20"]), problem.given(), problem.tau)
    grad_h = {problem.tau: REGISTRY["18"](values, problem.tau)[problem.tau]}
    silent = {t: 0 * g for t, g in values["grad_o"].items()}
    for t in range(problem.tau - 1, 0, -1):
        grad_h[t] = REGISTRY["20"].at({**values, "grad_h": grad_h, "grad_o": silent}, t, problem.tau)
    return [float(np.linalg.norm(grad_h[t])) for t in range(problem.tau, 0, -1)]


@experiment(units=between(2, 64, full=64), length=between(16, 100, full=64), norm=between(0.1, 0.95))
def truncation(units: int = 12, length: int = 32, norm: float = 0.8, *, rng: np.random.Generator) -> Result:
    """∇W with the walk back cut after a window of steps, against the whole of it."""
    problem, _, _ = _text_problem(units, length, rng, norm)
    values = evaluate(chain(REGISTRY["20"]), problem.given(), length)
    full = values["grad_W"]
    windows = [2**k for k in range(length.bit_length() - 1)]
    bias = [float(np.linalg.norm(truncated_grad_W(values, length, k) - full) / np.linalg.norm(full)) for k in windows]
    whole = relative_error(truncated_grad_W(values, length, length), full)
    rows = tuple(zip(map(str, windows), bias, strict=True))
    return Result(
        (Table((("window", "text"), ("bias of ∇W", "share")), rows, f"‖W‖ = {norm}, {length} steps"),
         Plot("bias of the truncated ∇W", (curve("bias", windows, bias),), "window", log=True)),
        (
            at_most("W being contractive, the longest window's bias is a small part of the shortest's", bias[-1] / bias[0], 0.2),
            at_most("a window as long as the text cuts nothing", whole, 1e-10),
        ),
    )  # fmt: skip


@experiment(span=between(3, 11), probability=between(0.1, 0.9))
def randomised(span: int = 9, probability: float = 0.6, *, rng: np.random.Generator) -> Result:
    """Truncation at random, weighted so as to be right on average: the average taken over every outcome."""
    problem, _, _ = _text_problem(8, span, rng, norm=0.9)
    values = evaluate(chain(REGISTRY["20"]), problem.given(), span)
    full = values["grad_W"]
    outcomes = [(p, randomised_grad_W(values, span, xi)) for p, xi in patterns(span - 1, probability)]
    mean = sum(p * g for p, g in outcomes)
    spread = float(np.sqrt(sum(p * np.sum((g - full) ** 2) for p, g in outcomes)) / np.linalg.norm(full))
    cut = float(np.linalg.norm(truncated_grad_W(values, span, 2) - full) / np.linalg.norm(full))
    rows = (("full", 0.0, 0.0), ("window 2", cut, 0.0), ("at random", relative_error(mean, full), spread))
    return Result(
        (Table((("truncation", "text"), ("bias of ∇W", "share"), ("spread of ∇W", "share")), rows, f"all {len(outcomes)} outcomes, weighted"),),
        (
            at_most("averaged over every outcome, random truncation has no bias", relative_error(mean, full), 1e-10),
            at_least("what it costs is spread (relative to ‖∇W‖)", spread, 1e-2),
        ),
    )


@experiment(units=between(2, 64, full=64))
def costs(units: int = 16, *, rng: np.random.Generator) -> Result:
    """Operations and kept bytes of one pass, for lengths that double."""
    shortest = int(rng.integers(12, 30))
    lengths = [shortest * 2**k for k in range(4)]
    found = [_cost_of(units, n) for n in lengths]
    rows = tuple((str(n), f"{c.operations:,}", f"{c.bytes:,}") for n, c in zip(lengths, found, strict=True))
    columns = (("T", "text"), ("operations", "text"), ("bytes kept", "text"))
    return Result(
        (Table(columns, rows, f"{units} units, one sequence, counted in the engine's graph"),),
        (
            at_most("operations grow no faster than T (p in Tᵖ)", growth([c.operations for c in found], lengths), 1.05),
            at_most("memory grows no faster than T (p in Tᵖ)", growth([c.bytes for c in found], lengths), 1.05),
        ),
    )


def _cost_of(units: int, length: int) -> Any:
    rng = np.random.default_rng(length)
    layer, head = RNN(20, units, rng=rng), Linear(units, 20, rng=rng)
    ids = rng.integers(0, 20, (length, 1))
    start = Tensor(np.zeros((1, units), np.float32))
    steps = unroll(layer.cell, layer.project(ids), start, layer.weight_hh_l0, layer.bias_hh_l0)
    losses = [cross_entropy(head(s.h), ids[t]) for t, s in enumerate(steps)]
    return cost(sum(losses[1:], losses[0]))
