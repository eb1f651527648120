"""Token after token from a language model, one stream at a time: step, scores and draw in one kernel.

A single row cannot be divided among threads, and a step of it is over sooner than an op is called. So the weights are
packed once, and many tokens are drawn in each call.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minigrad.graph import Array
from minigrad.kernels.compiling import kernel
from minigrad.kernels.gemm import multiply
from minigrad.kernels.packing import Packing
from minigrad.kernels.simd import largest
from minigrad.kernels.vector import exp
from minigrad.kernels.workspace import LINE, aligned
from rnn.fused import elman_kernels, gru_kernels, lstm_kernels
from rnn.fused.family import Family

ELMAN, GRU, LSTM = 0, 1, 2
_KINDS = {"elman": ELMAN, "gru": GRU, "lstm": LSTM}


class Layer(NamedTuple):
    """What one layer needs to take a step: its parameters by name, and its first state part by part, (H,) each."""

    weights: dict[str, Any]
    state: list[Array]


@kernel
def _layer(
    kind: int, flag: bool, n: int, memory: Array, place: Array, x: Array, id_: Array, state: Array, a: Array,
    y: Array, space: Array, one: Array,
) -> None:  # fmt: skip
    """One layer's step, as a sequence of one step and one row: from x or, where its width is 0, the id alone; y = h."""
    w_x, width, w_h, table, extra = place
    if kind == ELMAN:
        elman_kernels.forward(
            0, 1, one, True, 1, 1, n, False, flag, x, width, id_, memory[table:], memory[extra:], one, memory[w_x:],
            memory[w_h:], state, a, 1, y, n, 0, state, space, 1,
        )  # fmt: skip
    elif kind == LSTM:
        lstm_kernels.forward(
            0, 1, one, True, 1, 1, n, False, flag, x, width, id_, memory[table:], memory[extra:], one, memory[w_x:],
            memory[w_h:], state, a, 1, y, n, 0, state, space, 1,
        )  # fmt: skip
    else:
        gru_kernels.forward(
            0, 1, one, True, 1, 1, n, False, flag, x, width, id_, memory[table:], memory[extra:], one, memory[w_x:],
            memory[w_h:], state, a, 1, y, n, 0, state, space, 1,
        )  # fmt: skip


@kernel
def _draw(scores: Array, p: Array, temperature: float, uniform: float) -> int:
    """An index: the first whose share of softmax(scores / temperature), those before added, passes `uniform`."""
    top, best = largest(scores, 0, scores.size), 0
    if temperature == 0 or not np.isfinite(top):
        for j in range(scores.size):
            if scores[j] > scores[best]:
                best = j
        return best
    for j in range(scores.size):
        p[j] = exp((np.float64(scores[j]) - top) / temperature)
    sum_ = 0.0
    for j in range(scores.size):
        sum_ += p[j]
        p[j] = sum_
    for j in range(scores.size):
        if uniform * sum_ < p[j]:
            return j
    return scores.size - 1


@kernel
def _generate(
    kind: int, flag: bool, n: int, memory: Array, places: Array, states: Array, a: Array, outputs: Array,
    space: Array, p: Array, head: int, bias: int, scores: Array, id_: Array, temperature: float, uniforms: Array,
    ids: Array,
) -> None:  # fmt: skip
    """Feed id_ (1,) and draw, for each uniform number. places (L, 5): W_ih, its width, W_hh, table or bias, extra."""
    layers, v = places.shape[0], scores.size
    one = np.ones(1, np.int64)
    for i in range(uniforms.size):
        for k in range(layers):
            below, y = outputs[((k + 1) % 2) * n :], outputs[(k % 2) * n :]
            _layer(kind, flag, n, memory, places[k], below, id_, states[k], a, y, space, one)
        top = outputs[((layers - 1) % 2) * n :]
        for j in range(v):
            scores[j] = memory[bias + j]
        multiply(top, 0, n, n, 1, memory, head, n, scores, 0, v, 1, v, n, True)
        id_[0] = _draw(scores, p, temperature, uniforms[i])
        ids[i] = id_[0]


class Stream:
    """A stack of layers of one family, the output layer (V, H) on it, and a place in a text."""

    def __init__(self, family: Family, layers: list[Layer], head: Array, bias: Array | None):
        dtype, n = head.dtype, head.shape[1]
        self._kind, self._flag, self._n = _KINDS[family.name], family.flag, n
        self._pieces: list[Array] = []
        self._places = np.array([self._placed(family, k, layer) for k, layer in enumerate(layers)], np.int64)
        self._head = self._put(_packed(head))
        self._bias = self._put(np.zeros(len(head), dtype) if bias is None else bias)
        self._put(np.zeros(3 * n, dtype))  # what else there is may be nothing, and is still looked at
        self._memory = aligned((sum(piece.size for piece in self._pieces),), dtype)
        np.concatenate(self._pieces, out=self._memory)
        self._states = np.array([np.concatenate(layer.state) for layer in layers])
        self._a, self._outputs, self._space = (np.zeros(size * n, dtype) for size in (5, 2, 2))
        self._scores, self._p = np.zeros(len(head), dtype), np.zeros(len(head))

    def draw(self, last: int, temperature: float, uniforms: Array) -> Array:
        """As many ids as there are uniform numbers in [0, 1), after `last`, which is fed first."""
        ids = np.empty(uniforms.size, np.int64)
        _generate(
            self._kind, self._flag, self._n, self._memory, self._places, self._states, self._a, self._outputs,
            self._space, self._p, self._head, self._bias, self._scores, np.array([last], np.int64), float(temperature),
            uniforms, ids,
        )  # fmt: skip
        return ids

    def _placed(self, family: Family, k: int, layer: Layer) -> tuple[int, ...]:
        """Where in the memory each part of a layer is."""
        w = layer.weights
        bias, extra = family.given(w)
        w_h = self._put(_packed(w["weight_hh"], family.first(self._n)))
        if k == 0:
            return 0, 0, w_h, self._put(w["weight_ih"].T + bias), self._put(extra)
        w_x = self._put(_packed(w["weight_ih"]))
        return w_x, w["weight_ih"].shape[1], w_h, self._put(bias), self._put(extra)

    def _put(self, piece: Array) -> int:
        """Note a piece for the memory, each at the start of a cache line, and say where it will be."""
        at = sum(known.size for known in self._pieces)
        flat = np.array(piece).reshape(-1)
        self._pieces.append(np.pad(flat, (0, -flat.size % LINE)))
        return at


def _packed(weight: Array, first: int = 0) -> Array:
    packing = Packing()
    panels = packing.add(weight, "stream", transposed=True, first=first)
    for job in packing.jobs(packing.ready):
        job()
    return panels
