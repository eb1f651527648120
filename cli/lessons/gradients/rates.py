"""The pages on what a product of many factors does: in a small network, and where every factor is the same."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Plot, Result, Steps, Strips, Table, at_least, at_most, curve
from cli.lessons.gradients.networks import KNOBS, RADII, drawn, linear, power_norm, rate, turning, walk_back
from minigrad import relative_error
from minigrad.graph import Array
from rnn.formulas import REGISTRY
from rnn.formulas.worked import work
from rnn.verify import engine_values
from rnn.witnesses.sensitivity import random_sensitivity

SHADES = (1e-4, 1e-2, 1.0, 10.0, 1e3)
_WINDOW = 35  # steps, as in the usual windows of text
_EARLY, _LATE = 100, 400  # powers between which a rate is read: by then it matters no more how the product began


@experiment(steps=between(2, 5))
def product(steps: int = 3, *, rng: np.random.Generator) -> Result:
    """∂h⁽τ⁾/∂h⁽ᵗ⁾ of a network with two units, a factor for each step back."""
    problem = random_sensitivity("jacobian", rng, steps=steps, hidden=2)
    values, graph = engine_values(problem), problem.graph
    worked = tuple(work(REGISTRY["JACOBIAN-2"], values, t=t) for t in (steps - 1, steps - 2))
    J, nu = walk_back(values["W"], values["h"])
    rows = tuple((f"t = {t}", str(steps - t), nu[t]) for t in range(steps, -1, -1))
    columns: tuple[Column, ...] = (("", "text"), ("factors", "text"), ("ν⁽ᵗ⁾ = ‖J⁽ᵗ⁾‖", "number"))
    return Result(
        (Steps(worked), Table(columns, rows)),
        (
            at_most("the product is autograd's Jacobian, at every t", _apart(J, graph.value("J")), 1e-10),
            at_most("and that of differences", _apart(J, graph.difference("J")), 1e-6),
            at_most("no factor stretches by more than ‖W‖ (largest share of it)", _steepest(values["W"], nu), 1),
        ),
    )


def _apart(mine: dict[int, Array], theirs: dict[int, Array]) -> float:
    return max(relative_error(mine[t], theirs[t]) for t in mine)


def _steepest(W: Array, nu: dict[int, float]) -> float:
    return max(nu[t] / (float(np.linalg.norm(W, 2)) * nu[t + 1]) for t in nu if t + 1 in nu)


def strips(title: str, norms: dict[str, dict[int, float]]) -> Strips:
    """ν⁽ᵗ⁾ from t = 0 to τ, a row for each network."""
    rows = tuple((name, tuple(nu[t] for t in sorted(nu))) for name, nu in norms.items())
    return Strips(rows, SHADES, title, "t")


def by_radius(norms: dict[float, dict[int, float]]) -> dict[str, dict[int, float]]:
    """Each ρ as it is shown."""
    return {f"ρ = {rho}": nu for rho, nu in norms.items()}


@experiment(units=KNOBS["units"], length=KNOBS["length"])
def without_tanh(units: int = 24, length: int = 40, *, rng: np.random.Generator) -> Result:
    """Five spectral radii in a linear network."""
    matrices = {rho: drawn(units, rho, rng) for rho in RADII}
    norms = {rho: walk_back(W, linear(W, length))[1] for rho, W in matrices.items()}
    rates = {rho: rate(power_norm(W, _EARLY), power_norm(W, _LATE), _LATE - _EARLY) for rho, W in matrices.items()}
    left = {rho: _carried(W, rng) for rho, W in matrices.items()}
    rows = tuple((f"{rho}", float(np.log(rho)), rates[rho], left[rho]) for rho in RADII)
    columns: tuple[Column, ...] = (
        ("ρ", "text"), ("log ρ", "number"), ("measured", "number"), (f"‖g‖ = 1, {_WINDOW} steps back", "error"),
    )  # fmt: skip
    by_squaring = max(relative_error(norms[rho][0], power_norm(W, length)) for rho, W in matrices.items())
    return Result(
        (strips("ν⁽ᵗ⁾ without tanh", by_radius(norms)), Table(columns, rows)),
        (
            at_most("log ‖Wᵏ‖ changes by log ρ a step (worst of five)", _worst(rates), 0.02),
            at_most("without tanh, equation JACOBIAN-2 gives powers of W", by_squaring, 1e-9),
            at_most(f"ρ = 0.5: what {_WINDOW} steps leave of g", left[0.5], 1e-6),
            at_least(f"ρ = 1.5: what {_WINDOW} steps make of g", left[1.5], 1e2),
        ),
    )


def _worst(rates: dict[float, float]) -> float:
    return float(max(abs(found - np.log(rho)) for rho, found in rates.items()))


def _carried(W: Array, rng: np.random.Generator) -> float:
    """‖(Wᵀ)ᵏ g‖ for a random g of length one."""
    g = rng.standard_normal(len(W))
    return float(np.linalg.norm(np.linalg.matrix_power(W.T, _WINDOW) @ g) / np.linalg.norm(g))


@experiment(shear=between(1.0, 20.0))
def detour(shear: float = 5.0, *, rng: np.random.Generator) -> Result:
    """Two matrices with the eigenvalues 0.9 and 0.9: one shears, the other only turns."""
    W, turned = np.array([[0.9, shear], [0.0, 0.9]]), turning(2, 0.9, rng)
    k = range(61)
    norms, plain = [power_norm(W, n) for n in k], [power_norm(turned, n) for n in k]
    tenth = np.array([[0.9**10, 10 * shear * 0.9**9], [0.0, 0.9**10]])
    late = rate(power_norm(W, 2 * _LATE), power_norm(W, 4 * _LATE), 2 * _LATE)
    return Result(
        (Plot("‖Wᵏ‖", (curve("shears", k, norms), curve("turns", k, plain)), "k", log=True),),
        (
            at_least("‖Wᵏ‖ at k = 10, above its corner 10 · shear · 0.9⁹", norms[10], tenth[0, 1]),
            at_most("W¹⁰ is as worked by hand", relative_error(np.linalg.matrix_power(W, 10), tenth), 1e-12),
            at_most("in the long run its rate is log ρ all the same (off by)", abs(late - np.log(0.9)), 0.02),
            at_most("where W only turns, ‖Wᵏ‖ is ρᵏ throughout", relative_error(plain, [0.9**n for n in k]), 1e-12),
        ),
    )
