"""The pages on looking several days ahead: all ways in between, and one product in place of them."""

from __future__ import annotations

from itertools import pairwise, product
from math import prod

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Matrices, Plot, Result, Steps, Table, at_least, at_most, curve
from cli.lessons.markov.counting import astray, counts, errors, shares
from cli.lessons.markov.weather import KNOBS, NAMES, SURE, WEATHER, arrow, diary, random_table, weather
from minigrad import relative_error
from minigrad.graph import Array
from rnn.formulas import REGISTRY
from rnn.formulas.worked import work
from rnn.verify import check
from rnn.witnesses import Problem, random_problem

FROM, TO = NAMES.index("clear"), NAMES.index("storm")
PROBLEMS = between(1, 40, full=40)


def way(A: Array, *days: int) -> float:
    """The probability of going just this way, from its first day on."""
    return prod(float(A[a, b]) for a, b in pairwise(days))


def by_listing(A: Array, start: int, end: int, steps: int) -> float:
    """The probability of `end` so many steps after `start`: every way between them, added up."""
    total, kinds = 0.0, range(len(A))
    for middle in product(kinds, repeat=steps - 1):
        total += way(A, start, *middle, end)
    return total


@experiment(problems=PROBLEMS)
def ways(problems: int = 10, *, rng: np.random.Generator) -> Result:
    """From a clear day to a storm in two days, by each way; then all entries at once."""
    A = WEATHER
    rows = [(arrow(FROM, k, TO), f"{A[FROM, k]:.1f} × {A[k, TO]:.1f}", way(A, FROM, k, TO)) for k in range(len(A))]
    rows.append(("any way", "added up", by_listing(A, FROM, TO, 2)))
    columns: tuple[Column, ...] = (("way", "text"), ("", "text"), ("chance", "number"))
    tables = [A, *(random_table(int(rng.integers(2, 6)), rng) for _ in range(problems))]
    off = max(_off(table) for table in tables)
    return Result(
        (Table(columns, tuple(rows)), Steps((work(REGISTRY["MARKOV-5"], {"A": A}),))),
        (
            at_most("A A has the sum over all ways in each entry; so in random chains", off, 1e-12),
            at_least("the square of each entry is something else", float(np.abs(A @ A - A**2).max()), 0.1),
        ),
    )


def _off(A: Array) -> float:
    size = range(len(A))
    return relative_error(
        REGISTRY["MARKOV-5"]({"A": A}), np.array([[by_listing(A, i, j, 2) for j in size] for i in size])
    )


@experiment(problems=PROBLEMS)
def from_the_joint(problems: int = 10, *, rng: np.random.Generator) -> Result:
    """The book's derivation, equation by equation, against the probabilities of all texts written out."""
    drawn = [_random(rng) for _ in range(problems)]
    checks = check([REGISTRY[f"MARKOV-{k}"] for k in range(1, 6)], drawn)
    rows = tuple((c.equation.id, c.equation.text, c.engine) for c in checks)
    columns: tuple[Column, ...] = (("eq.", "text"), ("", "text"), ("off by", "error"))
    given = {"A": WEATHER, "p": weather().start[:, None], "u": np.ones((3, 1)), "I": np.eye(3)}
    J = REGISTRY["MARKOV-1"](given)
    K = REGISTRY["MARKOV-3"]({**given, "D": REGISTRY["MARKOV-2"]({**given, "J": J})})
    Q = REGISTRY["MARKOV-4"]({**given, "K": K})
    return Result(
        (Matrices((("J", J), ("K", K), ("Q", Q))), Table(columns, rows, f"worst of {problems} random chains")),
        (
            at_most("every equation agrees with the texts written out", max(c.engine or 0 for c in checks), 1e-12),
            at_most("the long way and A A give one matrix", relative_error(Q, WEATHER @ WEATHER), 1e-12),
            at_most("k_step(2) gives it too", relative_error(weather().k_step(2), Q), 1e-12),
        ),
    )


def _random(rng: np.random.Generator) -> Problem:
    return random_problem("markov", rng, steps=3, inputs=1, hidden=1, vocabulary=int(rng.integers(2, 6)))


@experiment(**KNOBS)
def counted(days: int = 8000, *, seed: int) -> Result:
    """Powers of A against what is counted in the diary, for several days ahead."""
    ids, ahead = diary(days, seed), range(1, 8)
    found = {k: (counts(ids[::k]), weather().k_step(k)) for k in ahead}
    rows = tuple((str(k), *_apart(*found[k])) for k in ahead)
    columns: tuple[Column, ...] = (
        ("days ahead", "text"), ("apart", "number"), ("standard error", "number"), ("ratio", "number"),
    )  # fmt: skip
    two = found[2][0]
    return Result(
        (Matrices((("A A", found[2][1]), ("counted", shares(two)))),
         Table(columns, rows, "Aᵏ and what is counted, at the entry that is furthest off")),
        (
            at_most("A A and every second day: apart by (standard errors)", astray(two, found[2][1]), SURE),
            at_most("up to a week ahead: apart by", max(astray(*f) for f in found.values()), SURE),
            at_least("A itself and every second day: apart by", astray(two, WEATHER), 4 * SURE),
        ),
    )  # fmt: skip


def _apart(counted: Array, p: Array) -> tuple[float, float, float]:
    """At the entry that is furthest off: the difference, one standard error, and their ratio."""
    ratios = np.abs(errors(counted, p))
    at = np.unravel_index(ratios.argmax(), ratios.shape)
    difference = float(np.abs(shares(counted) - p)[at])
    return difference, difference / float(ratios[at]), float(ratios[at])


@experiment(ahead=between(4, 30))
def far_ahead(ahead: int = 12) -> Result:
    """The chance of a storm so many days ahead, after each kind of day."""
    chain, steps = weather(), range(ahead + 1)
    powers = [chain.k_step(k) for k in steps]
    curves = tuple(curve(f"after {name}", steps, [P[i, TO] for P in powers]) for i, name in enumerate(NAMES))
    spans = [float(np.ptp(P, axis=0).max()) for P in powers]
    rate = float(np.sort(np.abs(np.linalg.eigvals(WEATHER)))[-2])
    stays = chain.stationary()[:, None]
    kept = REGISTRY["MARKOV-7"]({"A": WEATHER, "pi": {1: stays}, "tau": 2})[2]
    listed = by_listing(WEATHER, FROM, TO, 8)
    return Result(
        (Plot("chance of a storm", curves, "days ahead"),
         Matrices((("A to the power of 12", chain.k_step(12)), ("stationary", stays)))),
        (
            at_most("a month ahead today no longer matters: largest difference of two rows",
                    float(np.ptp(chain.k_step(30), axis=0).max()), 1e-12),
            at_most("on the way differences shrink at least as |λ₂|ᵏ: largest ratio to it",
                    max(s / rate**k for k, s in enumerate(spans)), 3),
            at_most("Aᵀ leaves the stationary distribution as it is", relative_error(kept, stays), 1e-12),
            at_most(f"eight days ahead, {len(NAMES)**7:,} ways listed and added give the same", relative_error(
                np.float64(listed), chain.k_step(8)[FROM, TO]), 1e-12),
        ),
    )  # fmt: skip
