"""The pages on the tail: what is given to pairs that were hardly seen, and who does it better."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Bars, Column, Result, Table, at_least, at_most
from cli.lessons.ngrams.book import BOOK, EPSILONS, Book, Split, open_book
from cli.lessons.ngrams.counting import times
from minigrad.graph import Array
from rnn.baselines import SMOOTHINGS
from rnn.baselines.smoothing import SCORES
from rnn.metrics import bits, perplexity

_MANY = 5  # times from which on pairs are put together
_WITH_EPSILON = ("lidstone", "d2l", "d2l-chain")
_ASKED = ("the", "qua", "xqz")
_SHOWN, _OFTEN = 4, 12  # words, and how often a word must occur to be shown


def by_times(text: Split, p: Array, before: Array) -> Array:
    """Shares of the pairs seen 0, 1, … times, for rows p of P(w | v) and how often each v comes before something."""
    groups = seen_times(text)[before > 0]
    weights = p * (before[before > 0] / before.sum())[:, None]
    return np.bincount(groups.ravel(), weights=weights.ravel(), minlength=_MANY + 1)


def seen_times(text: Split) -> Array:
    """How often each pair (v, w) was counted, (V, V), at most `_MANY`."""
    table = np.zeros((text.vocabulary,) * 2, np.int8)
    for pair, n in Counter(pairwise(text.learn.tolist())).items():
        table[pair] = min(n, _MANY)
    return table


def shares(text: Split) -> dict[str, Array]:
    """Where the pairs of the second text fall, and where several models expect them."""
    before = np.bincount(text.ask[:-1], minlength=text.vocabulary)
    rows = np.flatnonzero(before)
    found = np.zeros((rows.size, text.vocabulary))
    np.add.at(found, (np.searchsorted(rows, text.ask[:-1]), text.ask[1:]), 1)
    tables = {"found": found / before[rows][:, None]}
    for name in ("mle", "laplace", "kneser-ney"):
        tables[name] = text.model(2, name).next_distribution(rows[:, None])
    return {name: by_times(text, p, before) for name, p in tables.items()}


@experiment(book=BOOK)
def tail(book: int = 0) -> Result:
    """Pairs of words by how often they were counted: what is expected of them, and what is found."""
    it = open_book(book, "word")
    text = it.whole
    given = shares(text)
    kinds = np.bincount(seen_times(text).ravel(), minlength=_MANY + 1)
    names = [*map(str, range(_MANY)), f"≥ {_MANY}"]
    rows = tuple((name, f"{kinds[r]:,}", *(given[m][r] for m in given)) for r, name in enumerate(names))
    columns: tuple[Column, ...] = (
        ("counted", "text"), ("pairs", "text"), ("found", "share"), ("mle", "share"), ("laplace", "share"),
        ("Kneser–Ney", "share"),
    )  # fmt: skip
    misplaced = {name: float(np.abs(given[name] - given["found"]).sum() / 2) for name in given}
    found, laplace = given["found"], given["laplace"]
    return Result(
        (Table(columns, rows, f"pairs of words of {it.name}: where those held out fall, and where they are expected"),),
        (
            at_most("each column is a whole: off 1 by", max(abs(float(g.sum()) - 1) for g in given.values()), 1e-9),
            at_least("pairs held out that were never counted, as a share", found[0], 0.4),
            at_least("Laplace expects of these, to what is found", laplace[0] / found[0], 1.4),
            at_most("and of pairs counted once", laplace[1] / found[1], 0.5),
            at_least("put where it is not found: by counts alone", misplaced["mle"], 0.4),
            at_least("by Laplace", misplaced["laplace"], 0.25),
            at_most("by Kneser and Ney", misplaced["kneser-ney"], 0.12),
        ),
    )  # fmt: skip


def taken_off(text: str, context: str, letters: Sequence[str], D: Sequence[float], far: int) -> Array:
    """P(· | context) by Kneser and Ney, looking back `far` letters; D[k] is taken off the counts after k."""
    count = times if len(context) == far else fronts
    runs = [context + x for x in letters]
    n = np.array([count(text, run) for run in runs])
    lower: Array | float = 1 / len(letters)
    if context:
        rest = context[1:]
        lower = taken_off(text, rest, letters, D, far)
    if not n.any():
        return np.asarray(lower)
    kept = np.maximum(n - D[len(context)], 0)
    taken = n.sum() - kept.sum()
    p = (kept + taken * lower) / n.sum()
    return np.asarray(p)


def fronts(text: str, gram: str) -> int:
    """How many different letters stand in front of a gram; the start of the text is one of them."""
    return len({text[max(m.start() - 1, 0) : m.start()] for m in re.finditer(f"(?={re.escape(gram)})", text)})


@experiment(book=BOOK)
def before_it(book: int = 0) -> Result:
    """Words by how often they occur, and by how many different words they follow."""
    it = open_book(book, "word")
    text, tokens = it.whole, it.vocab.tokens
    n = np.bincount(text.learn, minlength=text.vocabulary)
    pairs = {*pairwise(text.learn.tolist())}
    befores = np.bincount([w for _, w in pairs], minlength=text.vocabulary)
    befores[text.learn[0]] += 1  # the start of the text is one
    often = [i for i in np.argsort(-n) if n[i] >= _OFTEN]
    ranked = sorted(often, key=lambda i: befores[i] / n[i])
    leaning = text.model(2, "kneser-ney").next_distribution(np.array([[it.vocab.unknown_id]]))[0]
    plain = text.model(1, "mle").next_distribution(())
    rows = tuple(
        (tokens[i], int(n[i]), int(befores[i]), plain[i], leaning[i])
        for i in (*ranked[:_SHOWN], *ranked[-_SHOWN:])
    )  # fmt: skip
    columns: tuple[Column, ...] = (
        ("word", "text"), ("times", "count"), ("before it", "count"), ("by times", "error"),
        ("Kneser–Ney", "error"),
    )  # fmt: skip
    least, most = ranked[0], ranked[-1]
    return Result(
        (Table(columns, rows, f"words of {it.name} that occur {_OFTEN} times or more; what comes after a new word"),),
        (
            at_most("the lines below for letters, and kneser-ney: apart by", lines_off(open_book(book)), 1e-12),
            at_most("the first word: by words before, to by times", leaning[least] / plain[least], 0.35),
            at_least("the last word: by words before, to by times", leaning[most] / plain[most], 1.1),
        ),
    )  # fmt: skip


def lines_off(it: Book) -> float:
    """How far `taken_off` is from the project's Kneser–Ney, after some contexts."""
    model, text, letters = it.whole.model(4, "kneser-ney"), it.vocab.decode(it.whole.learn), it.vocab.tokens
    D = [taken.values[0] for taken in model.discounts if taken is not None]
    rows = {c: model.next_distribution(it.vocab.encode(c)) for c in _ASKED}
    return max(float(np.abs(taken_off(text, c, letters, D, 3) - row).max()) for c, row in rows.items())


