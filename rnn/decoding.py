"""Text from a model, a token at a time. [D2L 8.5, seed 004 8.4.3]"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad import Tensor, no_grad
from minigrad.graph import Array
from rnn.errors import RnnError
from rnn.fused import FAMILIES
from rnn.fused.decoding import Layer, Stream
from rnn.metrics import Ids, check_ids
from rnn.models import LanguageModel

_AT_ONCE = 16, 512  # tokens drawn in one call of the kernel: at first, and at most


def sample(model: LanguageModel, prompt: Ids, *, temperature: float = 1.0, rng: np.random.Generator) -> Iterator[int]:
    """Ids that continue the prompt, for as long as they are asked for.

    Each is drawn from softmax(o / temperature): the first whose share, with those before it, passes a uniform number
    of `rng`; temperature 0 takes the most probable one. The state is carried, so a token costs one step however long
    the text has become; a model that `reads_future` carries both directions' states, from the past [D2L 9.4.3]. The
    model's parameters are read at the start, and `rng` may be ahead of what was asked for.
    """
    if not temperature >= 0:
        raise RnnError(f"the temperature is {temperature}", "sample", "give 0 or more")
    ids = check_ids(prompt, model.vocabulary)
    return _sample(model, ids, temperature, rng)


def _sample(model: LanguageModel, ids: Array, temperature: float, rng: np.random.Generator) -> Iterator[int]:
    if not ids.size:
        p = model.next_distribution(ids)
        ids = np.array([_draw(p, temperature, rng)])
        yield int(ids[0])
    state = None
    if ids.size > 1:
        with no_grad(), model.evaluating():
            _, state = model.read(ids[:-1, None])
    stream = _stream(model, state)
    yield from (
        _stepwise(model, ids[-1:], state, temperature, rng)
        if stream is None
        else _fused(stream, int(ids[-1]), temperature, rng)
    )


def _stream(model: LanguageModel, state: Any) -> Stream | None:
    """The model after `state` (None for zeros) for the kernel to go on from; None where there is none."""
    rnn, head = model.rnn, model.head
    if head is None or model.reads_future or not rnn.fused or rnn.device != "cpu":
        return None
    if state is None:
        state = rnn.cell.State(*(np.zeros((rnn.num_layers, 1, n), rnn.dtype) for n in rnn.state_sizes))
    parts = [
        part.data if isinstance(part, Tensor) else part for part in (state if isinstance(state, tuple) else [state])
    ]
    layers = [
        Layer(
            {name: None if p is None else p.data for name, p in rnn.weights(k).items()}, [part[k, 0] for part in parts]
        )
        for k in range(rnn.num_layers)
    ]
    if model.embedding is not None:  # W E takes a one-hot vector where W takes a row of the embedding
        layers[0].weights["weight_ih"] = layers[0].weights["weight_ih"] @ model.embedding.weight.data.T
    return Stream(FAMILIES[rnn.cell.family], layers, head.weight.data, None if head.bias is None else head.bias.data)


def _fused(stream: Stream, last: int, temperature: float, rng: np.random.Generator) -> Iterator[int]:
    size, most = _AT_ONCE
    while True:
        ids = stream.draw(last, temperature, rng.random(size)).tolist()
        yield from ids
        last, size = ids[-1], min(2 * size, most)


def _stepwise(
    model: LanguageModel, ids: Array, state: Any, temperature: float, rng: np.random.Generator
) -> Iterator[int]:
    while True:
        with no_grad(), model.evaluating():
            logits, state = model(ids[:, None], state)
        scores = logits.numpy()[-1, 0].astype(np.float64)
        p = np.exp(scores - scores.max())
        ids = np.array([_draw(p, temperature, rng)])
        yield int(ids[0])


def _draw(p: Array, temperature: float, rng: np.random.Generator) -> int:
    """An index by p, which need not sum to 1, sharpened or flattened by the temperature."""
    uniform = rng.random()
    if temperature == 0:
        return int(p.argmax())
    with np.errstate(divide="ignore"):
        upto = np.cumsum(np.exp((np.log(p) - np.log(p.max())) / temperature))
    return min(int(np.searchsorted(upto, uniform * upto[-1], side="right")), p.size - 1)
