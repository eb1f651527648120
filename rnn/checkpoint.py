"""Weights and states on disk: safetensors, which holds arrays and a few strings and can run nothing.

Every file carries a SHA-256 of itself, so that one that was cut short or changed is refused and never read wrongly.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from minigrad.graph import Array
from rnn.errors import RnnError

State = dict[str, Array | float | int | str]
"""What a training needs to go on: arrays, numbers and strings by name."""

_DIGEST = "sha256"
_BLANK = "0" * 64  # stands in the digest's place while the file is hashed


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
    with suppress(OSError):  # the new name is there; that it outlives a power cut is up to the folder, where it can
        _settle(path.parent)


def _settle(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def save_arrays(path: Path, arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """Write arrays by name, and strings by name, as one safetensors file; RnnError, and the old one stays, if it fails.

    The name `sha256` in the metadata is the file's own: the digest of all its bytes, with zeros for these 64.
    """
    whole = {name: np.asarray(array, order="C") for name, array in arrays.items()}  # `save` would mix up a transpose
    content = bytearray(save(whole, {**metadata, _DIGEST: _BLANK}))
    place = _place(content)
    content[place : place + 64] = _digest(content, place).encode()
    try:
        write_atomically(path, bytes(content))
    except OSError as error:
        what = f"the file cannot be written ({(error.strerror or str(error)).lower()})"
        raise RnnError(what, str(path), "make room or give another folder (the old file is as it was)") from None


def load_arrays(path: Path) -> tuple[dict[str, Array], dict[str, str]]:
    """The arrays and strings that `save_arrays` wrote; RnnError if the file is absent, or not as it was written."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise RnnError("there are no weights", str(path), "give the folder of a run that has saved some") from None
    except OSError as error:
        what = f"the file cannot be read ({(error.strerror or str(error)).lower()})"
        raise RnnError(what, str(path), "check the path and its permissions") from None
    metadata = _verified(content, path)
    try:
        return {name: array.copy() for name, array in load(content).items()}, metadata
    except (SafetensorError, KeyError, ValueError) as error:
        raise RnnError(f"the file cannot be read ({error})", str(path), "write it with this version") from None


def save_state(path: Path, state: Mapping[str, Array | float | int | str], about: Mapping[str, str]) -> None:
    """Write a training's state, and strings about it: arrays under their names, the rest in the metadata."""
    arrays = {name: value for name, value in state.items() if isinstance(value, np.ndarray)}
    rest = {name: value for name, value in state.items() if name not in arrays}
    save_arrays(path, arrays, {"state": json.dumps(rest), "about": json.dumps(dict(about))})


def load_state(path: Path) -> tuple[State, dict[str, str]]:
    """The state and the strings that `save_state` wrote; RnnError as `load_arrays`, or if the file holds no state."""
    arrays, metadata = load_arrays(path)
    try:
        return {**arrays, **json.loads(metadata["state"])}, json.loads(metadata["about"])
    except (KeyError, ValueError):
        raise RnnError("the file holds no state of a training", str(path), "give one that a training saved") from None


def rng_state(generator: np.random.Generator) -> str:
    """Where a generator stands, as JSON."""
    return json.dumps(generator.bit_generator.state, default=lambda array: array.tolist())


def restore_rng(generator: np.random.Generator, state: str) -> None:
    """Put the generator where `rng_state` found it; RnnError, and it stays, if it is of another kind."""
    before = generator.bit_generator.state
    try:
        generator.bit_generator.state = json.loads(state)
    except (KeyError, TypeError, ValueError, OverflowError, IndexError) as error:
        generator.bit_generator.state = before
        what = f"a {before['bit_generator']} generator cannot stand there ({error})"
        raise RnnError(what, "restore_rng", "give the state of a generator of the same kind") from None


def _digest(content: bytes | bytearray, place: int) -> str:
    """SHA-256 of the file with its digest, the 64 bytes at `place`, blank."""
    view, found = memoryview(content), hashlib.sha256()
    for piece in (view[:place], _BLANK.encode(), view[place + 64 :]):
        found.update(piece)
    return found.hexdigest()


def _place(content: bytes | bytearray) -> int:
    return content.index(f'"{_DIGEST}":"'.encode(), 8) + len(_DIGEST) + 4


def _verified(content: bytes, path: Path) -> dict[str, str]:
    """The metadata of a file whose digest is that of its bytes."""
    try:
        metadata: dict[str, Any] = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
        place = _place(content)
        whole = content[place : place + 64].decode() == metadata.pop(_DIGEST) == _digest(content, place)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        whole = False
    if not whole:
        raise RnnError("the file is damaged: not as it was written", str(path), "take an older one, or train again")
    return metadata
