"""The states of a layer of tanh units, and the way back through tanh."""

import numpy as np

from cli.exercises._letters import FORM, INPUTS, LAYER, STATES, UNITS
from cli.lab.check.exercise import Exercise

EXERCISE = Exercise(
    name="tanh",
    title="The states of an Elman layer, and back through tanh.",
    order=20,
    family="elman",
    problem="""
    a_t = b + W h_{t-1} + U x_t     h_t = tanh(a_t)

Row t - 1 of h is h_t, for t = 1 ... T; the state before the first step is h0.
A loss L follows from the states. Its gradient by them, grad_h, is given; wanted is its
gradient by a, which has the shape of a.
"""
    + FORM,
    letters={
        **UNITS,
        **INPUTS,
        **STATES,
        "a": "(T, H) what comes into the units",
        **LAYER,
    },
    asks={"h": ("7", "8"), "grad_a": ("ELMAN-1",)},
    ending="_gradients",
)


def h(U, W, b, x, h0):
    """(T, H): the states, each from the one before."""
    states = np.zeros((len(x), len(b)))
    before = h0
    for t in range(len(x)):
        before = states[t] = np.tanh(b + W @ before + U @ x[t])
    return states


def grad_a(h, grad_h):
    """(T, H): what comes into the units."""
    return (1 - h**2) * grad_h
