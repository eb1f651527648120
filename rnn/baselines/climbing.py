"""The recursion over orders: from 1/V up, a smoothing makes each order from its counts and the orders below."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from rnn.baselines.backoff import Backoff
from rnn.baselines.counts import Counts
from rnn.baselines.discounts import Discount
from rnn.baselines.ngram_kernels import Tree, left_over
from rnn.baselines.seen import Base, Seen
from rnn.baselines.settings import Settings
from rnn.baselines.smoothing import SCORES, SHORT, SMOOTHINGS
from rnn.baselines.trees import tree_of
from rnn.metrics import Floats, Ints

CANCELLING = 0.05  # what is left of 1 is summed anew below this, where the difference has lost its digits


class _Climb(NamedTuple):
    """A model in the making: the nodes of the orders below have their `p`, and `spare` but for the last of them."""

    counts: Counts
    settings: Settings
    tree: Tree
    p: Floats
    spare: Floats


def climb(counts: Counts, settings: Settings) -> tuple[Backoff, tuple[Discount | None, ...]]:
    """The model that a smoothing makes of counts, and the discount of each order, None where there is none."""
    tree = tree_of(counts.levels)
    made = _Climb(counts, settings, tree, np.zeros(tree.tokens.size), np.zeros(tree.first.size - 1))
    ends = np.cumsum([0, 1, *(level.tokens.size for level in counts.levels)]).tolist()
    orders = [slice(*nodes) for nodes in pairwise(ends)]
    discounts = tuple(_step(made, k, *nodes) for k, nodes in enumerate(pairwise(orders), 1))
    name = settings.smoothing
    model = Backoff(
        counts.vocabulary, tree, made.p, made.spare, scores=name in SCORES, normal=name not in SCORES | SHORT
    )
    return model, discounts


def _step(made: _Climb, k: int, contexts: slice, grams: slice) -> Discount | None:
    """Make order k, whose contexts and grams are these nodes."""
    shares = SMOOTHINGS[made.settings.smoothing](_seen(made, k, contexts, grams))
    made.p[grams] = np.minimum(shares.p, 1.0)  # rounding may leave it just above
    made.spare[contexts] = shares.spare
    made.tree.leans[k], made.tree.unseen[k] = shares.leans, shares.unseen
    return shares.discount


def _seen(made: _Climb, k: int, contexts: slice, grams: slice) -> Seen:
    counts, settings = made.counts, made.settings
    level = counts.levels[k - 1]
    uniform = Base(0, np.array(1.0 / counts.vocabulary))
    lower = Base(k - 1, made.p[made.tree.links[grams]]) if k > 1 else uniform
    return Seen(
        order=k, vocabulary=counts.vocabulary, counts=level.counts, adjusted=adjusted(counts, k),
        contexts=level.contexts,
        occurrences=counts.levels[k - 2].counts if k > 1 else np.array([counts.length]),
        lower=lower, unigram=Base(1, _unigram(made)[level.tokens]) if k > 1 else uniform, uniform=uniform,
        epsilon=settings.epsilon[k - 1], weight=settings.weight[k - 1], discount=settings.discount[k - 1],
        unseen=partial(_unseen, made, k, contexts, level.contexts, lower),
    )  # fmt: skip


def adjusted(counts: Counts, k: int) -> Ints:
    """After how many different tokens each k-gram stands, the start of the text being one; n(c, w) at the highest."""
    level = counts.levels[k - 1]
    if k == counts.order:
        return level.counts
    after = np.bincount(counts.levels[k].links, minlength=level.tokens.size)
    if counts.head.size >= k:
        after[counts.place(counts.head[:k])] += 1
    return after


def _unigram(made: _Climb) -> Floats:
    """P(w) of order 1 by token, (V,); 0 for those that were not counted."""
    first = made.counts.levels[0].tokens
    p = np.zeros(made.counts.vocabulary)
    p[first] = made.p[1 : 1 + first.size]
    return p


def _unseen(made: _Climb, k: int, nodes: slice, contexts: Ints, lower: Base) -> Floats:
    """What the order below gives to the tokens that never follow each context, (C,)."""
    size = nodes.stop - nodes.start
    given = np.bincount(contexts, weights=np.broadcast_to(lower.p, contexts.shape), minlength=size)
    left = 1 - given.astype(np.float64, copy=False)
    again = np.flatnonzero(left < CANCELLING)
    vocabulary = made.counts.vocabulary
    mass = np.empty(again.size)
    left_over(made.tree, made.p, made.spare, again + nodes.start, k - 1, np.empty(vocabulary), 1.0 / vocabulary, mass)
    left[again] = mass
    return left
