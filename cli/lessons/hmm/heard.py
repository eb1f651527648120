"""The first pages: what is heard and what is not seen, and the sum over everything that may have been."""

from __future__ import annotations

from itertools import product

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Excerpt, Matrices, Result, Table, at_least, at_most
from cli.lessons.hmm.house import (
    EVENINGS,
    LETTERS,
    LONG_AGO,
    NAMES,
    PROBLEMS,
    SOUNDS,
    START,
    STEPS,
    WEATHER,
    house,
    letters,
    random_models,
    record,
    short,
)
from cli.lessons.hmm.listing import Listing, joint, paths
from rnn.metrics import Ints

_SHOWN, _BEST = 44, 6  # evenings on the first page, and sequences on the second


@experiment(evenings=EVENINGS)
def heard(evenings: int = 10_000, *, seed: int) -> Result:
    """The record, the weather behind it, and how much a longer memory of what was heard is worth."""
    drawn, model = record(evenings, seed), house(LONG_AGO)
    lines = "weather  " + "".join(NAMES[h][0] for h in drawn.states[:_SHOWN])
    lines += "\nheard    " + letters(drawn.ids[:_SHOWN])
    nats = [left(k) for k in range(8)]
    whole = -float(model.log_probs(drawn.ids).mean())
    rows = (*((str(k), n) for k, n in enumerate(nats)), ("all, on this record", whole))
    columns: tuple[Column, ...] = (("evenings known", "text"), ("nats", "number"))
    return Result(
        (Excerpt(lines, "\nc clear   f fog   s storm\ng gulls   h the horn   w the wind"),
         Table(columns, rows, "what the next evening's sound costs, at best")),
        (
            at_least("each further evening tells something: the least gain", -float(np.diff(nats).max()), 5e-4),
            at_least("so one evening is not enough: two save, in nats", nats[1] - nats[2], 0.02),
            at_most("all evenings tell little that seven do not: apart, on this record", abs(nats[7] - whole), 0.05),
        ),
    )  # fmt: skip


def left(memory: int) -> float:
    """H(xₜ | so many sounds before it), nats: from the probabilities of all texts of that length."""
    return _entropy(memory + 1) - _entropy(memory)


def _entropy(length: int) -> float:
    if not length:
        return 0.0
    texts = np.array(list(product(range(len(LETTERS)), repeat=length)))
    logs = house(LONG_AGO).log_likelihoods(texts.ravel(), [length] * len(texts))
    return -float(np.exp(logs) @ logs)


@experiment(steps=STEPS, problems=PROBLEMS)
def every_sequence(steps: int = 4, problems: int = 10, *, seed: int) -> Result:
    """All that the weather may have been on a few evenings, the most probable first."""
    ids, model = short(steps, seed), house()
    states = paths(len(NAMES), steps)
    found = joint(START, WEATHER, SOUNDS, states, ids.tolist())
    order = np.argsort(-found, kind="stable")
    rows = [(_named(states[:, k]), float(found[k])) for k in order[:_BEST]]
    rows += [(f"{len(order) - _BEST:,} more", float(found[order[_BEST:]].sum())), ("all together", float(found.sum()))]
    columns: tuple[Column, ...] = (("weather", "text"), (f"and {letters(ids)}", "text"))
    drawn = random_models(problems, np.random.default_rng([seed, 19]))
    off = [abs(m.log_likelihood(x) - np.log(Listing(m, x).P)) for m, x in [(model, ids), *drawn]]
    texts = np.array(list(product(range(len(LETTERS)), repeat=steps)))
    everything = np.exp(model.log_likelihoods(texts.ravel(), [steps] * len(texts))).sum()
    tables = (("p", START[:, None]), ("A", WEATHER), ("B", SOUNDS))
    return Result(
        (Matrices(tables), Table(columns, tuple((w, f"{v:.5f}") for w, v in rows))),
        (
            at_most("the sum over the list is what HMM finds without one", max(off), 1e-12),
            at_most("the probabilities of all texts of that length sum to one", abs(everything - 1), 1e-12),
            at_most("one sequence is not the answer: of the sum, the most probable has the share",
                    float(found.max() / found.sum()), 0.99),
        ),
    )  # fmt: skip


def _named(states: Ints) -> str:
    return " ".join(NAMES[h] for h in states)
