"""The pages on cost: operations, counted on the equations themselves, and numbers that get too small."""

from __future__ import annotations

from typing import Any

import numpy as np

from cli.lab.costs import growth
from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Plot, Result, Table, at_least, at_most, curve
from cli.lessons.hmm.house import EVENINGS, LONG_AGO, SOUNDS, WEATHER, house, record
from cli.lessons.hmm.listing import joint, paths
from minigrad.graph import Array
from rnn.baselines import HMM
from rnn.formulas import REGISTRY
from rnn.formulas.registry import Values
from rnn.metrics import Ints


class Tally:
    """Numbers that count how often they are multiplied or added."""

    def __init__(self) -> None:
        self.operations = 0

    def of(self, values: Array) -> Array:
        """An array of such numbers."""
        return np.frompyfunc(lambda v: Counted(float(v), self), 1, 1)(values)


class Counted:
    """A number of a tally."""

    def __init__(self, value: float, tally: Tally):
        self.value, self.tally = value, tally

    def __mul__(self, other: Counted) -> Counted:
        self.tally.operations += 1
        return Counted(self.value * other.value, self.tally)

    def __add__(self, other: Counted) -> Counted:
        self.tally.operations += 1
        return Counted(self.value + other.value, self.tally)

    def __float__(self) -> float:
        return self.value


def by_equations(known: Values) -> Any:
    """P, step by step: HMM-2, HMM-3 for each t, HMM-4."""
    pi = {1: REGISTRY["HMM-2"].at(known)}
    known = {**known, "pi": pi}
    for t in range(1, known["tau"]):
        pi[t + 1] = REGISTRY["HMM-3"].at(known, t=t)
    return REGISTRY["HMM-4"].at(known)


def counted_steps(model: HMM, ids: Ints) -> tuple[int, float]:
    """Operations of the equations, and the P that they come to."""
    assert model.emissions is not None  # models of this lesson have them
    tally = Tally()
    e = {t: tally.of(model.emissions[:, [x]]) for t, x in enumerate(ids, 1)}
    P = by_equations({"A": tally.of(model.transitions), "p": tally.of(model.start[:, None]), "e": e, "tau": len(ids)})
    return tally.operations, float(P)


def counted_list(model: HMM, ids: Ints) -> tuple[int, float]:
    """Operations of the list of all sequences, and the P that it comes to."""
    assert model.emissions is not None  # models of this lesson have them
    tally = Tally()
    p, A, B = (tally.of(table) for table in (model.start, model.transitions, model.emissions))
    P = joint(p, A, B, paths(model.states, len(ids)), ids.tolist()).sum()
    return tally.operations, float(P)


@experiment(states=between(2, 4))
def operations(states: int = 3, *, rng: np.random.Generator) -> Result:
    """The list and the equations side by side, every multiplication and addition counted."""
    model, lengths = HMM.random(states, 3, rng), (1, 2, 3, 4, 5, 6)
    ids = rng.integers(0, 3, 64)
    listed, stepped = ({n: f(model, ids[:n]) for n in lengths} for f in (counted_list, counted_steps))
    long = [counted_steps(model, ids[:n])[0] for n in (32, 64)]
    wide = [counted_steps(HMM.random(k, 3, rng), ids[:8])[0] for k in (16, 32)]
    rows = tuple((str(n), f"{states**n:,}", f"{listed[n][0]:,}", f"{stepped[n][0]:,}") for n in lengths)
    columns: tuple[Column, ...] = (("T", "text"), ("sequences", "text"), ("listed", "text"), ("step by step", "text"))
    curves = (curve("listed", lengths, [listed[n][0] for n in lengths]),
              curve("step by step", lengths, [stepped[n][0] for n in lengths]))  # fmt: skip
    apart = max(abs(listed[n][1] - stepped[n][1]) / listed[n][1] for n in lengths)
    return Result(
        (Table(columns, rows, f"multiplications and additions, {states} states"),
         Plot("operations", curves, "T", log=True)),
        (
            at_most("both come to the same P", apart, 1e-12),
            at_least("listed: operations for each of the Kᵀ sequences", listed[6][0] / states**6, 6),
            at_most("step by step: operations for each of T k²", stepped[6][0] / (6 * states**2), 3),
            at_most("it grows as T (p in Tᵖ)", growth(long, [32, 64]), 1.05),
            at_most("and as k² (p in kᵖ)", growth(wide, [16, 32]), 2.02),
            at_least("listed, one step more multiplies the work by k at least",
                     listed[6][0] / listed[5][0], states),
        ),
    )  # fmt: skip


@experiment(evenings=EVENINGS)
def too_small(evenings: int = 10_000, *, seed: int) -> Result:
    """P of ever longer records, by the plain equations and with a scale taken out at every step."""
    ids, model = record(evenings, seed).ids, house(LONG_AGO)
    lengths = (10, 100, 500, 1000, evenings)
    plain = {n: plainly(ids[:n]) for n in lengths[:-1]}
    scaled = {n: model.log_likelihood(ids[:n]) for n in lengths}
    rows = tuple((f"{n:,}", plain.get(n), f"{scaled[n]:.1f}".replace("-", "−")) for n in lengths)
    columns: tuple[Column, ...] = (("evenings", "text"), ("P", "error"), ("log P", "text"))
    apart = max(abs(np.log(plain[n]) - scaled[n]) for n in (10, 100))
    by_hand = by_scales(LONG_AGO, WEATHER, SOUNDS, ids)
    return Result(
        (Table(columns, rows),),
        (
            at_most("while P can be written, both agree: log P apart by", apart, 1e-10),
            at_most("after a thousand evenings the plain P is", plain[1000], 0),
            at_least("and its logarithm, by scales", scaled[1000], -1100),
            at_most(
                "the lines above give what HMM gives: apart by, as a share", abs(by_hand / scaled[evenings] - 1), 1e-12
            ),
        ),
    )


def by_scales(p: Array, A: Array, B: Array, ids: Ints) -> float:
    """log P: at every step what is heard is foretold, and divided by how probable that was."""
    pi, log_P = p, 0.0
    for x in ids:
        alpha = B[:, x] * pi
        foretold = alpha.sum()
        log_P += float(np.log(foretold))
        pi = A.T @ (alpha / foretold)
    return log_P


def plainly(ids: Ints) -> float:
    """P by the equations, as they stand."""
    e = {t: SOUNDS[:, [x]] for t, x in enumerate(ids, 1)}
    return float(by_equations({"A": WEATHER, "p": LONG_AGO[:, None], "e": e, "tau": len(ids)}))
