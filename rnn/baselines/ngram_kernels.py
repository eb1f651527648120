"""Walking through the tree of an n-gram model, compiled.

Node 0 is the empty gram, then come those of order 1, 2 … n, each order sorted. A state is the longest end of the tokens
so far that is in the tree, at most n−1 of them; a link leads from a gram to the one without its oldest token.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minigrad.kernels.compiling import kernel
from rnn.metrics import Floats, Ints

Places = NDArray[np.int32]


class Tree(NamedTuple):
    """The grams of all orders, M nodes, of which the first I are of an order below n."""

    tokens: Places  # (M,) the last token of each gram
    first: Places  # (I+1,) its children are first[i] … first[i+1] − 1, sorted by token
    links: Places  # (M,) the gram without its oldest token
    leans: Places  # (n+1,) the order that order k falls back to, below k; 0 is the uniform distribution
    unseen: Floats  # (n+1,) what order k multiplies by when it falls back from a context that is not in the tree


@kernel
def suffixes(starts: Ints, tokens: Ints, lower_starts: Ints, lower_tokens: Ints, lower_links: Ints, out: Ints) -> bool:
    """For grams of one order the places of their suffixes one order below; false where one is missing.

    What follows (x, c) also follows c: both lists are sorted, so one pass over the longer one finds all.
    """
    for context in range(starts.size - 1):
        place, end = lower_starts[lower_links[context]], lower_starts[lower_links[context] + 1]
        for gram in range(starts[context], starts[context + 1]):
            while place < end and lower_tokens[place] < tokens[gram]:
                place += 1
            if place >= end or lower_tokens[place] != tokens[gram]:
                return False
            out[gram] = place
    return True


@kernel
def find(first: Places, tokens: Places, node: int, token: int) -> int:
    """The child of a node by a token, or −1; halving without a jump, which would often be mispredicted."""
    low = first[node]
    size = first[node + 1] - low
    if size == 0:
        return -1
    while size > 1:
        half = size >> 1
        low = low + half if tokens[low + half] <= token else low
        size -= half
    return low if tokens[low] == token else -1


@kernel
def reach(tree: Tree, node: int, depth: int, token: int) -> tuple[int, int]:
    """The longest end of (node's gram, token) that is in the tree, and its order."""
    first, tokens, links = tree.first, tree.tokens, tree.links
    child = find(first, tokens, node, token)
    while child < 0:
        if node == 0:
            return 0, 0
        node = links[node]
        depth -= 1
        child = find(first, tokens, node, token)
    return child, depth + 1


@kernel
def shorten(links: Places, node: int, depth: int, limit: int) -> tuple[int, int]:
    """The same state with at most `limit` tokens."""
    while depth > limit:
        node = links[node]
        depth -= 1
    return node, depth


@kernel
def advance(tree: Tree, node: int, depth: int, limit: int, tokens: Ints) -> tuple[int, int]:
    """The state after more tokens."""
    for token in tokens:
        node, depth = reach(tree, node, depth, token)
        node, depth = shorten(tree.links, node, depth, limit)
    return node, depth


@kernel
def score(
    tree: Tree, log_p: Floats, log_spare: Floats, start: int, start_depth: int, limit: int, ids: Ints, out: Floats
) -> None:
    """log P of each token after at most `limit` tokens: the longest gram that is there, and what was spared above it.

    `out` comes filled with log(1/V), the distribution of order 0.
    """
    first, tokens, links, leans, unseen = tree.first, tree.tokens, tree.links, tree.leans, tree.unseen
    chained = True
    for k in range(1, leans.size):
        chained = chained and leans[k] == k - 1
    node, depth = shorten(links, start, start_depth, limit)
    for t in range(ids.size):
        token = ids[t]
        total, here, height, child = 0.0, node, depth, -1
        k = min(start_depth + t, limit) + 1
        while k > 0:
            here, height = shorten(links, here, height, k - 1)
            if height == k - 1:
                child = find(first, tokens, here, token)
                if child >= 0:
                    out[t] = total + log_p[child]
                    break
                total += log_spare[here]
            elif unseen[k] != 1:
                total += np.log(unseen[k])
            k = leans[k]
        if child < 0:
            out[t] += total
        if child >= 0 and (chained or height == depth):  # nothing longer than the gram that was found is there
            node, depth = child, height + 1
        else:
            node, depth = reach(tree, node, depth, token)
        node, depth = shorten(links, node, depth, limit)


@kernel
def fill(
    tree: Tree, p: Floats, spare: Floats, node: int, depth: int, available: int, row: Floats, uniform: float
) -> None:
    """A whole row P(· | c) for a state that stands for `available` tokens; `row` comes filled with −1, or with what is
    to be left alone."""
    weight = 1.0
    k = available + 1
    while k > 0:
        node, depth = shorten(tree.links, node, depth, k - 1)
        if depth == k - 1:
            for child in range(tree.first[node], tree.first[node + 1]):
                if row[tree.tokens[child]] < 0:
                    row[tree.tokens[child]] = weight * p[child]
            weight *= spare[node]
        else:
            weight *= tree.unseen[k]
        k = tree.leans[k]
    for token in range(row.size):
        if row[token] < 0:
            row[token] = weight * uniform


@kernel
def rows(
    tree: Tree, p: Floats, spare: Floats, start: int, start_depth: int, limit: int, contexts: Ints, out: Floats,
    uniform: float,
) -> None:  # fmt: skip
    """P(· | c) for each row of contexts (B, m); `out` comes filled with −1."""
    start, start_depth = shorten(tree.links, start, start_depth, limit)
    for b in range(out.shape[0]):
        node, depth = advance(tree, start, start_depth, limit, contexts[b])
        fill(tree, p, spare, node, depth, min(start_depth + contexts.shape[1], limit), out[b], uniform)


@kernel
def left_over(
    tree: Tree, p: Floats, spare: Floats, nodes: Ints, depth: int, row: Floats, uniform: float, out: Floats
) -> None:
    """For nodes of one order the mass that the order below gives to the tokens which never follow them.

    A sum of what is there: 1 − the rest would lose its digits where little is left.
    """
    for i in range(nodes.size):
        row[:] = -1
        for child in range(tree.first[nodes[i]], tree.first[nodes[i] + 1]):
            row[tree.tokens[child]] = 0
        if depth == 0:
            fill(tree, p, spare, 0, 0, -1, row, uniform)
        else:
            fill(tree, p, spare, tree.links[nodes[i]], depth - 1, depth - 1, row, uniform)
        out[i] = row.sum()


@kernel
def ratios(tree: Tree, counts: Floats, totals: Floats, limit: int, ids: Ints, out: Floats) -> None:
    """n(c, w) / n(c, ·) of each order at each token, out (N, n); filled with −1, for where nothing follows c."""
    node, depth = 0, 0
    for t in range(ids.size):
        here, height = node, depth
        while height >= 0:
            if totals[here] > 0:
                child = find(tree.first, tree.tokens, here, ids[t])
                out[t, height] = counts[child] / totals[here] if child >= 0 else 0.0
            here = tree.links[here]
            height -= 1
        node, depth = reach(tree, node, depth, ids[t])
        node, depth = shorten(tree.links, node, depth, limit)


@kernel
def expect(found: Floats, weights: Floats, uniform: float, stopped: Floats, came: Floats) -> None:
    """How often a walk down the orders is expected to have come to each one, (n,), and to have stopped there.

    `found` (N, n) is from `ratios`. The walk ended at order k with probability λₖ n(c, w)/n(c, ·) Π_{j>k} (1 − λⱼ),
    below order 1 with 1/V times the product over all; orders of which nothing is known are passed by.
    """
    stopped[:] = 0
    came[:] = 0
    here = np.empty(weights.size)
    for t in range(found.shape[0]):
        reached, total = 1.0, 0.0
        for k in range(weights.size - 1, -1, -1):
            here[k] = 0
            if found[t, k] >= 0:
                here[k] = reached * weights[k] * found[t, k]
                reached *= 1 - weights[k]
                total += here[k]
        total += reached * uniform
        below = reached * uniform / total
        for k in range(weights.size):
            if found[t, k] >= 0:
                below += here[k] / total
                stopped[k] += here[k] / total
                came[k] += below
