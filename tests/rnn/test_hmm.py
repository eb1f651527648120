"""The hidden Markov model against the sum over all paths, and against the printed recursions."""

import warnings

import numpy as np
import pytest
from hmm_cases import Paths, arithmetic, problems, seen
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from rnn.baselines import HMM
from rnn.errors import RnnError
from rnn.formulas import evaluate as evaluate_formulas
from rnn.formulas import find
from rnn.metrics import evaluate

BOTH = pytest.mark.parametrize("kind", ["plain", "logs"])
EXAMPLES = settings(max_examples=40, deadline=None)


def close(found, expected, **how):
    """To 1e-12, and what is 0 exactly 0."""
    assert_allclose(found, expected, rtol=1e-12, atol=0, **how)


def brute(model, ids, known=None):
    return Paths(model.start, model.transitions, seen(model.emissions, ids, known))


@BOTH
@EXAMPLES
@given(problem=problems())
def test_messages_and_likelihood_equal_the_sums_over_all_paths(kind, problem):
    model, ids = problem
    steps = range(len(ids))
    with arithmetic(kind), warnings.catch_warnings():
        warnings.simplefilter("error")
        close(np.exp(model.log_likelihood(ids)), brute(model, ids).total)
        alpha, pi = model.forward(ids), model.forward(ids, form="predictive")
        beta = model.backward(ids)
    close(np.exp(alpha.logs), [brute(model, ids[: t + 1]).at(t) for t in steps])
    close(np.exp(pi.logs), [brute(model, ids[: t + 1], range(t)).at(t) for t in steps])
    for t in steps:
        e = seen(model.emissions, ids[t:], range(1, len(ids)))
        after = [Paths(state, model.transitions, e).total for state in np.eye(model.states)]
        close(np.exp(beta.logs[t]), after)
    for message in (alpha, pi):
        close(np.exp(message.log_rows).sum(axis=1), 1)


@BOTH
@EXAMPLES
@given(problem=problems())
def test_posteriors_equal_the_sums_over_all_paths_or_are_refused(kind, problem):
    model, ids = problem
    paths = brute(model, ids)
    with arithmetic(kind), warnings.catch_warnings():
        warnings.simplefilter("error")
        if paths.total == 0:
            for ask in (model.posterior, model.pairs, model.viterbi):
                with pytest.raises(RnnError, match="probability 0 under the model, given what was seen before"):
                    ask(ids)
            return
        close(model.posterior(ids), [paths.at(t) / paths.total for t in range(len(ids))])
        pairs = [paths.pair(t) / paths.total for t in range(len(ids) - 1)]
        close(model.pairs(ids), np.reshape(pairs, (-1, model.states, model.states)))


@EXAMPLES
@given(problem=problems())
def test_viterbi_finds_the_best_of_all_paths(problem):
    model, ids = problem
    paths = brute(model, ids)
    if paths.total > 0:
        found = model.viterbi(ids)
        close(np.exp(found.log_probs), [paths.best()[1]])
        close(paths.p[(paths.states == found.states).all(axis=1)], [paths.best()[1]])


def test_viterbi_takes_the_lower_of_equal_states():
    fair = HMM([0.5, 0.5], [[0.5, 0.5], [0.5, 0.5]], [[0.5, 0.5], [0.5, 0.5]])
    assert fair.viterbi([0, 1, 0]).states.tolist() == [0, 0, 0]
    crossing = HMM([0.5, 0.5], [[0, 1], [1, 0]], [[0.5, 0.5], [0.5, 0.5]])
    assert crossing.viterbi([0, 1, 0]).states.tolist() == [0, 1, 0]


