"""The page on learning the tables from what is heard alone."""

from __future__ import annotations

from functools import cache
from itertools import permutations

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Matrices, Plot, Result, Table, at_least, at_most, curve
from cli.lessons.hmm.house import LONG_AGO, SOUNDS, WEATHER, house
from minigrad.graph import Array
from rnn.baselines import HMM, MarkovChain, baum_welch
from rnn.baselines.hmm_training import Fit
from rnn.metrics import Ints

_ASKED = 20_000
_LASTS = 0.8  # how much of a start that lasts is the identity


@cache
def texts(heard: int, seed: int) -> tuple[Ints, Ints]:
    """A record to learn from, and one to be asked about."""
    rng, model = np.random.default_rng([seed, 21]), house(LONG_AGO)
    return model.sample(heard, rng).ids, model.sample(_ASKED, rng).ids


def starts(number: int, seed: int, *, lasting: bool) -> list[HMM]:
    """Models to begin with: all by chance, or such that the weather lasts."""
    rng = np.random.default_rng([seed, 22])
    drawn = [HMM.random(3, 3, rng) for _ in range(number)]
    if not lasting:
        return drawn
    return [HMM(m.start, _LASTS * np.eye(3) + (1 - _LASTS) * m.transitions, m.emissions) for m in drawn]


@cache
def fits(heard: int, number: int, seed: int, lasting: bool) -> tuple[Fit, ...]:
    """Baum–Welch from each start."""
    learn = texts(heard, seed)[0]
    return tuple(baum_welch(m, learn, updates=60) for m in starts(number, seed, lasting=lasting))


@experiment(heard=between(3000, 12_000, full=12_000), starts=between(3, 10, full=10))
def learned(heard: int = 4000, starts: int = 5, *, seed: int) -> Result:
    """The tables from a record: how well several starts end, and the best of them against the truth."""
    learn, ask = texts(heard, seed)
    chance, lasting = (fits(heard, starts, seed, kind) for kind in (False, True))
    best = max((*chance, *lasting), key=lambda fit: fit.log_likelihoods[-1]).model
    truth = -float(house(LONG_AGO).log_probs(ask).mean())
    rows = (
        *((f"start {k}", _nats(a.model, ask), _nats(b.model, ask))
          for k, (a, b) in enumerate(zip(chance, lasting, strict=True), 1)),
        ("a Markov chain", _nats(MarkovChain().fit(learn, vocabulary=3), ask), None),
        ("the true tables", truth, truth),
    )  # fmt: skip
    columns: tuple[Column, ...] = (("nats, unread", "text"), ("any start", "number"), ("weather lasts", "number"))
    gains = np.concatenate([np.diff(fit.log_likelihoods) for fit in (*chance, *lasting)])
    A, B = named_alike(best)
    courses = [np.divide(fits[0].log_likelihoods, heard).tolist() for fits in (lasting, chance)]
    curves = tuple(curve(n, range(len(c)), c) for n, c in zip(("weather lasts", "any start"), courses, strict=True))
    return Result(
        (Plot("log P per evening, from the first start of each kind", curves, "updates"),
         Table(columns, rows, f"{heard:,} evenings read"), Matrices((("A, learned", A), ("B, learned", B)))),
        (
            at_least("no update ever lowers log P: the least gain", float(gains.min()), -1e-8),
            at_most("starts in which the weather lasts: the worst, above the truth (nats, unread)",
                    max(_nats(fit.model, ask) for fit in lasting) - truth, 0.03),
            at_least("they beat a Markov chain, by", rows[-2][1] - max(_nats(f.model, ask) for f in lasting), 0.02),
            at_most("learned and true tables differ at most by",
                    max(float(np.abs(A - WEATHER).max()), float(np.abs(B - SOUNDS).max())), 0.15),
        ),
    )  # fmt: skip


def _nats(model: HMM | MarkovChain, ids: Ints) -> float:
    return -float(model.log_probs(ids).mean())


def named_alike(model: HMM) -> tuple[Array, Array]:
    """A and B with the states in the order that is most like the true one; their numbers mean nothing."""
    assert model.emissions is not None  # models of this lesson have them
    emissions = model.emissions
    order = min((list(p) for p in permutations(range(3))), key=lambda p: float(np.abs(emissions[p] - SOUNDS).sum()))
    return model.transitions[np.ix_(order, order)], emissions[order]
