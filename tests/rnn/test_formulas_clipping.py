"""Clipping: by hand, its promises, and planted errors."""

import math

import numpy as np
import pytest
from formula_cases import check_is_one_failure, slipped

from minigrad import relative_error
from minigrad.nn import Parameter
from rnn.formulas import REGISTRY, evaluate, find
from rnn.formulas.notation import Term, read_latex, read_text
from rnn.verify import chain, check
from rnn.witnesses.clipping import random_clipping

CLIPPING = find("clipping")
BOTH = ("CLIPPING-2", "CLIPPING-3")


def drawn(seed=0, *, steps=4, inputs=2, hidden=3):
    rng = np.random.default_rng(seed)
    return random_clipping("clipping", rng, steps=steps, inputs=inputs, hidden=hidden, vocabulary=5)


def clipped(id, theta, *gradients):
    """The chain with one of the two equations for c."""
    g = {t: np.array([values], float).T for t, values in enumerate(gradients, 1)}
    return evaluate(chain(REGISTRY[id]), {"g": g, "theta": theta, "tau": len(g)})


@pytest.mark.parametrize("seed", range(20))
def test_every_equation_agrees_with_the_optimiser(seed):
    p = drawn(seed, steps=3 + seed % 4, inputs=2 + seed % 3, hidden=2 + seed % 4)
    for c in check(CLIPPING, [p]):
        assert c.ok, c
        assert c.chain < 1e-12


def test_a_problem_shows_what_clipping_does_and_what_it_leaves():
    for seed in range(20):
        given = drawn(seed).given()
        g = np.hstack([given["g"][t] for t in range(1, 5)])
        lengths = [math.sqrt(math.fsum(v * v for v in column)) for column in g.T.tolist()]
        assert min(lengths) < given["theta"] < max(lengths)
        assert np.abs(g).max() > given["theta"]
    parameters = [Parameter(np.zeros_like(g)) for g in drawn().gradients[0]]
    assert [p.shape for p in parameters] == [(3, 2), (3,)]  # several parameters, one length


def test_roots_and_the_smaller_and_larger_of_two_are_no_quantities():
    text, latex = "ν⁽ᵗ⁾ = max(√(g⁽ᵗ⁾ + θ), min(1, a))", r"\nu^{(t)} = \max(\sqrt{g^{(t)} + \theta}, \min(1, a))"
    assert read_text(text) == read_latex(latex) == {Term("ν", "t"), Term("g", "t"), Term("θ", ""), Term("a", "")}


@pytest.mark.parametrize("id", BOTH)
def test_by_hand(id):
    """(3, 4) is 5 long: at θ = 1 a fifth of it is left, at θ = 10 all of it; (0.3, 0.4) stays."""
    found = clipped(id, 1.0, (3, 4), (0.3, 0.4), (-5, 12))
    assert [found["nu"][t] for t in (1, 2, 3)] == [5, pytest.approx(0.5, rel=1e-15), 13]
    np.testing.assert_allclose(found["c"][1][:, 0], [0.6, 0.8], rtol=1e-15)
    np.testing.assert_allclose(found["c"][2][:, 0], [0.3, 0.4], rtol=1e-15)
    np.testing.assert_allclose(found["c"][3][:, 0], [-5 / 13, 12 / 13], rtol=1e-15)
    assert clipped(id, 10.0, (3, 4))["c"][1][:, 0].tolist() == [3, 4]


def test_cut_off_entry_by_entry_by_hand():
    """(4, 1) becomes (1, 1), which points 31° elsewhere; as a whole it would keep its direction."""
    found = clipped("CLIPPING-2", 1.0, (4, 1), (-4, 0.5), (0.2, -0.9))
    assert found["d"][1][:, 0].tolist() == [1, 1]
    assert found["d"][2][:, 0].tolist() == [-1, 0.5]
    assert found["d"][3][:, 0].tolist() == [0.2, -0.9]
    turned = math.degrees(math.atan2(*found["d"][1][::-1, 0]) - math.atan2(1, 4))
    assert turned == pytest.approx(30.96, abs=0.01)
    assert found["c"][1][0, 0] / found["c"][1][1, 0] == pytest.approx(4, rel=1e-14)


def test_a_gradient_of_zero_stays_zero_and_one_that_is_not_a_number_is_not_healed():
    found = clipped("CLIPPING-3", 1.0, (0, 0), (np.nan, 1))
    assert found["c"][1].tolist() == [[0], [0]]
    assert np.isnan(found["c"][2]).all()
    with np.errstate(divide="ignore"):
        assert clipped("CLIPPING-2", 1.0, (0, 0))["c"][1].tolist() == [[0], [0]]  # θ/0 is infinite, the smaller is 1


@pytest.mark.parametrize("id", BOTH)
def test_never_longer_than_theta_and_never_turned(id):
    for seed in range(10):
        given = drawn(seed, steps=6).given()
        found, theta = evaluate(chain(REGISTRY[id]), given), given["theta"]
        for t, g in given["g"].items():
            c = found["c"][t]
            assert np.linalg.norm(c) <= theta * (1 + 1e-14)
            assert relative_error(c / np.linalg.norm(c), g / np.linalg.norm(g)) < 1e-14
            assert np.linalg.norm(c) == pytest.approx(min(theta, np.linalg.norm(g)), rel=1e-14)
            again = evaluate(chain(REGISTRY[id]), {**given, "g": {**given["g"], t: c}})["c"][t]
            assert relative_error(again, c) < 1e-14  # what is clipped is short enough


WRONG = [
    ("CLIPPING-1", "np.sqrt(entry(g[t].T @ g[t], 0))", "entry(g[t].T @ g[t], 0)"),
    ("CLIPPING-1", "np.sqrt(entry(g[t].T @ g[t], 0))", "np.abs(g[t]).sum()"),
    ("CLIPPING-1", "np.sqrt(entry(g[t].T @ g[t], 0))", "np.abs(g[t]).max()"),
    ("CLIPPING-1", "g[t].T @ g[t]", "g[t].T @ g[t] / len(g[t])"),
    ("CLIPPING-2", "np.minimum", "np.maximum"),
    ("CLIPPING-2", "np.minimum(theta / nu[t], 1) * ", "theta / nu[t] * "),
    ("CLIPPING-2", "np.minimum(theta / nu[t], 1) * ", ""),
    ("CLIPPING-2", "theta / nu[t]", "theta / nu[t] ** 2"),
    ("CLIPPING-2", "nu[t]", "nu[1]"),
    ("CLIPPING-3", "np.maximum", "np.minimum"),
    ("CLIPPING-3", "np.maximum(nu[t], theta)", "(nu[t] + theta)"),
    ("CLIPPING-4", ", -theta", ", 0"),
    ("CLIPPING-4", "np.maximum(np.minimum(g[t], theta), -theta)", "theta * np.sign(g[t])"),
]


@pytest.mark.parametrize(("id", "old", "new"), WRONG)
def test_a_planted_error_is_noticed_and_stays_in_its_place(id, old, new):
    failed = check_is_one_failure(slipped(id, old, new), [drawn(seed) for seed in range(3)])
    assert np.isfinite(failed.engine)  # it is computed, and comes to something else
