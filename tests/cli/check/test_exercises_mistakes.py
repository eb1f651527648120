"""Every mistake that can be planted in what the exercises about networks ask for is found again from its numbers."""

from functools import cache

import numpy as np
import pytest
from answer_cases import agree

from cli.lab.check.cases import asked
from cli.lab.check.diagnosis import explain
from cli.lab.check.exercise import exercise, exercises
from cli.lab.check.explanations import Explanation
from rnn.mutation import mutants

QUICK = ("output", "gru-gates")
LEAST = 0.95


@cache
def drawn(name, seed):
    """Problems that several functions share."""
    return exercise(name).cases(seed)


def planted(name, function):
    """Each mutant of an equation that leads to a function's answer, with its answers, where it makes a difference."""
    e = exercise(name)
    chains = [asked(case, e.asks[function]) for case in drawn(name, 0)]
    right = [case.right([function]) for case in drawn(name, 0)]
    for equation in chains[0].chain.equations:
        for m in mutants(equation):
            found = [a.answers(Explanation((m,)), [function]) for a in chains]
            if any(f is None or not np.isfinite(f[function]).all() for f in found):
                continue
            if not all(agree(f, r) for f, r in zip(found, right, strict=True)):
                yield m, chains, found


def twins(a, b, name, function):
    """Whether two explanations lead to the same on problems that neither was found on."""
    e = exercise(name)
    fresh = [asked(case, e.asks[function]) for case in drawn(name, 9)]
    pairs = [(c.answers(a, [function]), c.answers(b, [function])) for c in fresh]
    return all(one is not None and agree(one, two) for one, two in pairs)


def survey(name, function):
    """How many mistakes there are, how many are named, and what the others were taken for."""
    total, missed = 0, []
    for m, chains, answers in planted(name, function):
        total += 1
        found = explain(chains, answers)
        names = [x.name for x in found]
        if m.name not in names and not any(twins(Explanation((m,)), x, name, function) for x in found):
            missed.append((m.name, m.description, names))
    return total, missed


@pytest.mark.parametrize("name", QUICK)
def test_every_mistake_in_two_exercises_is_named(name):
    for function in exercise(name).asks:
        total, missed = survey(name, function)
        assert total >= 3
        assert not missed, function


@pytest.mark.slow
def test_nearly_every_mistake_in_all_exercises_is_named():
    """The same equations stand in several exercises; each is tried once."""
    networks = [e for e in exercises().values() if e.order <= exercise("bidirectional").order]
    ways = {(e.family, ids): (e.name, f) for e in networks for f, ids in e.asks.items()}
    found = {way: survey(*way) for way in ways.values()}
    total, missed = sum(n for n, _ in found.values()), [m for _, some in found.values() for m in some]
    assert total > 1000
    assert len(missed) <= (1 - LEAST) * total, missed[:20]
    assert all(len(some) <= n / 2 for n, some in found.values())  # no function is left behind
