"""The network that does not share: weights of its own for every position."""

from __future__ import annotations

import numpy as np

from minigrad import Tensor, stack
from minigrad.graph import Array, Node, nodes
from minigrad.nn import Linear, Module, Parameter
from rnn.errors import RnnError
from rnn.layers import RNN


class Shared(Module):
    """The recurrent network: a layer and its output, the same at every position."""

    def __init__(self, inputs: int, units: int, outputs: int, rng: np.random.Generator):
        self.layer = RNN(inputs, units, dtype=np.float64, rng=rng)
        self.layer.bias_hh_l0 = None  # the equations have one bias; a second one beside it would change nothing
        self.head = Linear(units, outputs, dtype=np.float64, rng=rng)

    def __call__(self, ids: Array) -> Tensor:
        """Scores (T, B, outputs) for ids (T, B)."""
        return self.head(self.layer(ids)[0])


class Separate(Module):
    """The same steps, each with weights of its own: U, W, b, V and c have an axis more, the position.

    It starts with the shared network's numbers at every position.
    """

    def __init__(self, shared: Shared, positions: int):
        cell, head = shared.layer.state_dict(), shared.head.state_dict()

        def repeated(a: Array) -> Parameter:
            return Parameter(np.repeat(np.atleast_2d(a.T)[None], positions, axis=0))

        self.U, self.W = repeated(cell["weight_ih_l0"]), repeated(cell["weight_hh_l0"])
        self.b = repeated(cell["bias_ih_l0"])
        self.V, self.c = repeated(head["weight"]), repeated(head["bias"])

    def __call__(self, ids: Array) -> Tensor:
        """Scores (T, B, outputs) for ids (T, B); RnnError for a T past the last position."""
        steps, positions = len(ids), self.W.shape[0]
        if steps > positions:
            raise RnnError(
                f"the sequence has {steps} steps", "weights for each position", f"they end at position {positions}"
            )
        x = (Tensor(np.eye(self.U.shape[1])[ids]) @ self.U[:steps] + self.b[:steps]).unstack()
        h, states = Tensor(np.zeros((ids.shape[1], self.W.shape[1]))), []
        for x_t, W in zip(x, self.W.unstack(), strict=False):  # weights of positions that are not reached wait
            h = (x_t + h @ W).tanh()
            states.append(h)
        return stack(states) @ self.V[:steps] + self.c[:steps]


def learned(output: Tensor) -> int:
    """How many numbers `output` depends on that can be learned, counted over the engine's record."""
    leaves = {id(x): x for node in nodes(output) for x in inputs(node) if x.node is None and x.requires_grad}
    return sum(x.size for x in leaves.values())


def inputs(node: Node) -> list[Tensor]:
    """The tensors that a node of the record was computed from."""
    return [x for x in node.inputs or () if isinstance(x, Tensor)]
