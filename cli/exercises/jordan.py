"""The gradients of a Jordan network, whose recurrence goes through its output."""

import numpy as np

from cli.exercises._letters import FORM, HEAD, INPUTS, SCORES, SIZES
from cli.lab.check.exercise import Exercise

EXERCISE = Exercise(
    name="jordan",
    title="Backpropagation through time in a Jordan network.",
    order=80,
    family="jordan",
    problem="""
    a_t = b + W y_hat_{t-1} + U x_t     h_t = tanh(a_t)
    o_t = c + V h_t                     y_hat_t = softmax(o_t)
    L = - sum over t of log y_hat_t[y_t]

What goes on to the next step are the probabilities, not the states. grad_y_hat is what
comes to y_hat_t from the next step alone; its own loss enters in grad_o, where both
meet. The last step has no next one. A gradient has the shape of its quantity.
"""
    + FORM,
    letters={
        **SIZES,
        **INPUTS,
        "y": "(T,) targets, integers",
        "y_hat, y_hat0": "(T, V) probabilities, and those before the first step (V,)",
        "a": "(T, H) what comes into the units",
        "h": "(T, H) states",
        **SCORES,
        "U, W, b": "(H, I), (H, V), (H,) parameters of the layer",
        **HEAD,
    },
    asks={
        "grad_y_hat": ("JORDAN-6",),
        "grad_o": ("JORDAN-7",),
        "grad_h": ("JORDAN-8",),
        "grad_a": ("JORDAN-9",),
        "grad_W": ("JORDAN-13",),
        "grad_U": ("JORDAN-14",),
        "grad_b": ("JORDAN-12",),
    },
    whole=tuple(f"JORDAN-{k}" for k in range(6, 17)),
)


def grad_y_hat(W, grad_a):
    """(T, V): what comes to the probabilities from the next step."""
    return np.vstack([grad_a[1:] @ W, np.zeros(W.shape[1])])


def grad_o(y_hat, y, grad_y_hat):
    """(T, V): the scores, from their own loss and from the next step."""
    mean = (y_hat * grad_y_hat).sum(axis=1, keepdims=True)
    g = y_hat + y_hat * (grad_y_hat - mean)
    g[np.arange(len(y)), y] -= 1
    return g


def grad_h(V, grad_o):
    """(T, H): the states."""
    return grad_o @ V


def grad_a(h, grad_h):
    """(T, H): what comes into the units."""
    return (1 - h**2) * grad_h


def grad_W(y_hat, y_hat0, grad_a):
    """(H, V): the recurrent weights."""
    before = np.vstack([y_hat0, y_hat[:-1]])
    return grad_a.T @ before


def grad_U(x, grad_a):
    """(H, I): the weights of the inputs."""
    return grad_a.T @ x


def grad_b(grad_a):
    """(H,): the bias of the layer."""
    return grad_a.sum(axis=0)
