"""Hidden Markov models: a chain of states that is not seen, and something seen at every step [D2L 9.4.1; seed 003].

K states, V different things to see (tokens), T steps, S sequences. A has P(h′ | h) in row h, column h′; B has P(x | h)
in row h, column x. Logarithms are natural, steps count from 0, and −∞ is the logarithm of probability 0.

Wherever a method takes `observations`, these are ids (T,), or log P(seen at t | h) as a float array (T, K) from any
emission whatever. Several sequences are a list of either, or all of them joined, with their `lengths` (S,); results
per step are joined in the same order. Every method raises RnnError for an empty sequence, for ids outside 0 … V−1, for
lengths that do not add up and for arrays of another width.
"""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from rnn.baselines import hmm_paths, hmm_prediction, hmm_smoothing
from rnn.baselines.hmm_input import Evidence, Lengths, Observations, distributions, read
from rnn.baselines.hmm_messages import Chain, along, backward, filtered, forward, log_sums, logarithm, running, totals
from rnn.errors import RnnError
from rnn.metrics import Context, Floats, Ids, Ints, check_ids, context_length, whole_number


@dataclass(frozen=True)
class Messages:
    """A message m⁽ᵗ⁾(h) = exp(log_rows[t, h] + log_scales[t]), split so that long sequences cost the rows no digits."""

    log_rows: Floats  # (T, K), the logarithm of rows with sum 1
    log_scales: Floats  # (T,), −∞ where the whole message is 0

    @property
    def logs(self) -> Floats:
        """log m⁽ᵗ⁾(h), (T, K)."""
        return self.log_rows + self.log_scales[:, None]


@dataclass(frozen=True)
class Path:
    """Sequences of states, joined (T,), and log P(states, all that is seen) of each sequence (S,)."""

    states: Ints
    log_probs: Floats


@dataclass(frozen=True)
class Sample:
    """Drawn states (T,), and the ids that they showed (T,)."""

    states: Ints
    ids: Ints


