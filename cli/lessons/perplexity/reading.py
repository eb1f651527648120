"""The pages on one text and three readers: what surprises them, how long a text may be, and which mean it is."""

from __future__ import annotations

import math

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Result, Table, Traces, at_least, at_most
from cli.lessons.ngrams.book import BOOK, Book
from cli.lessons.perplexity.predictors import as_written, counts, three
from minigrad.graph import Array
from rnn.formulas import REGISTRY
from rnn.formulas.registry import Values
from rnn.metrics import Floats, bits, evaluate, perplexity

_FROM, _SHOWN = 1000, 92  # the sentence after so many letters, and how much of it
_HIGHEST = 12.0  # bits, where a bar is full
_LENGTHS = (1, 10, 100, 1000)
_NONSENSE, _SENTENCE = "Xq", 100
_MEASURED = 300  # letters, by the equations


def surprises(log_probs: Floats) -> Floats:
    """−log₂ p of each token."""
    return np.asarray(-log_probs / math.log(2))


@experiment(book=BOOK)
def reading(book: int = 0, *, rng: np.random.Generator) -> Result:
    """How surprised three readers are at each letter of a passage, and over all that was held out."""
    it = as_written(book)
    readers, text = three(it), it.whole.ask
    found = {name: evaluate(p, text, rng=rng) for name, p in readers.items()}
    begin = it.vocab.decode(text).index(". ", _FROM) + 2
    passage = slice(begin, begin + _SHOWN)
    bars = tuple(
        (name, tuple((surprises(p.log_probs(text))[passage] / _HIGHEST).tolist())) for name, p in readers.items()
    )
    rows = tuple((name, e.nats, bits(e.nats), e.perplexity) for name, e in found.items())
    columns: tuple[Column, ...] = (("", "text"), ("nats", "number"), ("bits", "number"), ("perplexity", "number"))
    nats = [e.nats for e in found.values()]
    loss, G = by_equations(it)
    measured = it.whole.model(2, "d2l", (1.0, 1.0)).log_probs(text[: _MEASURED + 1])[1:]
    return Result(
        (Traces(it.vocab.decode(text[passage]), bars, f"surprise at each letter; full bars are {_HIGHEST:.0f} bits"),
         Table(columns, rows, f"per letter, {text.size:,} letters of {it.name}, V = {it.whole.vocabulary}")),
        (
            at_least("who knows the letters, to who knows nothing: nats less", nats[0] - nats[1], 0.8),
            at_least("who has counted, to who knows the letters: nats less", nats[1] - nats[2], 1.2),
            at_most("perplexity and exp(nats): apart by, as a share",
                    max(abs(e.perplexity / math.exp(e.nats) - 1) for e in found.values()), 1e-12),
            at_most("SMOOTHING-7 and 8 for a bigram, and its log_probs: apart by", abs(loss + float(measured.mean())),
                    1e-12),
            at_most("SMOOTHING-9, and a product of 1/p taken to 1/T: apart by, as a share",
                    abs(G / float(np.prod(np.exp(-measured / _MEASURED))) - 1), 1e-12),
        ),
    )  # fmt: skip


def by_equations(it: Book) -> tuple[float, float]:
    """The mean loss and the perplexity of a bigram as printed, by SMOOTHING-7 to 9."""
    text, size = it.whole.ask[: _MEASURED + 1], it.whole.vocabulary
    Q = it.whole.model(2, "d2l", (1.0, 1.0)).next_distribution(np.arange(size)[:, None])
    known: Values = {"Q": Q, "y": dict(enumerate(np.eye(size)[text][:, :, None])), "tau": _MEASURED}
    known["s"] = {t: REGISTRY["SMOOTHING-7"].at(known, t=t) for t in range(1, _MEASURED + 1)}
    known["L"] = REGISTRY["SMOOTHING-8"].at(known)
    return float(known["L"]), float(REGISTRY["SMOOTHING-9"].at(known))


@experiment(book=BOOK)
def lengths(book: int = 0) -> Result:
    """The probability of ever longer beginnings, and the same per letter; two letters against a sentence."""
    it = as_written(book)
    model, text = counts(it), it.whole.ask
    log_p = model.log_probs(text)
    sizes = (*_LENGTHS, text.size)
    rows = tuple(
        (f"{T:,}", float(np.prod(np.exp(log_p[:T]))), _minus(f"{log_p[:T].sum() / math.log(10):.1f}"),
         -float(log_p[:T].mean()), perplexity(-float(log_p[:T].mean()))) for T in sizes
    )  # fmt: skip
    columns: tuple[Column, ...] = (
        ("T", "text"), ("P", "error"), ("log₁₀ P", "text"), ("nats", "number"), ("perplexity", "number"),
    )  # fmt: skip
    two, sentence = (model.log_probs(ids) for ids in (it.vocab.encode(_NONSENSE), text[:_SENTENCE]))
    beside = tuple(
        (name, _minus(f"{p.sum() / math.log(10):.1f}"), -float(p.mean()))
        for name, p in ((_NONSENSE, two), (f"the first {sentence.size} letters held out", sentence))
    )
    named: tuple[Column, ...] = (("text", "text"), ("log₁₀ P", "text"), ("nats", "number"))
    return Result(
        (Table(columns, rows, f"beginnings of {it.name}, held out; nats and perplexity are per letter"),
         Table(named, beside)),
        (
            at_most("log P, from one letter to the next, rises at most by", float(log_p.max()), 0),
            at_most("P of a thousand letters, multiplied up", float(np.prod(np.exp(log_p[:1000]))), 0),
            at_most("half of the text and all of it: nats per letter apart by",
                    abs(float(log_p[: text.size // 2].mean() - log_p.mean())), 0.2),
            at_least(f"log₁₀ P of {_NONSENSE!r}, above that of {sentence.size} letters of the book by",
                     float(two.sum() - sentence.sum()) / math.log(10), 10),
            at_least("and yet it is worse, in nats per letter, by", float(sentence.mean() - two.mean()), 1),
        ),
    )  # fmt: skip


def _minus(number: str) -> str:
    return number.replace("-", "−")


def means_of(choices: Array) -> tuple[float, float, float]:
    """Harmonic, geometric, arithmetic."""
    return 1 / float((1 / choices).mean()), math.exp(float(np.log(choices).mean())), float(choices.mean())


@experiment(book=BOOK)
def means(book: int = 0, *, rng: np.random.Generator) -> Result:
    """Three means of 1/p for three readers, and what evaluate says."""
    it = as_written(book)
    text = it.whole.ask
    found = {name: (*means_of(np.exp(-p.log_probs(text))), evaluate(p, text, rng=rng).perplexity)
             for name, p in three(it).items()}  # fmt: skip
    rows = tuple((name, *(f"{v:,.2f}" for v in values)) for name, values in found.items())
    columns: tuple[Column, ...] = (
        ("1/p of", "text"), ("harmonic", "text"), ("geometric", "text"), ("arithmetic", "text"), ("perplexity", "text"),
    )  # fmt: skip
    harmonic, geometric, arithmetic, _ = found["counts"]
    return Result(
        (Table(columns, rows),),
        (
            at_most("the geometric mean, and perplexity: apart by, as a share",
                    max(abs(g / p - 1) for _, g, _, p in found.values()), 1e-10),
            at_least("who has counted: the arithmetic mean, to the geometric", arithmetic / geometric, 2),
            at_least("the geometric, to the harmonic", geometric / harmonic, 1.3),
            at_most("who knows nothing: the largest to the smallest, less 1",
                    max(found["uniform"]) / min(found["uniform"]) - 1, 1e-10),
        ),
    )  # fmt: skip
