"""A language model of tokens: the next one from all before it. [D2L 8.4.3–8.5, seed 004; DLB 10.2]"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from minigrad import Tensor, log_softmax, no_grad
from minigrad.graph import Array
from minigrad.nn import Linear, Module
from rnn.errors import RnnError
from rnn.layers import LAYERS
from rnn.metrics import Context, Floats, Ids, check_ids
from rnn.sequence import Implementation

_PIECE = 4096  # tokens scored at a time, so that a long text needs no long arrays


class LanguageModel(Module):
    """ids → one-hot → recurrent layers → scores: o⁽ᵗ⁾ = c + V h⁽ᵗ⁾ for the token after the t-th.

    The first token of a text is predicted from h⁽⁰⁾ = 0, by softmax(c): the start distribution.
    """

    def __init__(
        self,
        vocabulary: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        cell: str = "rnn",
        dropout: float = 0.0,
        dtype: Any = np.float32,
        rng: np.random.Generator | None = None,
        implementation: Implementation = "auto",
    ):
        if cell not in LAYERS:
            raise RnnError(f"no cell {cell!r}", "LanguageModel", f"give one of {', '.join(LAYERS)}")
        rng = rng or np.random.default_rng()
        self.vocabulary = vocabulary
        self.rnn = LAYERS[cell](
            vocabulary, hidden_size, num_layers, dropout=dropout, dtype=dtype, rng=rng, implementation=implementation
        )
        self.head = Linear(hidden_size, vocabulary, dtype=dtype, rng=rng)

    def __call__(self, ids: Array, state: Any = None) -> tuple[Tensor, Any]:
        """Scores (T, B, V) for what follows each of ids (T, B), and the layers' state after the last."""
        h, state = self.rnn(ids, state)
        return self.head(h), state

    def log_probs(self, ids: Ids, context: Context = "carry") -> Floats:
        """log P(idₜ | those before it), nats, (N,). With context n each token sees at most n before it."""
        ids = check_ids(ids, self.vocabulary)
        if not ids.size:
            return np.zeros(0)
        with no_grad(), self.evaluating():
            start = self._start()[ids[:1]]
            rest = self._carried(ids) if context == "carry" else self._windowed(ids, context)
        return np.concatenate([start, rest]).astype(np.float64)

    def next_distribution(self, context: Ids) -> Floats:
        """P(next token | context), (V,)."""
        context = check_ids(context, self.vocabulary)
        with no_grad(), self.evaluating():
            scores = log_softmax(self(context[:, None])[0][-1, 0]).data if context.size else self._start()
        p = np.exp(scores.astype(np.float64))
        return p / p.sum()

    def _start(self) -> Array:
        return log_softmax(self.head(Tensor(np.zeros((1, self.rnn.output_size), self.rnn.dtype)))).data[0]

    def _carried(self, ids: Array) -> Array:
        state, pieces = None, []
        for begin in range(0, ids.size - 1, _PIECE):
            inputs, targets = ids[begin : begin + _PIECE], ids[begin + 1 : begin + _PIECE + 1]
            scores, state = self(inputs[: targets.size, None], state)
            pieces.append(_picked(scores.data[:, 0], targets))
        return np.concatenate(pieces) if pieces else np.zeros(0)

    def _windowed(self, ids: Array, n: int) -> Array:
        if n < 1:
            return self._start()[ids[1:]]
        short = [_picked(self(ids[:t, None])[0].data[-1], ids[t : t + 1]) for t in range(1, min(n, ids.size))]
        pieces = [np.concatenate(short)] if short else []
        if ids.size > n:
            windows, rows = sliding_window_view(ids[:-1], n), max(1, _PIECE // n)
            for begin in range(0, len(windows), rows):
                block = windows[begin : begin + rows]
                targets = ids[n + begin : n + begin + len(block)]
                pieces.append(_picked(self(np.ascontiguousarray(block.T))[0].data[-1], targets))
        return np.concatenate(pieces) if pieces else np.zeros(0)


def _picked(scores: Array, targets: Array) -> Array:
    """log softmax of scores (N, V) at targets (N,)."""
    return log_softmax(Tensor(scores)).data[np.arange(targets.size), targets]