@BOTH
@EXAMPLES
@given(problem=problems())
def test_what_one_step_might_show_given_all_the_others(kind, problem):
    model, ids = problem
    expected = []
    for j in range(len(ids)):
        others = [t for t in range(len(ids)) if t != j]
        expected.append(model.emissions.T @ brute(model, ids, others).at(j))
    sums = np.sum(expected, axis=1)
    with arithmetic(kind), warnings.catch_warnings():
        warnings.simplefilter("error")
        for j, row in enumerate(expected):
            if sums[j] > 0:
                close(model.left_out(ids, j), row / sums[j])
            else:
                with pytest.raises(RnnError, match=f"other steps has probability 0 .*; sequence 0, step {j};"):
                    model.left_out(ids, j)
        if (sums > 0).all():
            rows = expected / sums[:, None]
            close(model.left_out(ids), rows)
            close(np.exp(model.log_left_out(ids)), rows[np.arange(len(ids)), ids])
        else:
            with pytest.raises(RnnError, match=f"step {int((sums == 0).argmax())};"):
                model.left_out(ids)


@BOTH
@EXAMPLES
@given(problem=problems(), context=st.one_of(st.just("carry"), st.integers(0, 8)))
def test_predictions_equal_ratios_of_sums_over_all_paths(kind, problem, context):
    """P(x_t | known) = P(x_t, known) / P(known); what is impossible is passed over, older tokens are summed out."""
    model, ids = problem
    back = len(ids) if context == "carry" else context
    expected = []
    for t in range(len(ids)):
        known = []
        for k in range(max(t - back, 0), t + 1):
            before = brute(model, ids[: t + 1], known).total
            p = brute(model, ids[: t + 1], [*known, k]).total / before
            known += [k] if p > 0 else []
        expected.append(p)
    with arithmetic(kind), warnings.catch_warnings():
        warnings.simplefilter("error")
        found = model.log_probs(ids, context)
        rows = [model.next_distribution(ids[:t]) for t in range(len(ids))]
    close(np.exp(found), expected)
    assert (found <= 0).all()
    close(np.sum(rows, axis=1), 1)
    if context == "carry":
        close([row[i] for row, i in zip(rows, ids, strict=True)], expected)


@settings(max_examples=25, deadline=None)
@given(problem=problems(zeros=False))
def test_the_printed_recursions_are_a_witness(problem):
    model, ids = problem
    given_ = {
        "A": model.transitions, "B": model.emissions, "p": model.start[:, None], "u": np.ones((model.states, 1)),
        "x": {t: np.eye(model.vocabulary)[[i]].T for t, i in enumerate(ids, 1)}, "tau": len(ids),
    }  # fmt: skip
    wanted = [e for e in find("hmm") if e.places({"tau": len(ids)})]
    values = evaluate_formulas(wanted, given_)
    along = range(1, len(ids) + 1)
    found = {
        "alpha": np.exp(model.forward(ids).logs), "pi": np.exp(model.forward(ids, form="predictive").logs),
        "beta": np.exp(model.backward(ids).logs), "gamma": model.posterior(ids), "s": model.left_out(ids),
    }  # fmt: skip
    for name in ("alpha", "pi", "beta", "gamma"):
        close(found[name], [values[name][t][:, 0] for t in along], err_msg=name)
    close(found["s"], [values["s"][t][:, 0] / values["s"][t].sum() for t in along])
    close(np.exp(model.log_likelihood(ids)), values["P"])


# Log-likelihoods in place of ids


@BOTH
@EXAMPLES
@given(problem=problems(), scale=st.sampled_from([1.0, 50.0]))
def test_any_emission_will_do(kind, problem, scale):
    model, ids = problem
    rng = np.random.default_rng(len(ids))
    logs = rng.normal(size=(len(ids), model.states)) * scale
    hidden = HMM(model.start, model.transitions)
    paths = Paths(model.start, model.transitions, np.exp(logs))
    with arithmetic(kind):
        close(hidden.log_likelihood(logs), np.log(paths.total))
        if len(ids) > 0 and paths.total > 0:
            close(hidden.posterior(logs), [paths.at(t) / paths.total for t in range(len(ids))])
            path = hidden.viterbi(logs)
            assert_allclose(path.log_probs, np.log(paths.best()[1]), rtol=1e-12)
        for j in range(len(ids)):
            others = np.exp(np.where(np.arange(len(ids))[:, None] == j, 0.0, logs))
            expected = np.log(paths.total / Paths(model.start, model.transitions, others).total)
            assert_allclose(hidden.log_left_out(logs)[j], expected, rtol=1e-11, atol=1e-12)


