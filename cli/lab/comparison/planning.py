"""What is to be compared, checked before anything is computed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cli.lab import runs
from cli.lab.comparison.typed import Typed, typed
from cli.lab.errors import LabError, suggestion
from cli.lab.runs import Run
from cli.lab.shared_text import text_of
from cli.lab.texts import Prepared, flags, prepare
from data import development
from rnn.baselines import SMOOTHINGS
from rnn.baselines.settings import epsilons
from rnn.baselines.smoothing import SCORES
from rnn.errors import RnnError
from rnn.metrics import Ints


@dataclass(frozen=True)
class Plan:
    """What will be compared: nothing in it can fail for a reason that was known beforehand.

    `fitted` and `development` are the training part in two; `named` says whether the smoothings were asked for by
    name, and `flags` are the options that named the text, as one would type them.
    """

    text: Prepared
    fitted: Ints
    development: Ints
    smoothings: tuple[str, ...]
    orders: range
    runs: tuple[Run, ...]
    epsilon: float | None
    typed: Typed | None
    named: bool
    flags: str

    @property
    def total(self) -> int:
        """How many rows there will be."""
        counting = len(self.smoothings) * len(self.orders)
        return 1 + counting + len(self.runs) + (self.text.corpus.entropy is not None)


def plan(
    folders: Sequence[str] = (),
    *,
    corpus: str | None = None,
    clean: str | None = None,
    tokens: str | None = None,
    fraction: float | None = None,
    orders: str = "1-6",
    smoothings: Sequence[str] = (),
    epsilon: float | None = None,
    text: str | None = None,
) -> Plan:
    """Load the runs and the text that they share, and check that all can be measured on it.

    `orders` is `3` or `1-5`; without `smoothings` all are taken that give probabilities; `epsilon` is what lidstone and
    the d2l forms add, None where it is to be chosen; `text` is what each model is asked about, token by token.
    Raises LabError, RnnError or DataError for whatever cannot be compared.
    """
    wanted, names = _orders(orders), _smoothings(smoothings)
    _check_epsilon(epsilon)
    loaded = tuple(_forward(runs.load(folder)) for folder in folders)
    cut: dict[str, Any] = {"clean": clean, "tokens": tokens, "fraction": fraction}
    prepared = text_of(loaded, corpus=corpus, **cut) if loaded else prepare(corpus, **cut)
    _check_longest(wanted[-1], prepared)
    fitted, tried = (part.astype(np.int64, copy=False) for part in development(prepared.training))
    return Plan(
        prepared, fitted, tried, names, wanted, loaded, epsilon,
        None if text is None else typed(text, prepared.vocab), bool(smoothings),
        flags(corpus=corpus, clean=clean, tokens=tokens, split=fraction),
    )  # fmt: skip


def _forward(run: Run) -> Run:
    if run.model.reads_future:
        what = f"run {run.name} reads later tokens too, so that its perplexity means nothing"
        raise LabError(what, str(run.folder), "leave it out")
    return run


def _orders(given: str) -> range:
    """`3` or `1-5` as a range."""
    match = re.fullmatch(r"\s*(\d{1,9})\s*(?:[-–]\s*(\d{1,9})\s*)?", given)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= first <= last:
        remedy = "give one of at least 1, or a rising range: 3 or 1-5"
        raise LabError(f"{given!r} is no range of orders", "--orders", remedy)
    return range(first, last + 1)


def _smoothings(given: Sequence[str]) -> tuple[str, ...]:
    for name in given:
        if name not in SMOOTHINGS:
            remedy = suggestion(name, SMOOTHINGS, f"choose from {', '.join(SMOOTHINGS)}")
            raise LabError(f"there is no smoothing {name!r}", "--smoothing", remedy)
        if name in SCORES:
            raise LabError(f"{name} gives scores, which have no perplexity", "--smoothing", "choose another one")
    return tuple(dict.fromkeys(given)) or tuple(name for name in SMOOTHINGS if name not in SCORES)


def _check_longest(order: int, text: Prepared) -> None:
    """Counting needs a text as long as the order."""
    size = text.training.size
    if order > size:
        what = f"order {order:,} is longer than the training part of {size:,} {text.unit}s"
        raise LabError(what, text.corpus.name, f"lower --orders to {size} at most")


def _check_epsilon(epsilon: float | None) -> None:
    try:
        epsilons(1.0 if epsilon is None else epsilon, 1)
    except RnnError as error:
        raise LabError(error.what, "--epsilon", "give 0, or a number from 1e-100 to 1e100") from None
