"""The gradients of two Elman layers, one above the other."""

import numpy as np

from cli.exercises._letters import FORM, INPUTS, SCORES, TARGETS
from cli.lab.check.exercise import Exercise

EXERCISE = Exercise(
    name="deep",
    title="Backpropagation through time in two layers.",
    order=140,
    family="deep",
    problem="""
    a1_t = b1 + W1 h1_{t-1} + U1 x_t       h1_t = tanh(a1_t)
    a2_t = b2 + W2 h2_{t-1} + U2 h1_t      h2_t = tanh(a2_t)
    o_t = c + V h2_t                       y_hat_t = softmax(o_t)
    L = - sum over t of log y_hat_t[y_t]

The states of the upper layer reach L by the scores, those of the lower one by the upper
layer; both also by their own next step. The last step has no next one.

The gradient of L by a quantity has its shape: grad_h1 is (T, H1).
"""
    + FORM,
    letters={
        "T, I, H1, H2, V": "how many steps, inputs, units of either layer, and classes",
        **INPUTS,
        "a1, a2": "(T, H1), (T, H2) what comes into the units",
        "h1, h1_0": "(T, H1) states of the lower layer, and its first state (H1,)",
        "h2, h2_0": "(T, H2) states of the upper layer, and its first state (H2,)",
        **SCORES,
        **TARGETS,
        "U1, W1, b1": "(H1, I), (H1, H1), (H1,) parameters of the lower layer",
        "U2, W2, b2": "(H2, H1), (H2, H2), (H2,) parameters of the upper layer",
        "V, c": "(V, H2), (V,) parameters of the scores",
    },
    asks={
        "grad_h2": ("DEEP-8",),
        "grad_a2": ("DEEP-10",),
        "grad_h1": ("DEEP-9",),
        "grad_a1": ("DEEP-10",),
        "grad_W1": ("DEEP-14",),
        "grad_U1": ("DEEP-15",),
        "grad_b1": ("DEEP-13",),
        "grad_W2": ("DEEP-14",),
        "grad_U2": ("DEEP-15",),
        "grad_b2": ("DEEP-13",),
    },
    whole=tuple(f"DEEP-{k}" for k in range(7, 18)),
    drawn={"layers": 2},
)


def grad_h2(W2, V, grad_a2, grad_o):
    """(T, H2): the states of the upper layer."""
    later = np.vstack([grad_a2[1:] @ W2, np.zeros(len(W2))])
    return grad_o @ V + later


def grad_a2(h2, grad_h2):
    """(T, H2): what comes into the upper layer."""
    return (1 - h2**2) * grad_h2


def grad_h1(W1, U2, grad_a1, grad_a2):
    """(T, H1): the states of the lower layer."""
    later = np.vstack([grad_a1[1:] @ W1, np.zeros(len(W1))])
    return grad_a2 @ U2 + later


def grad_a1(h1, grad_h1):
    """(T, H1): what comes into the lower layer."""
    return (1 - h1**2) * grad_h1


def grad_W1(grad_a1, h1, h1_0):
    """(H1, H1): the recurrent weights of the lower layer."""
    before = np.vstack([h1_0, h1[:-1]])
    return grad_a1.T @ before


def grad_U1(grad_a1, x):
    """(H1, I): the weights of what comes into the lower layer."""
    return grad_a1.T @ x


def grad_b1(grad_a1):
    """(H1,): the bias of the lower layer."""
    return grad_a1.sum(axis=0)


def grad_W2(grad_a2, h2, h2_0):
    """(H2, H2): the recurrent weights of the upper layer."""
    before = np.vstack([h2_0, h2[:-1]])
    return grad_a2.T @ before


def grad_U2(grad_a2, h1):
    """(H2, H1): the weights of what comes into the upper layer."""
    return grad_a2.T @ h1


def grad_b2(grad_a2):
    """(H2,): the bias of the upper layer."""
    return grad_a2.sum(axis=0)
