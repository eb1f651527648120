"""The gradients of a gated recurrent unit."""

import numpy as np

from cli.exercises._letters import FORM, GRU, HEAD, OF_STATES, PRODUCT, SCORES, SIZES, TARGETS
from cli.lab.check.exercise import Exercise

EXERCISE = Exercise(
    name="gru",
    title="Backpropagation through time in a gated recurrent unit.",
    order=100,
    family="gru",
    problem="""
    a_r = b_r + W_r h_{t-1} + U_r x_t     r = sigma(a_r)
    a_z = b_z + W_z h_{t-1} + U_z x_t     z = sigma(a_z)
    q = r * h_{t-1}
    a_n = b_n + W_n q + U_n x_t           n = tanh(a_n)
    h_t = (1 - z) * n + z * h_{t-1}
    o_t = c + V h_t                       y_hat_t = softmax(o_t)
    L = - sum over t of log y_hat_t[y_t]
"""
    + PRODUCT
    + """A state reaches L by its scores and, in four ways, by the step after it.
"""
    + OF_STATES
    + FORM,
    letters={
        **SIZES,
        **GRU,
        "q": "(T, H) what the reset gate lets through of the state before",
        **SCORES,
        **TARGETS,
        **HEAD,
    },
    asks={
        "grad_n": ("GRU-14",),
        "grad_z": ("GRU-15",),
        "grad_a_n": ("GRU-16",),
        "grad_q": ("GRU-17",),
        "grad_r": ("GRU-18",),
        "grad_a_z": ("GRU-19",),
        "grad_a_r": ("GRU-20",),
        "grad_h": ("GRU-13",),
        "grad_W_r": ("GRU-24",),
        "grad_U_r": ("GRU-25",),
        "grad_b_r": ("GRU-23",),
        "grad_W_z": ("GRU-27",),
        "grad_U_z": ("GRU-28",),
        "grad_b_z": ("GRU-26",),
        "grad_W_n": ("GRU-30",),
        "grad_U_n": ("GRU-31",),
        "grad_b_n": ("GRU-29",),
    },
    whole=tuple(f"GRU-{k}" for k in range(12, 34)),
)


def grad_n(z, grad_h):
    """(T, H): the candidates."""
    return (1 - z) * grad_h


def grad_z(h, h0, n, grad_h):
    """(T, H): the update gate."""
    before = np.vstack([h0, h[:-1]])
    return (before - n) * grad_h


def grad_a_n(n, grad_n):
    """(T, H): what comes into the candidates."""
    return (1 - n**2) * grad_n


def grad_q(W_n, grad_a_n):
    """(T, H): what the reset gate lets through."""
    return grad_a_n @ W_n


def grad_r(h, h0, grad_q):
    """(T, H): the reset gate."""
    before = np.vstack([h0, h[:-1]])
    return before * grad_q


def grad_a_z(z, grad_z):
    """(T, H): what comes into the update gate."""
    return z * (1 - z) * grad_z


def grad_a_r(r, grad_r):
    """(T, H): what comes into the reset gate."""
    return r * (1 - r) * grad_r


def grad_h(V, grad_o, z, r, W_r, W_z, grad_q, grad_a_r, grad_a_z):
    """(T, H): the states, from the last step to the first."""
    g = np.zeros_like(z)
    later = np.zeros(z.shape[1])
    for t in reversed(range(len(z))):
        g[t] = V.T @ grad_o[t] + later
        later = z[t] * g[t] + r[t] * grad_q[t] + W_r.T @ grad_a_r[t] + W_z.T @ grad_a_z[t]
    return g


def grad_W_r(grad_a_r, h, h0):
    """(H, H): the recurrent weights of the reset gate."""
    before = np.vstack([h0, h[:-1]])
    return grad_a_r.T @ before


def grad_U_r(grad_a_r, x):
    """(H, I): the weights of the inputs of the reset gate."""
    return grad_a_r.T @ x


def grad_b_r(grad_a_r):
    """(H,): the bias of the reset gate."""
    return grad_a_r.sum(axis=0)


def grad_W_z(grad_a_z, h, h0):
    """(H, H): the recurrent weights of the update gate."""
    before = np.vstack([h0, h[:-1]])
    return grad_a_z.T @ before


def grad_U_z(grad_a_z, x):
    """(H, I): the weights of the inputs of the update gate."""
    return grad_a_z.T @ x


def grad_b_z(grad_a_z):
    """(H,): the bias of the update gate."""
    return grad_a_z.sum(axis=0)


def grad_W_n(grad_a_n, q):
    """(H, H): the recurrent weights of the candidates."""
    return grad_a_n.T @ q


def grad_U_n(grad_a_n, x):
    """(H, I): the weights of the inputs of the candidates."""
    return grad_a_n.T @ x


def grad_b_n(grad_a_n):
    """(H,): the bias of the candidates."""
    return grad_a_n.sum(axis=0)
