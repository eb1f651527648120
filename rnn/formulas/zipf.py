"""Zipf's law: a straight line through logarithms, and a power law over ranks. [D2L 8.3.2; seed 004 8.3.3]

Of the k-grams of a text, those of w ranks in a row are looked at: r (w, 1) are the ranks, n (w, 1) how often each
occurs, the most frequent first, and N how often all of them do. u (w, 1) is ones. Logarithms are natural.
As in NumPy, a number that is added to a column is added to each of its rows.

By least squares every rank counts alike, and the line has the slope −α. By likelihood every token does: it is drawn
from p (w, 1), the power law with exponent a, for which L is the mean loss of a token, in nats.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from rnn.formulas.registry import equation, family
from rnn.formulas.words import Array, entry, softmax

family("zipf", "Zipf's law [D2L 8.3.2]")
line = partial(equation, family="zipf", source="derived; D2L 8.3.2", witnesses=("engine",))


@line(
    "ZIPF-1",
    gives="z",
    title="the logarithms of the ranks, around their mean",
    text="z = log r − uᵀ log r/w",
    latex=r"z = \log r - u^\top \log r/w",
)
def z(r: Array, u: Array, w: float) -> Array:
    return np.log(r) - u.T @ np.log(r) / w


@line(
    "ZIPF-2",
    gives="α",
    title="the exponent, by least squares",
    text="α = −(zᵀ log n)/(zᵀ z)",
    latex=r"\alpha = -(z^\top \log n)/(z^\top z)",
    note="the slope of the line through log n over log r, with the other sign",
)
def alpha(z: Array, n: Array) -> float:
    return -entry(z.T @ np.log(n), 0) / entry(z.T @ z, 0)


@line(
    "ZIPF-3",
    gives="c",
    title="where the line stands at rank 1",
    text="c = uᵀ (log n + α log r)/w",
    latex=r"c = u^\top (\log n + \alpha \log r)/w",
)
def c(u: Array, n: Array, alpha: float, r: Array, w: float) -> float:
    return entry(u.T @ (np.log(n) + alpha * np.log(r)), 0) / w


@equation(
    "ZIPF-4",
    family="zipf",
    gives="e",
    source="D2L 8.3.2",
    title="what is left over: log n = −α log r + c is the law",
    text="e = log n − c + α log r",
    latex=r"e = \log n - c + \alpha \log r",
    witnesses=("engine",),
)
def e(n: Array, c: float, alpha: float, r: Array) -> Array:
    return np.log(n) - c + alpha * np.log(r)


@equation(
    "ZIPF-5",
    family="zipf",
    gives="p",
    source="D2L 8.3.2",
    title="the law as a distribution over ranks",
    text="p = softmax(−a log r)",
    latex=r"p = \operatorname{softmax}(-a \log r)",
    witnesses=("engine",),
    note="of rank i that is i⁻ᵃ, divided by the sum of all of them",
)
def p(a: float, r: Array) -> Array:
    return softmax(-a * np.log(r))


@line(
    "ZIPF-6",
    gives="L",
    title="the mean loss of a token under it",
    text="L = −(nᵀ log p)/N",
    latex=r"L = -(n^\top \log p)/N",
)
def loss(n: Array, p: Array, N: float) -> float:
    return -entry(n.T @ np.log(p), 0) / N


@equation(
    "ZIPF-7",
    family="zipf",
    gives="∇a",
    source="derived; D2L 8.3.2",
    title="the likeliest exponent is where this is 0",
    text="∇a = (nᵀ log r)/N − pᵀ log r",
    latex=r"\nabla_a L = (n^\top \log r)/N - p^\top \log r",
    witnesses=("engine", "differences"),
    note="there the law has the mean of log r that the text has",
    derivation=(
        ("log p = −a log r − log(uᵀ exp(−a log r))", r"\log p = -a \log r - \log(u^\top \exp(-a \log r))"),
        ("L = a (nᵀ log r)/N + log(uᵀ exp(−a log r))", r"L = a (n^\top \log r)/N + \log(u^\top \exp(-a \log r))"),
        ("dL = ((nᵀ log r)/N − pᵀ log r) da", r"dL = ((n^\top \log r)/N - p^\top \log r) \, da"),
    ),
)
def grad_a(n: Array, r: Array, N: float, p: Array) -> float:
    return entry(n.T @ np.log(r), 0) / N - entry(p.T @ np.log(r), 0)
