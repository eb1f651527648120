"""The pages on how low and how high it can get: anchors, a coin, and a model that is too sure."""

from __future__ import annotations

import numpy as np

from cli.lab.experiments import between, experiment
from cli.lab.figures import Bars, Column, Plot, Result, Table, at_least, at_most, curve
from cli.lessons.ngrams.book import BOOK
from cli.lessons.perplexity.predictors import ByHeart, Coin, as_written, counts, rows
from minigrad.graph import Array
from rnn.baselines import Uniform
from rnn.metrics import bits, evaluate, perplexity

_LONG = 8  # the order of a model that has counted too thinly
_TINY = 1e-20
_THROWS = 20_000
_TEMPERATURES = tuple(2.0 ** (k / 2) for k in range(-6, 13))
_MEASURED = 2000


@experiment(book=BOOK)
def anchors(book: int = 0, *, rng: np.random.Generator) -> Result:
    """From a reader who knows the text by heart to one who has ruled out what came."""
    it = as_written(book)
    text, size = it.whole.ask, it.whole.vocabulary
    heart = ByHeart(text, size)
    found = {
        "knows it by heart": evaluate(heart, text, rng=rng),
        "has counted": evaluate(counts(it), text, rng=rng),
        "knows nothing": evaluate(Uniform(size), text, rng=rng),
        "is sure, and wrong": evaluate(it.whole.model(_LONG, "lidstone", _TINY), text, rng=rng),
        "has ruled it out": evaluate(it.whole.model(_LONG, "mle"), text, rng=rng),
    }
    other = evaluate(heart, it.whole.learn[: text.size], rng=rng)
    bars = tuple(
        (name, f"{e.perplexity:.2f}" if e.nats < np.inf else "∞   ", bits(e.nats)) for name, e in found.items()
    )
    best, _, nothing, wrong, never = found.values()
    return Result(
        (Bars("perplexity", bars, f"{text.size:,} letters of {it.name}, V = {size}; bars are bits per letter"),),
        (
            at_most("by heart: perplexity less 1", best.perplexity - 1, 0),
            at_most("knowing nothing: off V by, as a share", abs(nothing.perplexity / size - 1), 1e-10),
            at_least("sure, and wrong: perplexity, to V", wrong.perplexity / size, 1.2),
            at_most("ruled out: one divided by the perplexity", 1 / never.perplexity, 0),
            at_least("of so many letters it had said that they cannot come", never.zero_events, 1),
            at_least("what is known by heart, on another text: letters ruled out", other.zero_events, 1),
        ),
    )  # fmt: skip


@experiment(heads=between(0.6, 0.95))
def coin(heads: float = 0.9, *, rng: np.random.Generator) -> Result:
    """A coin that is not fair, and every chance q of heads that one might say."""
    ids = (rng.random(_THROWS) < heads).astype(np.int64)
    said = np.linspace(0.02, 0.98, 97).tolist()
    found = [perplexity(-float(Coin(q).log_probs(ids).mean())) for q in said]
    share, best = float(ids.mean()), said[int(np.argmin(found))]
    names = {"what is so": heads, "it is fair": 0.5, "the other way round": 1 - heads}
    table = {name: evaluate(Coin(q), ids, rng=rng).perplexity for name, q in names.items()}
    columns: tuple[Column, ...] = (("who says", "text"), ("q", "number"), ("perplexity", "number"))
    rows_ = tuple((name, names[name], value) for name, value in table.items())
    floor = perplexity(entropy(heads))
    return Result(
        (Plot(f"perplexity of saying q; heads in {share:.1%} of {_THROWS:,} throws", (curve("", said, found),), "q"),
         Table(columns, rows_)),
        (
            at_most("the lowest point is where the coin is: off by", abs(best - heads), 0.02),
            at_most("there it is exp of the coin's entropy, but for chance: apart by, as a share",
                    abs(table["what is so"] / floor - 1), 0.03),
            at_least("whatever is said, it lies above exp of the entropy of what came, by",
                     min(found) - perplexity(entropy(share)), -1e-12),
            at_most("fair: perplexity, off 2 by", abs(table["it is fair"] - 2), 1e-12),
            at_least("the other way round: perplexity, above 2 by", table["the other way round"] - 2, 0.04),
        ),
    )  # fmt: skip


def entropy(p: float) -> float:
    """−p log p − (1 − p) log(1 − p), nats."""
    return -float(p * np.log(p) + (1 - p) * np.log(1 - p))


def sharpened(log_p: Array, temperature: float) -> Array:
    """Logarithms of p to the power of 1/temperature, each row divided by its sum."""
    scores = log_p / temperature
    top = scores.max(axis=1, keepdims=True)
    return np.asarray(scores - top - np.log(np.exp(scores - top).sum(axis=1, keepdims=True)))


@experiment(book=BOOK)
def too_sure(book: int = 0) -> Result:
    """The model that has counted, made surer and less sure of itself."""
    it = as_written(book)
    text = it.whole.ask[:_MEASURED]
    log_p, place = np.log(rows(counts(it), text)), np.arange(text.size)
    right = float((log_p.argmax(axis=1) == text).mean())
    found, sure = {}, {}
    for T in _TEMPERATURES:
        shaped = sharpened(log_p, T)
        found[T] = perplexity(-float(shaped[place, text].mean()))
        sure[T] = float(np.exp(shaped.max(axis=1)).mean())
    shown = (0.125, 0.5, 1.0, 2.0, 64.0)
    table = tuple((f"{T:g}", sure[T], right, f"{found[T]:,.2f}") for T in shown)
    columns: tuple[Column, ...] = (
        ("temperature", "text"), ("is sure", "share"), ("is right", "share"), ("perplexity", "text"),
    )  # fmt: skip
    size = it.whole.vocabulary
    logs = np.log2(_TEMPERATURES).tolist()
    lines = curve("model", logs, list(found.values())), curve("V", (logs[0], logs[-1]), (size, size))
    return Result(
        (Plot("perplexity against temperature", lines, "log₂ T", log=True),
         Table(columns, table, "its first choice: how sure it is of it on average, and how often it is right")),
        (
            at_most("as it is, to the best temperature tried", found[1.0] / min(found.values()), 1.03),
            at_most("as it is: how sure less how often right, at most", abs(sure[1.0] - right), 0.05),
            at_least("an eighth: how sure less how often right", sure[0.125] - right, 0.2),
            at_least("an eighth: perplexity, to V", found[0.125] / size, 2),
            at_most("never sure: perplexity, to V", found[64.0] / size, 1),
            at_least("which it comes near to", found[64.0] / size, 0.85),
        ),
    )  # fmt: skip
