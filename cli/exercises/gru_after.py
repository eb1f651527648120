"""The gradients of a gated recurrent unit that resets after its matrix product."""

import numpy as np

from cli.exercises._letters import FORM, GRU, HEAD, OF_STATES, PRODUCT, SCORES, SIZES, TARGETS
from cli.lab.check.exercise import Exercise

EXERCISE = Exercise(
    name="gru-after",
    title="Backpropagation through time in a GRU that resets after the product.",
    order=110,
    family="gru-after",
    problem="""
    a_r = b_r + W_r h_{t-1} + U_r x_t     r = sigma(a_r)
    a_z = b_z + W_z h_{t-1} + U_z x_t     z = sigma(a_z)
    q = d + W_n h_{t-1}
    a_n = b_n + r * q + U_n x_t           n = tanh(a_n)
    h_t = (1 - z) * n + z * h_{t-1}
    o_t = c + V h_t                       y_hat_t = softmax(o_t)
    L = - sum over t of log y_hat_t[y_t]
"""
    + PRODUCT
    + """The reset gate acts after the matrix product, which has a bias of its own, d.
"""
    + OF_STATES
    + FORM,
    letters={
        **SIZES,
        **GRU,
        "q": "(T, H) what the reset gate is multiplied with",
        "d": "(H,) bias of q",
        **SCORES,
        **TARGETS,
        **HEAD,
    },
    asks={
        "grad_n": ("GRU-AFTER-14",),
        "grad_z": ("GRU-AFTER-15",),
        "grad_a_n": ("GRU-AFTER-16",),
        "grad_q": ("GRU-AFTER-17",),
        "grad_r": ("GRU-AFTER-18",),
        "grad_a_z": ("GRU-AFTER-19",),
        "grad_a_r": ("GRU-AFTER-20",),
        "grad_h": ("GRU-AFTER-13",),
        "grad_W_r": ("GRU-AFTER-24",),
        "grad_U_r": ("GRU-AFTER-25",),
        "grad_b_r": ("GRU-AFTER-23",),
        "grad_W_z": ("GRU-AFTER-27",),
        "grad_U_z": ("GRU-AFTER-28",),
        "grad_b_z": ("GRU-AFTER-26",),
        "grad_W_n": ("GRU-AFTER-30",),
        "grad_U_n": ("GRU-AFTER-31",),
        "grad_b_n": ("GRU-AFTER-29",),
        "grad_d": ("GRU-AFTER-32",),
    },
    whole=tuple(f"GRU-AFTER-{k}" for k in range(12, 35)),
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


def grad_q(r, grad_a_n):
    """(T, H): what the reset gate is multiplied with."""
    return r * grad_a_n


def grad_r(q, grad_a_n):
    """(T, H): the reset gate."""
    return q * grad_a_n


def grad_a_z(z, grad_z):
    """(T, H): what comes into the update gate."""
    return z * (1 - z) * grad_z


def grad_a_r(r, grad_r):
    """(T, H): what comes into the reset gate."""
    return r * (1 - r) * grad_r


def grad_h(V, grad_o, z, W_r, W_z, W_n, grad_q, grad_a_r, grad_a_z):
    """(T, H): the states, from the last step to the first."""
    g = np.zeros_like(z)
    later = np.zeros(z.shape[1])
    for t in reversed(range(len(z))):
        g[t] = V.T @ grad_o[t] + later
        later = z[t] * g[t] + W_n.T @ grad_q[t] + W_r.T @ grad_a_r[t] + W_z.T @ grad_a_z[t]
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


def grad_W_n(grad_q, h, h0):
    """(H, H): the recurrent weights of the candidates."""
    before = np.vstack([h0, h[:-1]])
    return grad_q.T @ before


def grad_U_n(grad_a_n, x):
    """(H, I): the weights of the inputs of the candidates."""
    return grad_a_n.T @ x


def grad_b_n(grad_a_n):
    """(H,): the bias of the candidates."""
    return grad_a_n.sum(axis=0)


def grad_d(grad_q):
    """(H,): the bias of q."""
    return grad_q.sum(axis=0)
