"""The hidden Markov model: a printed example, every sequence of states, complex steps, and planted errors."""

from itertools import pairwise, product

import numpy as np
import pytest
from formula_cases import check_is_one_failure, slipped

from minigrad import relative_error
from rnn.errors import RnnError
from rnn.formulas import REGISTRY, evaluate, find
from rnn.verify import chain, check, engine_values
from rnn.witnesses.hmm import random_hmm

HMM = find("hmm")
LIKELIHOODS = ("HMM-4", "HMM-7", "HMM-11")


def drawn(seed=0, *, steps=4, hidden=3, vocabulary=5):
    return random_hmm("hmm", np.random.default_rng(seed), steps=steps, inputs=2, hidden=hidden, vocabulary=vocabulary)


def of(A, B, p, ids):
    """What a chain starts from."""
    x = {t: np.eye(len(B[0]))[[i]].T for t, i in enumerate(ids, 1)}
    u = np.ones((len(p), 1))
    return {"A": np.array(A), "B": np.array(B), "p": np.array([p]).T, "x": x, "u": u, "tau": len(ids)}


def joint(A, B, p, states, ids):
    """P(h₁ … h_τ, x₁ … x_τ), one factor after the other; an observation of None is left out."""
    found = p[states[0]]
    for before, state in pairwise(states):
        found = found * A[before][state]
    for state, x in zip(states, ids, strict=True):
        found = found * (1 if x is None else B[state][x])
    return found


@pytest.fixture(scope="module")
def weather():
    """Rain or sun behind an umbrella seen on two days; the numbers are Russell and Norvig's (AIMA 15.2)."""
    return evaluate(HMM, of([[0.7, 0.3], [0.3, 0.7]], [[0.9, 0.1], [0.2, 0.8]], [0.5, 0.5], [0, 0]))


# Against the witness


@pytest.mark.parametrize("seed", range(6))
def test_every_equation_agrees_with_the_sums_over_all_sequences(seed):
    sizes = np.random.default_rng(seed).permutation(np.arange(2, 6))
    p = drawn(seed, steps=3 + seed % 3, hidden=int(sizes[0]), vocabulary=int(sizes[1]))
    for c in check(HMM, [p]):
        assert c.ok, c
        assert c.chain < 1e-12
        assert (c.differences is None) == (c.equation.id != "HMM-12")


@pytest.mark.parametrize(("steps", "hidden", "vocabulary"), [(1, 3, 2), (4, 1, 3), (3, 2, 1)])
def test_one_step_one_state_and_one_observation(steps, hidden, vocabulary):
    for c in check(HMM, [drawn(1, steps=steps, hidden=hidden, vocabulary=vocabulary)]):
        if c.equation.places({"tau": steps}):  # of a single step there is no next one
            assert c.ok, c


def test_observations_are_not_all_the_same_and_too_many_sequences_are_refused():
    assert all(len(set(drawn(seed, steps=3, vocabulary=2).ids)) == 2 for seed in range(30))
    with pytest.raises(RnnError, match=r"4 states over 9 steps take 262144 sequences; random_hmm; at most 200000"):
        drawn(steps=9, hidden=4)


# By hand


def test_the_printed_example(weather):
    """Filtered 0.818 and 0.883, smoothed 0.883 on the first day."""
    alpha, gamma = weather["alpha"], weather["gamma"]
    assert [round(float(alpha[t][0, 0] / alpha[t].sum()), 3) for t in (1, 2)] == [0.818, 0.883]
    assert [round(float(gamma[t][0, 0]), 3) for t in (1, 2)] == [0.883, 0.883]


def test_the_same_by_hand(weather):
    """α₁ = (.45, .1); π₂ = (.345, .205); α₂ = (.3105, .041); β₁ = (.69, .41)."""
    np.testing.assert_allclose(weather["alpha"][1][:, 0], [0.45, 0.1], rtol=1e-14)
    np.testing.assert_allclose(weather["pi"][2][:, 0], [0.345, 0.205], rtol=1e-14)
    np.testing.assert_allclose(weather["alpha"][2][:, 0], [0.3105, 0.041], rtol=1e-14)
    np.testing.assert_allclose(weather["beta"][1][:, 0], [0.69, 0.41], rtol=1e-14)
    np.testing.assert_allclose(weather["beta"][2][:, 0], [1, 1], rtol=1e-14)
    assert weather["P"] == pytest.approx(0.3515, rel=1e-14)
    np.testing.assert_allclose(weather["s"][2][:, 0], [0.3515, 0.1985], rtol=1e-14)  # .345 · .1 + .205 · .8


def test_a_transition_is_read_from_its_row():
    """From state 0 always to 1, and from 1 always to 0: one sequence of states is possible."""
    found = evaluate(HMM, of([[0.0, 1.0], [1.0, 0.0]], [[0.75, 0.25], [0.125, 0.875]], [1.0, 0.0], [0, 1, 0]))
    assert found["P"] == pytest.approx(0.75 * 0.875 * 0.75, rel=1e-15)
    assert [found["gamma"][t][:, 0].tolist() for t in (1, 2, 3)] == [[1, 0], [0, 1], [1, 0]]
    cycle = evaluate(HMM, of(np.roll(np.eye(3), 1, axis=1), np.full((3, 2), 0.5), [1.0, 0.0, 0.0], [0, 1, 1]))
    assert [cycle["gamma"][t][:, 0].tolist() for t in (1, 2, 3)] == np.eye(3).tolist()  # 0 → 1 → 2, not 0 → 2 → 1


