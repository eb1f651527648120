"""The pages on how much of the past matters: a day, two days, and more than helps."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Excerpt, Result, Table, at_least, at_most
from cli.lessons.markov.counting import BESIDE, astray, counts, shares, table
from cli.lessons.markov.weather import KNOBS, NAMES, SURE, WEATHER, arrow, diary, written
from data.tasks import Source, random_markov_source
from minigrad.graph import Array
from rnn.baselines import MarkovChain

_SHOWN = 40  # days in a line
_READ, _ASKED = 4000, 20_000  # days that the chains of several orders learn from, and are asked about


@experiment(**KNOBS)
def pages_of_it(days: int = 8000, *, seed: int) -> Result:
    """The beginning of the diary, and what follows what in all of it."""
    ids = diary(days, seed)
    lines = "\n".join(written(ids[k : k + _SHOWN]) for k in range(0, 3 * _SHOWN, _SHOWN))
    counted, chain = counts(ids), MarkovChain().fit(ids, vocabulary=len(NAMES))
    shown = table("today", chain.transition, f"tomorrow, as shares of {days:,} days counted")
    return Result(
        (Excerpt(lines, "\nc clear   f fog   s storm"), shown),
        (
            at_most("the shares are what a MarkovChain counts", float(np.abs(shares(counted) - chain.transition).max()),
                    1e-12),
            at_most("counts and the rule that made the diary: apart by (standard errors)", astray(counted, WEATHER),
                    SURE),
            at_least("counts and a rule without memory: apart by", astray(counted, _regardless()), 4 * SURE),
        ),
    )  # fmt: skip


def _regardless() -> Array:
    """The same row whatever today is."""
    return np.tile(MarkovChain.of(WEATHER).stationary(), (len(NAMES), 1))


@experiment(**KNOBS)
def yesterday_too(days: int = 8000, *, seed: int) -> Result:
    """Tomorrow's shares with yesterday known as well."""
    counted = counts(diary(days, seed), 3)
    known, rule = shares(counted), np.broadcast_to(WEATHER, counted.shape)
    rows = tuple((arrow(a, b), *known[a, b]) for b in range(len(NAMES)) for a in range(len(NAMES)))
    columns: tuple[Column, ...] = (("yesterday → today", "text"), *BESIDE)
    other = np.broadcast_to(WEATHER[:, None], counted.shape)
    return Result(
        (Table(columns, rows, "tomorrow"),),
        (
            at_most("counts and the row of today alone: apart by (standard errors)", astray(counted, rule), SURE),
            at_least("counts and the row of yesterday alone: apart by", astray(counted, other), 4 * SURE),
        ),
    )


def _deeper(rng: np.random.Generator) -> Source:
    """A diary in which two days matter, drawn again until the second matters noticeably."""
    while True:
        source = random_markov_source(len(NAMES), 2, rng)
        if source.floor(1) - source.floor(2) > 0.05:
            return source


def asked(order: int, source: Source, seed: int) -> tuple[int, float, float]:
    """A chain of an order: numbers in its table, and nats per day of what it has read and of what it has not."""
    rng = np.random.default_rng([seed, 3])
    read, unread = source.sample(_READ, rng), source.sample(_ASKED, rng)
    chain = MarkovChain(order, epsilon=0.1).fit(read, vocabulary=len(NAMES))
    on_read, on_unread = (-float(chain.log_probs(ids).mean()) for ids in (read, unread))
    return chain.size, on_read, on_unread


@experiment()
def orders(*, seed: int) -> Result:
    """Chains of several orders on a diary in which two days matter."""
    source = _deeper(np.random.default_rng([seed, 4]))
    tried = range(1, 7)
    found = {k: asked(k, source, seed) for k in tried}
    floors = {k: source.floor(k) for k in tried}
    rows = tuple((str(k), f"{found[k][0]:,}", *found[k][1:], floors[k]) for k in tried)
    columns: tuple[Column, ...] = (
        ("τ", "text"), ("numbers", "text"), ("read", "number"), ("unread", "number"), ("at best", "number"),
    )  # fmt: skip
    unread = {k: found[k][2] for k in tried}
    return Result(
        (Table(columns, rows, f"nats per day, {_READ:,} days read and {_ASKED:,} unread"),),
        (
            at_most("two days: unread, above the best possible", unread[2] - floors[2], 0.03),
            at_least("one day: as a share of what theory says it must lose",
                     (unread[1] - unread[2]) / (floors[1] - floors[2]), 0.7),
            at_most("a third day could tell no more: the best of two days less that of three",
                    floors[2] - floors[3], 1e-9),
            at_least("six days foresee unread days worse than two, by", unread[6] - unread[2], 0.01),
            at_least("though they know what they have read better, by", found[2][1] - found[6][1], 0.01),
        ),
    )  # fmt: skip
