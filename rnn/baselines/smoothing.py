"""Smoothings: each turns the counts of one order, and a distribution below it, into probabilities.

A smoothing is one function `seen -> Shares`: P(w | c) for the grams (c, w) that were counted, and for each context the
share of the distribution it leans on, from which all other tokens get theirs:

    P(w | c) = spare(c) · base(w | …)        where (c, w) was not counted.

`seen` offers three distributions to lean on: `lower`, P(w | c without its oldest token); `unigram`, the smoothed P(w);
`uniform`, 1/V. The recursion over orders stands in `climbing.py`. Shapes: K grams, C contexts.

0/0 (a context that nothing follows, and nothing added) is defined as spare = 1: the base alone. So `mle` uses the
longest suffix of a context that it has seen followed by something. The lowest order leans on 1/V, so that a token
that was never counted has a share everywhere but in `mle`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnn.baselines.discounts import Discount, absolute_discount, good_turing, modified_discounts
from rnn.baselines.seen import Base, Seen, Shares
from rnn.metrics import Floats, Ints

Smoothing = Callable[[Seen], Shares]

SMOOTHINGS: dict[str, Smoothing] = {}

SCORES = frozenset({"stupid-backoff"})
"""Those whose rows are no distributions at all."""

SHORT = frozenset({"d2l"})
"""Those of which some row sums to less than 1."""

ADDING = frozenset({"lidstone", "d2l", "d2l-chain"})
"""Those that add an ε."""

MIXING = frozenset({"jelinek-mercer"})
"""Those that mix by weights λ."""

BACKOFF = 0.4  # what stupid backoff multiplies by [Brants et al. 2007]


def smoothing(function: Smoothing) -> Smoothing:
    """Enter a function in `SMOOTHINGS` under its own name, with - for _."""
    SMOOTHINGS[function.__name__.replace("_", "-")] = function
    return function


@smoothing
def mle(seen: Seen) -> Shares:
    """Maximum likelihood, P(w|c) = n(c, w) / n(c, ·), and `lower` where nothing follows c [D2L 8.3.1]."""
    return _drawn(seen, seen.counts, 0.0, seen.total, seen.lower)


@smoothing
def laplace(seen: Seen) -> Shares:
    """Add one: P(w|c) = (n(c, w) + 1) / (n(c, ·) + V), uniform for an unseen context."""
    return _drawn(seen, seen.counts, float(seen.vocabulary), seen.total, seen.uniform)


@smoothing
def lidstone(seen: Seen) -> Shares:
    """Add ε: P(w|c) = (n(c, w) + ε) / (n(c, ·) + ε V); `laplace` for ε = 1, `mle` for ε = 0."""
    base = seen.uniform if seen.epsilon else seen.lower
    return _drawn(seen, seen.counts, seen.epsilon * seen.vocabulary, seen.total, base)


@smoothing
def d2l(seen: Seen) -> Shares:
    """As printed: P(w|c) = (n(c, w) + εₖ P(w)) / (n(c) + εₖ), P(w) = (n(w) + ε₁/V) / (n + ε₁) [D2L 8.3.1].

    Every order k leans on the unigram P(w), not on the order below. n(c) counts the occurrence of c that ends
    the text too, though no token follows it: that one row sums to 1 − 1/(n(c) + εₖ) [seed 004 8.3.1].
    """
    return _drawn(seen, seen.counts, seen.epsilon, seen.occurrences, seen.unigram)


@smoothing
def d2l_chain(seen: Seen) -> Shares:
    """`d2l` put right: P(w|c) = (n(c, w) + εₖ lower) / (n(c, ·) + εₖ), where every row sums to 1.

    `lower` is the smoothed distribution of order k−1, as a back-off should have it [D2L 8.3.1].
    """
    return _drawn(seen, seen.counts, seen.epsilon, seen.total, seen.lower)


@smoothing
def jelinek_mercer(seen: Seen) -> Shares:
    """A mixture, P(w|c) = λₖ n(c, w)/n(c, ·) + (1 − λₖ) lower, λ by EM on held-out text [Jelinek, Mercer 1980]."""
    followed = seen.total > 0
    own = seen.weight * seen.counts / seen.total[seen.contexts]
    return seen.mixed(own, np.where(followed, 1 - seen.weight, 1.0), seen.lower)


@smoothing
def witten_bell(seen: Seen) -> Shares:
    """P(w|c) = (n(c, w) + T(c) lower) / (n(c, ·) + T(c)), T(c) different tokens follow c [Witten, Bell 1991]."""
    return _drawn(seen, seen.counts, seen.types, seen.total, seen.lower)


@smoothing
def absolute(seen: Seen) -> Shares:
    """P(w|c) = max(n(c, w) − D, 0)/n(c, ·) + D T(c)/n(c, ·) lower, D given or n₁/(n₁ + 2n₂) [Ney et al. 1994]."""
    return _discounted(seen, seen.counts, seen.discount or absolute_discount(seen.counts))


@smoothing
def kneser_ney(seen: Seen) -> Shares:
    """`absolute`, but shorter grams count by how many different tokens stand before them [Kneser, Ney 1995].

    The start of the text is one of these. One D per order, given or estimated from the numbers it is taken from.
    Totals are sums of the same numbers, so every row sums to 1.
    """
    return _discounted(seen, seen.adjusted, seen.discount or absolute_discount(seen.adjusted))


@smoothing
def modified_kneser_ney(seen: Seen) -> Shares:
    """`kneser-ney` with three discounts per order, for counts of 1, of 2, and above [Chen, Goodman 1998]."""
    return _discounted(seen, seen.adjusted, seen.discount or modified_discounts(seen.adjusted))


@smoothing
def katz(seen: Seen) -> Shares:
    """P(w|c) = d(r) n(c, w)/n(c, ·) for a gram counted r times, else α(c) lower; d(r) by Good and Turing [Katz 1987].

    α(c) shares out what the d(r) ≤ 1 took away. Where they took nothing, but some token never follows c, the place of
    n(c, ·) is taken by n(c, ·) + 1; where every token follows c, the row is divided by its sum.
    """
    discount = seen.discount or good_turing(seen.counts)
    taken = np.minimum(discount.of(seen.counts), seen.counts)
    missing = seen.unseen()
    lost = seen.per_context(taken)
    extra = ((lost == 0) & (missing > 0)).astype(np.float64)
    bottom = np.where(missing > 0, seen.total + extra, seen.total - lost)
    kept = (seen.counts - taken) / bottom[seen.contexts]
    spare = _ratio(_ratio(lost + extra, bottom, 1.0), missing, 0.0)
    return Shares(kept, spare, seen.lower.order, discount)


@smoothing
def stupid_backoff(seen: Seen) -> Shares:
    """Scores, not probabilities: n(c, w)/n(c, ·) where that is not 0, else 0.4 times `lower` [Brants et al. 2007].

    A token that was never counted gets 0.4/V at order 1. Rows do not sum to 1.
    """
    spare = np.full(seen.total.shape, BACKOFF)
    return Shares(seen.counts / seen.total[seen.contexts], spare, seen.lower.order, unseen=BACKOFF)


def _drawn(seen: Seen, counts: Ints, added: Floats | float, total: Floats | Ints, base: Base) -> Shares:
    """(n(c, w) + added(c) base) / (total(c) + added(c))."""
    bottom = total + added
    return seen.mixed(counts / bottom[seen.contexts], _ratio(added, bottom, 1.0), base)


def _discounted(seen: Seen, counts: Ints, discount: Discount) -> Shares:
    """Take the discount from each count, and let the order below share out what was taken."""
    taken = np.minimum(discount.of(counts), counts)
    total = seen.per_context(counts)
    spare = _ratio(seen.per_context(taken), total, 1.0)
    return seen.mixed((counts - taken) / total[seen.contexts], spare, seen.lower, discount)


def _ratio(top: Floats | float, bottom: NDArray[Any], otherwise: float) -> Floats:
    """top / bottom, and `otherwise` where bottom is 0."""
    known = bottom > 0
    return np.where(known, top / np.where(known, bottom, 1), otherwise)
