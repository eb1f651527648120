"""The gradients of an Elman network."""

import numpy as np

from cli.exercises._letters import ELMAN, FORM, GRADIENTS
from cli.lab.check.exercise import Exercise

EXERCISE = Exercise(
    name="elman",
    title="Backpropagation through time in an Elman network.",
    order=60,
    family="elman",
    problem="""
    a_t = b + W h_{t-1} + U x_t     h_t = tanh(a_t)
    o_t = c + V h_t                 y_hat_t = softmax(o_t)
    L = - sum over t of log y_hat_t[y_t]
"""
    + GRADIENTS
    + FORM,
    letters=ELMAN,
    asks={
        "grad_o": ("17",),
        "grad_c": ("21",),
        "grad_V": ("23",),
        "grad_h": ("18", "20"),
        "grad_b": ("22",),
        "grad_W": ("24",),
        "grad_U": ("25",),
        "grad_h0": ("ELMAN-2",),
    },
    whole=("17", "18", "20", "21", "22", "23", "24", "25", "ELMAN-2", "ELMAN-3"),
)


def grad_o(y_hat, y):
    """(T, V): the scores."""
    g = y_hat.copy()
    g[np.arange(len(y)), y] -= 1
    return g


def grad_c(grad_o):
    """(V,): the bias of the scores."""
    return grad_o.sum(axis=0)


def grad_V(grad_o, h):
    """(V, H): the weights of the scores."""
    return grad_o.T @ h


def grad_h(W, V, h, grad_o):
    """(T, H): the states. Each reaches the loss by its scores and by the next state."""
    g = np.zeros_like(h)
    later = np.zeros(len(W))
    for t in reversed(range(len(h))):
        g[t] = V.T @ grad_o[t] + later
        later = W.T @ ((1 - h[t] ** 2) * g[t])
    return g


def grad_b(h, grad_h):
    """(H,): the bias of the layer."""
    return ((1 - h**2) * grad_h).sum(axis=0)


def grad_W(h, h0, grad_h):
    """(H, H): the recurrent weights."""
    before = np.vstack([h0, h[:-1]])
    return ((1 - h**2) * grad_h).T @ before


def grad_U(h, x, grad_h):
    """(H, I): the weights of the inputs."""
    return ((1 - h**2) * grad_h).T @ x


def grad_h0(W, h, grad_h):
    """(H,): the first state."""
    return W.T @ ((1 - h[0] ** 2) * grad_h[0])