# By other routes


@pytest.mark.parametrize("id", LIKELIHOODS)
def test_the_probabilities_of_all_observations_sum_to_1(id):
    p = drawn(3, steps=3, hidden=3, vocabulary=2)
    A, B, start = p.A.data, p.B.data, p.p.data
    each = [evaluate(chain(REGISTRY[id]), of(A, B, start, ids))["P"] for ids in product(range(2), repeat=3)]
    assert sum(each) == pytest.approx(1, rel=1e-13)


def test_every_quantity_is_what_its_sum_over_sequences_says():
    p = drawn(4, steps=4, hidden=3, vocabulary=3)
    A, B, start, ids = (np.asarray(v).tolist() for v in (p.A.data, p.B.data, p.p.data, p.ids))
    found = evaluate(HMM, p.given())
    paths = list(product(range(3), repeat=4))
    P = sum(joint(A, B, start, h, ids) for h in paths)
    assert found["P"] == pytest.approx(P, rel=1e-13)
    for t, state in product(range(1, 5), range(3)):
        there = [h for h in paths if h[t - 1] == state]
        smoothed = sum(joint(A, B, start, h, ids) for h in there)
        seen = [*ids[:t], *[None] * (4 - t)]
        before = [*ids[: t - 1], *[None] * (5 - t)]
        assert found["gamma"][t][state, 0] == pytest.approx(smoothed / P, rel=1e-12)
        assert found["alpha"][t][state, 0] == pytest.approx(sum(joint(A, B, start, h, seen) for h in there), rel=1e-12)
        assert found["pi"][t][state, 0] == pytest.approx(sum(joint(A, B, start, h, before) for h in there), rel=1e-12)
        another = [*ids[: t - 1], state, *ids[t:]]  # as many observations as states here
        assert found["s"][t][state, 0] == pytest.approx(sum(joint(A, B, start, h, another) for h in paths), rel=1e-12)


def test_the_posterior_is_a_complex_step_derivative():
    """γ⁽ᵗ⁾(h) = ∂ log P / ∂ log e⁽ᵗ⁾(h), through the formulas themselves."""
    given = drawn(5).given()
    right = evaluate(HMM, given)
    forwards = [REGISTRY[f"HMM-{k}"] for k in (2, 3)]
    for t, state in product(range(1, 5), range(3)):
        e = {k: v.astype(complex) for k, v in right["e"].items()}
        e[t][state] *= 1 + 1e-30j
        moved = evaluate(forwards, {**given, "e": e})["pi"][4]
        slope = ((e[4] * moved).sum() / right["P"]).imag / 1e-30
        assert right["gamma"][t][state, 0] == pytest.approx(slope, rel=1e-12)


def test_forward_and_backward_meet_at_every_step():
    values = engine_values(drawn(6, steps=5))
    for t in range(1, 6):
        assert float((values["alpha"][t] * values["beta"][t]).sum()) == pytest.approx(values["P"], rel=1e-12)
        assert relative_error(values["alpha"][t], values["e"][t] * values["pi"][t]) < 1e-13
        assert values["gamma"][t].sum() == pytest.approx(1, rel=1e-12)
    assert (values["beta"][5] == 1).all()


# Planted errors

WRONG = [
    ("HMM-1", "x[t]", "x[1]"),
    ("HMM-1", "B @ x[t]", "B @ (1 - x[t])"),
    ("HMM-3", "A.T", "A"),
    ("HMM-3", "e[t] * pi[t]", "pi[t]"),
    ("HMM-3", "e[t] * pi[t]", "e[t + 1] * pi[t]"),
    ("HMM-5", "return u", "return u / len(u)"),
    ("HMM-6", "A @", "A.T @"),
    ("HMM-6", "e[t] * ", "e[t - 1] * "),
    ("HMM-8", "B.T @ (pi[t] * beta[t])", "B.T @ (pi[t] * beta[t]) / pi[t].sum()"),
    ("HMM-9", "e[1] * p", "p"),
    ("HMM-10", "e[t + 1] * (A.T @ alpha[t])", "A.T @ (e[t] * alpha[t])"),
    ("HMM-11", "alpha[tau]", "alpha[tau - 1]"),
    ("HMM-12", " / P", ""),
    ("HMM-12", "alpha[t] *", "alpha[t] / alpha[t].sum() *"),
]


@pytest.mark.parametrize(("id", "old", "new"), WRONG)
def test_a_planted_error_is_noticed_and_stays_in_its_place(id, old, new):
    failed = check_is_one_failure(slipped(id, old, new), [drawn(seed) for seed in range(2)])
    assert np.isfinite(failed.engine)  # it is computed, and comes to something else
