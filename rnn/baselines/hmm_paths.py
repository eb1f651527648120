"""Two loops over single paths of a hidden Markov model: the most probable one, and one that is drawn."""

import numpy as np

from minigrad.kernels.compiling import kernel
from rnn.metrics import Floats, Ints


@kernel
def viterbi(
    start: Floats, transposed: Floats, logs: Floats, index: Ints, bounds: Ints, came: Ints, states: Ints
) -> None:
    """Fill `states` (T,) with the most probable path of each sequence.

    δₜ(h′) = maxₕ (δₜ₋₁(h) + log P(h′ | h)) + log P(seen at t | h′); of equal ones the lower state is taken. `start`
    (K,), `transposed` = log Aᵀ (K, K) and `logs` (N, K) are logarithms; came[t] (T, K) gets where each maximum stood.
    The largest δ is brought to 0 at every step, or after a million of them nearly equal ones could not be told apart.
    """
    size = start.size
    best, before = np.empty(size), np.empty(size)
    for n in range(bounds.size - 1):
        first, end = bounds[n], bounds[n + 1]
        for h in range(size):
            best[h] = start[h] + logs[index[first], h]
        for t in range(first + 1, end):
            largest = best.max()
            for h in range(size):
                before[h] = best[h] - largest if largest > -np.inf else best[h]
            for h in range(size):
                found, top = 0, before[0] + transposed[h, 0]
                for k in range(1, size):
                    score = before[k] + transposed[h, k]
                    if score > top:
                        found, top = k, score
                came[t, h] = found
                best[h] = top + logs[index[t], h]
        states[end - 1] = best.argmax()
        for t in range(end - 1, first, -1):
            states[t - 1] = came[t, states[t]]


@kernel
def walk(start: Floats, transitions: Floats, emissions: Floats, draws: Floats, states: Ints, ids: Ints) -> None:
    """Turn uniform draws (T, 2) into `states` (T,) and `ids` (T,), from cumulated (K,), (K, K) and (K, V).

    The first entry above a draw is chosen, so that nothing of probability 0 ever is.
    """
    reached = start
    for t in range(states.size):
        states[t] = np.searchsorted(reached, draws[t, 0], side="right")
        ids[t] = np.searchsorted(emissions[states[t]], draws[t, 1], side="right")
        reached = transitions[states[t]]
