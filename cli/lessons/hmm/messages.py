"""The pages on the two messages: from the left, with or without what is heard now, and from the right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Result, Steps, Table, at_least, at_most
from cli.lessons.hmm.house import LETTERS, NAMES, PROBLEMS, SOUNDS, STEPS, house, known, random_models, short
from cli.lessons.hmm.listing import Listing
from minigrad import relative_error
from minigrad.graph import Array
from rnn.baselines import HMM
from rnn.formulas import REGISTRY
from rnn.formulas.notation import superscript
from rnn.formulas.registry import Values
from rnn.formulas.worked import work
from rnn.metrics import Ints

BESIDE: tuple[Column, ...] = tuple((name, "number") for name in NAMES)


def by_step(ids: Ints, symbol: str, message: dict[int, Array], caption: str) -> Table:
    """A message at each step, beside what is heard there."""
    rows = tuple(
        (f"{symbol}{superscript(t)}", LETTERS[ids[t - 1]], *message[t].ravel()) for t in range(1, len(ids) + 1)
    )
    return Table((("", "text"), ("heard", "text"), *BESIDE), rows, caption)


def off(message: dict[int, Array], listed: Callable[[int], Array], steps: int) -> float:
    """The largest relative error of a message against the lists."""
    return max(relative_error(message[t].ravel(), listed(t)) for t in range(1, steps + 1))


def cases(steps: int, problems: int, seed: int) -> list[tuple[HMM, Ints]]:
    """The house and a few evenings; then random models."""
    return [(house(), short(steps, seed)), *random_models(problems, np.random.default_rng([seed, 20]))]


def off_by(id: str, found: Values, listed: Listing) -> float:
    """How far an equation's P is from the sum over the list."""
    return relative_error(np.float64(REGISTRY[id](found)), np.float64(listed.P))


@experiment(steps=STEPS, problems=PROBLEMS)
def forwards(steps: int = 4, problems: int = 10, *, seed: int) -> Result:
    """π step by step, against the sums over all sequences."""
    ids, values = short(steps, seed), known(house(), short(steps, seed))
    found = [(m, x, known(m, x), Listing(m, x)) for m, x in cases(steps, problems, seed)]
    worked = Steps((work(REGISTRY["HMM-3"], values, t=1),))
    return Result(
        (worked, by_step(ids, "π", values["pi"], "the weather, and all that was heard before")),
        (
            at_most("π⁽ᵗ⁾ is the sum over all sequences that end there, at every t",
                    max(off(v["pi"], listed.pi, len(x)) for _, x, v, listed in found), 1e-12),
            at_most("HMM-4 gives the sum over the whole list",
                    max(off_by("HMM-4", v, listed) for *_, v, listed in found), 1e-12),
            at_most("HMM.forward(form='predictive') is this π",
                    max(_of_class(m, x, v) for m, x, v, _ in found), 1e-12),
        ),
    )  # fmt: skip


def _of_class(model: HMM, ids: Ints, values: Values) -> float:
    logs = model.forward(ids, form="predictive").logs
    return off(values["pi"], lambda t: np.exp(logs[t - 1]), len(ids))


def shares(message: dict[int, Array]) -> dict[int, Array]:
    """Each divided by its sum."""
    return {t: m / m.sum() for t, m in message.items()}


@experiment(steps=STEPS)
def two_forms(steps: int = 4, *, seed: int) -> Result:
    """π and α of the same evenings, and of evenings on which something else was heard at one step."""
    ids, t = short(steps, seed), 2
    values, listed = known(house(), ids), Listing(house(), ids)
    other = ids.copy()
    other[t - 1] = (other[t - 1] + 1) % len(LETTERS)
    changed = known(house(), other)
    pi, alpha = shares(values["pi"]), shares(values["alpha"])
    rows = [
        (
            f"t = {k}",
            LETTERS[ids[k - 1]],
            *(f"{a:.2f} → {b:.2f}" for a, b in zip(pi[k].flat, alpha[k].flat, strict=True)),
        )
        for k in range(1, steps + 1)
    ]
    columns: tuple[Column, ...] = (("", "text"), ("heard", "text"), *((name, "text") for name in NAMES))
    P = {0: 1.0} | {k: Listing(house(), ids[:k]).P for k in range(1, steps + 1)}
    sums = [abs(values[m][k].sum() / P[k - (m == "pi")] - 1) for m in ("pi", "alpha") for k in pi]
    twice = [float(np.abs(SOUNDS.T @ (alpha[k] - pi[k])).max()) for k in pi]
    return Result(
        (Table(columns, tuple(rows), "P(hₜ | heard before t) → P(hₜ | heard up to t)"),),
        (
            at_most("another sound at t = 2 leaves π⁽²⁾ as it was", _moved(values, changed, "pi", t), 0),
            at_least("and moves α⁽²⁾ by, as a share of its sum", _moved(values, changed, "alpha", t), 0.05),
            at_most("π⁽ᵗ⁾ without the sound at t, α⁽ᵗ⁾ with it, as in the lists", max(
                off(values["pi"], listed.pi, steps), off(values["alpha"], listed.alpha, steps)), 1e-12),
            at_most("α⁽ᵗ⁾ = e⁽ᵗ⁾ ⊙ π⁽ᵗ⁾",
                    max(relative_error(values["e"][k] * values["pi"][k], values["alpha"][k]) for k in pi), 1e-12),
            at_most("π⁽ᵗ⁾ sums to P of what was heard before t, α⁽ᵗ⁾ to P of what was heard up to t", max(sums), 1e-12),
            at_least("taking α for π hears the sound at t twice: the forecast of it is off by", min(twice), 0.01),
        ),
    )  # fmt: skip


def _moved(values: Values, changed: Values, name: str, t: int) -> float:
    return float(np.abs(shares(values[name])[t] - shares(changed[name])[t]).max())


@experiment(steps=STEPS, problems=PROBLEMS)
def backwards(steps: int = 4, problems: int = 10, *, seed: int) -> Result:
    """β from the end, against the sums over all sequences."""
    ids, values = short(steps, seed), known(house(), short(steps, seed))
    found = [(m, x, known(m, x), Listing(m, x)) for m, x in cases(steps, problems, seed)]
    anywhere = [relative_error(np.array([(v["beta"][t] * v["alpha"][t]).sum() for t in v["beta"]]),
                               np.full(len(v["beta"]), listed.P)) for *_, v, listed in found]  # fmt: skip
    worked = Steps((work(REGISTRY["HMM-6"], values, t=steps),))
    return Result(
        (worked, by_step(ids, "β", values["beta"], "all that is heard later, given the weather now")),
        (
            at_most("β⁽ᵗ⁾ is the sum over all sequences that begin there, at every t",
                    max(off(v["beta"], listed.beta, len(x)) for _, x, v, listed in found), 1e-12),
            at_most("HMM-7 gives the same P from the other end",
                    max(off_by("HMM-7", v, listed) for *_, v, listed in found), 1e-12),
            at_most("β⁽ᵗ⁾ᵀ α⁽ᵗ⁾ is P at every t", max(anywhere), 1e-12),
            at_least("a column of β is no distribution: its sum differs from one by",
                     abs(float(values["beta"][1].sum()) - 1), 0.01),
        ),
    )  # fmt: skip
