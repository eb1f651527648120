"""The pages on rows: whether they sum to 1, and what they should lean on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Result, Table, at_least, at_most
from cli.lessons.ngrams.book import BOOK, EPSILON, EPSILONS, Book, Split, open_book
from cli.lessons.ngrams.counting import times
from cli.lessons.text.steps import visible
from minigrad.graph import Array
from rnn.baselines import SMOOTHINGS
from rnn.baselines.smoothing import SCORES, SHORT
from rnn.metrics import Ints, perplexity

_ORDERS = range(1, 8)
_SUMMED = range(1, 6)
_UNSEEN = 200  # contexts by chance
_ASKED = ("", "q", "ha", "the", "xqz")


def contexts(text: Split, length: int, rng: np.random.Generator) -> Ints:
    """Every run of a length that stands in the text, and some by chance, as rows."""
    if not length:
        return np.zeros((1, 0), np.int64)
    runs = np.unique(np.lib.stride_tricks.sliding_window_view(text.learn, length), axis=0)
    return np.concatenate([runs, rng.integers(0, text.vocabulary, (_UNSEEN, length))])


@experiment(book=BOOK, epsilon=EPSILON)
def sums(book: int = 0, epsilon: float = 0.1, *, rng: np.random.Generator) -> Result:
    """The sum of every row, for every smoothing that gives probabilities."""
    it = open_book(book)
    asked = {k: contexts(it.whole, k - 1, rng) for k in _SUMMED}
    names = [name for name in SMOOTHINGS if name not in SCORES]
    off = {name: max(float(np.abs(_sums(it.whole, name, epsilon, c) - 1).max()) for c in asked.values())
           for name in names}  # fmt: skip
    rows = tuple((name, off[name], "short, as printed" if name in SHORT else "1") for name in names)
    columns: tuple[Column, ...] = (("smoothing", "text"), ("off 1 by", "error"), ("a row sums to", "text"))
    many = sum(len(c) for c in asked.values())
    lacking, expected, others, last = short_of(it, epsilon)
    return Result(
        (Table(columns, rows, f"{many:,} rows of each, n from 1 to 5; the last letter counted is {last}"),),
        (
            at_most("rows of exact forms: the largest distance from 1",
                    max(v for name, v in off.items() if name not in SHORT), 1e-12),
            at_most("as printed, the row of the last letter lacks 1/(n(x) + ε₂), but for",
                    abs(lacking / expected - 1), 1e-6),
            at_least("which is", expected, 1e-5),
            at_most("as printed, all rows of other letters: the largest distance from 1", others, 1e-12),
        ),
    )  # fmt: skip


def _sums(text: Split, smoothing: str, epsilon: float, context: Ints) -> Array:
    model = text.model(context.shape[1] + 1, smoothing, epsilon=epsilon)
    return np.asarray(model.next_distribution(context).sum(axis=1))


def short_of(it: Book, epsilon: float) -> tuple[float, float, float, str]:
    """What the printed pair's row of the last letter lacks, 1/(n(x) + ε₂), how far other rows are off, the letter."""
    last = int(it.whole.learn[-1])
    rows = _sums(it.whole, "d2l", epsilon, np.arange(it.whole.vocabulary)[:, None])
    expected = 1 / ((it.whole.learn == last).sum() + epsilon)
    others = float(np.abs(np.delete(rows, last) - 1).max())
    return 1 - float(rows[last]), float(expected), others, visible(it.vocab.tokens[last])


def drawn(text: str, context: str, letters: Sequence[str], epsilon: float) -> Array:
    """P(· | context): counts, drawn towards those after a shorter context, at last towards 1/m."""
    runs = [context + x for x in letters]
    n = np.array([times(text, run) for run in runs])
    lower: Array | float = 1 / len(letters)
    if context:
        rest = context[1:]
        lower = drawn(text, rest, letters, epsilon)
    total = n.sum() + epsilon
    return np.asarray((n + epsilon * lower) / total)


@experiment(book=BOOK)
def chained(book: int = 0) -> Result:
    """Leaning on single letters, as printed, and on the order below, each order with the ε that suits it."""
    it = open_book(book)
    text, letters = it.vocab.decode(it.whole.learn), it.vocab.tokens
    model = it.whole.model(4, "d2l-chain", 2.0)
    off = max(
        float(np.abs(drawn(text, c, letters, 2.0) - model.next_distribution(it.vocab.encode(c))).max()) for c in _ASKED
    )
    found = {name: {n: best_epsilon(it, name, n) for n in _ORDERS} for name in ("d2l", "d2l-chain")}
    printed, chain = found["d2l"], found["d2l-chain"]
    rows = tuple(
        (str(n), f"{perplexity(printed[n][1]):.2f}", f"{printed[n][0]:.2g}", f"{perplexity(chain[n][1]):.2f}",
         f"{chain[n][0]:.2g}") for n in _ORDERS
    )  # fmt: skip
    columns: tuple[Column, ...] = (
        ("n", "text"), ("as printed", "text"), ("ε", "text"), ("chained", "text"), ("ε", "text"),
    )  # fmt: skip
    best = [perplexity(min(nats for _, nats in form.values())) for form in (printed, chain)]
    return Result(
        (Table(columns, rows, "held-out perplexity; ε chosen within the training part"),),
        (
            at_most("the lines above, and a chained model: apart by", off, 1e-12),
            at_most("for pairs both lean on the same: nats apart by", abs(printed[2][1] - chain[2][1]), 0.01),
            at_most("from order 5 on, chained to printed, at most",
                    max(perplexity(chain[n][1] - printed[n][1]) for n in range(5, 8)), 0.97),
            at_most("the best chained, to the best printed", best[1] / best[0], 0.97),
            at_least("a letter too many, from the best order to the longest, harms the printed form by a factor of",
                     perplexity(printed[7][1]) / best[0], 1.3),
            at_most("and the chained one by", perplexity(chain[7][1]) / best[1], 1.1),
        ),
    )  # fmt: skip


def best_epsilon(it: Book, smoothing: str, order: int) -> tuple[float, float]:
    """The ε that is best within the training part, and the mean loss on the part held out with it."""
    epsilon = min(EPSILONS, key=lambda e: it.choice.nats(order, smoothing, epsilon=e))
    return epsilon, it.whole.nats(order, smoothing, epsilon=epsilon)
