"""The equations of Zipf's law: by hand, at the likeliest exponent, and planted errors."""

import math

import numpy as np
import pytest
from formula_cases import check_is_one_failure, slipped

from rnn.baselines.zipf import maximum_likelihood
from rnn.formulas import evaluate, find
from rnn.verify import check
from rnn.witnesses.zipf import Counted, random_zipf

ZIPF = find("zipf")


def drawn(seed=0, *, vocabulary=4):
    rng = np.random.default_rng(seed)
    return random_zipf("zipf", rng, steps=3, inputs=2, hidden=3, vocabulary=vocabulary)


def of(frequencies, first, last, exponent):
    return evaluate(ZIPF, Counted("zipf", np.array(frequencies), first, last, exponent).given())


@pytest.mark.parametrize("seed", range(20))
def test_every_equation_agrees_with_the_fits_and_the_engine(seed):
    for c in check(ZIPF, [drawn(seed, vocabulary=2 + seed % 5)]):
        assert c.ok, c
        assert c.chain < 1e-10
        assert (c.differences is None) == (c.equation.id != "ZIPF-7")


def test_by_hand():
    """12, 6 and 4 times at ranks 1, 2 and 3: exactly 12/i, so α = 1, c = log 12 and nothing is left over."""
    found = of([12, 6, 4], 1, 3, 1.0)
    assert found["alpha"] == pytest.approx(1, rel=1e-14)
    assert found["c"] == pytest.approx(math.log(12), rel=1e-14)
    assert np.abs(found["e"]).max() < 1e-14
    np.testing.assert_allclose(found["p"][:, 0], [6 / 11, 3 / 11, 2 / 11], rtol=1e-14)  # 1 + 1/2 + 1/3 = 11/6
    entropy = -sum(k / 11 * math.log(k / 11) for k in (6, 3, 2))
    assert found["L"] == pytest.approx(entropy, rel=1e-14)
    assert found["grad_a"] == pytest.approx(0, abs=1e-15)


def test_two_ranks_by_hand():
    """A window of ranks 2 and 3: the line goes through both points."""
    found = of([99, 9, 5], 2, 3, 0.5)
    assert found["alpha"] == pytest.approx(math.log(9 / 5) / math.log(3 / 2), rel=1e-13)
    np.testing.assert_allclose(found["z"][:, 0], [-math.log(1.5) / 2, math.log(1.5) / 2], rtol=1e-13)
    share = 2**-0.5 / (2**-0.5 + 3**-0.5)
    assert found["L"] == pytest.approx(-(9 * math.log(share) + 5 * math.log(1 - share)) / 14, rel=1e-13)
    slope = (9 * math.log(2) + 5 * math.log(3)) / 14 - share * math.log(2) - (1 - share) * math.log(3)
    assert found["grad_a"] == pytest.approx(slope, rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_at_the_likeliest_exponent_the_slope_is_0_and_the_loss_smallest(seed):
    p = drawn(seed)
    best = maximum_likelihood(p.frequencies, (p.first, p.last)).exponent

    def at(a):
        return of(p.frequencies, p.first, p.last, a)

    assert at(best)["grad_a"] == pytest.approx(0, abs=1e-13)
    assert at(best)["L"] < min(at(best + 0.01)["L"], at(best - 0.01)["L"])
    assert at(best + 0.01)["grad_a"] > 0 > at(best - 0.01)["grad_a"]


def test_the_slope_is_a_complex_step_derivative():
    p = drawn(6)
    n, r = p.given()["n"][:, 0], p.given()["r"][:, 0]
    powers = np.exp(-(p.exponent + 1e-30j) * np.log(r))
    slope = (-(n @ np.log(powers / powers.sum())) / n.sum()).imag / 1e-30
    assert of(p.frequencies, p.first, p.last, p.exponent)["grad_a"] == pytest.approx(slope, rel=1e-12)


def test_what_is_left_over_has_no_slope_and_no_mean():
    found = evaluate(ZIPF, drawn(7).given())
    assert abs(found["e"].sum()) < 1e-12
    assert abs(float((found["z"].T @ found["e"])[0, 0])) < 1e-12
    assert np.abs(found["e"]).max() > 0.01


WRONG = [
    ("ZIPF-1", " / w", ""),
    ("ZIPF-1", "np.log(r) -", "r -"),
    ("ZIPF-2", "-entry", "entry"),
    ("ZIPF-2", "np.log(n)", "n"),
    ("ZIPF-2", " / entry(z.T @ z, 0)", ""),
    ("ZIPF-3", "+ alpha", "- alpha"),
    ("ZIPF-3", " / w", ""),
    ("ZIPF-4", "- c", "+ c"),
    ("ZIPF-5", "-a *", "a *"),
    ("ZIPF-5", "np.log(r)", "r"),
    ("ZIPF-6", " / N", ""),
    ("ZIPF-7", "/ N - entry(p", "/ N + entry(p"),
    ("ZIPF-7", "p.T", "n.T"),
]


@pytest.mark.parametrize(("id", "old", "new"), WRONG)
def test_a_planted_error_is_noticed_and_stays_in_its_place(id, old, new):
    check_is_one_failure(slipped(id, old, new), [drawn(seed) for seed in range(2)])