class HMM:
    """P(h, x) = P(h₁) Πₜ P(hₜ₊₁ | hₜ) Πₜ P(xₜ | hₜ), with `start` (K,), `transitions` A (K, K), `emissions` B (K, V).

    Without `emissions` it reads log-likelihoods only. As a predictor of tokens it answers the protocol of
    `rnn.metrics`. The tables are kept as read-only copies. Raises RnnError for shapes that do not fit, K or V below 1,
    a negative entry, NaN, and a row that does not sum to 1 within 1e-8 (which row, and by how much).
    """

    def __init__(self, start: ArrayLike, transitions: ArrayLike, emissions: ArrayLike | None = None) -> None:
        self.start = distributions(start, "start", (-1,))
        self.states = len(self.start)
        self.transitions = distributions(transitions, "transitions", (self.states, self.states))
        self.emissions = None if emissions is None else distributions(emissions, "emissions", (self.states, -1))
        self.chain = Chain(logarithm(self.start), self.transitions, logarithm(self.transitions))
        self.emitted = None if self.emissions is None else np.ascontiguousarray(logarithm(self.emissions).T)

    @classmethod
    def random(cls, states: int, vocabulary: int, rng: np.random.Generator, *, concentration: float = 1.0) -> Self:
        """A model to start from: every row from a Dirichlet distribution with all parameters `concentration`."""
        k, v = whole_number(states, "states", least=1), whole_number(vocabulary, "vocabulary", least=1)
        if not 0 < concentration < np.inf:
            raise RnnError(f"concentration is {concentration!r}", "HMM.random", "give a finite number above 0")
        tables = [rng.dirichlet(np.full(size, concentration), rows) for size, rows in ((k, 1), (k, k), (v, k))]
        return cls(tables[0][0], tables[1], tables[2])

    @property
    def vocabulary(self) -> int:
        """The number V of tokens."""
        return self._table().shape[1]

    @property
    def size(self) -> int:
        """How many probabilities are stored."""
        return self.start.size + self.transitions.size + self._table().size

    def log_likelihoods(self, observations: Observations, lengths: Lengths = None) -> Floats:
        """log P of each sequence, (S,) nats; −∞ for one that is impossible."""
        evidence = self.evidence(observations, lengths)
        return totals(forward(self.chain, evidence).scales, evidence.bounds)

    def log_likelihood(self, observations: Observations, lengths: Lengths = None) -> float:
        """log P of all that is seen, in nats; the sequences are independent."""
        return float(self.log_likelihoods(observations, lengths).sum())

    def forward(
        self, observations: Observations, lengths: Lengths = None, *, form: Literal["usual", "predictive"] = "usual"
    ) -> Messages:
        """The forward message: α⁽ᵗ⁾(h) = P(hₜ = h, x up to t), or D2L's π⁽ᵗ⁾(h) = P(hₜ = h, x before t).

        α⁽ᵗ⁾ = e⁽ᵗ⁾ ⊙ π⁽ᵗ⁾, e⁽ᵗ⁾(h) = P(xₜ | h), and π⁽ᵗ⁺¹⁾ = Aᵀ α⁽ᵗ⁾ [HMM-3, HMM-10]. The rows of α are P(hₜ | x up to
        t). From an impossible xₜ on α is 0, and its rows tell of the rest: what goes with no state is passed over.
        """
        if form not in ("usual", "predictive"):
            raise RnnError(f"form is {form!r}", "HMM.forward", "give 'usual' or 'predictive'")
        evidence = self.evidence(observations, lengths)
        ahead = forward(self.chain, evidence)
        scales = running(ahead.scales, evidence.bounds)
        if form == "usual":
            return Messages(filtered(evidence, ahead), scales)
        before = np.append(0.0, scales[:-1])
        before[evidence.bounds[:-1]] = 0.0
        return Messages(ahead.log_rows, before)

    def backward(self, observations: Observations, lengths: Lengths = None) -> Messages:
        """The backward message β⁽ᵗ⁾(h) = P(x after t | hₜ = h), which is D2L's ρ⁽ᵗ⁾ [HMM-5, HMM-6].

        β⁽ᵗ⁻¹⁾ = A (e⁽ᵗ⁾ ⊙ β⁽ᵗ⁾). It is 0, and its row of logarithms −∞, where no state leads to what follows.
        """
        evidence = self.evidence(observations, lengths)
        back = backward(self.chain, evidence)
        ends = len(evidence.index) - evidence.bounds[::-1]
        return Messages(back.log_rows, running(back.scales[::-1], ends)[::-1])

    def posterior(self, observations: Observations, lengths: Lengths = None) -> Floats:
        """P(hₜ | all that is seen), (T, K) [HMM-12]. RnnError where that is impossible, with the step it shows at."""
        return hmm_smoothing.smooth(self.chain, self.evidence(observations, lengths)).posterior

    def pairs(self, observations: Observations, lengths: Lengths = None) -> Floats:
        """P(hₜ = h, hₜ₊₁ = h′ | all that is seen), (T−S, K, K): every t but the last of each sequence."""
        evidence = self.evidence(observations, lengths)
        steps = hmm_smoothing.followed(evidence.bounds)
        return hmm_smoothing.pairs(self.chain, hmm_smoothing.smooth(self.chain, evidence), steps)

    def left_out(self, ids: Ids, j: int | None = None) -> Floats:
        """P(xⱼ | x₋ⱼ): what j might show, given all other steps; (V,) for one j, (T, V) for all [HMM-8; D2L 9.4.1].

        RnnError where the other steps alone are impossible; the id that stands at j does not matter.
        """
        evidence = self.evidence(check_ids(ids, self.vocabulary), None)
        steps = np.arange(len(evidence.index)) if j is None else self._step(j, evidence)
        logs = hmm_smoothing.states_left_out(self.chain, evidence)
        hmm_smoothing.refuse_unknown(logs, evidence, steps)
        rows = np.exp(logs[steps]) @ self._table()
        return rows if j is None else rows[0]

    def log_left_out(self, observations: Observations, lengths: Lengths = None) -> Floats:
        """log P(xⱼ | x₋ⱼ) of what does stand at each j, (T,): from it one sees which step is the odd one out.

        −∞ where j alone is impossible; RnnError where the others are.
        """
        evidence = self.evidence(observations, lengths)
        logs = hmm_smoothing.states_left_out(self.chain, evidence)
        hmm_smoothing.refuse_unknown(logs, evidence, np.arange(len(logs)))
        return log_sums(logs + evidence.seen)[:, 0]

    def viterbi(self, observations: Observations, lengths: Lengths = None) -> Path:
        """The most probable path of each sequence; of equal ones the lower state. RnnError where none is possible."""
        evidence = self.evidence(observations, lengths)
        came = np.empty((len(evidence.index), self.states), np.int64)
        states = np.empty(len(evidence.index), np.int64)
        where = evidence.logs, evidence.index, evidence.bounds
        hmm_paths.viterbi(self.chain.log_start, self.chain.log_transitions.T.copy(), *where, came, states)
        steps = along(self.chain, evidence, states)
        if np.isneginf(steps).any():
            hmm_smoothing.smooth(self.chain, evidence)  # says where
        return Path(states, totals(steps, evidence.bounds))

    def sample(self, length: int, rng: np.random.Generator) -> Sample:
        """Draw `length` steps: a state from its row of A, then what it shows from its row of B."""
        steps = whole_number(length, "length", least=1)
        drawn = Sample(np.empty(steps, np.int64), np.empty(steps, np.int64))
        tables = [_cumulated(table) for table in (self.start, self.transitions, self._table())]
        hmm_paths.walk(*tables, rng.random((steps, 2)), drawn.states, drawn.ids)
        return drawn

    def log_probs(self, ids: Ids, context: Context = "carry") -> Floats:
        """log P(xₜ | tokens before t), (T,), nats ≤ 0; a forward pass. −∞ where P = 0, and then as if unseen.

        With an integer `context` k only the k tokens before t are known; older ones are summed out.
        """
        text = check_ids(ids, self.vocabulary)
        back = context_length(context, max(len(text) - 1, 0))
        if not len(text):
            return np.empty(0)
        evidence = self.evidence(text)
        short = back < len(text) - 1
        scales = hmm_prediction.windowed(self.chain, evidence, back) if short else forward(self.chain, evidence).scales
        return np.minimum(scales, 0.0)

    def next_distribution(self, context: Ids) -> Floats:
        """P(· | context), (V,); an empty context gives what the first state shows."""
        text = check_ids(context, self.vocabulary)
        states = hmm_prediction.next_states(self.chain, self.evidence(text)) if len(text) else self.start
        return states @ self._table()

    def evidence(self, observations: Observations, lengths: Lengths = None) -> Evidence:
        """`observations` checked and joined."""
        return read(observations, lengths, self.states, self.emitted)

    def _table(self) -> Floats:
        if self.emissions is None:
            raise RnnError("the model has no emissions", "HMM", "give HMM(start, transitions, emissions)")
        return self.emissions

    def _step(self, j: int, evidence: Evidence) -> Ints:
        steps = len(evidence.index)
        if whole_number(j, "j", least=0) >= steps:
            raise RnnError(f"j is {j}", "HMM.left_out", f"give a step of 0..{steps - 1}")
        return np.array([j])


def _cumulated(table: Floats) -> Floats:
    """Sums along each row, the last exactly 1."""
    sums = np.cumsum(table, axis=-1)
    return sums / sums[..., -1:]
