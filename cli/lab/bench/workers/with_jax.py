"""JAX on the processor: one jit around forward, backward, clipping and SGD; imports nothing of this project.

lax.scan over time, with the inputs' part of the gates before it; the ids are looked up in rows, which is faster here
than one-hot vectors. A plain RNN unrolls five steps of the scan, which helps it; gated ones are slower unrolled.
Parameters are given away to the update. Generation is one jit for each token, so that tokens come one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

jax: Any = import_module("jax")
jnp: Any = import_module("jax.numpy")

UNROLL = {"rnn": 5, "gru": 1, "lstm": 1}
Arrays = dict[str, Any]


def start(threads: int, variant: str) -> str:
    """The number of threads was set from outside, before JAX was imported."""
    return str(jax.__version__)


def load(workload: Mapping[str, Any], problem: Arrays) -> Training | Generation:
    """The work of these weights."""
    return (Generation if workload["tokens"] else Training)(workload, problem)


def elman(a: Any, state: Any, p: Mapping[str, Any]) -> Any:
    """One step from a = W_ih x + b_ih; a state is a tuple whose first part is h."""
    (h,) = state
    return (jnp.tanh(a + h @ p["weight_hh"].T + p["bias_hh"]),)


def gru(a: Any, state: Any, p: Mapping[str, Any]) -> Any:
    """Gates r, z, n; r acts after the product."""
    (h,) = state
    ar, az, an = jnp.split(a, 3, -1)
    br, bz, bn = jnp.split(h @ p["weight_hh"].T + p["bias_hh"], 3, -1)
    r, z = jax.nn.sigmoid(ar + br), jax.nn.sigmoid(az + bz)
    return ((1 - z) * jnp.tanh(an + r * bn) + z * h,)


def lstm(a: Any, state: Any, p: Mapping[str, Any]) -> Any:
    """Gates i, f, g, o."""
    h, c = state
    i, f, g, o = jnp.split(a + h @ p["weight_hh"].T + p["bias_hh"], 4, -1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


CELLS = {"rnn": (elman, 1), "gru": (gru, 1), "lstm": (lstm, 2)}


def _parameters(problem: Arrays) -> Arrays:
    return {name: jnp.asarray(a) for name, a in problem.items() if name not in ("ids", "targets")}


def _of(p: Arrays, suffix: str) -> Arrays:
    kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return {kind: p[f"rnn.{kind}_{suffix}"] for kind in kinds}


def _layer(cell: str, p: Arrays, x: Any, reverse: bool) -> Any:
    step, parts = CELLS[cell]
    a = (p["weight_ih"].T[x] if x.dtype.kind == "i" else x @ p["weight_ih"].T) + p["bias_ih"]
    zero = jnp.zeros((x.shape[1], p["weight_hh"].shape[1]), a.dtype)

    def one(state: Any, a: Any) -> Any:
        state = step(a, state, p)
        return state, state[0]

    return jax.lax.scan(one, (zero,) * parts, a, reverse=reverse, unroll=UNROLL[cell])[1]


def _loss(p: Arrays, workload: Mapping[str, Any], ids: Any, targets: Any) -> Any:
    x = ids
    for layer in range(workload["layers"]):
        both = ("", "_reverse")[: 2 if workload["bidirectional"] else 1]
        x = jnp.concatenate([_layer(workload["cell"], _of(p, f"l{layer}{d}"), x, bool(d)) for d in both], -1)
    scores = jax.nn.log_softmax(x @ p["head.weight"].T + p["head.bias"])
    return -jnp.take_along_axis(scores, targets[..., None], -1).mean()


class Training:
    """A training step, from the zero state."""

    def __init__(self, workload: Mapping[str, Any], problem: Arrays):
        self.ids, self.targets = (jnp.asarray(problem[name].astype(np.int32)) for name in ("ids", "targets"))
        self.parameters = _parameters(problem)

        def update(p: Arrays, ids: Any, targets: Any) -> Any:
            loss, g = jax.value_and_grad(_loss)(p, workload, ids, targets)
            norm = jnp.sqrt(sum(jnp.vdot(one, one) for one in jax.tree.leaves(g)))
            factor = jnp.minimum(1.0, 1.0 / norm)
            return jax.tree.map(lambda w, dw: w - factor * dw, p, g), loss, norm

        self.update = jax.jit(update, donate_argnums=0)

    def step(self) -> tuple[float, float]:
        """The loss and the gradient's norm before clipping."""
        self.parameters, loss, norm = self.update(self.parameters, self.ids, self.targets)
        jax.block_until_ready(self.parameters)
        return float(loss), float(norm)

    def check(self) -> list[float]:
        """Losses and norms of three steps."""
        return [x for _ in range(3) for x in self.step()]


class Generation:
    """Tokens one after the other from one layer, the state carried, sampling inside the jit."""

    def __init__(self, workload: Mapping[str, Any], problem: Arrays):
        self.ids, self.tokens = jnp.asarray(problem["ids"][:, 0].astype(np.int32)), workload["tokens"]
        self.parameters = _parameters(problem)
        step, parts = CELLS[workload["cell"]]
        self.zero = (jnp.zeros(workload["hidden"]),) * parts

        def advance(p: Arrays, token: Any, state: Any) -> Any:
            one = _of(p, "l0")
            state = step(one["weight_ih"].T[token] + one["bias_ih"], state, one)
            return state[0] @ p["head.weight"].T + p["head.bias"], state

        def draw(p: Arrays, token: Any, state: Any, key: Any) -> Any:
            key, one = jax.random.split(key)
            scores, state = advance(p, token, state)
            return jax.random.categorical(one, scores), state, key

        self.advance, self.draw = jax.jit(advance), jax.jit(draw)

    def step(self) -> None:
        """Sample them; each is read before the next is asked for."""
        token, state, key = self.ids[0], self.zero, jax.random.key(0)
        for _ in range(self.tokens):
            token, state, key = self.draw(self.parameters, token, state, key)
            int(token)

    def check(self) -> list[float]:
        """Mean −log P of each given id after those before it."""
        state, total = self.zero, 0.0
        for token, after in zip(self.ids, self.ids[1:], strict=False):
            scores, state = self.advance(self.parameters, token, state)
            total -= float(jax.nn.log_softmax(scores)[after])
        return [total / (len(self.ids) - 1)]
