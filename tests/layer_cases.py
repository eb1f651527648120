"""What the tests of layers share: a layer in both implementations, and everything that can be asked of it."""

import numpy as np

from minigrad import Tensor, grad
from rnn import RNN


def pair(*args, seed=0, **options):
    """The same layer fused and stepwise."""
    return [RNN(*args, rng=np.random.default_rng(seed), implementation=i, **options) for i in ("fused", "stepwise")]


def everything(layer, x, h0, *, seed=0):
    """Output, state, and the gradients of a random function of both by parameters, input and state."""
    rng = np.random.default_rng(seed)
    output, state = layer(x, h0)
    loss = (output * rng.standard_normal(output.shape).astype(output.dtype)).sum()
    loss = loss + (state * rng.standard_normal(state.shape).astype(state.dtype)).sum()
    leaves = [*layer.parameters(), *(t for t in (x, h0) if isinstance(t, Tensor) and t.requires_grad)]
    return [output, state, *grad(loss, leaves)]


def drawn(*shape, seed=1, dtype=np.float64):
    return Tensor(np.random.default_rng(seed).standard_normal(shape), requires_grad=True, dtype=dtype)
