"""The gradients inside one step of a gated recurrent unit."""

import numpy as np

from cli.exercises._letters import FORM, GRU, OF_STATES, PRODUCT, UNITS
from cli.lab.check.exercise import Exercise

EXERCISE = Exercise(
    name="gru-gates",
    title="Inside a gated recurrent unit.",
    order=90,
    family="gru",
    problem="""
    a_r = b_r + W_r h_{t-1} + U_r x_t     r = sigma(a_r)
    a_z = b_z + W_z h_{t-1} + U_z x_t     z = sigma(a_z)
    q = r * h_{t-1}
    a_n = b_n + W_n q + U_n x_t           n = tanh(a_n)
    h_t = (1 - z) * n + z * h_{t-1}
"""
    + PRODUCT
    + """r, z, q and n are those of step t. Given is grad_h, the whole gradient of L by the
states: what one does to later ones is in it. Wanted is how it comes to the gates.
"""
    + OF_STATES
    + FORM,
    letters={**UNITS, **GRU, "q": "(T, H) what the reset gate lets through of the state before"},
    asks={
        "grad_n": ("GRU-14",),
        "grad_z": ("GRU-15",),
        "grad_a_n": ("GRU-16",),
        "grad_q": ("GRU-17",),
        "grad_r": ("GRU-18",),
        "grad_a_z": ("GRU-19",),
        "grad_a_r": ("GRU-20",),
    },
    ending="_gradients",
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
