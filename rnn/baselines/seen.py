"""What a smoothing sees of one order, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from rnn.baselines.discounts import Discount
from rnn.metrics import Floats, Ints


class Base(NamedTuple):
    """A distribution to lean on, of a lower order than the one being made."""

    order: int
    p: Floats  # (K,) its probability of each gram's last token; () for 1/V


class Shares(NamedTuple):
    """The probabilities of one order."""

    p: Floats  # (K,) P(w | c) of each gram that was counted
    spare: Floats  # (C,) what each context leaves to the base
    leans: int  # the order of the base
    discount: Discount | None = None  # what was taken from the counts, where something was
    unseen: float = 1.0  # what a context that does not occur at all leaves to the base


@dataclass(frozen=True)
class Seen:
    """The counts of one order k: K grams (c, w), sorted by their C contexts c.

    Every (k−1)-gram of the text is a context, also the one that ends it and that nothing follows.
    """

    order: int
    vocabulary: int  # V
    counts: Ints  # (K,) n(c, w)
    adjusted: Ints  # (K,) below the highest order after how many different tokens (c, w) stands, at it n(c, w)
    contexts: Ints  # (K,) the place of c
    occurrences: Ints  # (C,) n(c), how often c stands in the text; for the empty context its length
    lower: Base  # P(w | c without its oldest token); 1/V at order 1
    unigram: Base  # P(w); 1/V at order 1
    uniform: Base  # 1/V
    epsilon: float
    weight: float
    discount: Discount | None  # given by the user
    unseen: Callable[[], Floats]  # () -> (C,) what `lower` gives to the tokens that never follow c

    def per_context(self, values: Floats | Ints) -> Floats:
        """Sums over each context's grams, (K,) -> (C,)."""
        sums = np.bincount(self.contexts, weights=values, minlength=self.occurrences.size)
        return sums.astype(np.float64, copy=False)

    @cached_property
    def total(self) -> Floats:
        """n(c, ·), (C,): how often something follows c."""
        return self.per_context(self.counts)

    @cached_property
    def types(self) -> Floats:
        """T(c), (C,): how many different tokens follow c."""
        return np.bincount(self.contexts, minlength=self.occurrences.size).astype(np.float64)

    def mixed(self, own: Floats, spare: Floats, base: Base, discount: Discount | None = None) -> Shares:
        """Interpolation: every token has its share of the base, those that were counted `own` (K,) besides."""
        return Shares(own + spare[self.contexts] * base.p, spare, base.order, discount)
