"""A million steps, states that all but vanish, and impossible things: nothing underflows, nothing becomes NaN."""

import warnings

import numpy as np
import pytest
from hmm_cases import arithmetic
from numpy.testing import assert_allclose, assert_array_equal

from rnn.baselines import HMM, hmm_kernels, hmm_log_kernels, hmm_paths
from rnn.errors import RnnError

MILLION = 1_000_000
BOTH = pytest.mark.parametrize("kind", ["plain", "logs"])


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(scope="module")
def long():
    rng = np.random.default_rng(1)
    model = HMM.random(4, 6, rng)
    return model, model.sample(MILLION, rng).ids


@pytest.mark.parametrize(("kind", "steps"), [("plain", MILLION), ("logs", 100_000)])
def test_a_million_steps_where_the_answer_is_known(kind, steps):
    """With equal rows in A the steps are independent: log P = Σ log Σ_h A(h) B(h, x)."""
    rng = np.random.default_rng(0)
    row, B = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(5), 3)
    model = HMM(row, np.tile(row, (3, 1)), B)
    ids = rng.integers(5, size=steps)
    with arithmetic(kind):
        found = model.log_likelihood(ids)
        told = model.posterior(ids)
    assert found == pytest.approx(np.log(row @ B)[ids].sum(), rel=1e-13)
    assert_allclose(told, (row * B.T / (B.T @ row)[:, None])[ids], rtol=1e-12)


def test_forwards_and_backwards_meet_after_a_million_steps(long):
    """log P = log Σ_h p(h) P(x₁ | h) β₁(h), and α β sums to P at every step."""
    model, ids = long
    total, beta = model.log_likelihood(ids), model.backward(ids)
    assert np.isfinite(total)
    assert total < -MILLION
    backwards = np.log((model.start * model.emissions[:, ids[0]]) @ np.exp(beta.log_rows[0])) + beta.log_scales[0]
    assert backwards == pytest.approx(total, rel=1e-13)
    alpha = model.forward(ids)
    both = np.log((np.exp(alpha.log_rows) * np.exp(beta.log_rows)).sum(axis=1)) + alpha.log_scales + beta.log_scales
    assert_allclose(both, total, rtol=1e-12)
    assert model.log_probs(ids).sum() == pytest.approx(total, rel=1e-13)


def test_both_arithmetics_agree_over_many_steps(long):
    model, ids = long[0], long[1][:100_000]
    plain = model.log_likelihood(ids), model.posterior(ids)
    with arithmetic("logs"):
        logs = model.log_likelihood(ids), model.posterior(ids)
    assert logs[0] == pytest.approx(plain[0], rel=1e-13)
    assert_allclose(logs[1], plain[1], rtol=1e-11)


def test_viterbi_s_score_is_that_of_its_path_and_above_that_of_another(long):
    model, ids = long[0], long[1][:100_000]
    found = model.viterbi(ids)
    moves = np.log(model.transitions)[found.states[:-1], found.states[1:]].sum()
    score = np.log(model.start[found.states[0]]) + moves + np.log(model.emissions)[found.states, ids].sum()
    assert found.log_probs[0] == pytest.approx(score, rel=1e-12)
    greedy = model.posterior(ids).argmax(axis=1)
    rival = np.log(model.transitions)[greedy[:-1], greedy[1:]].sum() + np.log(model.emissions)[greedy, ids].sum()
    assert found.log_probs[0] > rival + np.log(model.start[greedy[0]])


# Left to right


def left_right(stay=0.5, tired=0.01):
    """0 → 0 or 1, 1 → 1; state 0 hardly ever shows 0 but alone can show 1."""
    return HMM([1.0, 0.0], [[stay, 1 - stay], [0.0, 1.0]], [[tired, 1 - tired], [1.0, 0.0]])


