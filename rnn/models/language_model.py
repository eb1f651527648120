"""A language model of tokens: the next one from all before it. [D2L 8.4.3–8.5, 9.4.3, seed 004; DLB 10.2]"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from minigrad import Tensor, log_softmax, no_grad
from minigrad.graph import Array
from minigrad.nn import Dropout, Embedding, Linear, Module
from rnn.errors import RnnError
from rnn.inputs import check_size
from rnn.layers import LAYERS
from rnn.metrics import Context, Floats, Ids, check_ids
from rnn.sequence import Implementation

_PIECE = 4096  # tokens scored at a time, so that a long text needs no long arrays
_WHERE = "LanguageModel"


class LanguageModel(Module):
    """ids → one-hot, or rows of `embedding` → recurrent layers `rnn` → scores o⁽ᵗ⁾ = c + V h⁽ᵗ⁾ by `head`.

    o⁽ᵗ⁾ is about the token after the t-th. The first token of a text is predicted from h⁽⁰⁾ = 0, by softmax(c): the
    start distribution. Parameters have the names that torch gives to a module with these three members.

    With the cell "jordan" the layers' own output is the scores: there is no `head`, and the start distribution is
    what one step gives that reads nothing (x = 0) with nothing fed back (ŷ⁽⁰⁾ = 0): softmax(c + V tanh b) for a
    single layer. `embedding` is a row's width, None for one-hot. `tied` makes the rows of `embedding` the rows of V
    too [Press and Wolf 2017], drawn as V is. `dropout` acts between layers and on what `head` reads, in training.

    With `bidirectional` the scores at t come from later tokens as well, the one to be predicted among them, and the
    model `reads_future`. Its loss can be trained and means nothing [D2L 9.4.3]: so says `log_probs` with "carry",
    which `rnn.metrics.evaluate` therefore refuses. What it can do without the future is honest: `next_distribution`,
    `log_probs` with a context of n, and sampling read a token at a time, both directions' states carried on.
    """

    def __init__(
        self,
        vocabulary: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        cell: str = "rnn",
        dropout: float = 0.0,
        embedding: int | None = None,
        tied: bool = False,
        bidirectional: bool = False,
        dtype: Any = np.float32,
        device: str = "cpu",
        rng: np.random.Generator | None = None,
        implementation: Implementation = "auto",
    ):
        width = hidden_size * (2 if bidirectional else 1)
        _refuse(cell, vocabulary, width, embedding, tied, bidirectional)
        rng = rng or np.random.default_rng()
        self.vocabulary, self.tied = vocabulary, tied
        self.embedding = None if embedding is None else Embedding(vocabulary, embedding, dtype=dtype, rng=rng)
        more = {"output_size": vocabulary} if cell == "jordan" else {}
        self.rnn = LAYERS[cell](
            embedding or vocabulary, hidden_size, num_layers=num_layers, dropout=dropout, bidirectional=bidirectional,
            dtype=dtype, rng=rng, implementation=implementation, **more,
        )  # fmt: skip
        self.head = None if cell == "jordan" else Linear(width, vocabulary, dtype=dtype, rng=rng)
        self.dropout = Dropout(dropout, rng=rng.spawn(1)[0]) if dropout and self.head is not None else None
        if tied and self.embedding is not None and self.head is not None:
            self.embedding.weight = self.head.weight
        self.to(device)

    @property
    def reads_future(self) -> bool:
        """Whether the scores at a token depend on later ones."""
        return self.rnn.bidirectional

    def __call__(self, ids: Array, state: Any = None) -> tuple[Tensor, Any]:
        """Scores (T, B, V) for what follows each of ids (T, B), and the layers' state after the last."""
        h, state = self.hidden(ids, state)
        return self.scores(h), state

    def hidden(self, ids: Array, state: Any = None) -> tuple[Tensor, Any]:
        """What the layers give for ids (T, B), as (T, B, ·), and their state after the last."""
        return self.rnn(ids if self.embedding is None else self.embedding(ids), state)

    def scores(self, h: Tensor) -> Tensor:
        """The scores (…, V) from what the layers gave."""
        if self.head is None:
            return h
        return self.head(h if self.dropout is None else self.dropout(h))

    def state_dict(self) -> dict[str, Array]:
        """Copies of all parameters by name; a tied weight is there under both its names, as in torch."""
        found = super().state_dict()
        return {**found, "head.weight": found["embedding.weight"].copy()} if self.tied else found

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Take over all parameters, nothing if one does not fit, or if a tied weight is two different ones."""
        if self.tied and "head.weight" in state:
            state = dict(state)
            if not np.array_equal(state.pop("head.weight"), state.get("embedding.weight", 0)):
                raise RnnError("head.weight is not embedding.weight", _WHERE, "load them into a model that is not tied")
        super().load_state_dict(state)

    def log_probs(self, ids: Ids, context: Context = "carry") -> Floats:
        """log P(idₜ | those before it), nats, (N,). With context n each token sees at most n before it.

        With "carry" a model that `reads_future` gives what it is trained on, for which it has seen later tokens.
        """
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
            scores = log_softmax(self.read(context[:, None])[0]).numpy()[0] if context.size else self._start()
        p = np.exp(scores.astype(np.float64))
        return p / p.sum()

    def read(self, ids: Array) -> tuple[Tensor, Any]:
        """Scores (B, V) for what follows ids (T, B), and the layers' state after them; no token has read a later one.

        A model that `reads_future` is given a token at a time, and both directions' states are carried on.
        """
        h, state = None, None
        for piece in ids[:, None] if self.reads_future else ids[None]:
            h, state = self.hidden(piece, state)
        assert h is not None
        return self.scores(h[-1]), state

    def _start(self) -> Array:
        """The start distribution's logarithms (V,)."""
        if self.head is None:
            scores, _ = self.rnn(self._zeros(self.rnn.input_size))
        else:
            scores = self.head(self._zeros(self.rnn.output_size))
        return log_softmax(scores).numpy()[0, 0]

    def _zeros(self, width: int) -> Tensor:
        return Tensor(np.zeros((1, 1, width), self.rnn.dtype), device=self.rnn.device)

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
        short = [_picked(self.read(ids[:t, None])[0].data, ids[t : t + 1]) for t in range(1, min(n, ids.size))]
        pieces = [np.concatenate(short)] if short else []
        if ids.size > n:
            windows, rows = sliding_window_view(ids[:-1], n), max(1, _PIECE // n)
            for begin in range(0, len(windows), rows):
                block = windows[begin : begin + rows]
                targets = ids[n + begin : n + begin + len(block)]
                pieces.append(_picked(self.read(np.ascontiguousarray(block.T))[0].data, targets))
        return np.concatenate(pieces) if pieces else np.zeros(0)


def _refuse(cell: str, vocabulary: int, width: int, embedding: int | None, tied: bool, bidirectional: bool) -> None:
    if cell not in LAYERS:
        raise RnnError(f"no cell {cell!r}", _WHERE, f"give one of {', '.join(LAYERS)}")
    check_size("vocabulary", vocabulary, _WHERE)
    if embedding is not None:
        check_size("embedding", embedding, _WHERE)
    if cell == "jordan" and bidirectional:
        raise RnnError("a jordan network's output is its scores, and two directions give two", _WHERE,
                       "leave out bidirectional, or take another cell")  # fmt: skip
    if cell == "jordan" and tied:
        raise RnnError("a jordan network has no head to tie the embedding to", _WHERE, "leave out tied")
    if tied and embedding != width:
        what = f"tied weights need an embedding as wide as the output of the layers, {width}"
        raise RnnError(what, f"{_WHERE}, embedding {embedding}", f"give embedding={width}, or leave out tied")


def _picked(scores: Array, targets: Array) -> Array:
    """log softmax of scores (N, V) at targets (N,)."""
    return log_softmax(Tensor(scores)).numpy()[np.arange(targets.size), targets]
