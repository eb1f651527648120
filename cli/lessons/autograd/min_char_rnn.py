"""A recurrent network that reads letters, in single numbers: every product and every sum of it is here. [DLB 10.2]

Its loss is one Value. Compiled, it is a function from all the weights to the loss and its gradient, and training is
a loop over arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from minigrad import Value, compile

Vector = list[Value]
Matrix = list[Vector]


@dataclass(frozen=True)
class Network:
    """Weights under the letters of the equations: U (H, V), W (H, H), b (H,), V (V, H), c (V,)."""

    U: Matrix
    W: Matrix
    b: Vector
    V: Matrix
    c: Vector

    @classmethod
    def drawn(cls, letters: int, hidden: int, rng: np.random.Generator) -> Network:
        """Weights from N(0, 0.1²), biases 0: at first all letters are about as likely."""
        shapes = (hidden, letters), (hidden, hidden), (letters, hidden)
        U, W, V = ([[Value(x) for x in row] for row in 0.1 * rng.standard_normal(shape)] for shape in shapes)
        return cls(U, W, [Value(0.0) for _ in range(hidden)], V, [Value(0.0) for _ in range(letters)])

    def leaves(self) -> list[Value]:
        """All weights, one after the other."""
        rows = [*self.U, *self.W, self.b, *self.V, self.c]
        return [w for row in rows for w in row]

    def units(self) -> Iterator[tuple[Vector, Vector, Value]]:
        """Each hidden unit's weights for the state and for the letters, and its bias."""
        return zip(self.W, self.U, self.b, strict=True)


def dot(w: Vector, x: Vector) -> Value:
    """w₁x₁ + w₂x₂ + …"""
    return sum((a * b for a, b in zip(w, x, strict=True)), Value(0.0))


def step(net: Network, h: Vector, letter: int) -> Vector:
    """h⁽ᵗ⁾ = tanh(W h⁽ᵗ⁻¹⁾ + U x⁽ᵗ⁾ + b); x is 1 at the letter and 0 elsewhere, so U x is a column of U."""
    new = []
    for w, u, b in net.units():
        new.append((dot(w, h) + u[letter] + b).tanh())
    return new


def scores(net: Network, h: Vector) -> Vector:
    """o = V h + c."""
    return [dot(v, h) + c for v, c in zip(net.V, net.c, strict=True)]


def surprise(o: Vector, letter: int) -> Value:
    """−log softmax(o) at the letter that came: log Σ exp(o) − o."""
    total = sum((x.exp() for x in o), Value(0.0))
    return total.log() - o[letter]


def loss(net: Network, ids: Sequence[int]) -> Value:
    """The mean surprise, nats, when each letter is to be told from those before it."""
    h = [Value(0.0) for _ in net.b]
    total = Value(0.0)
    for letter, following in pairwise(ids):
        h = step(net, h, letter)
        o = scores(net, h)
        total = total + surprise(o, following)
    return total / (len(ids) - 1)


def train(net: Network, ids: Sequence[int], updates: int, rate: float) -> Iterator[float]:
    """Gradient descent with steps of at most `rate`; yields the loss before each, and leaves the weights in `net`."""
    leaves = net.leaves()
    tape = compile(loss(net, ids), leaves)
    w = np.array([leaf.data for leaf in leaves])
    for _ in range(updates):
        value, g = tape(w)
        yield value
        w -= rate * g / max(1.0, float(np.linalg.norm(g)))
    for leaf, x in zip(leaves, w.tolist(), strict=True):
        leaf.data = x
