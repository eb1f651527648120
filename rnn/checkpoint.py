"""Weights on disk: safetensors, which holds arrays and a few strings and can run nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from minigrad.graph import Array
from rnn.errors import RnnError


def write_atomically(path: Path, content: bytes) -> None:
    """Replace the file in one step: whoever reads it, or stops us, finds the old content or the new, never a part."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def save_arrays(path: Path, arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """Write arrays by name, and strings by name, as one safetensors file."""
    write_atomically(path, save(dict(arrays), dict(metadata)))


def load_arrays(path: Path) -> tuple[dict[str, Array], dict[str, str]]:
    """The arrays and strings that `save_arrays` wrote; RnnError if the file is absent or damaged."""
    try:
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except FileNotFoundError:
        raise RnnError("there are no weights", str(path), "give the folder of a run that has saved some") from None
    except (SafetensorError, OSError, ValueError):
        raise RnnError("the weights cannot be read", str(path), "the file is damaged; train again") from None
