"""What the tests of layers share: layers of every cell, and everything that can be asked of one."""

import numpy as np

from minigrad import Tensor, grad
from rnn import GRU, LSTM, RNN, JordanRNN

# Every cell, by a function of (input_size, hidden_size, **options). Jordan's output is three wide.
LAYERS = {
    "rnn": RNN,
    "relu": lambda *sizes, **options: RNN(*sizes, nonlinearity="relu", **options),
    "gru": GRU,
    "gru before": lambda *sizes, **options: GRU(*sizes, reset_after=False, **options),
    "lstm": LSTM,
    "peepholes": lambda *sizes, **options: LSTM(*sizes, peepholes=True, **options),
    "jordan": lambda inputs, H, *layers, **options: JordanRNN(inputs, H, 3, *layers, **options),
    "scores": lambda inputs, H, *layers, **options: JordanRNN(inputs, H, 3, *layers, feedback="scores", **options),
}


def pair(*args, seed=0, **options):
    """The same Elman layer fused and stepwise."""
    return [RNN(*args, rng=np.random.default_rng(seed), implementation=i, **options) for i in ("fused", "stepwise")]


def like(layer, build, *sizes, **options):
    """Another layer with the same parameters."""
    other = build(*sizes, dtype=np.float64, **options)
    other.load_state_dict(layer.state_dict())
    return other


def parts(state):
    """The tensors of a state: those of a tuple, or the one."""
    return list(state) if isinstance(state, tuple) else [state]


def everything(layer, x, state=None, lengths=None, *, seed=0):
    """Output, state, and the gradients of a random function of both by parameters, input and state."""
    rng = np.random.default_rng(seed)
    output, last = layer(x, state, lengths)
    loss = (output * rng.standard_normal(output.shape).astype(output.dtype)).sum()
    for part in parts(last):
        loss = loss + (part * rng.standard_normal(part.shape).astype(part.dtype)).sum()
    given = [x, *parts(state)]
    leaves = [*layer.parameters(), *(t for t in given if isinstance(t, Tensor) and t.requires_grad)]
    return [output, *parts(last), *grad(loss, leaves)]


def drawn(*shape, seed=1, dtype=np.float64):
    return Tensor(np.random.default_rng(seed).standard_normal(shape), requires_grad=True, dtype=dtype)


def first_state(layer, rows, *, seed=2):
    """A random state for `rows` sequences, of the form that the layer wants."""
    count = layer.num_layers * (2 if layer.bidirectional else 1)
    tensors = [drawn(count, rows, n, seed=seed + k) for k, n in enumerate(layer.state_sizes)]
    return tensors[0] if len(tensors) == 1 else layer.cell.State(*tensors)


def rows_of(state, b):
    """Row b of a state, as a batch of one, cut from its history."""
    cut = [Tensor(part.data[:, b : b + 1]) for part in parts(state)]
    return cut[0] if len(cut) == 1 else type(state)(*cut)
