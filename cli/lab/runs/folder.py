"""What a run's folder holds, and what its description says.

`config.toml` has the settings, `vocabulary.json` the tokens in the order of their ids, `metrics.jsonl` the history,
`last.safetensors` and `best.safetensors` weights under torch's names, `checkpoint.safetensors` all that is needed to
go on, `checkpoint.previous.safetensors` the same a while before, `lock` the process that trains it.
"""

from __future__ import annotations

import hashlib
import json
from itertools import count
from pathlib import Path

from cli.lab import config
from cli.lab.errors import LabError
from cli.lab.settings import Settings
from data import DataError, Vocab
from rnn.checkpoint import write_atomically

CONFIG, VOCABULARY = "config.toml", "vocabulary.json"
LAST, BEST = "last.safetensors", "best.safetensors"
CHECKPOINT, PREVIOUS = "checkpoint.safetensors", "checkpoint.previous.safetensors"
_DAMAGED = "the file is damaged; train again"


def new_folder(out: str | None, settings: Settings) -> Path:
    """Make the folder to write to: a given one that is free, or the first free `runs/<corpus>-<cell>-<n>`."""
    if out is None:
        return _numbered(Path("runs"), f"{Path(settings.corpus).stem}-{settings.cell}")
    folder = Path(out)
    if folder.exists() and (not folder.is_dir() or any(_not_ours(path) for path in folder.iterdir())):
        raise LabError("there is something already", str(folder), "give another --out, or go on with --resume")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _not_ours(path: Path) -> bool:
    """Whether it is more than what is left of a run that was killed before it had settings."""
    return path.name not in ("lock", VOCABULARY) and not path.name.startswith((f".{CONFIG}.", f".{VOCABULARY}."))


def _numbered(parent: Path, stem: str) -> Path:
    parent.mkdir(exist_ok=True)
    for n in count(1):
        try:
            (folder := parent / f"{stem}-{n}").mkdir()
        except FileExistsError:
            continue
        return folder
    raise AssertionError  # the count does not end


def describe(folder: Path, settings: Settings, vocab: Vocab) -> None:
    """Write settings and vocabulary, each in one step."""
    write_atomically(folder / VOCABULARY, json.dumps(list(vocab.tokens), ensure_ascii=False, indent=0).encode())
    write_atomically(folder / CONFIG, config.written(settings).encode())


def description(folder: Path) -> tuple[Settings, Vocab]:
    """The settings and the vocabulary of a run; LabError names what is missing or damaged."""
    settings = settings_in(folder)
    return settings, _vocabulary(folder / VOCABULARY, settings.tokens)


def settings_in(folder: Path) -> Settings:
    """The settings of a run; LabError for what is none, or another version's."""
    path = folder / CONFIG
    if not folder.is_dir():
        raise LabError("there is no such run", str(folder), "give the folder that rnn-lab train printed")
    if not path.exists():
        old = (folder / "run.json").exists()
        what = "a run of an older version" if old else "the folder is not a run"
        remedy = f"this version reads format {config.FORMAT}; train again" if old else f"give one with a {CONFIG} in it"
        raise LabError(what, str(folder), remedy)
    return config.settings_of(config.parse(path), str(path))


def _vocabulary(path: Path, kind: str) -> Vocab:
    try:
        tokens = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(tokens, list) or not all(type(token) is str for token in tokens):
            raise ValueError("it is no list of tokens")
        return Vocab(tuple(tokens), kind)
    except FileNotFoundError:
        raise LabError("the vocabulary is missing", str(path), "bring it back; without it ids mean nothing") from None
    except (OSError, ValueError, DataError) as error:
        raise LabError(f"the vocabulary cannot be read ({_said(error)})", str(path), _DAMAGED) from None


def fingerprint(vocab: Vocab) -> str:
    """By which weights know the vocabulary that they belong to."""
    return hashlib.sha256(json.dumps([vocab.kind, *vocab.tokens]).encode()).hexdigest()


def _said(error: Exception) -> str:
    return " ".join(str(error).split()).replace(";", ",")
