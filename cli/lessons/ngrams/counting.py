"""The pages that count: what follows what, how many grams there are, and what was never seen."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Result, Table, at_least, at_most
from cli.lessons.ngrams.book import BOOK, Book, open_book
from cli.lessons.text.steps import visible
from rnn.baselines.zipf import rank_frequency
from rnn.metrics import evaluate

CONTEXTS = ("", "t", "th", "the", "the ", "the l")
LONGEST = 7
_SHOWN = 4  # letters in a row of the first table


def times(text: str, gram: str) -> int:
    """How often a gram stands in a text, overlapping itself where it does."""
    return len(re.findall(f"(?={re.escape(gram)})", text))


def followers(text: str, context: str) -> Counter[str]:
    """What comes after each place where the context stands."""
    k = len(context)
    return Counter(text[i + k] for i in range(len(text) - k) if text.startswith(context, i))


@experiment(book=BOOK)
def what_follows(book: int = 0) -> Result:
    """The letters that follow longer and longer contexts, and how much they leave open."""
    it = open_book(book)
    text, tokens = it.vocab.decode(it.whole.learn), it.vocab.tokens
    rows, worst = [], 0.0
    for context in CONTEXTS:
        found = followers(text, context)
        counted = np.array([found[token] for token in tokens]) / found.total()
        model = it.whole.model(len(context) + 1, "mle").next_distribution(it.vocab.encode(context))
        worst = max(worst, float(np.abs(counted - model).max()))
        likely = "  ".join(f"{visible(c)} {n / found.total():.0%}" for c, n in found.most_common(_SHOWN))
        rows.append((visible(context) or "nothing", found.total(), likely))
    columns: tuple[Column, ...] = (("after", "text"), ("times", "count"), ("most often comes", "text"))
    own = [_own_nats(it, order) for order in range(1, LONGEST)]
    return Result(
        (Table(columns, tuple(rows), f"{it.name}, {len(text):,} characters; ␣ is a space"),),
        (
            at_most("shares found by going through the text, and those of NGram: apart by", worst, 1e-12),
            at_least("each further letter that is known leaves less open, by (nats)", -float(np.diff(own).max()), 0.1),
        ),
    )


def _own_nats(book: Book, order: int) -> float:
    """The mean loss of what was counted on the very text that was counted."""
    return -float(book.whole.model(order, "mle").log_probs(book.whole.learn).mean())


@experiment(book=BOOK)
def tables(book: int = 0) -> Result:
    """How many grams there could be, how many there are, and how many of them stand in the text once."""
    it = open_book(book)
    text, orders = it.vocab.decode(it.whole.learn), range(1, LONGEST)
    found = {k: rank_frequency(it.whole.learn, k, vocabulary=it.whole.vocabulary) for k in orders}
    rows = tuple(
        (str(k), f"{it.whole.vocabulary**k:,}", f"{r.distinct:,}", r.coverage, r.singletons) for k, r in found.items()
    )
    columns: tuple[Column, ...] = (
        ("n", "text"), ("could be", "text"), ("are", "text"), ("as a share", "share"), ("of these once", "share"),
    )  # fmt: skip
    once = [r.singletons for r in found.values()]
    spelt = {k: len({text[i : i + k] for i in range(len(text) - k + 1)}) for k in orders}
    return Result(
        (Table(columns, rows, f"n-grams of characters in {it.name}, {len(text):,} characters, V = {len(it.vocab)}"),),
        (
            at_most("grams that are ranked, and different pieces of the text: numbers apart by",
                    max(abs(spelt[k] - r.distinct) for k, r in found.items()), 0),
            at_most("and what a model of the longest order keeps, apart by",
                    abs(it.whole.model(LONGEST - 1, "mle").size - sum(spelt.values())), 0),
            at_most("with each letter the table is filled less: the share shrinks to, at most",
                    max(found[k + 1].coverage / found[k].coverage for k in list(orders)[:-1]), 0.8),
            at_least("grams of the longest order that stand there only once, as a share", once[-1], 0.5),
            at_least("and that share rises with each letter, by", float(np.diff(once[1:]).min()), 0.05),
        ),
    )  # fmt: skip


@experiment(book=BOOK)
def unseen(book: int = 0, *, rng: np.random.Generator) -> Result:
    """Maximum likelihood on what was counted and on what was not."""
    it = open_book(book)
    orders = range(1, LONGEST + 1)
    models = {k: it.whole.model(k, "mle") for k in orders}
    own = {k: evaluate(m, it.whole.learn, rng=rng) for k, m in models.items()}
    rest = {k: evaluate(m, it.whole.ask, rng=rng) for k, m in models.items()}
    rows = tuple(
        (str(k), f"{own[k].perplexity:.2f}", _written(rest[k].perplexity), rest[k].zero_events,
         rest[k].zero_events / rest[k].tokens) for k in orders
    )  # fmt: skip
    columns: tuple[Column, ...] = (
        ("n", "text"), ("counted", "text"), ("held out", "text"), ("ruled out", "count"), ("of all", "share"),
    )  # fmt: skip
    zero = [rest[k].zero_events for k in orders]
    texts = [it.vocab.decode(ids) for ids in (it.whole.learn, it.whole.ask)]
    missed = [ruled_out(texts[0], texts[1], k) for k in (2, 3, LONGEST)]
    falling = [own[k + 1].perplexity / own[k].perplexity for k in list(orders)[:-1]]
    return Result(
        (Table(columns, rows, f"perplexity of counts of {it.name}; letters held out that had probability 0"),),
        (
            at_most("on what it has counted each order is better than the one before, by a factor of at most",
                    max(falling), 0.95),
            at_least("letters held out that pairs rule out", zero[1], 1),
            at_least("with each order more is ruled out, at least by", float(np.diff(zero[1:]).min()), 1),
            at_most("the same counted by looking for pieces of text: apart by",
                    sum(abs(a - zero[k - 1]) for a, k in zip(missed, (2, 3, LONGEST), strict=True)), 0),
            at_most("one letter is enough: one divided by the perplexity", 1 / rest[2].perplexity, 0),
        ),
    )  # fmt: skip


def _written(value: float) -> str:
    return "∞" if np.isinf(value) else f"{value:.2f}"


def ruled_out(text: str, rest: str, order: int) -> int:
    """How many letters of `rest` never follow, in `text`, the longest piece before them that anything follows."""
    known = [{text[i : i + k] for i in range(len(text) - k + 1)} for k in range(order + 1)]
    followed = [{text[i : i + k] for i in range(len(text) - k)} for k in range(order)]
    count = 0
    for i in range(len(rest)):
        k = next(k for k in range(min(order - 1, i), -1, -1) if rest[i - k : i] in followed[k])
        count += rest[i - k : i + 1] not in known[k + 1]
    return count