@pytest.mark.parametrize("steps", [3, 1000, MILLION])
def test_a_state_that_all_but_vanished_is_still_there_when_it_is_needed(steps):
    """Zeros, then a 1: the state must have been 0 throughout, though a filter holds that for 10⁻²³⁰⁰ after 1,000."""
    model = left_right()
    ids = np.append(np.zeros(steps, int), 1)
    expected = steps * np.log(0.5 * 0.01) + np.log(0.99)
    assert model.log_likelihood(ids) == pytest.approx(expected, rel=1e-11)
    told = model.posterior(ids)
    assert_allclose(told, np.tile([1.0, 0.0], (steps + 1, 1)), rtol=1e-9)
    path = model.viterbi(ids)
    assert not path.states.any()
    assert path.log_probs[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("steps", [2, 3, 1000])
def test_a_state_that_all_but_vanished_is_known_exactly(steps):
    """After n zeros state 0 has 0.01ⁿ 0.5ⁿ⁻¹, and state 1, by the step that entered it, Σ 0.005ᵏ for k < n."""
    model, ids = left_right(), np.zeros(steps, int)
    stayed = steps * np.log(0.01) + (steps - 1) * np.log(0.5)
    left = 0.005 * (1 - 0.005 ** (steps - 1)) / 0.995
    vanished = stayed - np.log(left + np.exp(stayed))
    assert model.forward(ids).log_rows[-1, 0] == pytest.approx(vanished, rel=1e-12)
    here = np.exp(vanished)
    expected = np.array([here, 1 - here]) @ model.transitions @ model.emissions
    assert_allclose(model.next_distribution(ids), expected, rtol=1e-12, atol=1e-300)
    assert_allclose(model.left_out(np.append(ids, 1), steps), expected, rtol=1e-12, atol=1e-300)


def test_a_state_may_vanish_backwards_too():
    """State 1 can be entered late only; which state was first is told by the last steps."""
    model = HMM([0.5, 0.5], [[1.0, 0.0], [0.0, 1.0]], [[0.9, 0.1], [1e-3, 0.999]])
    ids = np.zeros(400, int)
    beta = model.backward(ids)
    assert_allclose(beta.logs[0], 399 * np.log([0.9, 1e-3]), rtol=1e-12)
    assert_allclose(np.log(model.posterior(ids[:90])[:, 1]), 90 * np.log(1e-3 / 0.9), rtol=1e-12)


@pytest.mark.parametrize("far", [10.0, 300.0, 1e4, 1e8])
def test_log_likelihoods_that_no_float_can_hold(far):
    """exp(−10⁴) is 0 in floats; here the improbable state is the only one that may go on."""
    model = HMM([0.5, 0.5], [[1.0, 0.0], [0.0, 1.0]])
    logs = np.array([[-far, 0.0], [0.0, -np.inf], [-3 * far, -far]])
    assert model.log_likelihood(logs) == pytest.approx(np.log(0.5) - 4 * far, rel=1e-12)
    assert_array_equal(model.posterior(logs), [[1, 0]] * 3)
    assert model.viterbi(logs).states.tolist() == [0, 0, 0]
    common = logs - 1e6 * np.arange(3)[:, None]
    assert model.log_likelihood(common) == pytest.approx(np.log(0.5) - 4 * far - 3e6, rel=1e-12)


@pytest.mark.parametrize("tiny", [1e-90, 1e-150, 1e-250, 1e-308, 5e-324])
def test_tiny_entries_are_not_zero(tiny):
    """Each of the three tables in turn holds the only way; the rest of the row goes nowhere."""
    nearly = [tiny, 1.0]
    dead = [[1.0, 0.0], [0.0, 1.0]]
    ids = [0, 0, 0]
    for model in (
        HMM(nearly, dead, dead),
        HMM([0.0, 1.0], [[1.0, 0.0], nearly], [[0.5, 0.5], [0.5, 0.5]]),
        HMM([1.0, 0.0], dead, [nearly, [0.5, 0.5]]),
    ):
        told = model.posterior(ids)
        assert_allclose(told.sum(axis=1), 1, rtol=1e-12)
    assert HMM(nearly, dead, dead).log_likelihood(ids) == pytest.approx(np.log(tiny))
    assert HMM([1.0, 0.0], dead, [nearly, [0.5, 0.5]]).log_likelihood(ids) == pytest.approx(3 * np.log(tiny))
    third = HMM([0.0, 1.0], [[1.0, 0.0], nearly], [[1.0, 0.0], [0.0, 1.0]])
    assert third.log_likelihood([1, 0, 0]) == pytest.approx(np.log(tiny))
    assert_array_equal(third.posterior([1, 0, 0]), [[0, 1], [1, 0], [1, 0]])


# Zeros that are zeros


@BOTH
def test_what_is_impossible_is_minus_infinity_and_said(kind):
    model = HMM([1.0, 0.0], [[0.5, 0.5], [0.0, 1.0]], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    ids = [0, 1, 0, 1]  # from state 1 there is no way back
    with arithmetic(kind):
        assert model.log_likelihood(ids) == -np.inf
        assert_array_equal(model.log_likelihoods([ids, [0, 1], [2]]), [-np.inf, np.log(0.5), -np.inf])
        assert_array_equal(np.isneginf(model.forward(ids).logs).all(axis=1), [False, False, True, True])
        assert_array_equal(np.isneginf(model.forward(ids, form="predictive").logs).all(axis=1), [False] * 3 + [True])
        assert_array_equal(np.isneginf(model.backward(ids).logs).all(axis=1), [True, False, False, False])
        for found in (model.forward(ids), model.backward(ids)):
            assert not np.isnan(found.log_rows).any()
            assert not np.isnan(found.log_scales).any()
        for ask in (model.posterior, model.pairs, model.viterbi):
            with pytest.raises(RnnError, match=r"probability 0 .*; sequence 1, step 2; allow it"):
                ask([[0, 1], ids])
        with pytest.raises(RnnError, match=r"other steps has probability 0 .*; sequence 0, step 0"):
            model.log_left_out(ids)
        assert_allclose(model.left_out([0, 1, 2, 1], 2), [0, 1, 0])
        assert not np.isnan(model.log_probs(ids)).any()


def test_one_kernel_one_compiled_form():
    """Read-only tables, windows and given arrays must not each compile the loops afresh."""
    rng = np.random.default_rng(3)
    model = HMM.random(2, 3, rng)
    ids = np.array([0, 2, 1, 1, 0])
    logs = np.log(model.emissions[:, ids].T)
    logs.flags.writeable = False
    for kind in ("plain", "logs"):
        with arithmetic(kind):
            for given in (ids, tuple(ids), [ids, ids], logs, np.asfortranarray(logs), logs[::-1]):
                model.log_likelihood(given)
                model.posterior(given)
                model.viterbi(given)
            for context in (0, 1, 3, "carry"):
                model.log_probs(ids.astype(np.uint8), context)
    model.sample(3, rng)
    loops = (
        hmm_kernels.forward_scaled, hmm_kernels.backward_scaled, hmm_log_kernels.forward_log,
        hmm_log_kernels.backward_log, hmm_paths.viterbi, hmm_paths.walk,
    )  # fmt: skip
    assert [len(loop.signatures) for loop in loops] == [1] * 6
