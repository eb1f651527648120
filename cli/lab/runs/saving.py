"""Weights and checkpoints of a run: what is written, in which order, and what is believed when it is read."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from cli.lab.errors import LabError
from cli.lab.runs import record as records
from cli.lab.runs.folder import BEST, CHECKPOINT, CONFIG, LAST, PREVIOUS, VOCABULARY, fingerprint
from cli.lab.runs.record import Record
from cli.lab.settings import BUDGET, Settings
from data import Vocab
from rnn.checkpoint import State, load_arrays, load_state, save_arrays, save_state
from rnn.errors import RnnError
from rnn.models import LanguageModel


class Saved(NamedTuple):
    """A checkpoint that was read: settings as they were then, state and record; and what had to be said about it."""

    settings: Settings
    state: Mapping[str, Any]
    record: Record
    notes: tuple[str, ...]


def about(settings: Settings, vocab: Vocab, step: int) -> dict[str, str]:
    """What every file of a run says about itself."""
    return {"step": str(step), "settings": json.dumps(settings.row()), "vocabulary": fingerprint(vocab)}


def save_weights(path: Path, settings: Settings, vocab: Vocab, model: LanguageModel, step: int) -> None:
    """Write the weights, under torch's names, in one step."""
    save_arrays(path, model.state_dict(), about(settings, vocab, step))


def save_checkpoint(folder: Path, settings: Settings, vocab: Vocab, state: State, record: Record) -> None:
    """Write all that is needed to go on. There is a whole checkpoint at any moment, and then the one before it too."""
    path, part = folder / CHECKPOINT, folder / f".{PREVIOUS}.{os.getpid()}"
    try:
        if path.exists():
            _link(path, part)
        save_state(path, state, about(settings, vocab, record.step) | {"record": record.written()})
        if part.exists():
            part.replace(folder / PREVIOUS)
    finally:
        part.unlink(missing_ok=True)


def _link(path: Path, other: Path) -> None:
    """Another name for the file; a copy where the disk knows no links."""
    other.unlink(missing_ok=True)
    try:
        os.link(path, other)
    except OSError:
        shutil.copyfile(path, other)


def tidy(folder: Path) -> None:
    """Remove what a killed process has left half-written. Only for who holds the lock."""
    for name in (CONFIG, VOCABULARY, LAST, BEST, CHECKPOINT, PREVIOUS, "metrics.jsonl"):
        for part in folder.glob(f".{name}.*"):
            with suppress(OSError):
                part.unlink()


def read_checkpoint(folder: Path, settings: Settings, vocab: Vocab) -> Saved | None:
    """The last checkpoint, or if it is damaged the one before; None where none has been written.

    Raises RnnError or LabError if none can be read, or if it belongs to other settings or another vocabulary.
    """
    notes: list[str] = []
    for name, other in ((CHECKPOINT, PREVIOUS), (PREVIOUS, None)):
        path = folder / name
        if not path.exists() and (name == PREVIOUS or not (folder / PREVIOUS).exists()):
            continue
        try:
            state, said = load_state(path)
        except RnnError as error:
            if other is None or not (folder / other).exists():
                remedy = "train again; sample and compare need no checkpoint"
                raise LabError(error.what, str(path), remedy) from None
            notes.append(f"{name} cannot be read: {error.what}")
            continue
        found = _checked(settings, vocab, said, path)
        if notes:
            notes.append(f"going on from {name}, step {said['step']}")
        return Saved(found, state, records.read(said["record"]), tuple(notes))
    return None


def load_weights(path: Path, settings: Settings, vocab: Vocab, model: LanguageModel) -> int:
    """Give the model the weights in a file; how many updates made them."""
    try:
        arrays, said = load_arrays(path)
    except RnnError as error:
        raise LabError(error.what, str(path), _other(path)) from None
    _checked(settings, vocab, said, path)
    model.load_state_dict(arrays)
    return int(said["step"])


def _other(path: Path) -> str:
    folder = path.parent
    if (folder / CHECKPOINT).exists():
        return f"rnn-lab train --resume {folder} writes it again"
    other = folder / (LAST if path.name == BEST else BEST)
    return f"take {other}" if other.exists() else "train again"


def _checked(settings: Settings, vocab: Vocab, said: Mapping[str, str], path: Path) -> Settings:
    """The settings that a file was written with; they differ from those of the run in its length at most."""
    if "settings" not in said or "vocabulary" not in said:
        raise LabError("the file says nothing about its run", str(path), "give one that rnn-lab train wrote")
    own, then = settings.row(), json.loads(said["settings"])
    if wrong := [name for name in own if name not in BUDGET and own[name] != then.get(name)]:
        differing = ", ".join(f"{name} {then.get(name)!r}, not {own[name]!r}" for name in wrong[:3])
        what = f"it belongs to a run with {differing}" + (" …" if len(wrong) > 3 else "")
        raise LabError(what, str(path), f"bring back the {CONFIG} of this run, or the file")
    if said["vocabulary"] != fingerprint(vocab):
        raise LabError("it belongs to another vocabulary", str(path), f"bring back the {VOCABULARY} of this run")
    return replace(settings, **{name: then[name] for name in BUDGET})
