"""Gradients that are too long."""

import numpy as np

from cli.exercises._letters import FORM
from cli.lab.check.exercise import Exercise

EXERCISE = Exercise(
    name="clipping",
    title="Gradient clipping.",
    order=160,
    family="clipping",
    problem="""
At each of T updates g_t is the gradient of all parameters as one vector.

    nu_t = sqrt(g_t . g_t)
    c_t = min(theta / nu_t, 1) g_t          shortened as a whole
    d_t = max(min(g_t, theta), -theta)      cut off entry by entry
"""
    + FORM,
    letters={
        "T, n": "how many updates, and how many parameters",
        "g": "(T, n) gradients; row t - 1 is update t",
        "theta": "the largest length, or the largest size of an entry; a number",
    },
    asks={"nu": ("CLIPPING-1",), "c": ("CLIPPING-1", "CLIPPING-2"), "d": ("CLIPPING-4",)},
    ending="_exercise",
)


def nu(g):
    """(T,): how long each update's gradient is."""
    return np.sqrt((g * g).sum(axis=1))


def c(g, theta):
    """(T, n): each gradient, shortened to the length theta where it is longer."""
    length = np.linalg.norm(g, axis=1, keepdims=True)
    return np.minimum(1, theta / length) * g


def d(g, theta):
    """(T, n): each gradient with every entry cut off at theta and -theta."""
    return np.clip(g, -theta, theta)
