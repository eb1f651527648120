"""What a run in training writes down: history, checkpoints, weights; and what it says when it cannot go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cli.lab.errors import LabError
from cli.lab.events import Event
from cli.lab.runs.folder import BEST, LAST
from cli.lab.runs.history import History
from cli.lab.runs.opening import Opened
from cli.lab.runs.record import Record
from cli.lab.runs.saving import load_weights, save_checkpoint, save_weights
from rnn.errors import RnnError
from rnn.trouble import TrainingStopped


class Trouble(LabError):
    """A run that cannot go on: its loss, gradients or weights are not finite. No fault of the input."""


class Keeper:
    """Writes for a run. Whatever cannot be written is a LabError that says how to go on."""

    def __init__(self, opened: Opened, record: Record):
        self.folder, self.settings, self.vocab = opened.folder, opened.settings, opened.text.vocab
        self.trainer, self.record = opened.trainer, record
        self.history = History(self.folder)
        self.saved_at = record.step if opened.saved else None

    def note(self, event: Event) -> Event:
        """Add the event to the history, soon."""
        self.history.add(event.row())
        return event

    def flush(self) -> None:
        """Write the history, now."""
        self._saving(self.history.flush)

    def best(self) -> None:
        """Keep the weights as the best so far."""
        self._saving(lambda: self._weights(BEST))

    def checkpoint(self) -> None:
        """First the history, so that no checkpoint is ahead of it; then what goes on, and the weights for others."""
        try:
            state = self.trainer.state_dict()
        except TrainingStopped as error:
            raise self.trouble(error) from None

        def write() -> None:
            self.history.flush()
            save_checkpoint(self.folder, self.settings, self.vocab, state, self.record)
            self._weights(LAST)

        self._saving(write)
        self.saved_at = self.record.step

    def mend(self) -> None:
        """Write the last weights again where they cannot be read or are not the last."""
        try:
            if load_weights(self.folder / LAST, self.settings, self.vocab, self.trainer.model) == self.record.step:
                return
        except LabError:
            pass
        self._saving(lambda: self._weights(LAST))

    def trouble(self, error: TrainingStopped) -> Trouble:
        """What to raise for numbers that are not finite; the history says so too."""
        self.note(Event("trouble", self.record.step, self.record.epoch, text=error.what))
        self.flush()
        kept = "nothing had been saved"
        if self.saved_at is not None:
            kept = f"the last good checkpoint is that of step {self.saved_at:,}"
        return Trouble(error.what.replace("; ", ", "), f"{self.folder}, {error.where}", f"{error.remedy}; {kept}")

    def _weights(self, name: str) -> None:
        save_weights(self.folder / name, self.settings, self.vocab, self.trainer.model, self.record.step)

    def _saving(self, write: Callable[[], Any]) -> None:
        try:
            write()
        except RnnError as error:
            raise LabError(error.what, error.where, f"make room; {self._left()}") from None
        except OSError as error:
            what = f"the file cannot be written ({(error.strerror or str(error)).lower()})"
            raise LabError(what, error.filename or str(self.folder), f"make room; {self._left()}") from None

    def _left(self) -> str:
        if self.saved_at is None:
            return f"rnn-lab train --resume {self.folder} begins it again, as nothing had been saved"
        return f"rnn-lab train --resume {self.folder} goes on from step {self.saved_at:,}"
