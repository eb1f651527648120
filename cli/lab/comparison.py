"""`rnn-lab compare`: models that count and saved runs, all measured on one text by one function."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from cli.lab import runs
from cli.lab.errors import LabError, suggestion
from cli.lab.runs import Run
from cli.lab.shared_text import text_of
from cli.lab.texts import Prepared, flags, prepare
from rnn.baselines import SMOOTHINGS, NGram, Uniform
from rnn.baselines.smoothing import SCORES
from rnn.errors import RnnError
from rnn.metrics import Evaluation, Predictor, evaluate


@dataclass(frozen=True)
class Plan:
    """What will be compared, checked: nothing in it can fail for a reason that was known beforehand.

    `flags` are the options that named the text, as one would type them.
    """

    text: Prepared
    counting: tuple[NGram, ...]
    runs: tuple[Run, ...]
    epsilon: float
    flags: str

    @property
    def total(self) -> int:
        """How many models will be measured, the uniform one included."""
        return 1 + len(self.counting) + len(self.runs)


@dataclass(frozen=True)
class Row:
    """One model on both parts of the text, perplexity per token and bits per character.

    `tokens` says what a token is: char, word or byte. `size` is the number of counts stored, or of parameters;
    `seconds` what counting and measuring took.
    """

    model: str
    tokens: str
    order: int | None
    smoothing: str | None
    train: Evaluation
    held_out: Evaluation
    size: int
    seconds: float

    def row(self) -> dict[str, Any]:
        """The row under the names that programs read; bits and zero events are those of the part held out."""
        return {
            "model": self.model, "order": self.order, "smoothing": self.smoothing, "tokens": self.tokens,
            "train_perplexity": self.train.perplexity, "held_out_perplexity": self.held_out.perplexity,
            "bits_per_character": self.held_out.bits_per_character, "zero_events": self.held_out.zero_events,
            "size": self.size, "seconds": self.seconds,
        }  # fmt: skip


def plan(
    folders: Sequence[str],
    *,
    corpus: str | None,
    clean: str | None,
    tokens: str | None,
    fraction: float | None,
    orders: str,
    smoothings: Sequence[str],
    epsilon: float,
) -> Plan:
    """Load the runs and the text that they share, and check that all can be measured on it.

    `orders` is `3` or `1-5`; `epsilon` is what lidstone and the d2l forms add, the same for every order.
    Raises LabError, RnnError or DataError for whatever cannot be compared, before anything is computed.
    """
    wanted, names = _orders(orders), _smoothings(smoothings)
    loaded = tuple(runs.load(folder) for folder in folders)
    cut: dict[str, Any] = {"clean": clean, "tokens": tokens, "fraction": fraction}
    text = text_of(loaded, corpus=corpus, **cut) if loaded else prepare(corpus, **cut)
    _check_longest(wanted[-1], text)
    counting = _counting(names, wanted, epsilon)
    return Plan(text, counting, loaded, epsilon, flags(corpus=corpus, clean=clean, tokens=tokens, split=fraction))


def measure(plan: Plan, *, seed: int) -> Iterator[Row]:
    """The uniform model, the counting ones by smoothing and order, the runs; each once it is measured."""
    rng = np.random.default_rng(seed)
    text, vocabulary = plan.text, len(plan.text.vocab)
    yield _row(text, "uniform", Uniform(vocabulary), rng, since=perf_counter())
    for ngram in plan.counting:
        since = perf_counter()
        ngram.fit(text.training, vocabulary=vocabulary)
        label = f"{ngram.smoothing} {ngram.order}"
        yield _row(text, label, ngram, rng, since=since, size=ngram.size, ngram=ngram)
    for run, label in zip(plan.runs, _labels(plan.runs), strict=True):
        size = sum(p.data.size for p in run.model.parameters())
        yield _row(text, label, run.model, rng, since=perf_counter(), size=size)


def best(rows: Sequence[Row]) -> Row:
    """The row with the lowest perplexity on the part held out; the first of equals."""
    return min(rows, key=lambda row: row.held_out.nats)


def _row(
    text: Prepared,
    label: str,
    model: Predictor,
    rng: np.random.Generator,
    *,
    since: float,
    size: int = 0,
    ngram: NGram | None = None,
) -> Row:
    try:
        train = evaluate(model, text.training, rng=rng, characters=text.training_characters)
        held_out = evaluate(model, text.held_out, rng=rng, characters=text.held_out_characters)
    except RnnError as error:
        raise LabError(error.what, f"{label}, {error.where}", error.remedy) from None
    order, smoothing = (ngram.order, ngram.smoothing) if ngram else (None, None)
    return Row(label, text.vocab.kind, order, smoothing, train, held_out, size, perf_counter() - since)


def _labels(loaded: Sequence[Run]) -> list[str]:
    """`run NAME`, or `run PATH` where two names are the same."""
    names = [run.folder.resolve().name for run in loaded]
    pairs = zip(loaded, names, strict=True)
    return [f"run {run.folder if names.count(name) > 1 else name}" for run, name in pairs]


def _orders(given: str) -> range:
    """`3` or `1-5` as a range."""
    match = re.fullmatch(r"\s*(\d{1,9})\s*(?:[-–]\s*(\d{1,9})\s*)?", given)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= first <= last:
        remedy = "give one of at least 1, or a rising range: 3 or 1-5"
        raise LabError(f"{given!r} is no range of orders", "--orders", remedy)
    return range(first, last + 1)


def _smoothings(given: Sequence[str]) -> list[str]:
    for name in given:
        if name not in SMOOTHINGS:
            remedy = suggestion(name, SMOOTHINGS, f"choose from {', '.join(SMOOTHINGS)}")
            raise LabError(f"there is no smoothing {name!r}", "--smoothing", remedy)
        if name in SCORES:
            raise LabError(f"{name} gives scores, which have no perplexity", "--smoothing", "choose another one")
    return list(dict.fromkeys(given))


def _check_longest(order: int, text: Prepared) -> None:
    """Counting needs a text as long as the order."""
    size = text.training.size
    if order > size:
        what = f"order {order:,} is longer than the training part of {size:,} {text.unit}s"
        raise LabError(what, text.corpus.name, f"lower --orders to {size} at most")


def _counting(names: Sequence[str], orders: range, epsilon: float) -> tuple[NGram, ...]:
    try:
        return tuple(NGram(order, name, epsilon=epsilon) for name in names for order in orders)
    except RnnError as error:  # orders and names have been checked
        raise LabError(error.what, "--epsilon", "give 0, or a number from 1e-100 to 1e100") from None
