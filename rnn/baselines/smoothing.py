"""Smoothings: each turns the counts of one order, and the distribution below it, into probabilities.

A smoothing is one function `(seen, lower) -> P(w | c)`. `seen` holds n(c, w), n(c, ·), n(c), V, the ε of this
order and the unigram P(w); `lower` is P(w | c without its oldest token), and 1/V below the first order. The
recursion over orders stands in `ngram.py`. Everything is (N,), one entry per event.

0/0 (a context never seen, and nothing added) is defined as the distribution that the formula leans on: the
one of the order below, or the unigram in `d2l`. So `mle` uses the longest suffix of a context that it has
seen followed by something; the empty context always counts as seen.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rnn.baselines.counts import Seen
from rnn.metrics import Floats

Smoothing = Callable[[Seen, Floats], Floats]

SMOOTHINGS: dict[str, Smoothing] = {}


def smoothing(function: Smoothing) -> Smoothing:
    """Enter a function in `SMOOTHINGS` under its own name, with - for _."""
    SMOOTHINGS[function.__name__.replace("_", "-")] = function
    return function


@smoothing
def mle(seen: Seen, lower: Floats) -> Floats:
    """Maximum likelihood, P(w|c) = n(c, w) / n(c, ·), and `lower` where nothing follows c [D2L 8.3.1]."""
    return _ratio(seen.joint, seen.total, lower)


@smoothing
def laplace(seen: Seen, lower: Floats) -> Floats:
    """Add one: P(w|c) = (n(c, w) + 1) / (n(c, ·) + V), uniform for an unseen context."""
    return (seen.joint + 1.0) / (seen.total + seen.vocabulary)


@smoothing
def lidstone(seen: Seen, lower: Floats) -> Floats:
    """Add ε: P(w|c) = (n(c, w) + ε) / (n(c, ·) + ε V); `laplace` for ε = 1, `mle` for ε = 0."""
    return _ratio(seen.joint + seen.epsilon, seen.total + seen.epsilon * seen.vocabulary, lower)


@smoothing
def d2l(seen: Seen, lower: Floats) -> Floats:
    """As printed: P(w|c) = (n(c, w) + εₖ P(w)) / (n(c) + εₖ), P(w) = (n(w) + ε₁/V) / (n + ε₁) [D2L 8.3.1].

    Every order k leans on the unigram P(w), not on the order below. n(c) counts the occurrence of c that ends
    the text too, though no token follows it: that one row sums to 1 − 1/(n(c) + εₖ) [seed 004 8.3.1].
    """
    return _ratio(seen.joint + seen.epsilon * seen.unigram, seen.occurrences + seen.epsilon, seen.unigram)


@smoothing
def d2l_chain(seen: Seen, lower: Floats) -> Floats:
    """`d2l` put right: P(w|c) = (n(c, w) + εₖ lower) / (n(c, ·) + εₖ), where every row sums to 1.

    `lower` is the smoothed distribution of order k−1, as a back-off should have it [D2L 8.3.1].
    """
    return _ratio(seen.joint + seen.epsilon * lower, seen.total + seen.epsilon, lower)


def _ratio(top: NDArray[np.number], bottom: NDArray[np.number], otherwise: Floats) -> Floats:
    """top / bottom, and `otherwise` where bottom is 0."""
    known = bottom > 0
    return np.where(known, top / np.where(known, bottom, 1), otherwise)
