"""What a hidden Markov model refuses, each time in one line of three parts, and early."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rnn.baselines import HMM, baum_welch
from rnn.errors import RnnError

HALF, EVEN = [0.5, 0.5], [[0.5, 0.5], [0.5, 0.5]]
MODEL = HMM(HALF, EVEN, [[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]])
HIDDEN = HMM(HALF, EVEN)
LOGS = np.zeros((3, 2))
rng = np.random.default_rng


def with_entry(value):
    logs = LOGS.copy()
    logs[2, 1] = value
    return logs


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: HMM([0.5, 0.4], EVEN, EVEN), r"start sums to 0.9, 0.1 less than 1; HMM; divide"),
        (lambda: HMM(HALF, [[0.5, 0.5], [0.7, 0.5]]), r"row 1 of transitions sums to 1.2, 0.2 more than 1"),
        (lambda: HMM(HALF, EVEN, [[0.5, 0.5], [0.3333, 0.6666]]), r"row 1 of emissions sums to 0.9999, 0.0001 less"),
        (lambda: HMM(HALF, EVEN, [[1.0, 1e-7], [1.0, 0.0]]), r"row 0 of emissions sums to 1.0000001, 1e-07 more"),
        (lambda: HMM(HALF, [[1.5, -0.5], HALF]), r"transitions\[0, 1\] is -0.5; HMM; give probabilities, 0 or more"),
        (lambda: HMM([float("nan"), 1.0], EVEN), r"start\[0\] is nan"),
        (lambda: HMM(HALF, EVEN, [[1.0, 0.0], [float("inf"), 0.0]]), r"emissions\[1, 0\] is inf"),
        (lambda: HMM([], []), r"start has shape \(0,\); HMM; give the shape \(at least 1,\)"),
        (lambda: HMM(1.0, [[1.0]]), r"start has shape \(\)"),
        (lambda: HMM([HALF], EVEN), r"start has shape \(1, 2\)"),
        (lambda: HMM(HALF, [HALF]), r"transitions has shape \(1, 2\); HMM; give the shape \(2, 2\)"),
        (lambda: HMM(HALF, EVEN, [HALF] * 3), r"emissions has shape \(3, 2\); HMM; give the shape \(2, at least 1\)"),
        (lambda: HMM(HALF, EVEN, [[], []]), r"emissions has shape \(2, 0\)"),
        (lambda: HMM(HALF, [[1.0], [0.5, 0.5]]), "transitions has rows of different lengths"),
        (lambda: HMM(["a", "b"], EVEN), "start holds <U1, not numbers"),
        (lambda: HMM(HALF, np.array(EVEN, dtype=complex)), "transitions holds complex128"),
        (lambda: HMM([Fraction(1, 2)] * 2, EVEN), "start holds object, not numbers; HMM; give probabilities"),
        (lambda: HMM.random(0, 3, rng()), "states is 0"),
        (lambda: HMM.random(2, 0, rng()), "vocabulary is 0"),
        (lambda: HMM.random(2, 2.0, rng()), "vocabulary is 2.0"),
        (lambda: HMM.random(2, 2, rng(), concentration=0.0), "concentration is 0.0"),
        (lambda: HMM.random(2, 2, rng(), concentration=float("nan")), "concentration is nan"),
        (lambda: MODEL.posterior([]), "sequence 0 is empty; HMM; give at least one step"),
        (lambda: MODEL.log_likelihoods([[0, 1], []]), "sequence 1 is empty"),
        (lambda: MODEL.log_likelihoods([0, 1], [2, 0]), "sequence 1 is empty"),
        (lambda: MODEL.log_likelihoods([], []), "sequence 0 is empty"),
        (lambda: HIDDEN.posterior(np.zeros((0, 2))), "sequence 0 is empty"),
        (lambda: MODEL.log_likelihoods([0, 1, 2], [1, 1]), "lengths add up to 2; lengths; make them add up to the 3"),
        (lambda: MODEL.log_likelihoods([0, 1], [3, -1]), r"lengths\[1\] is -1"),
        (lambda: MODEL.log_likelihoods([0, 1], [1.0, 1]), r"lengths\[0\] is 1.0"),
        (lambda: MODEL.log_likelihoods([[0], [1]], [1, 1]), "a list of sequences and lengths are both given"),
        (lambda: MODEL.viterbi([0, 3]), r"id 3 is outside 0..2; ids\[1\]"),
        (lambda: MODEL.viterbi([[0, 1], [0, -1]]), r"id -1 is outside 0..2; sequence 1, ids\[1\]"),
        (lambda: MODEL.posterior([0.0, 1.0]), "ids are float64, not integers"),
        (lambda: MODEL.posterior([True, False]), "ids are bool, not integers"),
        (lambda: MODEL.posterior("text"), r"ids have shape \(\)"),
        (lambda: MODEL.posterior(["a", "b"]), "ids are <U1, not integers"),
        (lambda: MODEL.posterior(np.zeros((2, 3), int)), r"ids have shape \(2, 3\)"),
        (lambda: MODEL.posterior([[[0], [0, 1]]]), "a sequence has rows of different lengths; sequence 0, HMM"),
        (lambda: MODEL.posterior([0, [1, 2]]), "a sequence has rows of different lengths; HMM"),
        (lambda: MODEL.posterior([[0, 1], LOGS]), "some sequences are ids and some log-likelihoods"),
        (lambda: HIDDEN.posterior([0, 1]), r"no emissions to read ids with; HMM; give log-likelihoods \(T, K\)"),
        (lambda: HIDDEN.posterior(np.zeros((3, 4))), "4 log-likelihoods a step for 2 states; log-likelihoods; give"),
        (lambda: HIDDEN.posterior(with_entry(np.nan)), r"a log-likelihood is nan; log-likelihoods\[2, 1\]"),
        (lambda: HIDDEN.posterior([LOGS, with_entry(np.inf)]), r"is inf; sequence 1, log-likelihoods\[2, 1\]"),
        (lambda: HIDDEN.vocabulary, "the model has no emissions; HMM; give HMM"),
        (lambda: HIDDEN.sample(3, rng()), "the model has no emissions"),
        (lambda: HIDDEN.log_probs([0]), "the model has no emissions"),
        (lambda: HIDDEN.next_distribution([]), "the model has no emissions"),
        (lambda: HIDDEN.left_out([0]), "the model has no emissions"),
        (lambda: MODEL.sample(0, rng()), "length is 0"),
        (lambda: MODEL.left_out([0, 1], 2), r"j is 2; HMM.left_out; give a step of 0..1"),
        (lambda: MODEL.left_out([0, 1], -1), "j is -1"),
        (lambda: MODEL.left_out([]), "sequence 0 is empty"),
        (lambda: MODEL.forward([0], form="both"), "form is 'both'; HMM.forward; give 'usual' or 'predictive'"),
        (lambda: MODEL.log_probs([0, 3]), "id 3 is outside"),
        (lambda: MODEL.log_probs([0, 1], "reset"), "context is 'reset'"),
        (lambda: MODEL.log_probs([], -1), "context is -1"),
        (lambda: MODEL.next_distribution([0, 5]), "id 5 is outside"),
        (lambda: baum_welch(MODEL, []), "sequence 0 is empty"),
        (lambda: baum_welch(MODEL, [0], updates=-1), "updates is -1"),
        (lambda: baum_welch(MODEL, [0], tolerance=-1e-3), "tolerance is -0.001"),
        (lambda: baum_welch(MODEL, [0], tolerance=float("nan")), "tolerance is nan"),
        (lambda: baum_welch(MODEL, [0], pseudo_counts=-1), "pseudo_counts is -1"),
        (lambda: baum_welch(MODEL, [0], pseudo_counts=[1, 2]), r"pseudo_counts is \[1, 2\]; baum_welch; give a number"),
        (lambda: baum_welch(MODEL, [0], pseudo_counts="many"), "pseudo_counts is 'many'"),
        (lambda: baum_welch(HMM([1.0], [[1.0]], [[1.0, 0.0]]), [[0], [0, 1]]), "probability 0 .*; sequence 1, step 1;"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_three_parts(call, says):
    with pytest.raises(RnnError, match=says) as caught:
        call()
    assert str(caught.value) == "; ".join((caught.value.what, caught.value.where, caught.value.remedy))
    assert "\n" not in str(caught.value)


def test_rows_that_were_rounded_at_the_ninth_digit_will_do():
    HMM([0.333333333, 0.333333333, 0.333333334], np.full((3, 3), 1 / 3), np.full((3, 7), 1 / 7))


def test_a_model_keeps_its_own_copy_that_nobody_changes():
    transitions = np.array(EVEN)
    model = HMM(HALF, transitions, EVEN)
    transitions[0] = [1.0, 0.0]
    assert_allclose(model.transitions, EVEN)
    with pytest.raises(ValueError, match="read-only"):
        model.emissions[0, 0] = 1.0


@pytest.mark.parametrize("ids", [np.array([0, 2, 1], np.uint8), (0, 2, 1), [0, 2, 1], [np.int32(0), 2, 1]])
def test_any_integer_ids_will_do(ids):
    assert MODEL.log_likelihood(ids) == MODEL.log_likelihood(np.array([0, 2, 1]))
    assert_allclose(HMM([1, 0], np.eye(2, dtype=int), np.float32(EVEN)).log_likelihood([0, 1]), 2 * np.log(0.5))
