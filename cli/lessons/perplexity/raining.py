"""The page on three ways to go on."""

from __future__ import annotations

import math

import numpy as np

from cli.lab.experiments import experiment
from cli.lab.figures import Column, Result, Table, at_least, at_most
from cli.lessons.ngrams.book import BOOK, Book
from cli.lessons.perplexity.predictors import as_written, counts, letters
from minigrad.graph import Array
from rnn.metrics import Predictor
from rnn.models import LanguageModel

BEGINNING = "It is raining "
CONTINUATIONS = ("outside", "banana tree", "piouw;kcj pwepoiut")
_UNITS = 32


def continued(model: Predictor, book: Book, text: str) -> Array:
    """log P of each letter of a continuation, after the beginning."""
    ids = book.vocab.encode(BEGINNING + text)
    return model.log_probs(ids)[len(BEGINNING) :]


@experiment(book=BOOK)
def raining(book: int = 0, *, rng: np.random.Generator) -> Result:
    """Three continuations, judged by a network that was never trained, by single letters, and by counts."""
    it = as_written(book)
    models: dict[str, Predictor] = {
        "untrained": LanguageModel(it.whole.vocabulary, _UNITS, rng=rng), "letters": letters(it), "counts": counts(it),
    }  # fmt: skip
    nats = {name: [-float(continued(m, it, c).mean()) for c in CONTINUATIONS] for name, m in models.items()}
    rows = tuple((c, *(nats[name][k] for name in models)) for k, c in enumerate(CONTINUATIONS))
    columns: tuple[Column, ...] = ((f"{BEGINNING.strip()} …", "text"), *((name, "number") for name in models))
    nothing = math.log(it.whole.vocabulary)
    untrained, single, counted = (nats[name] for name in models)
    return Result(
        (Table(columns, rows, f"nats per letter of the continuation, after {it.name}"),),
        (
            at_least("counts: bananas above outside by (nats per letter)", counted[1] - counted[0], 0.8),
            at_least("counts: the third above bananas by", counted[2] - counted[1], 0.4),
            at_least("letters: the third above the other two by", single[2] - max(single[:2]), 0.5),
            at_least("letters alone like bananas better than outside, by", single[0] - single[1], 0.05),
            at_most("untrained: all three within", max(untrained) - min(untrained), 0.4),
            at_most("untrained: their mean, off log V by", abs(float(np.mean(untrained)) - nothing), 0.3),
        ),
    )  # fmt: skip