def chosen(it: Book, smoothing: str) -> tuple[int, float, float]:
    """The order and ε that are best within the training part, and the mean loss on the part held out with them."""
    tried = [(n, e) for n in range(1, 8) for e in (EPSILONS if smoothing in _WITH_EPSILON else (1.0,))]
    n, e = min(tried, key=lambda at: it.choice.nats(at[0], smoothing, epsilon=at[1]))
    return n, e, it.whole.nats(n, smoothing, epsilon=e)


@experiment(book=BOOK)
def contest(book: int = 0) -> Result:
    """Every smoothing at its best, on the part held out."""
    it = open_book(book)
    names = [name for name in SMOOTHINGS if name not in {*SCORES, "mle"}]
    found = {name: chosen(it, name) for name in names}
    ranked = sorted(names, key=lambda name: -found[name][2])
    uniform = float(np.log(it.whole.vocabulary))
    rows = (("uniform", uniform), *((_labelled(name, *found[name][:2]), found[name][2]) for name in ranked))
    bars = tuple((label, f"{perplexity(nats):.2f}", bits(nats)) for label, nats in rows)
    helped = min(it.whole.nats(n, "lidstone", epsilon=e) for n in range(1, 8) for e in EPSILONS)
    kneser = found["kneser-ney"][2]
    return Result(
        (Bars("held-out perplexity", bars, "order and ε chosen within the training part; bars are bits per letter"),),
        (
            at_most("Kneser–Ney, to the best add-ε", perplexity(kneser - found["lidstone"][2]), 0.92),
            at_most("to add-ε with order and ε chosen on the held-out part itself", perplexity(kneser - helped), 0.93),
            at_most("to adding one, at its best order", perplexity(kneser - found["laplace"][2]), 0.8),
            at_most("three discounts, to one", perplexity(found["modified-kneser-ney"][2] - kneser), 1.0),
            at_most("all of them, to knowing nothing", perplexity(max(f[2] for f in found.values()) - uniform), 0.3),
        ),
    )  # fmt: skip


def _labelled(name: str, order: int, epsilon: float) -> str:
    return f"{name} {order}" + (f", ε = {epsilon:.2g}" if name in _WITH_EPSILON else "")
