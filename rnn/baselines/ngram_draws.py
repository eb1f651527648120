"""Drawing tokens from an n-gram model, compiled."""

from __future__ import annotations

from minigrad.kernels.compiling import kernel
from rnn.baselines.ngram_kernels import Tree, fill, reach, shorten
from rnn.metrics import Floats, Ints


@kernel
def invert(
    tree: Tree, p: Floats, spare: Floats, node: int, depth: int, available: int, u: float, marks: Ints, mark: int,
    uniform: float,
) -> int:  # fmt: skip
    """The token at which the probabilities add up to more than u in [0, 1).

    They are added longest gram first, each token once (`marks` remembers), so that most draws end among the few tokens
    that follow the whole context; every order of adding gives the same distribution. −1 where rounding left some of u.
    """
    weight, last = 1.0, -1
    k = available + 1
    while k > 0:
        node, depth = shorten(tree.links, node, depth, k - 1)
        if depth == k - 1:
            for child in range(tree.first[node], tree.first[node + 1]):
                token = tree.tokens[child]
                if marks[token] != mark:
                    marks[token] = mark
                    u -= weight * p[child]
                    last = token if p[child] > 0 else last
                    if u < 0:
                        return token
            weight *= spare[node]
        else:
            weight *= tree.unseen[k]
        k = tree.leans[k]
    if weight > 0:
        for token in range(marks.size):
            if marks[token] != mark:
                u -= weight * uniform
                last = token
                if u < 0:
                    return token
    return last


@kernel
def draw(
    tree: Tree, p: Floats, spare: Floats, node: int, depth: int, available: int, limit: int, marks: Ints,
    uniform: float, u: Floats, out: Ints,
) -> None:  # fmt: skip
    """A token for each of u (N,), each after those before it; `marks` comes filled with −1."""
    for t in range(u.size):
        out[t] = invert(tree, p, spare, node, depth, available, u[t], marks, t, uniform)
        node, depth = reach(tree, node, depth, out[t])
        node, depth = shorten(tree.links, node, depth, limit)
        available = min(available + 1, limit)


@kernel
def draw_shaped(
    tree: Tree, p: Floats, spare: Floats, node: int, depth: int, available: int, limit: int, row: Floats, heap: Ints,
    uniform: float, temperature: float, top_k: int, top_p: float, u: Floats, out: Ints,
) -> None:  # fmt: skip
    """As `draw`, from whole rows as `choose` shapes them; `row` and `heap` are room for one."""
    for t in range(u.size):
        row[:] = -1
        fill(tree, p, spare, node, depth, available, row, uniform)
        out[t] = choose(row, heap, temperature, top_k, top_p, u[t])
        node, depth = reach(tree, node, depth, out[t])
        node, depth = shorten(tree.links, node, depth, limit)
        available = min(available + 1, limit)


@kernel
def choose(row: Floats, heap: Ints, temperature: float, top_k: int, top_p: float, u: float) -> int:
    """One token from weights that need not sum to 1; the row is overwritten.

    Of p^(1/temperature) the `top_k` largest and then the fewest whose share is at least `top_p` remain, divided by
    their sum. Equals stand in the order of their ids; temperature 0 takes the largest.
    """
    largest = 0
    for token in range(row.size):
        largest = token if row[token] > row[largest] else largest
    if temperature == 0:
        return largest
    top, total = row[largest], 0.0
    if top == 0:  # nothing is possible, as after the end of the text in `d2l` with ε = 0
        return int(u * row.size)
    for token in range(row.size):
        row[token] = (row[token] / top) ** (1 / temperature)
        total += row[token]
    kept = row.size
    if top_k < row.size or top_p < 1:
        kept, total = sort_largest(row, heap, total, top_k, top_p)
    total *= u
    for i in range(kept):
        token = heap[row.size - 1 - i] if kept < row.size else i
        if row[token] > 0:
            largest = token
        total -= row[token]
        if total < 0:
            return token
    return largest


@kernel
def sort_largest(row: Floats, heap: Ints, total: float, top_k: int, top_p: float) -> tuple[int, float]:
    """How many tokens remain and what they sum to; they stand at the end of `heap`, the largest last."""
    size = row.size
    for i in range(size):
        heap[i] = i
    for i in range(size // 2 - 1, -1, -1):
        sink(row, heap, i, size)
    if top_k < size:
        total = 0.0
    mass, kept = 0.0, 0
    while kept < min(top_k, size) and (top_k < size or mass < top_p * total * (1 - 1e-12)):
        heap[0], heap[size - 1 - kept] = heap[size - 1 - kept], heap[0]
        mass += row[heap[size - 1 - kept]]
        kept += 1
        sink(row, heap, 0, size - kept)
    if top_k < size:
        total, mass, most, kept = mass, 0.0, kept, 0
        while kept < most and mass < top_p * total * (1 - 1e-12):
            mass += row[heap[size - 1 - kept]]
            kept += 1
    return kept, mass


@kernel
def sink(row: Floats, heap: Ints, i: int, size: int) -> None:
    """Let an entry of the heap sink to its place; a heap has the larger weight, or the smaller id, on top."""
    while 2 * i + 1 < size:
        child = 2 * i + 1
        if child + 1 < size and above(row, heap[child + 1], heap[child]):
            child += 1
        if not above(row, heap[child], heap[i]):
            return
        heap[i], heap[child] = heap[child], heap[i]
        i = child


@kernel
def above(row: Floats, a: int, b: int) -> bool:
    """Whether a comes before b."""
    return bool(row[a] > row[b] or (row[a] == row[b] and a < b))
