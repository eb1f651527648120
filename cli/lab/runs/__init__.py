"""Runs of training in folders: written by train, read by sample, compare and runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cli.lab.errors import LabError
from cli.lab.runs.folder import BEST, LAST, describe, description, new_folder
from cli.lab.runs.network import build
from cli.lab.runs.saving import load_weights
from cli.lab.settings import Settings
from data import Vocab
from rnn.models import LanguageModel

__all__ = ["Run", "Settings", "build", "describe", "load", "new_folder"]


@dataclass(frozen=True)
class Run:
    """A saved run, its model ready to use; `step` is the number of updates that made its weights."""

    folder: Path
    settings: Settings
    vocab: Vocab
    model: LanguageModel
    step: int

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name


def load(folder_name: str) -> Run:
    """The run in a folder with its last weights, or with those of a file in it, such as RUN/best.safetensors.

    LabError names what is missing, damaged or foreign.
    """
    given = Path(folder_name)
    one_file = given.name in (BEST, LAST) and not given.is_dir()
    folder = given.parent if one_file else given
    settings, vocab = description(folder)
    path = given if one_file else folder / LAST
    if not path.exists():
        raise LabError("no weights have been saved yet", str(path), f"rnn-lab train --resume {folder} goes on")
    model = build(replace(settings, device="cpu"), len(vocab), np.random.default_rng(0))
    return Run(given, settings, vocab, model, load_weights(path, settings, vocab, model))
