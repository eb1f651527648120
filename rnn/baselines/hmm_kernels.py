"""The loops over time of a hidden Markov model on numbers as they are: fast, and only while none gets too small.

Both messages are brought to sum 1 at every step, so that a million steps do not underflow. One scale for all states
cannot save a state that is 10⁻³²⁰ times as probable as another, and that alone explains what comes later. So each
loop stops and returns False at a number above 0 and below `THIN`; then the same is done by `hmm_log_kernels`.

The bounds are such that no product of two messages, an entry of `table` and one of A underflows, or its inverse
overflows: what is above 0 stays so.

K states. Sequences lie one behind the other: number n has the steps bounds[n] … bounds[n+1]−1. What is seen at t is
row index[t] of `table` (N, K), P(seen | h) divided by the row's largest.
"""

from minigrad.kernels.compiling import kernel
from minigrad.kernels.products import add_row_product
from rnn.metrics import Floats, Ints

THIN = 1e-60
LEAST_SEEN = 1e-100  # of the positive entries of `table`
LEAST_MOVE = 1e-240  # of the positive entries of A and `starts`


@kernel
def forward_scaled(
    starts: Floats, transitions: Floats, table: Floats, index: Ints, bounds: Ints, rows: Floats, scales: Floats
) -> bool:
    """Fill rows[t] = P(hₜ | seen before t), (T, K), and scales[t] = P(seen at t | seen before t), (T,).

    Sequence n starts from starts[n] (K,). What has probability 0 tells nothing about the state: behind it the chain
    goes on as if nothing had been seen there.
    """
    states = transitions.shape[0]
    told = rows[0].copy()
    for n in range(bounds.size - 1):
        first, end = bounds[n], bounds[n + 1]
        rows[first] = starts[n]
        for t in range(first, end):
            row, seen = rows[t], table[index[t]]
            total = 0.0
            for h in range(states):
                told[h] = row[h] * seen[h]
                total += told[h]
            scales[t] = total
            inverse = 1.0 / total
            thin = False
            for h in range(states):
                told[h] = told[h] * inverse if total > 0.0 else row[h]
                thin |= 0.0 < told[h] < THIN or 0.0 < row[h] < THIN
            if thin:
                return False
            if t + 1 < end:
                rows[t + 1] = 0.0
                add_row_product(rows[t + 1], told, transitions)
    return True


@kernel
def backward_scaled(transposed: Floats, table: Floats, index: Ints, bounds: Ints, rows: Floats, scales: Floats) -> bool:
    """Fill rows[t] ∝ P(seen after t | hₜ), (T, K), each with sum 1, and what it was divided by, scales[t] (T,).

    `transposed` is Aᵀ. Where no state explains what comes later, scale and row are 0.
    """
    states = transposed.shape[0]
    told = rows[0].copy()
    for n in range(bounds.size - 1):
        first, end = bounds[n], bounds[n + 1]
        for t in range(end - 1, first - 1, -1):
            row = rows[t]
            if t + 1 == end:
                row[:] = 1.0
            else:
                later, seen = rows[t + 1], table[index[t + 1]]
                for h in range(states):
                    told[h] = later[h] * seen[h]
                row[:] = 0.0
                add_row_product(row, told, transposed)
            total = 0.0
            for h in range(states):
                total += row[h]
            scales[t] = total
            inverse = 1.0 / total if total > 0.0 else 0.0
            thin = False
            for h in range(states):
                row[h] *= inverse
                thin |= 0.0 < row[h] < THIN
            if thin:
                return False
    return True
