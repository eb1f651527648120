"""The pages on words: Zipf's law, and whether words can be counted at all."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Claim, Column, Curve, Plot, Result, Table, at_least, at_most, curve
from cli.lessons.ngrams.book import BOOK, OTHER, Book, open_book
from cli.lessons.ngrams.rows import best_epsilon
from rnn.baselines.zipf import RANKS, Ranking, least_squares, maximum_likelihood, rank_frequency
from rnn.formulas import REGISTRY
from rnn.formulas.registry import Values
from rnn.metrics import Ints, perplexity

_NAMES = ("words", "pairs", "triples")
_POINTS = 60
_PRINTED = (1.04, 0.69, 0.47)  # of The Time Machine, ranks 10 to 1000


def rankings(book: Book) -> list[Ranking]:
    """Words, pairs and triples of all of a book."""
    ids = np.concatenate([book.whole.learn, book.whole.ask])
    return [rank_frequency(ids, k, vocabulary=book.whole.vocabulary) for k in (1, 2, 3)]


def by_equations(frequencies: Ints) -> float:
    """ZIPF-1 and ZIPF-2 over the window of ranks."""
    first, last = RANKS
    n, r = frequencies[first - 1 : last, None].astype(float), np.arange(first, last + 1.0)[:, None]
    known: Values = {"n": n, "r": r, "u": np.ones_like(r), "w": float(len(r))}
    known["z"] = REGISTRY["ZIPF-1"].at(known)
    return float(REGISTRY["ZIPF-2"].at(known))


@experiment(book=BOOK)
def zipf(book: int = 0, *, rng: np.random.Generator) -> Result:
    """How often words, pairs and triples occur, by rank, on logarithmic axes."""
    it = open_book(book, "word")
    ranked = rankings(it)
    fits = [least_squares(r.frequencies).exponent for r in ranked]
    likely = [maximum_likelihood(r.frequencies).exponent for r in ranked]
    curves = tuple(_curve(name, r) for name, r in zip(_NAMES, ranked, strict=True))
    rows = tuple(
        (name, f"{r.distinct:,}", r.singletons, r.coverage, fit, other)
        for name, r, fit, other in zip(_NAMES, ranked, fits, likely, strict=True)
    )
    columns: tuple[Column, ...] = (
        ("", "text"), ("different", "text"), ("once", "share"), ("of Vⁿ", "share"), ("α", "number"),
        ("likeliest", "number"),
    )  # fmt: skip
    apart = max(abs(by_equations(r.frequencies) - fit) for r, fit in zip(ranked, fits, strict=True))
    return Result(
        (Plot("times that they occur", curves, "log₁₀ rank", log=True),
         Table(columns, rows, f"{it.name}; α by least squares on ranks {RANKS[0]} to {RANKS[1]}, and as is likeliest")),
        (
            at_least("α of words less that of pairs", fits[0] - fits[1], 0.2),
            at_least("α of pairs less that of triples", fits[1] - fits[2], 0.1),
            at_most("α of words, off 1 by", abs(fits[0] - 1), 0.15),
            at_least("by likelihood they come in the same order: the least difference", -max(np.diff(likely)), 0.1),
            at_most("ZIPF-1 and ZIPF-2, and the fit: apart by", apart, 1e-10),
            at_least("triples that stand in the book once, as a share", ranked[2].singletons, 0.9),
            at_least("different pairs of the same words in any order, to those of the book",
                     shuffled(it, rng) / ranked[1].distinct, 1.05),
            *_printed(it, fits),
        ),
    )  # fmt: skip


def shuffled(book: Book, rng: np.random.Generator) -> int:
    """How many different pairs the words of a book make in another order."""
    ids = rng.permutation(np.concatenate([book.whole.learn, book.whole.ask]))
    return rank_frequency(ids, 2, vocabulary=book.whole.vocabulary).distinct


def _curve(name: str, ranking: Ranking) -> Curve:
    x, y = ranking.log_log(_POINTS)
    return curve(name, x.round(2).tolist(), (10**y).tolist())


def _printed(it: Book, fits: list[float]) -> tuple[Claim, ...]:
    """Where the book is the one that others have counted."""
    if it.name != OTHER:
        return ()
    off = max(abs(a - b) for a, b in zip(fits, _PRINTED, strict=True))
    return (at_most("and those that others found in this book: apart by", off, 0.03),)


@experiment(book=BOOK)
def counted_words(book: int = 0) -> Result:
    """Words, pairs and triples as models: adding one, adding the best ε, and Kneser–Ney."""
    it = open_book(book, "word")
    orders = (1, 2, 3)
    found = {
        "add one": [perplexity(it.whole.nats(n, "laplace")) for n in orders],
        "add the best ε": [perplexity(best_epsilon(it, "lidstone", n)[1]) for n in orders],
        "Kneser–Ney": [perplexity(it.whole.nats(n, "kneser-ney")) for n in orders],
        "the same, modified": [perplexity(it.whole.nats(n, "modified-kneser-ney")) for n in orders],
    }
    columns: tuple[Column, ...] = (("", "text"), *((name, "text") for name in _NAMES))
    rows = tuple((name, *(f"{v:,.0f}" for v in values)) for name, values in found.items())
    one, kneser = found["add one"], found["Kneser–Ney"]
    never = float((it.whole.ask == it.vocab.unknown_id).mean())
    return Result(
        (Table(columns, rows, f"held-out perplexity per word, {len(it.vocab):,} words; {never:.0%} of those held out"
               " were never counted"),),
        (
            at_least("adding one: pairs, to single words", one[1] / one[0], 1.5),
            at_least("adding one: triples, to pairs", one[2] / one[1], 1.3),
            at_most("Kneser–Ney: pairs, to single words", kneser[1] / kneser[0], 0.75),
            at_most("Kneser–Ney: triples, to pairs", kneser[2] / kneser[1], 1.0),
            at_most("Kneser–Ney on triples, to the best of adding anything",
                    kneser[2] / min(*one, *found["add the best ε"]), 0.75),
        ),
    )  # fmt: skip
