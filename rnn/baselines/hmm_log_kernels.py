"""The loops over time of a hidden Markov model on logarithms: nothing underflows, −∞ stands for probability 0.

The arguments are those of `hmm_kernels`, as logarithms. A loop here takes several times as long.
"""

import numpy as np

from minigrad.kernels.compiling import kernel
from minigrad.kernels.products import add_row_product
from rnn.metrics import Floats, Ints

EXACT = 1e-100  # a sum above it has lost nothing that matters to terms that underflowed


@kernel
def log_sum(values: Floats) -> float:
    """log Σᵢ exp(valuesᵢ) of (K,); −∞ where all are."""
    top = values.max()
    if top == -np.inf:
        return top
    total = 0.0
    for value in values:
        total += np.exp(value - top)
    return top + np.log(total)


@kernel
def log_product(out: Floats, row: Floats, matrix: Floats, logs: Floats, room: Floats) -> None:
    """outⱼ = log Σᵢ exp(rowᵢ) matrixᵢⱼ for out, row (K,), one of them finite, and `logs` = log matrix (K, K).

    One shift for all of `row` saves most of the exponentials. A sum that comes out tiny is done again, with the
    shift that fits its own terms. `room` (K,) is written over.
    """
    size = row.size
    top = row.max()
    for i in range(size):
        room[i] = np.exp(row[i] - top)
    out[:] = 0.0
    add_row_product(out, room, matrix)
    for j in range(size):
        if out[j] > EXACT:
            out[j] = top + np.log(out[j])
        else:
            for i in range(size):
                room[i] = row[i] + logs[i, j]
            out[j] = log_sum(room)


@kernel
def forward_log(
    starts: Floats, transitions: Floats, log_transitions: Floats, logs: Floats, index: Ints, bounds: Ints,
    rows: Floats, scales: Floats,
) -> None:  # fmt: skip
    """As `forward_scaled`: rows (T, K) and scales (T,) are logarithms, `starts` (S, K) and `logs` (N, K) too."""
    states = starts.shape[1]
    told, room = np.empty(states), np.empty(states)
    for n in range(bounds.size - 1):
        first, end = bounds[n], bounds[n + 1]
        rows[first] = starts[n]
        for t in range(first, end):
            row, seen = rows[t], logs[index[t]]
            for h in range(states):
                told[h] = row[h] + seen[h]
            scales[t] = log_sum(told)
            for h in range(states):
                told[h] = told[h] - scales[t] if scales[t] > -np.inf else row[h]
            if t + 1 < end:
                log_product(rows[t + 1], told, transitions, log_transitions, room)


@kernel
def backward_log(
    transposed: Floats, log_transposed: Floats, logs: Floats, index: Ints, bounds: Ints, rows: Floats, scales: Floats
) -> None:
    """As `backward_scaled`: rows (T, K) and scales (T,) are logarithms, and so is `logs` (N, K)."""
    states = transposed.shape[0]
    told, room = np.empty(states), np.empty(states)
    for n in range(bounds.size - 1):
        first, end = bounds[n], bounds[n + 1]
        for t in range(end - 1, first - 1, -1):
            row = rows[t]
            row[:] = 0.0
            if t + 1 < end:
                later, seen = rows[t + 1], logs[index[t + 1]]
                for h in range(states):
                    told[h] = later[h] + seen[h]
                if told.max() > -np.inf:
                    log_product(row, told, transposed, log_transposed, room)
                else:
                    row[:] = -np.inf
            scales[t] = log_sum(row)
            for h in range(states):
                row[h] -= scales[t] if scales[t] > -np.inf else 0.0
