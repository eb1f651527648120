"""`rnn-lab train`: a run from settings to a folder, told as events."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from cli.lab import runs
from cli.lab.runs import Settings
from cli.lab.texts import Prepared
from data import Minibatch, batches_per_epoch, random_batches, sequential_batches
from minigrad.optim import SGD, Adam, Optimizer
from rnn.decoding import sample
from rnn.metrics import evaluate, perplexity
from rnn.models import LanguageModel
from rnn.training import StepReport, train

OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {"adam": Adam, "sgd": SGD}
SAMPLES = 5  # how many samples are drawn in the course of a run
SAMPLE_LENGTH = 120


@dataclass(frozen=True)
class Event:
    """What happened: a "step", an "epoch" (or other evaluation), a "sample", a "checkpoint", "done".

    Perplexities are per token. A step's is of its minibatch, an epoch's the mean over the updates since the
    last evaluation, done's of the whole training part with the final weights.
    """

    event: str
    step: int
    epoch: int | None = None
    train_perplexity: float | None = None
    held_out_perplexity: float | None = None
    grad_norm: float | None = None
    tokens_per_second: float | None = None
    text: str | None = None
    run: str | None = None

    def row(self) -> dict[str, Any]:
        """The event under the names that programs read."""
        return {k: v for k, v in asdict(self).items() if v is not None}


def updates(settings: Settings, text: Prepared) -> int:
    """How many updates the run will make, give or take one per epoch (the offset of each is drawn)."""
    per_epoch = batches_per_epoch(text.training.size, settings.batch, settings.window, settings.window - 1)
    return settings.steps if settings.steps is not None else per_epoch * (settings.epochs or 1)


def run(settings: Settings, text: Prepared, folder: Path, *, evaluate_every: int | None = None) -> Iterator[Event]:
    """Train, evaluate and save, at the end of each epoch or every so many updates; the last event is "done"."""
    rng = np.random.default_rng(settings.seed)
    model = runs.build(settings, len(text.vocab), rng)
    optimizer = OPTIMIZERS[settings.optimizer](model.parameters(), settings.lr)
    reports = train(
        model,
        optimizer,
        lambda: _epoch(settings, text, rng),
        clip=settings.clip,
        carry=settings.sampling == "sequential",
    )
    wanted, told = updates(settings, text), 0
    losses: list[float] = []
    last: StepReport | None = None
    clock = time.perf_counter()
    for report in reports:
        over = report.epoch > settings.epochs if settings.epochs is not None else report.step > (settings.steps or 0)
        due = last and (report.epoch > last.epoch if evaluate_every is None else last.step % evaluate_every == 0)
        if last and (due or over):
            yield from _milestone(settings, text, folder, model, last, losses)
            losses = []
            if last.step * SAMPLES >= wanted * (told + 1) and not over:
                told += 1
                yield Event("sample", last.step, last.epoch, text=_sample(model, text, settings.seed))
            clock = time.perf_counter()
        if over:
            break
        elapsed, clock = time.perf_counter() - clock, time.perf_counter()
        losses.append(report.loss)
        last = report
        yield _step(report, elapsed)
    assert last is not None  # there is at least one update: the batches have been checked
    yield _done(settings, text, folder, model, last)


def _epoch(settings: Settings, text: Prepared, rng: np.random.Generator) -> Iterator[Minibatch]:
    batches = sequential_batches if settings.sampling == "sequential" else random_batches
    return batches(text.training, settings.batch, settings.window, rng=rng)


def _step(report: StepReport, elapsed: float) -> Event:
    return Event(
        "step", report.step, report.epoch, perplexity(report.loss), grad_norm=report.grad_norm,
        tokens_per_second=round(report.tokens / elapsed),
    )  # fmt: skip


def _milestone(
    settings: Settings, text: Prepared, folder: Path, model: LanguageModel, last: StepReport, losses: list[float]
) -> Iterator[Event]:
    held_out = perplexity(-float(model.log_probs(text.held_out).mean()))
    runs.save(folder, settings, text.vocab, model, last.step)
    event = Event("epoch", last.step, last.epoch, perplexity(math.fsum(losses) / len(losses)), held_out, last.grad_norm)
    runs.log(folder, event.row())
    yield event
    yield Event("checkpoint", last.step, last.epoch, run=str(folder))


def _sample(model: LanguageModel, text: Prepared, seed: int) -> str:
    ids = islice(sample(model, [], rng=np.random.default_rng(seed)), SAMPLE_LENGTH)
    return text.vocab.decode(list(ids))


def _done(settings: Settings, text: Prepared, folder: Path, model: LanguageModel, last: StepReport) -> Event:
    rng = np.random.default_rng(settings.seed)
    scores = [evaluate(model, part, rng=rng).perplexity for part in (text.training, text.held_out)]
    event = Event(
        "done", last.step, last.epoch, scores[0], scores[1], text=_sample(model, text, settings.seed), run=str(folder)
    )
    runs.log(folder, event.row())
    return event
