"""The gradients of the layer's parameters, which every step shares."""

import numpy as np

from cli.exercises._letters import FORM, GRADIENTS, INPUTS, LAYER, STATES, UNITS
from cli.lab.check.exercise import Exercise

EXERCISE = Exercise(
    name="parameters",
    title="The parameters of an Elman layer, which every step shares.",
    order=50,
    family="elman",
    problem="""
    a_t = b + W h_{t-1} + U x_t     h_t = tanh(a_t)

grad_h, the whole gradient of L by each state, is given: what a state does to later
ones is already in it. Each step adds its part to the gradients of W, U and b.
"""
    + GRADIENTS
    + FORM,
    letters={**UNITS, **INPUTS, **STATES, **LAYER},
    asks={"grad_W": ("24",), "grad_U": ("25",), "grad_b": ("22",)},
)


def grad_W(h, h0, grad_h):
    """(H, H): the recurrent weights."""
    before = np.vstack([h0, h[:-1]])
    return ((1 - h**2) * grad_h).T @ before


def grad_U(h, x, grad_h):
    """(H, I): the weights of the inputs."""
    return ((1 - h**2) * grad_h).T @ x


def grad_b(h, grad_h):
    """(H,): the bias of the layer."""
    return ((1 - h**2) * grad_h).sum(axis=0)
