"""The two passes over what was seen: forward and backward messages of a hidden Markov model [D2L 9.4.1].

Rows with sum 1, and the logarithm of a scale per step: whatever a million steps multiply up to is in the scales. Rows
are plain numbers as long as that loses nothing, else logarithms. Then a state that has all but vanished is kept too,
though its logarithm gathers rounding: after a million steps of vanishing it has 11 digits.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from rnn.baselines.hmm_input import Evidence
from rnn.baselines.hmm_kernels import LEAST_MOVE, LEAST_SEEN, backward_scaled, forward_scaled
from rnn.baselines.hmm_log_kernels import backward_log, forward_log
from rnn.errors import RnnError
from rnn.metrics import Floats, Ints


class Chain(NamedTuple):
    """The hidden part: P(h₁) (K,) as a logarithm, P(h′ | h) (K, K) in row h, column h′, and its logarithm."""

    log_start: Floats
    transitions: Floats
    log_transitions: Floats


class Pass(NamedTuple):
    """One direction over the evidence."""

    rows: Floats  # (T, K), each with sum 1; logarithms of that where `logged`
    scales: Floats  # (T,) the logarithm of what each row was divided by
    logged: bool

    @property
    def log_rows(self) -> Floats:
        """log rows, (T, K)."""
        return self.rows if self.logged else logarithm(self.rows)


def logarithm(values: Floats) -> Floats:
    """log, with −∞ for 0 and no warning."""
    with np.errstate(divide="ignore"):
        return np.log(values)


def log_sums(logs: Floats) -> Floats:
    """log Σₕ exp of each row of (T, K), (T, 1); −∞ for a row of −∞."""
    top = logs.max(axis=1, keepdims=True)
    shift = np.where(np.isneginf(top), 0.0, top)
    return shift + logarithm(np.exp(logs - shift).sum(axis=1, keepdims=True))


def forward(chain: Chain, evidence: Evidence, log_starts: Floats | None = None) -> Pass:
    """π: rows P(hₜ | seen before t), and scales log P(seen at t | seen before t), −∞ at what is impossible.

    Behind something impossible the chain goes on as if nothing had been seen there. Sequence n starts from row n of
    `log_starts` (S, K), or from the chain's own start.
    """
    sequences = len(evidence.bounds) - 1
    starts = np.tile(chain.log_start, (sequences, 1)) if log_starts is None else log_starts
    rows, scales = _empty(chain, evidence)
    where = evidence.index, evidence.bounds, rows, scales
    plain = _plain(evidence, chain.log_transitions, starts)
    if plain and forward_scaled(np.exp(starts), chain.transitions, evidence.table, *where):
        return Pass(rows, logarithm(scales) + evidence.shift[evidence.index], logged=False)
    forward_log(starts, chain.transitions, chain.log_transitions, evidence.logs, *where)
    return Pass(rows, scales, logged=True)


def backward(chain: Chain, evidence: Evidence) -> Pass:
    """ρ = β: rows ∝ P(seen after t | hₜ); a row is 0 and its scale −∞ where no state leads to what follows."""
    rows, scales = _empty(chain, evidence)
    where = evidence.index, evidence.bounds, rows, scales
    transposed = chain.transitions.T.copy()
    if _plain(evidence, chain.log_transitions) and backward_scaled(transposed, evidence.table, *where):
        later = np.append(evidence.shift[evidence.index[1:]], 0.0)
        later[evidence.bounds[1:] - 1] = 0.0
        return Pass(rows, logarithm(scales) + later, logged=False)
    backward_log(transposed, chain.log_transitions.T.copy(), evidence.logs, *where)
    return Pass(rows, scales, logged=True)


def filtered(evidence: Evidence, ahead: Pass) -> Floats:
    """log P(hₜ | seen up to t), (T, K); what is impossible at t tells nothing."""
    possible = ahead.scales[:, None] > -np.inf
    with np.errstate(invalid="ignore"):
        return np.where(possible, ahead.log_rows + evidence.seen - ahead.scales[:, None], ahead.log_rows)


def along(chain: Chain, evidence: Evidence, states: Ints) -> Floats:
    """log P(hₜ | hₜ₋₁) + log P(seen at t | hₜ) along paths of `states` (T,), (T,)."""
    came = np.empty(len(states))
    came[1:] = chain.log_transitions[states[:-1], states[1:]]
    came[evidence.bounds[:-1]] = chain.log_start[states[evidence.bounds[:-1]]]
    return came + evidence.logs[evidence.index, states]


def refuse_impossible(scales: Floats, evidence: Evidence) -> None:
    """RnnError at the first scale of a forward pass that is −∞."""
    if np.isneginf(scales).any():
        place = evidence.place(int(np.isneginf(scales).argmax()))
        what = "what is seen has probability 0 under the model, given what was seen before it"
        raise RnnError(what, place, "allow it in emissions and transitions, or leave it out")


def totals(scales: Floats, bounds: Ints) -> Floats:
    """log P of each sequence, (S,)."""
    return np.array([scales[first:end].sum() for first, end in pairwise(bounds)])  # reduceat would not sum in pairs


def running(values: Floats, bounds: Ints) -> Floats:
    """Σ of a sequence's values up to each step, that step included, (T,)."""
    return np.concatenate([np.cumsum(values[first:end]) for first, end in pairwise(bounds)])


def _empty(chain: Chain, evidence: Evidence) -> tuple[Floats, Floats]:
    steps = len(evidence.index)
    return np.empty((steps, len(chain.log_start))), np.empty(steps)


def _plain(evidence: Evidence, *moves: Floats) -> bool:
    """Whether all positive numbers are large enough to begin with."""
    return evidence.span > np.log(LEAST_SEEN) and all(
        (np.isneginf(logs) | (logs > np.log(LEAST_MOVE))).all() for logs in moves
    )