def test_ids_and_their_log_likelihoods_agree():
    model = HMM.random(3, 4, np.random.default_rng(2))
    ids = np.array([0, 3, 1, 1, 2])
    logs = np.log(model.emissions[:, ids].T)
    close(model.posterior(logs), model.posterior(ids))
    close(model.log_likelihoods([logs, logs[:2]]), model.log_likelihoods([ids, ids[:2]]))


# Several sequences


@BOTH
def test_sequences_are_independent_whichever_way_they_are_given(kind):
    rng = np.random.default_rng(4)
    model = HMM.random(3, 4, rng)
    sequences = [rng.integers(4, size=n) for n in (3, 1, 6, 1)]
    joined, lengths = np.concatenate(sequences), [3, 1, 6, 1]
    with arithmetic(kind):
        for given_ in ((sequences, None), (joined, lengths), ([list(s) for s in sequences], None)):
            close(model.log_likelihoods(*given_), [model.log_likelihood(s) for s in sequences])
            close(model.log_likelihood(*given_), sum(model.log_likelihood(s) for s in sequences))
            for ask in (model.posterior, model.pairs, model.log_left_out):
                close(ask(*given_), np.concatenate([ask(s) for s in sequences]))
            for form in ("usual", "predictive"):
                each = np.concatenate([model.forward(s, form=form).logs for s in sequences])
                close(model.forward(*given_, form=form).logs, each)
            close(model.backward(*given_).logs, np.concatenate([model.backward(s).logs for s in sequences]))
            path = model.viterbi(*given_)
            assert_array_equal(path.states, np.concatenate([model.viterbi(s).states for s in sequences]))
            close(path.log_probs, np.concatenate([model.viterbi(s).log_probs for s in sequences]))


# The protocol of predictors


def test_one_evaluation_takes_it():
    rng = np.random.default_rng(6)
    model = HMM.random(3, 5, rng)
    ids = model.sample(300, rng).ids
    for context in ("carry", 0, 3):
        result = evaluate(model, ids, context, rng=rng)
        assert_allclose(result.nats, -model.log_probs(ids, context).mean())
    assert_allclose(evaluate(model, ids, rng=rng).perplexity, np.exp(-model.log_likelihood(ids) / 300))
    assert_allclose(np.exp(model.log_probs(ids, 0)[:1]), (model.start @ model.emissions)[ids[:1]])
    assert model.log_probs([]).shape == (0,)
    assert model.size == 3 + 9 + 15


def test_windows_are_cut_alike_however_many_are_worked_on_together(monkeypatch):
    rng = np.random.default_rng(8)
    model = HMM.random(2, 3, rng)
    ids = rng.integers(3, size=23)
    expected = model.log_probs(ids, 2)
    monkeypatch.setattr("rnn.baselines.hmm_prediction.BLOCK", 7)
    assert_array_equal(model.log_probs(ids, 2), expected)


def test_impossible_tokens_are_counted_and_passed_over():
    """State 0 shows 0 and stays; token 1 has probability 0, and what follows is predicted as before it."""
    model = HMM([1.0, 0.0], np.eye(2), [[0.75, 0.0, 0.25], [0.0, 1.0, 0.0]])
    result = evaluate(model, [0, 1, 2], rng=np.random.default_rng(0))
    assert (result.zero_events, result.perplexity) == (1, np.inf)
    close(np.exp(model.log_probs([0, 1, 2])), [0.75, 0.0, 0.25])
    assert model.log_likelihood([0, 1, 2]) == -np.inf
    close(model.next_distribution([0, 1]), [0.75, 0.0, 0.25])
    close(model.left_out([0, 1, 2], 1), [0.75, 0, 0.25])
    with pytest.raises(RnnError, match=r"; sequence 1, step 1; allow it"):
        model.posterior([[0, 2], [0, 1, 2]])
