"""The predictor that knows nothing: every perplexity is read against its V."""

from dataclasses import dataclass

import numpy as np

from rnn.metrics import Context, Floats, Ids, check_ids, context_length, whole_number


@dataclass(frozen=True)
class Uniform:
    """P(w) = 1/V for every token; its perplexity is V, a baseline and not an upper bound [seed 004 8.4.4]."""

    vocabulary: int

    def __post_init__(self) -> None:
        whole_number(self.vocabulary, "vocabulary", least=1)

    def log_probs(self, ids: Ids, context: Context = "carry") -> Floats:
        """−log V for every token, (N,), nats."""
        context_length(context, 0)
        return np.full(check_ids(ids, self.vocabulary).size, -np.log(self.vocabulary))

    def next_distribution(self, context: Ids) -> Floats:
        """1/V, (V,)."""
        check_ids(context, self.vocabulary)
        return np.full(self.vocabulary, 1.0 / self.vocabulary)
