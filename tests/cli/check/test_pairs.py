"""Two mistakes in one formula, drawn at random from all that are known: most are named."""

import numpy as np
import pytest
from answer_cases import agree

from cli.lab.check.cases import asked
from cli.lab.check.diagnosis import explain
from cli.lab.check.exercise import exercises
from cli.lab.check.explanations import Explanation
from rnn.formulas import REGISTRY
from rnn.mutation import mutants

FUNCTIONS = [
    ("elman", "grad_h"), ("elman", "grad_W"), ("gru", "grad_h"), ("gru", "grad_a_z"), ("lstm", "grad_c"),
    ("lstm", "grad_h"), ("lstm", "grad_W_f"), ("jordan", "grad_o"), ("deep", "grad_h1"), ("truncated", "grad_h"),
    ("tanh", "h"), ("backwards", "grad_h"),
]  # fmt: skip


def drawn(rng, cases, name):
    """Two mistakes in one equation and the answers they lead to, finite and wrong."""
    equations = cases[0].chain.equations
    while True:
        first = rng.choice(np.array(mutants(equations[rng.integers(len(equations))]), dtype=object))
        second = rng.choice(np.array(mutants(first.equation), dtype=object))
        answers = [c.answers(Explanation((first, second)), [name]) for c in cases]
        right = [c.case.right([name]) for c in cases]
        finite = all(a is not None and np.isfinite(a[name]).all() for a in answers)
        if finite and not all(map(agree, answers, right)):
            return answers


def share(functions, each, seed=0):
    """How many pairs are named, of how many; what names one gives the same numbers on all problems, as is checked."""
    rng, named, count = np.random.default_rng(seed), 0, 0
    for exercise, name in functions:
        e = exercises()[exercise]
        cases = [asked(c, e.asks[name]) for c in e.cases(seed)]
        for _ in range(each):
            answers = drawn(rng, cases, name)
            found = explain(cases, answers)
            count += 1
            named += bool(found) and found[0].name != "scaled"
            for x in found:
                if x.mutants and not x.others:
                    assert all(agree(a, c.answers(x, [name])) for a, c in zip(answers, cases, strict=True))
    return named / count


@pytest.mark.slow
def test_most_pairs_are_named():
    assert share(FUNCTIONS, 4) >= 0.6


def test_what_fits_nothing_is_left_unknown():
    """No guess is made: an answer of random numbers, and one with a single entry wrong."""
    e = exercises()["elman"]
    cases = [asked(c, e.asks["grad_W"]) for c in e.cases(0)]
    rng = np.random.default_rng(0)
    assert explain(cases, [{"grad_W": rng.standard_normal(c.case.arrays["W"].shape)} for c in cases]) == ()
    spoilt = [{"grad_W": c.case.arrays["grad_W"].copy()} for c in cases]
    for a in spoilt:
        a["grad_W"][0, 1] += 0.3
    assert explain(cases, spoilt) == ()


def test_two_mistakes_in_different_terms_are_both_named():
    e = exercises()["gru"]
    cases = [asked(c, e.asks["grad_h"]) for c in e.cases(0)]
    first = next(m for m in mutants(REGISTRY["GRU-13"]) if (m.was, m.now) == ("z[t + 1]", "z[t]"))
    second = next(m for m in mutants(first.equation) if m.kind == "term" and m.was.startswith("W_r.T"))
    answers = [c.answers(Explanation((first, second)), ["grad_h"]) for c in cases]
    said = " ".join(x.said for x in explain(cases, answers))
    assert "z⁽ᵗ⁾ stands where z⁽ᵗ⁺¹⁾ belongs" in said
    assert "The term W_rᵀ ∇a_r⁽ᵗ⁺¹⁾ is left out" in said
