"""The beginning of a run, and of its continuation: everything checked, its folder locked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cli.lab.errors import LabError
from cli.lab.flags import BY_NAME
from cli.lab.runs import history
from cli.lab.runs.folder import describe, description, new_folder
from cli.lab.runs.lock import locked
from cli.lab.runs.making import Epochs, trainer
from cli.lab.runs.saving import Saved, read_checkpoint, tidy
from cli.lab.settings import BUDGET, Settings
from cli.lab.texts import Prepared, prepare
from data import KINDS, development, entries
from rnn.training import Trainer


@dataclass(frozen=True)
class Opened:
    """A run that may be trained now: its folder, its text, and where it was, if it has been trained before.

    `text.training` is what is trained on; `development` what was set aside of it, empty unless wanted. `finished` is
    the last row of a run that is over. `notes` have to be told.
    """

    folder: Path
    settings: Settings
    text: Prepared
    development: Any
    saved: Saved | None
    finished: Mapping[str, Any] | None
    notes: tuple[str, ...]
    epochs: Epochs
    trainer: Trainer


@contextmanager
def begun(settings: Settings, text: Prepared, out: str | None) -> Iterator[Opened]:
    """A new run, its description written; LabError if the folder is not free."""
    fitted, aside = divided(settings, text)
    epochs = checked(settings, fitted)
    made = trainer(settings, len(text.vocab), epochs)
    folder = new_folder(out, settings)
    with locked(folder):
        tidy(folder)
        describe(folder, settings, text.vocab)
        yield Opened(folder, settings, fitted, aside, None, None, (), epochs, made)


@contextmanager
def resumed(name: str, given: Mapping[str, Any]) -> Iterator[Opened]:
    """The run in a folder, to go on; `given` are the flags that were typed.

    LabError for a flag that is not what the run has, another text, a run that is being trained, or damage that no
    older checkpoint mends.
    """
    folder = Path(name)
    settings, vocab = description(folder)
    with locked(folder):
        tidy(folder)
        text = _text(settings, folder, given.get("corpus"))
        if text.vocab != vocab:
            what = f"its vocabulary of {len(vocab)} tokens is not that of its text, with {len(text.vocab)}"
            raise LabError(what, str(folder), "bring back its vocabulary.json, or train again")
        saved = read_checkpoint(folder, settings, vocab)
        was = settings if saved is None else saved.settings
        notes = () if saved is None else saved.notes
        if was != settings:
            notes += (f"config.toml says another length than the checkpoint, which counts: {_length(was)}",)
        wanted = extended(was, {k: v for k, v in given.items() if k != "corpus"}, folder)
        if wanted != settings:
            describe(folder, wanted, vocab)
        damaged = history.cut(folder, 0 if saved is None else saved.record.step) if _goes_on(saved, wanted) else 0
        if damaged:
            notes += (f"{damaged} lines of the history cannot be read and are left out",)
        fitted, aside = divided(wanted, text)
        epochs = checked(wanted, fitted)
        made = trainer(wanted, len(vocab), epochs)
        if saved is not None:
            made.load_state_dict(saved.state)
        over = history.last(folder, "done") if not _goes_on(saved, wanted) else None
        yield Opened(folder, wanted, fitted, aside, saved, over, notes, epochs, made)


def checked(settings: Settings, text: Prepared) -> Epochs:
    """The passes over a text; DataError if it is too short for a minibatch."""
    epochs = Epochs(settings, text.training)
    epochs(np.random.default_rng(0))
    return epochs


def _goes_on(saved: Saved | None, wanted: Settings) -> bool:
    return saved is None or not saved.record.over(wanted)


def divided(settings: Settings, text: Prepared) -> tuple[Prepared, Any]:
    """The text with what is trained on, and what is set aside to choose by: nothing, unless the settings ask for it."""
    if not settings.sets_aside:
        return text, text.training[:0]
    fitted, aside = (part.astype(np.int64, copy=False) for part in development(text.training))
    characters = KINDS[text.vocab.kind].characters(text.vocab.decode(fitted))
    return replace(text, training=fitted, training_characters=characters), aside


def extended(settings: Settings, given: Mapping[str, Any], folder: Path) -> Settings:
    """The settings with the flags that were typed: those that the run has, a greater length, or another device."""
    own = settings.row()
    changed = {n: v for n, v in given.items() if v != own[n]}
    longer = {n: v for n, v in changed.items() if n in BUDGET and own[n] is not None and v > own[n]}
    wrong = [n for n in changed if n not in longer and n != "device"]
    if wrong:
        said = ", ".join(f"{BY_NAME[n].option} is {_shown(own[n])}, not {_shown(given[n])}" for n in wrong)
        raise LabError(f"the run has other settings: {said}", str(folder), "leave them out, or begin a new run")
    bends = settings.schedule == "cosine" or (settings.schedule != "constant" and settings.decay_every is None)
    if longer and bends:
        what = f"with --schedule {settings.schedule} a longer run would have had other learning rates from the start"
        raise LabError(what, str(folder), "begin a new run of that length")
    return replace(settings, **changed)


def _shown(value: Any) -> str:
    return "not set" if value is None else f"{value}"


def _length(settings: Settings) -> str:
    return ", ".join(f"{name} {v}" for name in BUDGET if (v := getattr(settings, name)) is not None)


def _text(settings: Settings, folder: Path, corpus: str | None) -> Prepared:
    """The text of a run, from where it was or from where one says it is now."""
    origin = corpus or settings.corpus
    if origin not in {entry.name for entry in entries()} and not Path(origin).is_file():
        raise LabError(f"its text {origin} is not there", str(folder), "give it with --corpus PATH")
    cut: dict[str, Any] = {"clean": settings.cleaning, "tokens": settings.tokens, "fraction": settings.split}
    text = prepare(origin, **cut, first=settings.first)
    if text.corpus.sha256 != settings.sha256:
        what = f"its text was {settings.corpus} {settings.sha256[:8]}, and that is {text.corpus.sha256[:8]} now"
        raise LabError(what, str(folder), "bring the text back, or train again")
    return text
