"""The hidden Markov model against hmmlearn's numbers; tests/golden/make_hmm.py made them and says how."""

import json
from pathlib import Path

import numpy as np
import pytest
from hmm_cases import arithmetic
from numpy.testing import assert_allclose, assert_array_equal

from rnn.baselines import HMM, baum_welch

STORED = json.loads((Path(__file__).parents[1] / "golden" / "hmm.json").read_text(encoding="utf-8"))
CASES = {f"{len(c['start'])} states, lengths {c['lengths']}": c for c in STORED["categorical"]}
BOTH = pytest.mark.parametrize("kind", ["plain", "logs"])
each = pytest.mark.parametrize("name", CASES)


def model(case):
    return HMM(case["start"], case["transitions"], case.get("emissions"))


@BOTH
@each
def test_likelihoods_posteriors_and_paths(kind, name):
    case = CASES[name]
    given = case["ids"], case["lengths"]
    with arithmetic(kind):
        assert_allclose(model(case).log_likelihoods(*given), case["log_likelihoods"], rtol=1e-12)
        assert_allclose(model(case).posterior(*given), case["posterior"], rtol=1e-10, atol=1e-14)
        path = model(case).viterbi(*given)
    assert_array_equal(path.states, case["path"])
    assert_allclose(path.log_probs, case["path_log_probs"], rtol=1e-12)


@BOTH
@pytest.mark.parametrize("added", ["fitted", "fitted_with_pseudo_counts"])
@each
def test_tables_after_some_updates(kind, added, name):
    case = CASES[name]
    pseudo_counts = STORED["pseudo_counts"] if added == "fitted_with_pseudo_counts" else 0.0
    how = {"updates": STORED["updates"], "tolerance": 0.0, "pseudo_counts": pseudo_counts}
    with arithmetic(kind):
        fit = baum_welch(model(case), case["ids"], case["lengths"], **how)
    found = (fit.model.start, fit.model.transitions, fit.model.emissions)
    for table, expected in zip(found, case[added], strict=True):
        assert_allclose(table, expected, rtol=1e-9, atol=1e-13)


@BOTH
def test_log_likelihoods_of_real_numbers(kind):
    case = STORED["gaussian"]
    given = np.array(case["log_likelihoods"])
    with arithmetic(kind):
        assert model(case).log_likelihood(given) == pytest.approx(case["log_likelihood"], rel=1e-12)
        assert_allclose(model(case).posterior(given), case["posterior"], rtol=1e-9, atol=1e-14)
        path = model(case).viterbi(given)
    assert_array_equal(path.states, case["path"])
    assert path.log_probs[0] == pytest.approx(case["path_log_prob"], rel=1e-12)
