"""Independent ways to the same quantities: the engine, central differences, the fused kernel.

Each gives values under the names that equations use: columns (n, 1) for vectors, a dict from t for what has time.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rnn.layers import VARIANTS
from rnn.witnesses.base import Graph, Problem, column
from rnn.witnesses.clipping import random_clipping
from rnn.witnesses.hmm import random_hmm
from rnn.witnesses.layered import random_bidirectional, random_deep
from rnn.witnesses.markov import random_markov
from rnn.witnesses.masked import random_masked
from rnn.witnesses.mean import random_mean
from rnn.witnesses.network import Network, Recurrence, random_network, random_recurrence
from rnn.witnesses.recursions import random_recursion
from rnn.witnesses.relu import random_relu
from rnn.witnesses.sensitivity import random_sensitivity
from rnn.witnesses.smoothing import random_smoothing
from rnn.witnesses.truncated import random_truncated
from rnn.witnesses.zipf import random_zipf

DRAW: dict[str, Callable[..., Problem]] = {
    **dict.fromkeys(VARIANTS, random_network),
    **dict.fromkeys(("jordan", "output-recurrence"), random_recurrence),  # their scores are their own
    **dict.fromkeys(("system", "driven", "rows"), random_recursion),
    **dict.fromkeys(("truncated", "randomised"), random_truncated),
    **dict.fromkeys(("jacobian", "rtrl"), random_sensitivity),
    "relu": random_relu,
    "mean": random_mean,
    "deep": random_deep,
    "bidirectional": random_bidirectional,
    "masked": random_masked,
    "clipping": random_clipping,
    "smoothing": random_smoothing,
    "zipf": random_zipf,
    "markov": random_markov,
    "hmm": random_hmm,
}
"""Who draws the problems of each family of equations."""

IN_TURN: dict[str, tuple[dict[str, int], ...]] = {"deep": ({"layers": 3}, {"layers": 2})}
"""What the problems of a family are to have besides, one after the other: all indices differ where there are three."""


def random_problem(family: str, rng: np.random.Generator, **sizes: int) -> Problem:
    """A problem of the family: `steps`, `inputs`, `hidden`, `vocabulary` and what else the family can be told."""
    return DRAW[family](family, rng, **sizes)


__all__ = ["DRAW", "IN_TURN", "Graph", "Network", "Problem", "Recurrence", "column", "random_network", "random_problem"]
