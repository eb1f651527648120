"""The gradients of two Elman layers that read a sequence from either end."""

import numpy as np

from cli.exercises._letters import FORM, INPUTS, SCORES, TARGETS
from cli.lab.check.exercise import Exercise

EXERCISE = Exercise(
    name="bidirectional",
    title="Backpropagation through time in both directions.",
    order=150,
    family="bidirectional",
    problem="""
    a_h_t = b_h + W_h h_{t-1} + U_h x_t     h_t = tanh(a_h_t)
    a_g_t = b_g + W_g g_{t+1} + U_g x_t     g_t = tanh(a_g_t)
    o_t = c + V_h h_t + V_g g_t             y_hat_t = softmax(o_t)
    L = - sum over t of log y_hat_t[y_t]

h runs forwards from h0; g runs from the last step to the first, and g_end stands where
g_{T+1} is asked for. Row t - 1 of g is g_t, as for all that has steps.

The gradient of L by a quantity has its shape: grad_h is (T, H), grad_g is (T, G).
"""
    + FORM,
    letters={
        "T, I, H, G, V": "how many steps, inputs, units of either direction, and classes",
        **INPUTS,
        "a_h, a_g": "(T, H), (T, G) what comes into the units",
        "h, h0": "(T, H) states of the forward direction, and its first state (H,)",
        "g, g_end": "(T, G) states of the backward direction, and what it starts from (G,)",
        **SCORES,
        **TARGETS,
        "U_h, W_h, b_h": "(H, I), (H, H), (H,) parameters of the forward direction",
        "U_g, W_g, b_g": "(G, I), (G, G), (G,) parameters of the backward direction",
        "V_h, V_g, c": "(V, H), (V, G), (V,) parameters of the scores",
    },
    asks={
        "grad_h": ("BI-9",),
        "grad_a_h": ("BI-10",),
        "grad_g": ("BI-11",),
        "grad_a_g": ("BI-12",),
        "grad_W_h": ("BI-17",),
        "grad_U_h": ("BI-18",),
        "grad_b_h": ("BI-16",),
        "grad_W_g": ("BI-20",),
        "grad_U_g": ("BI-21",),
        "grad_b_g": ("BI-19",),
    },
    whole=tuple(f"BI-{k}" for k in range(8, 25)),
)


def grad_h(W_h, V_h, grad_a_h, grad_o):
    """(T, H): the forward states, by their scores and the step after them."""
    later = np.vstack([grad_a_h[1:] @ W_h, np.zeros(len(W_h))])
    return grad_o @ V_h + later


def grad_a_h(h, grad_h):
    """(T, H): what comes into the forward units."""
    return (1 - h**2) * grad_h


def grad_g(W_g, V_g, grad_a_g, grad_o):
    """(T, G): the backward states, by their scores and the step before them."""
    later = np.vstack([np.zeros(len(W_g)), grad_a_g[:-1] @ W_g])  # g_t goes on to g_{t-1}
    return grad_o @ V_g + later


def grad_a_g(g, grad_g):
    """(T, G): what comes into the backward units."""
    return (1 - g**2) * grad_g


def grad_W_h(grad_a_h, h, h0):
    """(H, H): the recurrent weights of the forward direction."""
    before = np.vstack([h0, h[:-1]])
    return grad_a_h.T @ before


def grad_U_h(grad_a_h, x):
    """(H, I): the weights of the inputs, forward."""
    return grad_a_h.T @ x


def grad_b_h(grad_a_h):
    """(H,): the bias of the forward direction."""
    return grad_a_h.sum(axis=0)


def grad_W_g(grad_a_g, g, g_end):
    """(G, G): the recurrent weights of the backward direction."""
    after = np.vstack([g[1:], g_end])
    return grad_a_g.T @ after


def grad_U_g(grad_a_g, x):
    """(G, I): the weights of the inputs, backward."""
    return grad_a_g.T @ x


def grad_b_g(grad_a_g):
    """(G,): the bias of the backward direction."""
    return grad_a_g.sum(axis=0)
