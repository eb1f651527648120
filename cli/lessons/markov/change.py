"""The pages on a rule that changes half-way: what a single table makes of it, and what knowing the day repairs."""

from __future__ import annotations

from functools import cache

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Curve, Plot, Result, Table, at_least, at_most, curve
from cli.lessons.markov.counting import counts
from cli.lessons.markov.weather import KNOBS, NAMES, WEATHER, weather
from data.tasks import Switched, markov_source
from rnn.baselines import MarkovChain
from rnn.metrics import Ints

_ASKED = 40_000  # days of another diary, whose rule changes half-way too
_POINTS = 40  # of the plots


@cache
def turned() -> Switched:
    """The weather, and from the middle on the weather read backwards: fronts now pass the other way round."""
    return Switched(markov_source(WEATHER), markov_source(weather().reversed().transition))


@cache
def diaries(days: int, seed: int) -> tuple[Ints, Ints]:
    """A diary to learn from and one to be asked about."""
    rng = np.random.default_rng([seed, 6])
    return turned().sample(days, rng), turned().sample(_ASKED, rng)


def chain_of(ids: Ints) -> MarkovChain:
    """A chain counted in a diary; one is added to each count."""
    return MarkovChain(epsilon=1.0).fit(ids, vocabulary=len(NAMES))


def halves(ids: Ints) -> tuple[Ints, Ints]:
    """Before the change and after it."""
    return ids[: len(ids) // 2], ids[len(ids) // 2 :]


def nats(chain: MarkovChain, ids: Ints) -> float:
    """The mean loss on a diary."""
    return -float(chain.log_probs(ids).mean())


@experiment(**KNOBS)
def changed(days: int = 8000, *, seed: int) -> Result:
    """Tables that know one half, or both together, on another diary with the same change."""
    learn, ask = diaries(days, seed)
    first, second = (chain_of(half) for half in halves(learn))
    shared, rule = chain_of(learn), turned()
    found = {chain: [nats(chain, part) for part in (*halves(ask), ask)] for chain in (first, second, shared)}
    names = ("the first half", "the second half", "both halves")
    rows = tuple((name, *losses) for name, losses in zip(names, found.values(), strict=True))
    columns: tuple[Column, ...] = (
        ("counted in", "text"), ("asked about 1st", "number"), ("2nd half", "number"), ("all", "number"),
    )  # fmt: skip
    lost, expected = found[shared][-1] - rule.floor(1), rule.shared_floor(1) - rule.floor(1)
    late = found[first][1]
    return Result(
        (Plot("nats per day of the table of the first half", (_over_time(first, ask),), "day"),
         Table(columns, rows, "nats per day of an unread diary")),
        (
            at_most("both halves have the same weather, in another order: shares of days differ by",
                    float(np.abs(rule.before.stationary - rule.after.stationary).max()), 1e-12),
            at_least("the table of the first half loses, on the second", late - found[second][1], 0.3),
            at_least("and is worse there than a guess, log 3, by", late - np.log(len(NAMES)), 0.2),
            at_least("one table for all loses, to what could be known", lost, 0.1),
            at_most("which is what theory says, but for chance", abs(lost - expected), 0.02),
        ),
    )  # fmt: skip


def _over_time(chain: MarkovChain, ids: Ints) -> Curve:
    loss = -chain.log_probs(ids)
    parts = np.array_split(loss, _POINTS)
    return curve("", np.linspace(0, len(ids), _POINTS).tolist(), [part.mean() for part in parts])


def scored(ids: Ints, cut: int) -> float:
    """Nats per day, read with one table up to a day and another from there on, both counted in the same days."""
    return sum(_likely(part) for part in (ids[:cut], ids[cut:])) / -len(ids)


def _likely(ids: Ints) -> float:
    n = counts(ids) + 1.0
    return float((n * np.log(n / n.sum(axis=1, keepdims=True))).sum())


@experiment(**KNOBS)
def told(days: int = 8000, *, seed: int) -> Result:
    """A table that is also given the day: which of two halves, with the cut found from the diary."""
    learn, ask = diaries(days, seed)
    cuts = np.linspace(0.02, 0.98, 97) * days
    tried = {int(cut): scored(learn, int(cut)) for cut in cuts}
    cut = min(tried, key=tried.__getitem__)
    rule = turned()
    tables = chain_of(learn[:cut]), chain_of(learn[cut:])
    knows = float(np.mean([nats(chain, half) for chain, half in zip(tables, halves(ask), strict=True)]))
    shared = nats(chain_of(learn), ask)
    rows = (
        ("one table for all days", shared, rule.shared_floor(1)),
        ("a table that is told the half", knows, rule.floor(1)),
    )
    columns: tuple[Column, ...] = (("", "text"), ("unread", "number"), ("at best", "number"))
    return Result(
        (Plot("nats per day with two tables, cut at a day", (curve("", list(tried), list(tried.values())),), "day"),
         Table(columns, rows, "nats per day of an unread diary")),
        (
            at_most("the best cut lies off the true one by, as a share of all days", abs(cut / days - 0.5), 0.02),
            at_most("told the half, it is above the best possible by", knows - rule.floor(1), 0.02),
            at_least("of what one table loses this wins back, as a share",
                     (shared - knows) / (rule.shared_floor(1) - rule.floor(1)), 0.85),
        ),
    )  # fmt: skip


@experiment()
def noticed() -> Result:
    """The best that one table can do with more and more of the past, exactly; and that of one who is told."""
    rule, kept = turned(), range(9)
    shared, knows = [rule.shared_floor(k) for k in kept], [rule.floor(k) for k in kept]
    rows = tuple((str(k), a, b, max(a - b, 0.0)) for k, a, b in zip(kept, shared, knows, strict=True))
    columns: tuple[Column, ...] = (
        ("days known", "text"), ("not told", "number"), ("told the half", "number"), ("apart", "number"),
    )  # fmt: skip
    apart = [a - b for a, b in zip(shared, knows, strict=True)]
    return Result(
        (Table(columns, rows, "nats per day, at best"),),
        (
            at_most("told the half, more than one day is of no use", knows[1] - knows[-1], 1e-12),
            at_least("not told, each further day is: the least gain", -float(np.diff(shared).max()), 1e-3),
            at_most("with eight days known: what is lost, to what one day loses", apart[-1] / apart[1], 0.4),
        ),
    )
