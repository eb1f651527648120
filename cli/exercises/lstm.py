"""The gradients of a long short-term memory."""

import numpy as np

from cli.exercises._letters import FORM, LSTM, OF_STATES, PRODUCT, SIZES, TARGETS
from cli.lab.check.exercise import Exercise

EXERCISE = Exercise(
    name="lstm",
    title="Backpropagation through time in a long short-term memory.",
    order=130,
    family="lstm",
    problem="""
    a_k = b_k + W_k h_{t-1} + U_k x_t       for each k of i, f, g, o
    i = sigma(a_i)    f = sigma(a_f)    g = tanh(a_g)    o = sigma(a_o)
    c_t = f * c_{t-1} + i * g               h_t = o * tanh(c_t)
    s_t = d + V h_t                         y_hat_t = softmax(s_t)
    L = - sum over t of log y_hat_t[y_t]
"""
    + PRODUCT
    + """The scores are s, with the bias d: o is the output gate and c the cell.
"""
    + OF_STATES
    + FORM,
    letters={
        **SIZES,
        **LSTM,
        "s": "(T, V) scores",
        **TARGETS,
        "V, d": "(V, H), (V,) parameters of the scores",
    },
    asks={
        "grad_s": ("LSTM-14",),
        "grad_o": ("LSTM-16",),
        "grad_a_o": ("LSTM-17",),
        "grad_c": ("LSTM-18",),
        "grad_f": ("LSTM-19",),
        "grad_a_f": ("LSTM-20",),
        "grad_i": ("LSTM-21",),
        "grad_a_i": ("LSTM-22",),
        "grad_g": ("LSTM-23",),
        "grad_a_g": ("LSTM-24",),
        "grad_h": ("LSTM-15",),
        "grad_W_i": ("LSTM-31",),
        "grad_U_i": ("LSTM-35",),
        "grad_b_i": ("LSTM-27",),
        "grad_W_f": ("LSTM-32",),
        "grad_U_f": ("LSTM-36",),
        "grad_b_f": ("LSTM-28",),
        "grad_W_g": ("LSTM-33",),
        "grad_U_g": ("LSTM-37",),
        "grad_b_g": ("LSTM-29",),
        "grad_W_o": ("LSTM-34",),
        "grad_U_o": ("LSTM-38",),
        "grad_b_o": ("LSTM-30",),
    },
    whole=tuple(f"LSTM-{k}" for k in range(14, 42)),
)


def grad_s(y_hat, y):
    """(T, V): the scores."""
    g = y_hat.copy()
    g[np.arange(len(y)), y] -= 1
    return g


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


def grad_h(V, W_i, W_f, W_g, W_o, grad_s, grad_a_i, grad_a_f, grad_a_g, grad_a_o):
    """(T, H): the states, by their scores and by all four of the next step."""
    later = grad_a_i @ W_i + grad_a_f @ W_f + grad_a_g @ W_g + grad_a_o @ W_o
    return grad_s @ V + np.vstack([later[1:], np.zeros(V.shape[1])])


def grad_W_i(grad_a_i, h, h0):
    """(H, H): the recurrent weights of the input gate."""
    before = np.vstack([h0, h[:-1]])
    return grad_a_i.T @ before


def grad_U_i(grad_a_i, x):
    """(H, I): the weights of the inputs of the input gate."""
    return grad_a_i.T @ x


def grad_b_i(grad_a_i):
    """(H,): the bias of the input gate."""
    return grad_a_i.sum(axis=0)


def grad_W_f(grad_a_f, h, h0):
    """(H, H): the recurrent weights of the forget gate."""
    before = np.vstack([h0, h[:-1]])
    return grad_a_f.T @ before


def grad_U_f(grad_a_f, x):
    """(H, I): the weights of the inputs of the forget gate."""
    return grad_a_f.T @ x


def grad_b_f(grad_a_f):
    """(H,): the bias of the forget gate."""
    return grad_a_f.sum(axis=0)


def grad_W_g(grad_a_g, h, h0):
    """(H, H): the recurrent weights of the candidates."""
    before = np.vstack([h0, h[:-1]])
    return grad_a_g.T @ before


def grad_U_g(grad_a_g, x):
    """(H, I): the weights of the inputs of the candidates."""
    return grad_a_g.T @ x


def grad_b_g(grad_a_g):
    """(H,): the bias of the candidates."""
    return grad_a_g.sum(axis=0)


def grad_W_o(grad_a_o, h, h0):
    """(H, H): the recurrent weights of the output gate."""
    before = np.vstack([h0, h[:-1]])
    return grad_a_o.T @ before


def grad_U_o(grad_a_o, x):
    """(H, I): the weights of the inputs of the output gate."""
    return grad_a_o.T @ x


def grad_b_o(grad_a_o):
    """(H,): the bias of the output gate."""
    return grad_a_o.sum(axis=0)
