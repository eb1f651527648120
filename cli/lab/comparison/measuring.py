"""Every model of a plan, one after the other, by the one function that measures them all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from cli.lab.comparison.choosing import choose
from cli.lab.comparison.planning import Plan
from cli.lab.comparison.results import Row, discounts_of, source_row
from cli.lab.comparison.typed import probabilities
from cli.lab.errors import LabError
from cli.lab.runs import Run
from rnn.baselines import Uniform
from rnn.baselines.counts import Counts, count
from rnn.errors import RnnError
from rnn.metrics import Evaluation, Ints, Predictor, evaluate


def measure(plan: Plan, *, seed: int) -> Iterator[Row]:
    """The uniform model, the counting ones by smoothing and order, the runs, the source; each once it is measured.

    Every part of the text is read from an empty context, which is then carried along.
    """
    _wake(plan)
    meter = _Meter(plan, np.random.default_rng(seed))
    yield _uniform(meter)
    yield from _counting(meter)
    for run, label in zip(plan.runs, _labels(plan.runs), strict=True):
        yield _run(meter, run, label)
    if (entropy := plan.text.corpus.entropy) is not None:
        parts = plan.development.size, plan.text.training.size, plan.text.held_out.size
        yield source_row(entropy, plan.text.vocab.kind, parts)


def as_row(plan: Plan, row: Row) -> dict[str, Any]:
    """A row under the names that programs read, with what its model says of the text that was typed."""
    return row.row() | (plan.typed.row(row.typed) if plan.typed and row.typed else {})


@dataclass(frozen=True)
class _Meter:
    """The parts of the text, and what measures a model on them."""

    plan: Plan
    rng: np.random.Generator

    def development(self, label: str, model: Predictor) -> Evaluation:
        return self._on(self.plan.development, None, label, model)

    def training(self, label: str, model: Predictor) -> Evaluation:
        return self._on(self.plan.text.training, self.plan.text.training_characters, label, model)

    def held_out(self, label: str, model: Predictor) -> Evaluation:
        return self._on(self.plan.text.held_out, self.plan.text.held_out_characters, label, model)

    def typed(self, model: Predictor) -> tuple[float, ...] | None:
        return None if self.plan.typed is None else probabilities(model, self.plan.typed)

    def _on(self, ids: Ints, characters: int | None, label: str, model: Predictor) -> Evaluation:
        try:
            return evaluate(model, ids, rng=self.rng, characters=characters)
        except RnnError as error:
            raise LabError(error.what, f"{label}, {error.where}", error.remedy) from None


def _wake(plan: Plan) -> None:
    """Have every kernel compiled, or read from the disk: that time is no model's."""
    ids = np.array([0, 1, 0])
    for smoothing in plan.smoothings:
        counts = count(ids, 2, 2)
        choose(smoothing, counts, ids, plan.epsilon).model(smoothing, counts).log_probs(ids)


def _uniform(meter: _Meter) -> Row:
    since, model, label = perf_counter(), Uniform(len(meter.plan.text.vocab)), "uniform"
    tried, train, held_out = (on(label, model) for on in (meter.development, meter.training, meter.held_out))
    typed = meter.typed(model)
    return Row(
        label, label, meter.plan.text.vocab.kind, None, tried, train, held_out, 0, perf_counter() - since, typed=typed
    )


def _counting(meter: _Meter) -> Iterator[Row]:
    """Everything is counted twice, once without the development part, up to the highest order."""
    plan, vocabulary = meter.plan, len(meter.plan.text.vocab)
    before, after = (count(part, vocabulary, plan.orders[-1]) for part in (plan.fitted, plan.text.training))
    for smoothing in plan.smoothings:
        for order in plan.orders:
            yield _ngram(meter, smoothing, before.up_to(order), after.up_to(order))


def _ngram(meter: _Meter, smoothing: str, before: Counts, after: Counts) -> Row:
    since, label = perf_counter(), f"{smoothing} {after.order}"
    choice = choose(smoothing, before, meter.plan.development, meter.plan.epsilon)
    tried = meter.development(label, choice.model(smoothing, before))
    ngram = choice.model(smoothing, after)
    train, held_out = meter.training(label, ngram), meter.held_out(label, ngram)
    discounts, fallbacks = discounts_of(ngram)
    return Row(
        label, smoothing, meter.plan.text.vocab.kind, after.order, tried, train, held_out, ngram.size,
        perf_counter() - since, choice, discounts, fallbacks, meter.typed(ngram),
    )  # fmt: skip


def _run(meter: _Meter, run: Run, label: str) -> Row:
    since = perf_counter()
    train, held_out = meter.training(label, run.model), meter.held_out(label, run.model)
    size = sum(p.data.size for p in run.model.parameters())
    typed = meter.typed(run.model)
    return Row(label, "run", run.vocab.kind, None, None, train, held_out, size, perf_counter() - since, typed=typed)


def _labels(loaded: Sequence[Run]) -> list[str]:
    """`run NAME`, or `run PATH` where two names are the same."""
    names = [run.folder.resolve().name for run in loaded]
    pairs = zip(loaded, names, strict=True)
    return [f"run {run.folder if names.count(name) > 1 else name}" for run, name in pairs]
