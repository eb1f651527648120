"""Softmax, its loss, and the gradient of the scores."""

import numpy as np

from cli.exercises._letters import FORM, SCORES, TARGETS
from cli.lab.check.exercise import Exercise

EXERCISE = Exercise(
    name="softmax",
    title="From scores to a loss, and back to the scores.",
    order=10,
    family="elman",
    problem="""
    softmax(o)[k] = exp(o[k]) / sum over j of exp(o[j])
    y_hat_t = softmax(o_t)
    L = - sum over t of log y_hat_t[y_t]

grad_o is the gradient of L by o, and has its shape. The loss is a sum over the
steps, not a mean, and its logarithm is the natural one.
"""
    + FORM,
    letters={"T, V": "how many steps and classes; row t - 1 is step t", **SCORES, **TARGETS},
    asks={"y_hat": ("10",), "L": ("13",), "grad_o": ("17",)},
    ending="_gradients",
)


def y_hat(o):
    """(T, V): the probabilities."""
    e = np.exp(o - o.max(axis=1, keepdims=True))  # a number off all scores of a step changes nothing
    return e / e.sum(axis=1, keepdims=True)


def L(y_hat, y):
    """A number: the loss."""
    return -np.log(y_hat[np.arange(len(y)), y]).sum()


def grad_o(y_hat, y):
    """(T, V): the scores."""
    g = y_hat.copy()
    g[np.arange(len(y)), y] -= 1
    return g
