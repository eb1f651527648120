"""Baum–Welch: a hidden Markov model fitted to what is seen, by expectation and maximisation [Baum et al. 1970]."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from rnn.baselines.hmm import HMM
from rnn.baselines.hmm_input import Evidence, Lengths, Observations
from rnn.baselines.hmm_messages import logarithm
from rnn.baselines.hmm_smoothing import expected_pairs, smooth
from rnn.errors import RnnError
from rnn.metrics import Floats, whole_number


@dataclass(frozen=True)
class Fit:
    """A fitted model and how it got there: one entry before any update, and one behind each."""

    model: HMM
    log_likelihoods: tuple[float, ...]  # log P of all sequences, nats; the last one is the model's
    objectives: tuple[float, ...]  # log P + Σ pseudo-count · log probability: this never falls
    converged: bool  # whether the last update gained less than the tolerance

    @property
    def updates(self) -> int:
        """How often the tables were estimated anew."""
        return len(self.objectives) - 1


class Counts(NamedTuple):
    """How often something is expected to have happened."""

    start: Floats  # (K,)
    transitions: Floats  # (K, K)
    emissions: Floats | None  # (K, V); None where log-likelihoods were given


def baum_welch(
    model: HMM,
    observations: Observations,
    lengths: Lengths = None,
    *,
    updates: int = 100,
    tolerance: float = 1e-6,
    pseudo_counts: float | Sequence[float] = 0.0,
) -> Fit:
    """Re-estimate the tables of `model` from expected counts, until an update gains too little or `updates` are done.

    Each row becomes its expected counts divided by their sum; a row that nothing is expected of stays. The gain is
    that of the objective, in nats per step, and `tolerance` is where it stops. No update lowers the objective; where
    it ends depends on the start, and a uniform one never moves apart: start from `HMM.random` with several seeds.
    `pseudo_counts`, one number or three for start, transitions and emissions, are added to the counts of a table, so
    that what was not seen stays possible. A start or a transition of probability 0 remains impossible even so: that is
    how a model from left to right is made. From log-likelihoods only `start` and `transitions` are learnt.

    Raises RnnError for a sequence that is impossible under the model, and whatever the observations are refused for.
    """
    most = whole_number(updates, "updates", least=0)
    if not 0 <= tolerance < np.inf:
        raise RnnError(f"tolerance is {tolerance!r}", "baum_welch", "give 0 or more nats per step")
    evidence = model.evidence(observations, lengths)
    added = _three(pseudo_counts) * np.array([1, 1, evidence.discrete])
    likelihoods, objectives = list[float](), list[float]()
    while True:
        counts, log_likelihood = expected(model, evidence)
        likelihoods.append(log_likelihood)
        objectives.append(log_likelihood + _prior(model, added))
        converged = len(objectives) > 1 and objectives[-1] - objectives[-2] < tolerance * len(evidence.index)
        if converged or len(objectives) > most:
            return Fit(model, tuple(likelihoods), tuple(objectives), converged)
        model = _maximised(model, counts, added)
        if evidence.discrete and model.emitted is not None:
            evidence = replace(evidence, logs=model.emitted)


def expected(model: HMM, evidence: Evidence) -> tuple[Counts, float]:
    """The expected counts under `model`, given the evidence, and its log P."""
    found = smooth(model.chain, evidence)
    start = found.posterior[evidence.bounds[:-1]].sum(axis=0)
    emissions = _shown(found.posterior, evidence) if evidence.discrete else None
    return Counts(start, expected_pairs(model.chain, found, evidence.bounds), emissions), float(found.log_probs.sum())


def _shown(posterior: Floats, evidence: Evidence) -> Floats:
    """How often each state is expected to have shown each id, (K, V)."""
    size = len(evidence.logs)
    return np.stack([np.bincount(evidence.index, weights=weights, minlength=size) for weights in posterior.T])


def _maximised(model: HMM, counts: Counts, added: Floats) -> HMM:
    emissions = model.emissions
    if emissions is not None and counts.emissions is not None:
        emissions = _rows(counts.emissions + added[2], emissions)
    start = _rows(counts.start + added[0] * (model.start > 0), model.start)
    transitions = _rows(counts.transitions + added[1] * (model.transitions > 0), model.transitions)
    return HMM(start, transitions, emissions)


def _rows(counts: Floats, before: Floats) -> Floats:
    """Each row divided by its sum; as before where that is 0."""
    sums = counts.sum(axis=-1, keepdims=True)
    return np.where(sums > 0, counts / np.where(sums > 0, sums, 1.0), before)


def _prior(model: HMM, added: Floats) -> float:
    """Σ pseudo-count · log probability: the logarithm of a Dirichlet prior, but for a constant."""
    tables = [model.start[model.start > 0], model.transitions[model.transitions > 0]]
    tables += [] if model.emissions is None else [model.emissions]
    return float(sum(a * logarithm(table).sum() for a, table in zip(added, tables, strict=False) if a))


def _three(pseudo_counts: float | Sequence[float]) -> Floats:
    try:
        values = np.asarray(pseudo_counts, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.array(np.nan)
    if values.shape not in ((), (3,)) or not ((values >= 0) & (values < np.inf)).all():
        what, remedy = f"pseudo_counts is {pseudo_counts!r}", "give a number of at least 0, or three"
        raise RnnError(what, "baum_welch", remedy)
    return np.broadcast_to(values, 3)
