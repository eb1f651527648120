"""The gradient of the states, from the last step to the first."""

import numpy as np

from cli.exercises._letters import FORM, SCORES
from cli.lab.check.exercise import Exercise

EXERCISE = Exercise(
    name="backwards",
    title="The gradient of the states, backwards through time.",
    order=40,
    family="elman",
    problem="""
    a_t = b + W h_{t-1} + U x_t     h_t = tanh(a_t)
    o_t = c + V h_t                 L follows from the scores

Each state reaches L in two ways: by its own scores, and by the state after it. The
last one has no state after it. Given is the gradient of L by the scores, grad_o;
wanted is its whole gradient by the states, grad_h, in the shape of h.
"""
    + FORM,
    letters={
        "T, H, V": "how many steps, units and classes",
        "h": "(T, H) states; row t - 1 is step t",
        **SCORES,
        "W": "(H, H) recurrent weights",
        "V": "(V, H) weights of the scores",
    },
    asks={"grad_h": ("18", "20")},
)


def grad_h(W, V, h, grad_o):
    """(T, H): the states. Each reaches the loss by its scores and by the next state."""
    g = np.zeros_like(h)
    later = np.zeros(len(W))
    for t in reversed(range(len(h))):
        g[t] = V.T @ grad_o[t] + later
        later = W.T @ ((1 - h[t] ** 2) * g[t])
    return g
