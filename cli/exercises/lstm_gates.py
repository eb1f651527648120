"""The gradients of the gates and the cells of a long short-term memory."""

import numpy as np

from cli.exercises._letters import FORM, LSTM, OF_STATES, PRODUCT, UNITS
from cli.lab.check.exercise import Exercise

EXERCISE = Exercise(
    name="lstm-gates",
    title="Inside a long short-term memory.",
    order=120,
    family="lstm",
    problem="""
    a_k = b_k + W_k h_{t-1} + U_k x_t       for each k of i, f, g, o
    i = sigma(a_i)    f = sigma(a_f)    g = tanh(a_g)    o = sigma(a_o)
    c_t = f * c_{t-1} + i * g               h_t = o * tanh(c_t)
"""
    + PRODUCT
    + """i, f, g and o are those of step t. Given is grad_h, the whole gradient of L by the
states. A cell reaches L by its state and by the next cell; grad_c has both.
"""
    + OF_STATES
    + FORM,
    letters={**UNITS, **LSTM},
    asks={
        "grad_o": ("LSTM-16",),
        "grad_a_o": ("LSTM-17",),
        "grad_c": ("LSTM-18",),
        "grad_f": ("LSTM-19",),
        "grad_a_f": ("LSTM-20",),
        "grad_i": ("LSTM-21",),
        "grad_a_i": ("LSTM-22",),
        "grad_g": ("LSTM-23",),
        "grad_a_g": ("LSTM-24",),
    },
    ending="_gradients",
)


def grad_o(c, grad_h):
    """(T, H): the output gate."""
    return np.tanh(c) * grad_h


def grad_a_o(o, grad_o):
    """(T, H): what comes into the output gate."""
    return o * (1 - o) * grad_o


def grad_c(o, c, f, grad_h):
    """(T, H): the cells. Each reaches the loss by its state and by the next cell."""
    g = np.zeros_like(c)
    later = np.zeros(c.shape[1])
    for t in reversed(range(len(c))):
        g[t] = o[t] * (1 - np.tanh(c[t]) ** 2) * grad_h[t] + later
        later = f[t] * g[t]
    return g


def grad_f(c, c0, grad_c):
    """(T, H): the forget gate."""
    before = np.vstack([c0, c[:-1]])
    return before * grad_c


def grad_a_f(f, grad_f):
    """(T, H): what comes into the forget gate."""
    return f * (1 - f) * grad_f


def grad_i(g, grad_c):
    """(T, H): the input gate."""
    return g * grad_c


def grad_a_i(i, grad_i):
    """(T, H): what comes into the input gate."""
    return i * (1 - i) * grad_i


def grad_g(i, grad_c):
    """(T, H): the candidates."""
    return i * grad_c


def grad_a_g(g, grad_g):
    """(T, H): what comes into the candidates."""
    return (1 - g**2) * grad_g
