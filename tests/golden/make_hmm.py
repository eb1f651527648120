"""Write hmm.json: what hmmlearn's CategoricalHMM and GaussianHMM make of given models and sequences, in float64.

To make the file again: with hmmlearn 0.3.3 and numpy installed, run `python tests/golden/make_hmm.py`. Each case has
a model and sequences joined, with lengths; the log-likelihood of each; posteriors; Viterbi's path and its logarithm;
and the tables after some updates by Baum–Welch. Tests read the numbers and never need hmmlearn.
"""

import json
import logging
from pathlib import Path

import hmmlearn
import numpy as np
from hmmlearn.hmm import CategoricalHMM, GaussianHMM

UPDATES = 5
PSEUDO_COUNTS = (0.5, 0.25, 2.0)  # start, transitions, emissions


def categorical(tables, **options):
    model = CategoricalHMM(len(tables[0]), n_features=tables[2].shape[1], init_params="", tol=-np.inf, **options)
    model.startprob_, model.transmat_, model.emissionprob_ = tables
    return model


def fitted(tables, ids, lengths, added):
    """hmmlearn takes the Dirichlet's parameters, pseudo-counts plus one."""
    priors = [a + 1 for a in added]
    names = dict(zip(("startprob_prior", "transmat_prior", "emissionprob_prior"), priors, strict=True))
    model = categorical(tables, n_iter=UPDATES, **names).fit(ids[:, None], lengths)
    return [model.startprob_, model.transmat_, model.emissionprob_]


def case(tables, ids, lengths):
    model, ends = categorical(tables), np.cumsum(lengths)
    each = [ids[end - n : end, None] for end, n in zip(ends, lengths, strict=True)]
    path = [model.decode(x, algorithm="viterbi") for x in each]
    stored = {
        "start": tables[0], "transitions": tables[1], "emissions": tables[2], "ids": ids,
        "log_likelihoods": np.array([model.score(x) for x in each]),
        "posterior": model.predict_proba(ids[:, None], lengths),
        "path": np.concatenate([states for _, states in path]), "path_log_probs": np.array([p for p, _ in path]),
    }  # fmt: skip
    fits = {name: [t.tolist() for t in fitted(tables, ids, lengths, added)] for name, added in ADDED.items()}
    return {"lengths": lengths, **{k: v.tolist() for k, v in stored.items()}, **fits}


ADDED = {"fitted": (0.0, 0.0, 0.0), "fitted_with_pseudo_counts": PSEUDO_COUNTS}


def tables(rng, states, vocabulary):
    sizes = ((1, states), (states, states), (states, vocabulary))
    start, transitions, emissions = (rng.dirichlet(np.ones(columns), rows) for rows, columns in sizes)
    return [start[0], transitions, emissions]


def left_right(rng, states, vocabulary):
    """Each state stays or goes to the next, from the first on."""
    stay = rng.uniform(0.5, 0.9, states)
    stay[-1] = 1.0
    transitions = np.diag(stay) + np.diag(1 - stay[:-1], 1)
    return [np.eye(states)[0], transitions, tables(rng, states, vocabulary)[2]]


def gaussian(rng, states, steps):
    """Real numbers, two a step: the log-likelihoods that hmmlearn computes, and what it makes of them."""
    model = GaussianHMM(states, covariance_type="full", implementation="log")
    model.startprob_, model.transmat_, _ = tables(rng, states, 2)
    model.means_ = rng.normal(size=(states, 2)) * 5
    model.covars_ = np.stack([np.diag(rng.uniform(0.2, 2, 2)) for _ in range(states)])
    x = rng.normal(size=(steps, 2)) * 5
    score, states_ = model.decode(x)
    stored = {
        "start": model.startprob_, "transitions": model.transmat_, "log_likelihoods": model._compute_log_likelihood(x),
        "posterior": model.predict_proba(x), "path": states_,
    }  # fmt: skip
    return {**{k: v.tolist() for k, v in stored.items()}, "log_likelihood": model.score(x), "path_log_prob": score}


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    rng = np.random.default_rng(11)
    sizes = ((1, 3, [4]), (2, 3, [12]), (3, 5, [9, 1, 14]), (4, 4, [30, 20]))
    cases = [case(tables(rng, k, v), rng.integers(v, size=sum(n)), n) for k, v, n in sizes]
    cases.append(case(left_right(rng, 4, 3), rng.integers(3, size=40), [15, 25]))
    stored = {
        "made_with": f"hmmlearn {hmmlearn.__version__}", "updates": UPDATES, "pseudo_counts": PSEUDO_COUNTS,
        "categorical": cases, "gaussian": gaussian(rng, 3, 25),
    }  # fmt: skip
    Path(__file__).with_name("hmm.json").write_text(json.dumps(stored), encoding="utf-8")
