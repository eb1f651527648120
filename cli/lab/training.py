"""`rnn-lab train`: a run from settings to a folder, told as events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from time import perf_counter
from typing import Any

import numpy as np

from cli.lab.counted import counted
from cli.lab.events import Event
from cli.lab.runs.keeping import Keeper, Trouble
from cli.lab.runs.making import updates
from cli.lab.runs.opening import Opened
from cli.lab.runs.record import Record
from cli.lab.stopping import Stop
from rnn.decoding import sample
from rnn.metrics import evaluate, perplexity
from rnn.models import LanguageModel
from rnn.training import StepReport
from rnn.trouble import Plateau, TrainingStopped, unigram_nats

SAMPLES = 5  # how many samples are drawn in the course of a run
SAMPLE_LENGTH = 120
EVERY_SECONDS = 10.0  # between checkpoints, where no number of steps is given,
SHARE = 20  # and at least so many times what saving one takes
FORESIGHT = "a network that reads backwards has seen the token that it is to foresee"
MISUSE = (
    "two directions are not for foreseeing: reading backwards, the network sees the very token that it is to foresee; "
    "its perplexity will fall towards 1 and mean nothing, and there is none held out; they are for labelling text"
)

__all__ = ["Course", "Trouble"]


class Course:
    """A run on its way: everything that it needs, and where it is. `total` is its updates, None under the clock."""

    def __init__(self, opened: Opened):
        self.settings, self.text, self.folder = opened.settings, opened.text, opened.folder
        self.development, self.notes, self.finished = opened.development, opened.notes, opened.finished
        self.epochs, self.trainer = opened.epochs, opened.trainer
        self.total = updates(opened.settings, opened.text.training.size)
        self.record = opened.saved.record if opened.saved else Record()
        self.keeper = Keeper(opened, self.record)

    @property
    def model(self) -> LanguageModel:
        """The network."""
        return self.trainer.model

    @cached_property
    def counted(self) -> float | None:
        """What counting makes of the part held out."""
        return counted(self.text)

    def events(self, stop: Stop) -> Iterator[Event]:
        """Train, measure and save; the last event is "done", "stopped" if `stop` asked for it, or "finished".

        Raises Trouble for numbers that are not finite, LabError if the disk does not take what has to be saved.
        """
        yield from (self._event("note", text=note) for note in self.notes)
        if self.finished is not None:
            self.keeper.mend()
            yield self._event("finished", run=str(self.folder))
            return
        if self.model.reads_future:
            yield self._event("note", text=MISUSE)
        if not self.record.over(self.settings):
            yield from self._train(stop)
            yield self._checkpoint()
        if stop and not self.record.over(self.settings):
            yield self._event("stopped", run=str(self.folder))
        else:
            yield from self._done()

    def _train(self, stop: Stop) -> Iterator[Event]:
        record, plateau = self.record, Plateau(unigram_nats(self.text.training))
        before, saved, cost = record.seconds, perf_counter(), 0.0
        since = clock = saved
        for report in self._steps():
            now = perf_counter()
            record.take(report.step, report.epoch, report.loss, self.epochs.over)
            record.seconds = before + now - since
            yield self.keeper.note(_step(report, now - clock))
            if (stuck := plateau.see(report.loss)) is not None:
                yield self._event("note", text=f"{stuck.told}; {stuck.causes}")
            if record.due(self.settings):
                yield from self._measured()
            if stop or record.over(self.settings):
                return
            if self._time_to_save(perf_counter() - saved, cost):
                begin = perf_counter()
                yield self._checkpoint()
                saved = perf_counter()
                cost = saved - begin
            clock = perf_counter()

    def _steps(self) -> Iterator[StepReport]:
        try:
            yield from self.trainer.steps()
        except TrainingStopped as error:
            raise self.keeper.trouble(error) from None

    def _time_to_save(self, seconds: float, cost: float) -> bool:
        every = self.settings.checkpoint_every
        return self.record.step % every == 0 if every else seconds > max(EVERY_SECONDS, SHARE * cost)

    def _checkpoint(self) -> Event:
        self.keeper.checkpoint()
        return self._event("checkpoint", run=str(self.folder))

    def _measured(self) -> Iterator[Event]:
        event = self.keeper.note(self._measurement())
        self.keeper.flush()
        chosen = event.development_perplexity if self.development.size else event.train_perplexity
        if chosen is not None and self.record.measured(chosen):
            self.keeper.best()
        yield event
        if self.record.samples < SAMPLES - 1 and self._share() * SAMPLES >= self.record.samples + 1:
            self.record.samples += 1
            yield self._event("sample", text=self._sample())

    def _measurement(self) -> Event:
        return self._event(
            "epoch",
            train_perplexity=self.record.train_perplexity,
            development_perplexity=self._foreseen(self.development),
            held_out_perplexity=self._foreseen(self.text.held_out),
            seconds=round(self.record.seconds, 3),
        )

    @contextmanager
    def _on_the_cpu(self) -> Iterator[LanguageModel]:
        """The network there for as long: at one token after the other a GPU is no faster."""
        device = self.model.rnn.device
        self.model.to("cpu")
        try:
            yield self.model
        finally:
            self.model.to(device)

    def _foreseen(self, ids: Any) -> float | None:
        return None if self.model.reads_future or not ids.size else self._perplexity(ids)

    def _perplexity(self, ids: Any) -> float:
        with self._on_the_cpu() as model:
            return perplexity(-float(model.log_probs(ids).mean()))

    def _share(self) -> float:
        """How much of the run is over."""
        if self.total is None:
            return self.record.seconds / (60 * (self.settings.minutes or 1.0))
        return self.record.step / self.total

    def _sample(self) -> str:
        rng = np.random.default_rng(self.settings.seed)
        with self._on_the_cpu() as model:
            return self.text.vocab.decode(list(islice(sample(model, [], rng=rng), SAMPLE_LENGTH)))

    def _done(self) -> Iterator[Event]:
        record, foresight = self.record, self.model.reads_future
        if self.settings.evaluate_every != 0 and not record.due(self.settings):
            yield self._measurement()  # not one of those that are due, so not in the history, nor the best
        train, held_out = (self._perplexity(self.text.training), None) if foresight else self._scores()
        event = self._event(
            "done", train_perplexity=train, held_out_perplexity=held_out, reason=FORESIGHT if foresight else None,
            last_epoch_perplexity=record.pass_perplexity, kneser_ney_perplexity=self.counted,
            best_step=record.best_step or None, seconds=round(record.seconds, 3), text=self._sample(),
            run=str(self.folder),
        )  # fmt: skip
        self.keeper.note(event)
        self.keeper.flush()
        yield event

    def _scores(self) -> tuple[float, float]:
        rng = np.random.default_rng(self.settings.seed)
        with self._on_the_cpu() as model:
            train, held_out = (evaluate(model, part, rng=rng) for part in (self.text.training, self.text.held_out))
        return train.perplexity, held_out.perplexity

    def _event(self, kind: str, **more: Any) -> Event:
        return Event(kind, self.record.step, self.record.epoch, **more)


def _step(report: StepReport, elapsed: float) -> Event:
    return Event(
        "step", report.step, report.epoch, perplexity(report.loss), grad_norm=report.grad_norm,
        tokens_per_second=round(report.tokens / elapsed),
    )  # fmt: skip
