"""A hidden Markov model as a predictor of tokens: what the past says of the next one."""

from dataclasses import replace

import numpy as np

from rnn.baselines.hmm_input import Evidence
from rnn.baselines.hmm_messages import Chain, filtered, forward
from rnn.metrics import Floats, Ints

BLOCK = 1 << 18  # steps of all windows that are worked on together


def windowed(chain: Chain, evidence: Evidence, back: int) -> Floats:
    """log P(seen at t | the `back` steps before it), (T,), for one sequence.

    What lies further back is summed out and not forgotten: the window's first state is distributed as the chain's
    state is at that step. Takes T · back steps of the forward pass.
    """
    index = evidence.index
    whole = forward(chain, _part(evidence, index[: back + 1], back + 1)).scales
    windows = np.lib.stride_tricks.sliding_window_view(index, back + 1)[1:]
    starts = states_unseen(chain, len(index))
    block = max(BLOCK // (back + 1), 1)
    found = [whole]
    for first in range(0, len(windows), block):
        some = windows[first : first + block]
        told = forward(chain, _part(evidence, some.flatten(), back + 1), starts[first + 1 : first + 1 + len(some)])
        found.append(told.scales[back :: back + 1])
    return np.concatenate(found)


def states_unseen(chain: Chain, steps: int) -> Floats:
    """log P(hₜ) while nothing is seen, (T, K): a forward pass over a thing that all states show."""
    blank = np.zeros((1, len(chain.log_start)))
    index = np.zeros(steps, np.int64)
    return forward(chain, Evidence(blank, index, np.array([0, steps]), discrete=False)).log_rows


def next_states(chain: Chain, evidence: Evidence) -> Floats:
    """P(h at the step behind the last | all that is seen), (K,), for one sequence."""
    return np.exp(filtered(evidence, forward(chain, evidence))[-1]) @ chain.transitions


def _part(evidence: Evidence, index: Ints, length: int) -> Evidence:
    """Sequences of one length, side by side in `index`."""
    return replace(evidence, index=index, bounds=np.arange(0, len(index) + 1, length))
