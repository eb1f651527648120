"""The pages that turn one thing at a time: ε, the order, and how much text there is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Bars, Column, Plot, Result, Table, at_least, at_most, curve
from cli.lessons.ngrams.book import BOOK, EPSILON, EPSILONS, Book, Split, open_book
from cli.lessons.ngrams.rows import best_epsilon
from rnn.metrics import perplexity

LONGEST = 8
_DRAWN = (2, 3, 4, 6)
_ADDED = 0.1
_SIZES = 8  # halvings of the text, from the shortest on


def perplexities(text: Split, orders: Sequence[int], smoothing: str, epsilon: float = 1.0) -> list[float]:
    """Of the second text, for each order."""
    return [perplexity(text.nats(n, smoothing, epsilon=epsilon)) for n in orders]


def turns(values: Sequence[float]) -> int:
    """How often a row of numbers changes between falling and rising."""
    rising = [b > a for a, b in pairwise(values)]
    return sum(a != b for a, b in pairwise(rising))


@experiment(book=BOOK)
def epsilons(book: int = 0) -> Result:
    """The perplexity of each order against the number that is added to every count."""
    it = open_book(book)
    orders = range(2, 7)
    found = {n: perplexities_over(it, n) for n in orders}
    chosen = {n: best_epsilon(it, "lidstone", n) for n in orders}
    curves = tuple(curve(f"n = {n}", [math.log10(e) for e in EPSILONS], found[n]) for n in _DRAWN)
    rows = tuple(
        (str(n), f"{chosen[n][0]:.2g}", perplexity(chosen[n][1]), found[n][EPSILONS.index(1)], min(found[n]))
        for n in orders
    )
    columns: tuple[Column, ...] = (
        ("n", "text"), ("ε chosen", "text"), ("with it", "number"), ("with ε = 1", "number"), ("at best", "number"),
    )  # fmt: skip
    ends = min(min(found[n][0], found[n][-1]) / min(found[n]) for n in range(3, 7))
    return Result(
        (Plot("held-out perplexity, ε added to every count", curves, "log₁₀ ε", log=True), Table(columns, rows)),
        (
            at_most("from order 3 on: times that a curve turns", max(turns(found[n]) for n in range(3, 7)), 1),
            at_least("both ends are above the lowest point, by a factor of at least", ends, 1.02),
            at_most("the ε chosen without the held-out part costs, to the best one",
                    max(perplexity(chosen[n][1]) / min(found[n]) for n in orders), 1.05),
            at_most("from order 3 on, the largest ε chosen", max(chosen[n][0] for n in range(3, 7)), 0.35),
            at_least("order 5: adding one, to adding the ε chosen",
                     found[5][EPSILONS.index(1)] / perplexity(chosen[5][1]), 1.2),
        ),
    )  # fmt: skip


def perplexities_over(it: Book, order: int) -> list[float]:
    """Of the part held out, for each ε."""
    return [perplexity(it.whole.nats(order, "lidstone", epsilon=e)) for e in EPSILONS]


@experiment(book=BOOK, epsilon=EPSILON)
def orders(book: int = 0, epsilon: float = 0.1) -> Result:
    """The perplexity against the order, for one ε."""
    it = open_book(book)
    tried = range(1, LONGEST + 1)
    found = perplexities(it.whole, tried, "lidstone", epsilon)
    own = perplexities(Split(it.whole.learn, it.whole.learn, it.whole.vocabulary), tried, "mle")
    bars = tuple((f"n = {n}", f"{value:.2f}", value) for n, value in zip(tried, found, strict=True))
    best = int(np.argmin(found)) + 1
    return Result(
        (Bars(f"held-out perplexity, {epsilon:g} added to every count", bars),),
        (
            at_most("times that the row turns", turns(found), 1),
            at_least("the best order lies above 1, by", best - 1, 1),
            at_least("and below the longest, by", LONGEST - best, 2),
            at_least("single letters, to the best order", found[0] / min(found), 2),
            at_least("the longest order, to the best order", found[-1] / min(found), 1.5),
            at_most("on the text that was counted the longest is best all the same: to the order before",
                    own[-1] / own[-2], 1),
        ),
    )  # fmt: skip


@experiment(book=BOOK)
def sizes(book: int = 0) -> Result:
    """Orders 1 to 6 on ever longer beginnings of the text."""
    it = open_book(book)
    whole, tried = it.whole, range(1, 7)
    cuts = [len(whole.learn) >> k for k in reversed(range(_SIZES))]
    parts = [Split(whole.learn[:cut], whole.ask, whole.vocabulary) for cut in cuts]
    added = [perplexities(part, tried, "lidstone", _ADDED) for part in parts]
    kneser = [perplexities(part, tried, "kneser-ney") for part in parts]
    best = [int(np.argmin(row)) + 1 for row in added]
    rows = tuple(
        (f"{cut:,}", *(f"{v:.1f}" for v in row), str(n)) for cut, row, n in zip(cuts, added, best, strict=True)
    )
    names = ("N", *(f"n={n}" for n in tried), "best")
    columns: tuple[Column, ...] = tuple((name, "text") for name in names)
    curves = tuple(
        curve(f"n = {n}", [round(math.log10(cut), 2) for cut in cuts], [row[n - 1] for row in added])
        for n in (1, 2, 4, 6)
    )
    return Result(
        (Plot(f"held-out perplexity, {_ADDED:g} added to every count", curves, "log₁₀ N", log=True),
         Table(columns, rows, f"held-out perplexity after N letters of {it.name}")),
        (
            at_most("with the shortest text the best order is", best[0], 2),
            at_least("with the whole text it is", best[-1], 4),
            at_least("from each text to the next the best order goes up, by at least", int(np.diff(best).min()), 0),
            at_least("with the shortest text order 6, to the best", added[0][5] / min(added[0]), 1.3),
            at_least("with the whole text single letters, to the best", added[-1][0] / min(added[-1]), 3),
            at_most("Kneser–Ney with the shortest text: order 6, to the best", kneser[0][5] / min(kneser[0]), 1.05),
        ),
    )  # fmt: skip
