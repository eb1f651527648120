"""Text from a model, a token at a time. [D2L 8.5, seed 004 8.4.3]"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from minigrad import no_grad
from rnn.errors import RnnError
from rnn.metrics import Ids, check_ids
from rnn.models import LanguageModel


def sample(model: LanguageModel, prompt: Ids, *, temperature: float = 1.0, rng: np.random.Generator) -> Iterator[int]:
    """Ids that continue the prompt, for as long as they are asked for.

    Each is drawn from softmax(o / temperature); temperature 0 takes the most probable one. The state is carried,
    so a token costs one step however long the text has become.
    """
    if not temperature >= 0:
        raise RnnError(f"the temperature is {temperature}", "sample", "give 0 or more")
    ids = check_ids(prompt, model.vocabulary)
    return _sample(model, ids, temperature, rng)


def _sample(model: LanguageModel, ids: np.ndarray, temperature: float, rng: np.random.Generator) -> Iterator[int]:
    p = model.next_distribution(ids[:0])
    state = None
    while True:
        if ids.size:
            with no_grad(), model.evaluating():
                logits, state = model(ids[:, None], state)
            scores = logits.data[-1, 0].astype(np.float64)
            p = np.exp(scores - scores.max())
        ids = np.array([_draw(p / p.sum(), temperature, rng)])
        yield int(ids[0])


def _draw(p: np.ndarray, temperature: float, rng: np.random.Generator) -> int:
    if temperature == 0:
        return int(p.argmax())
    with np.errstate(divide="ignore"):
        warm = np.exp((np.log(p) - np.log(p.max())) / temperature)
    return int(rng.choice(p.size, p=warm / warm.sum()))
