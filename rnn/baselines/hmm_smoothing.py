"""What all that is seen tells of hidden states, and of one thing seen [D2L 9.4.1; Rabiner 1989]."""

from typing import NamedTuple

import numpy as np

from rnn.baselines.hmm_input import Evidence
from rnn.baselines.hmm_messages import Chain, Pass, backward, forward, log_sums, refuse_impossible, running
from rnn.errors import RnnError
from rnn.metrics import Floats, Ints

BLOCK = 1 << 15  # numbers in an array over steps and pairs of states: few enough for a fast cache


class Smoothed(NamedTuple):
    """Both passes joined: filtered⁽ᵗ⁾(h) P(h′ | h) later⁽ᵗ⁺¹⁾(h′) = P(hₜ = h, hₜ₊₁ = h′ | all that is seen)."""

    filtered: Floats  # (T, K) P(hₜ | seen up to t); a logarithm where `logged`
    later: Floats  # (T, K) ∝ P(seen from t on | hₜ), and 0 at a first step; a logarithm where `logged`
    posterior: Floats  # (T, K) P(hₜ | all that is seen)
    log_probs: Floats  # (T,) log P(seen at t | seen before t)
    logged: bool


def smooth(chain: Chain, evidence: Evidence) -> Smoothed:
    """Both passes. RnnError where the evidence has probability 0, with the step at which it shows."""
    ahead = forward(chain, evidence)
    refuse_impossible(ahead.scales, evidence)
    back = backward(chain, evidence)
    found = _logs(evidence, ahead, back) if ahead.logged or back.logged else _plain(evidence, ahead, back)
    found.later[evidence.bounds[:-1]] = -np.inf if found.logged else 0.0
    return found


def _plain(evidence: Evidence, ahead: Pass, back: Pass) -> Smoothed:
    """In place of the two passes, which nobody else has: new arrays would cost more than the arithmetic."""
    told, later, sums = evidence.table[evidence.index], back.rows, np.ones(back.rows.shape[1])
    later *= told
    posterior = ahead.rows * later
    together = (posterior @ sums)[:, None]
    posterior /= together
    later /= together
    told *= ahead.rows
    told /= (told @ sums)[:, None]
    return Smoothed(told, later, posterior, ahead.scales, logged=False)


def _logs(evidence: Evidence, ahead: Pass, back: Pass) -> Smoothed:
    told = ahead.log_rows + evidence.seen
    posterior = told + back.log_rows
    together = log_sums(posterior)
    later = evidence.seen + back.log_rows - together
    return Smoothed(told - ahead.scales[:, None], later, np.exp(posterior - together), ahead.scales, logged=True)


def pairs(chain: Chain, found: Smoothed, steps: Ints) -> Floats:
    """P(hₜ, hₜ₊₁ | all that is seen) for each t in `steps`, (len(steps), K, K)."""
    now, later = found.filtered[steps][:, :, None], found.later[steps + 1][:, None, :]
    return np.exp(now + chain.log_transitions + later) if found.logged else now * chain.transitions * later


def expected_pairs(chain: Chain, found: Smoothed, bounds: Ints) -> Floats:
    """How often each transition is expected, Σₜ P(hₜ, hₜ₊₁ | all that is seen), (K, K), over all sequences."""
    if not found.logged:
        return chain.transitions * (found.filtered[:-1].T @ found.later[1:])
    steps, size = followed(bounds), len(chain.log_start)
    block = max(BLOCK // size**2, 1)
    some = (steps[first : first + block] for first in range(0, len(steps), block))
    return sum((pairs(chain, found, s).sum(axis=0) for s in some), np.zeros((size, size)))


def followed(bounds: Ints) -> Ints:
    """The steps that another of the same sequence follows."""
    return np.delete(np.arange(bounds[-1]), bounds[1:] - 1)


def states_left_out(chain: Chain, evidence: Evidence) -> Floats:
    """log P(hⱼ | x₋ⱼ) for every step j, (T, K): π⁽ʲ⁾ ⊙ ρ⁽ʲ⁾, normalised; neither holds what is seen at j.

    A row is −∞ where what is seen at the other steps has probability 0.
    """
    ahead = forward(chain, evidence)
    logs = ahead.log_rows + backward(chain, evidence).log_rows
    impossible = np.isneginf(ahead.scales).astype(float)
    logs[running(impossible, evidence.bounds) > impossible] = -np.inf  # something before j
    known = logs.max(axis=1) > -np.inf
    logs[known] -= log_sums(logs[known])
    return logs


def refuse_unknown(logs: Floats, evidence: Evidence, steps: Ints) -> None:
    """RnnError at the first of `steps` whose row of `states_left_out` is −∞."""
    unknown = steps[np.isneginf(logs[steps]).all(axis=1)]
    if unknown.size:
        what = "what is seen at the other steps has probability 0 under the model"
        raise RnnError(what, evidence.place(int(unknown[0])), "allow it in emissions and transitions, or leave it out")
