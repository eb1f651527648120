"""On a long text a model is tried on pieces: just as strict, and cheap."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from rnn.errors import RnnError
from rnn.metrics import evaluate

LONG = 60_000


@dataclass
class Model:
    """A predictor made of one function of the ids, which remembers how many it was asked to score."""

    score: Any
    vocabulary: int = 5
    asked: list[int] = field(default_factory=list)

    def log_probs(self, ids, context="carry"):
        self.asked.append(ids.size)
        return self.score(ids)


@pytest.fixture
def ids() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 5, LONG)


def one_ahead(ids):
    return np.where(np.append(ids[1:], 0) == 0, -0.5, -2.0)


def far_ahead(ids):
    """Reads the token 500 places on, where there is one: too far for a short piece to show."""
    ahead = np.zeros_like(ids)
    ahead[: max(ids.size - 500, 0)] = ids[500:]
    return np.where(ahead == 0, -0.5, -2.0)


def whole_text(ids):
    return np.log(np.bincount(ids, minlength=5) / ids.size)[ids]


def last_token(ids):
    return np.full(ids.size, -1.0 - ids[-1])


def windows(ids):
    """Both directions in pieces of 4,096 tokens, as a network may be scored."""
    window = np.arange(ids.size) // 4096
    return -1.0 - np.bincount(window, weights=ids)[window] / 10_000


@pytest.mark.parametrize("score", [one_ahead, far_ahead, whole_text, last_token, windows])
def test_a_model_that_reads_the_future_is_refused(score, ids):
    for seed in range(20):
        with pytest.raises(RnnError, match="only later tokens change"):
            evaluate(Model(score), ids, rng=np.random.default_rng(seed))


def test_an_honest_model_is_measured_on_the_whole_text_once(ids):
    model = Model(lambda ids: -1.0 - ids / 5)
    found = evaluate(model, ids, rng=np.random.default_rng(0))
    assert found.nats == pytest.approx(1 + ids.mean() / 5)
    assert model.asked.count(LONG) == 1
    assert sum(model.asked) < 1.35 * LONG
