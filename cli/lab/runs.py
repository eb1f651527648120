"""A run's folder: `run.json` says what it is, `last.safetensors` holds its weights, `metrics.jsonl` its history."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from itertools import count
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cli.lab.errors import LabError
from cli.lab.rows import line
from data import KINDS, DataError, Vocab
from minigrad import MinigradError
from rnn.checkpoint import load_arrays, save_arrays, write_atomically
from rnn.layers import LAYERS
from rnn.models import LanguageModel

FORMAT = 3


@dataclass(frozen=True)
class Settings:
    """Everything that decides how a run comes out."""

    corpus: str
    cleaning: str
    tokens: str
    split: float
    sha256: str
    cell: str = "rnn"
    hidden: int = 128
    layers: int = 1
    batch: int = 32
    window: int = 35
    epochs: int | None = 30
    steps: int | None = None
    lr: float = 3e-3
    clip: float = 1.0
    optimizer: Literal["adam", "sgd"] = "adam"
    sampling: Literal["sequential", "random"] = "sequential"
    dtype: Literal["float32", "float64"] = "float32"
    std: float | None = None
    seed: int = 0


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


def build(settings: Settings, vocabulary: int, rng: np.random.Generator) -> LanguageModel:
    """The network that the settings describe, with fresh weights."""
    model = LanguageModel(
        vocabulary, settings.hidden, settings.layers, cell=settings.cell, dtype=np.dtype(settings.dtype), rng=rng
    )
    if settings.std is not None:
        for p in model.parameters():
            p.assign(settings.std * rng.standard_normal(p.shape) if p.ndim > 1 else np.zeros(p.shape))
    return model


def fresh_folder(out: str | None, settings: Settings) -> Path:
    """The folder to write to: a given one that is free, or the first free `runs/<corpus>-<cell>-<n>`."""
    if out is None:
        stem = Path(settings.corpus).stem
        return next(p for n in count(1) if not (p := Path("runs") / f"{stem}-{settings.cell}-{n}").exists())
    folder = Path(out)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise LabError("there is something already", str(folder), "give another --out")
    return folder


def save(folder: Path, settings: Settings, vocab: Vocab, model: LanguageModel, step: int) -> None:
    """Write description and weights, each replaced in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    about = {"format": FORMAT, "settings": asdict(settings), "vocabulary": list(vocab.tokens)}
    write_atomically(folder / "run.json", json.dumps(about, ensure_ascii=False, indent=1).encode())
    save_arrays(folder / "last.safetensors", model.state_dict(), {"step": str(step)})


def log(folder: Path, row: Mapping[str, Any]) -> None:
    """Add a line to the history."""
    with (folder / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write(line(row) + "\n")


def load(folder_name: str) -> Run:
    """The run in a folder; LabError names what is missing or damaged."""
    folder = Path(folder_name)
    settings, vocab = _description(folder)
    arrays, metadata = load_arrays(folder / "last.safetensors")
    model = build(settings, len(vocab), np.random.default_rng(0))
    try:
        model.load_state_dict(arrays)
        step = int(metadata["step"])
    except (MinigradError, KeyError, ValueError) as error:
        raise LabError(
            f"the weights do not belong to this run ({error})", str(folder / "last.safetensors"), "train it again"
        ) from None
    return Run(folder, settings, vocab, model, step)


def _description(folder: Path) -> tuple[Settings, Vocab]:
    path = folder / "run.json"
    if not folder.is_dir():
        raise LabError("there is no such run", str(folder), "give the folder that rnn-lab train printed")
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LabError("the folder is not a run", str(folder), "give one with a run.json in it") from None
    except (OSError, ValueError) as error:
        raise LabError(
            f"the description cannot be read ({error})", str(path), "the file is damaged; train again"
        ) from None
    try:
        if about["format"] != FORMAT:
            raise LabError(
                f"a run of format {about['format']}", str(path), f"this version reads format {FORMAT}; train again"
            )
        settings = _settings(about["settings"])
        return settings, Vocab(tuple(about["vocabulary"]), settings.tokens)
    except LabError:
        raise
    except (KeyError, TypeError, ValueError, DataError) as error:
        raise LabError(
            f"the description is incomplete ({error})", str(path), "the file is damaged; train again"
        ) from None


def _settings(found: dict[str, Any]) -> Settings:
    expected = {f.name for f in fields(Settings)}
    if set(found) != expected:
        raise KeyError(", ".join(sorted(set(found) ^ expected)))
    settings = Settings(**found)
    for name in ("hidden", "layers"):
        size = getattr(settings, name)
        if type(size) is not int or size < 1:
            raise ValueError(f"{name} is {size!r}")
    for name, known in (("cell", LAYERS), ("dtype", ("float32", "float64")), ("tokens", KINDS)):
        if getattr(settings, name) not in known:
            raise ValueError(f"{name} is {getattr(settings, name)!r}")
    return settings
