"""Probabilities from counts."""

import numpy as np

from cli.exercises._letters import FORM
from cli.lab.check.exercise import Exercise
from rnn.formulas.registry import Values
from rnn.witnesses import Problem


def ids(problem: Problem) -> Values:
    """The second text as it is read: y0 and then y, as ids."""
    y = problem.given()["y"]
    return {"ids": np.array([int(y[t].argmax()) for t in sorted(y)])}


EXERCISE = Exercise(
    name="smoothing",
    title="Laplace smoothing and perplexity.",
    order=170,
    family="smoothing",
    problem="""
One text has been counted: n(x) is how often x stands in it, n(x, x') how often
x' follows x. e1, e2, e3 are epsilon_1, epsilon_2, epsilon_3.

    P(x)           = (n(x) + e1 / m) / (N + e1)
    P(x' | x)      = (n(x, x') + e2 P(x')) / (n(x) + e2)
    P(x'' | x, x') = (n(x, x', x'') + e3 P(x'')) / (n(x, x') + e3)

Another text, y_1 to y_T, comes after y_0 and is measured:

    s_t = P(y_t | y_{t-1})
    L = - (1 / T) sum over t of log s_t
    G = exp(L)                              the perplexity
"""
    + FORM,
    letters={
        "T, m": "how long the other text is, and how many different tokens there are",
        "N": "how long the counted text is",
        "n": "(m,) counts of x",
        "C": "(m, m) counts of x, x'; row x, column x'",
        "D": "(m m, m) counts of x, x', x''; row x m + x', column x''",
        "p": "(m,) P(x)",
        "Q": "(m, m) P(x' | x); row x, column x'",
        "R": "(m m, m) P(x'' | x, x'); rows and columns as in D",
        "ids": "(T + 1,) the other text, integers: y_0 to y_T",
        "y, y0": "(T, m), (m,) the same, 1 in the token's column, else 0",
    },
    asks={
        "p": ("SMOOTHING-1",),
        "Q": ("SMOOTHING-2",),
        "R": ("SMOOTHING-3",),
        "s": ("SMOOTHING-7",),
        "L": ("SMOOTHING-8",),
        "G": ("SMOOTHING-8", "SMOOTHING-9"),
    },
    beside=ids,
    ending="_exercise",
)


def p(n, N, m, epsilon_1):
    """(m,): how probable each token is by itself."""
    return (n + epsilon_1 / m) / (N + epsilon_1)


def Q(C, n, p, epsilon_2):
    """(m, m): how probable each token is after each other one."""
    return (C + epsilon_2 * p) / (n[:, None] + epsilon_2)


def R(D, C, p, epsilon_3):
    """(m m, m): how probable each token is after each two others."""
    return (D + epsilon_3 * p) / (C.reshape(-1, 1) + epsilon_3)


def s(Q, ids):
    """(T,): how probable each token of the other text was, by the one before it."""
    return Q[ids[:-1], ids[1:]]


def L(s):
    """A number: the mean loss of a token, in nats."""
    return -np.log(s).mean()


def G(s):
    """A number: the perplexity."""
    return np.exp(-np.log(s).mean())
