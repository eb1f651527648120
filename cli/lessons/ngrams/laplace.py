"""The page on Laplace's smoothing and its limits."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Result, Table, at_least, at_most
from cli.lessons.ngrams.book import BOOK, Split, open_book
from minigrad.graph import Array
from rnn.formulas import REGISTRY
from rnn.formulas.registry import Values
from rnn.metrics import Ints

_STRENGTHS = (1e3, 1e6, 1e12)


class Tables(NamedTuple):
    """P̂(x), P̂(x′|x) and P̂(x″|x, x′) for all tokens, as printed and chained."""

    p: Array
    Q: Array
    R: Array
    Q_c: Array
    R_c: Array


def given(text: Split) -> Values:
    """What is counted, as the equations have it."""
    m, ids = text.vocabulary, text.learn
    n, C, D = (_times(ids, m, k) for k in (1, 2, 3))
    return {"n": n.reshape(m, 1), "C": C, "D": D, "m": float(m), "N": float(len(ids)), "u": np.ones((m, 1))}


def _times(ids: Ints, m: int, k: int) -> Array:
    """How often each k-gram occurs, its last token along the columns."""
    keys = sum(ids[i : len(ids) - k + 1 + i] * m ** (k - 1 - i) for i in range(k))
    return np.bincount(keys, minlength=m**k).reshape(-1, m).astype(float)


def by_equations(known: Values, epsilon: tuple[float, float, float]) -> Tables:
    """SMOOTHING-1 to SMOOTHING-6, one after another."""
    known = {**known, **{f"epsilon_{k}": e for k, e in enumerate(epsilon, 1)}}
    for name, id in (("p", 1), ("Q", 2), ("R", 3), ("f", 4), ("Q_c", 5), ("R_c", 6)):
        known[name] = REGISTRY[f"SMOOTHING-{id}"].at(known)
    return Tables(*(known[name] for name in Tables._fields))


def by_models(text: Split, epsilon: tuple[float, float, float]) -> Tables:
    """The same from the project's models, context by context."""
    every = [np.array([*product(range(text.vocabulary), repeat=k)], np.int64) for k in (0, 1, 2)]
    printed, chained = (
        [text.model(k, name, epsilon=epsilon[:k]).next_distribution(every[k - 1]) for k in (1, 2, 3)]
        for name in ("d2l", "d2l-chain")
    )
    return Tables(printed[0].T, *printed[1:], *chained[1:])


def limits_of(known: Values) -> dict[str, tuple[float, ...]]:
    """How far the tables are from what they are said to go to, for each strength."""
    n, C, D, f = known["n"], known["C"], known["D"], known["C"].sum(axis=1, keepdims=True)
    pairs = D.sum(axis=1, keepdims=True)
    found: dict[str, list[float]] = {}
    for strength in _STRENGTHS:
        plain = by_equations(known, (1.0, 1.0, 1.0))
        strong, weak = (by_equations(known, (1.0, e, e)) for e in (strength, 1 / strength))
        ends = {
            "ε₁ → ∞:  1/m": _off(by_equations(known, (strength, 1.0, 1.0)).p, 1 / known["m"]),
            "ε₂ → ∞:  P̂(x′)": _off(strong.Q, plain.p.T),
            "ε₃ → ∞:  P̂(x″)": _off(strong.R, plain.p.T),
            "ε₃ → ∞, chained:  P̂(x″|x′)": _off(_strong_3(known, strength), np.tile(plain.Q_c, (len(n), 1))),
            "ε₁ → 0:  counts": _off(by_equations(known, (1 / strength, 1.0, 1.0)).p, n / known["N"]),
            "ε₂ → 0:  counts": _off(weak.Q_c[f[:, 0] > 0], (C / np.maximum(f, 1))[f[:, 0] > 0]),
            "ε₃ → 0:  counts": _off(weak.R_c[pairs[:, 0] > 0], (D / np.maximum(pairs, 1))[pairs[:, 0] > 0]),
        }
        for name, off in ends.items():
            found.setdefault(name, []).append(off)
    return {name: tuple(values) for name, values in found.items()}


def _strong_3(known: Values, strength: float) -> Array:
    return by_equations(known, (1.0, 1.0, strength)).R_c


def _off(a: Array, b: Array | float) -> float:
    return float(np.abs(a - b).max())


def never_met(text: Split, known: Values) -> float:
    """With ε = 0, rows after pairs that nothing follows: how far they are from those of the shorter context."""
    pairs = np.array([*product(range(text.vocabulary), repeat=2)])[known["D"].sum(axis=1) == 0]
    long, short = (text.model(k, "d2l-chain", (1.0, 0.0, 0.0)[:k]) for k in (3, 2))
    return _off(long.next_distribution(pairs), short.next_distribution(pairs[:, 1:]))


@experiment(book=BOOK)
def limits(book: int = 0) -> Result:
    """What the three estimates go to as ε grows and as it vanishes."""
    it = open_book(book)
    known, epsilon = given(it.whole), (0.7, 2.0, 5.0)
    found = limits_of(known)
    apart = [_off(a, b) for a, b in zip(by_equations(known, epsilon), by_models(it.whole, epsilon), strict=True)]
    columns: tuple[Column, ...] = (
        ("as", "text"), ("10³", "error"), ("10⁶", "error"), ("10¹²", "error"),
    )  # fmt: skip
    last = {name: values[-1] for name, values in found.items()}
    grows, vanishes = ([v for name, v in last.items() if sign in name] for sign in ("∞", "0:"))
    return Result(
        (Table(columns, tuple((name, *values) for name, values in found.items()),
               "the largest distance of an entry from its limit; ε is that large, or one divided by it"),),
        (
            at_most("SMOOTHING-1 to 3, and a model as printed: apart by", max(apart[:3]), 1e-12),
            at_most("SMOOTHING-5 and 6, and a chained model: apart by", max(apart[3:]), 1e-12),
            at_most("as ε grows, the largest distance that is left", max(grows), 1e-6),
            at_most("as ε vanishes, the largest distance that is left", max(vanishes), 1e-10),
            at_most("ε = 0 after pairs never seen, and the shorter context: apart by", never_met(it.whole, known), 0),
            at_least("a millionfold ε comes nearer to its limits, by a factor of",
                     min(v[1] / max(v[2], 1e-300) for name, v in found.items() if "∞" in name), 1e5),
        ),
    )  # fmt: skip
