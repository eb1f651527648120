"""A hidden Markov model: all its states at once."""

import numpy as np

from cli.exercises._letters import FORM
from cli.lab.check.exercise import Exercise
from rnn.formulas.registry import Values
from rnn.witnesses import Problem


def ids(problem: Problem) -> Values:
    """What is seen, as ids."""
    x = problem.given()["x"]
    return {"ids": np.array([int(x[t].argmax()) for t in sorted(x)])}


EXERCISE = Exercise(
    name="hmm",
    title="Forward and backward in a hidden Markov model.",
    order=180,
    family="hmm",
    problem="""
The state h_t is not seen, x_t is. All sums are over the states:

    e_t(h) = P(x_t | h)
    pi_1(h) = P(h_1 = h)
    pi_{t+1}(h') = sum of pi_t(h) e_t(h) P(h' | h)            seen: x_1 to x_t
    alpha_1(h) = P(h_1 = h) e_1(h)
    alpha_{t+1}(h') = e_{t+1}(h') sum of alpha_t(h) P(h' | h)   and x_{t+1} too
    beta_T(h) = 1
    beta_t(h) = sum of P(h' | h) e_{t+1}(h') beta_{t+1}(h')   seen: what is later
    P = sum of alpha_T(h)                     the probability of all that is seen
    gamma_t(h) = alpha_t(h) beta_t(h) / P     of the state, by all that is seen
    s_t(v) = sum of pi_t(h) beta_t(h) P(v | h)    v at t, and all that is seen else
"""
    + FORM,
    letters={
        "T, H, V": "how many steps, states and different observations",
        "A": "(H, H) P(h' | h); row h, column h'",
        "B": "(H, V) P(v | h); row h, column v",
        "p": "(H,) P(h_1)",
        "ids": "(T,) what is seen, integers; entry t - 1 is step t",
        "x": "(T, V) the same: 1 in the column of what is seen, else 0",
        "e, pi, alpha, beta": "(T, H); row t - 1 is step t",
        "P": "how probable all that is seen is; a number",
    },
    asks={
        "e": ("HMM-1",),
        "pi": ("HMM-2", "HMM-3"),
        "alpha": ("HMM-9", "HMM-10"),
        "P": ("HMM-11",),
        "beta": ("HMM-5", "HMM-6"),
        "gamma": ("HMM-11", "HMM-12"),
        "s": ("HMM-8",),
    },
    beside=ids,
    ending="_exercise",
)


def e(B, ids):
    """(T, H): how probable what is seen is in each state."""
    return B[:, ids].T


def pi(A, p, e):
    """(T, H): the state and what was seen before it."""
    found = np.zeros_like(e)
    found[0] = p
    for t in range(1, len(e)):
        found[t] = A.T @ (e[t - 1] * found[t - 1])
    return found


def alpha(A, p, e):
    """(T, H): the state and what was seen up to it."""
    found = np.zeros_like(e)
    found[0] = e[0] * p
    for t in range(1, len(e)):
        found[t] = e[t] * (A.T @ found[t - 1])
    return found


def P(alpha):
    """A number: how probable all that is seen is."""
    return alpha[-1].sum()


def beta(A, e):
    """(T, H): what is seen later, from each state."""
    found = np.ones_like(e)
    for t in reversed(range(len(e) - 1)):
        found[t] = A @ (e[t + 1] * found[t + 1])
    return found


def gamma(alpha, beta):
    """(T, H): how probable each state is, by all that is seen."""
    joint = alpha * beta
    return joint / joint.sum(axis=1, keepdims=True)


def s(B, pi, beta):
    """(T, V): whatever might be seen at each step, with what is seen at the others."""
    return (pi * beta) @ B
