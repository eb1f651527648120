"""A run's history, `metrics.jsonl`: a row for each step and each measurement, written in blocks."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.lab.rows import line
from rnn.checkpoint import write_atomically

NAME = "metrics.jsonl"
MEASURED = ("epoch", "done", "trouble")
_BLOCK = 1 << 16  # characters kept back
_TAIL = 1 << 13  # bytes at the end, more than any row
_STEP = b'{"event": "step"'


class History:
    """Adds rows. What is kept back is written by `flush`, on closing, and whenever it has become much."""

    def __init__(self, folder: Path):
        self._path, self._kept, self._size = folder / NAME, list[str](), 0

    def add(self, row: Mapping[str, Any]) -> None:
        """A row, soon."""
        text = line(row) + "\n"
        self._kept.append(text)
        self._size += len(text)
        if self._size > _BLOCK:
            self.flush()

    def flush(self) -> None:
        """Everything, now, on the disk. A whole block or nothing: a part of a row would spoil the next."""
        if not self._kept:
            return
        block = "".join(self._kept).encode()
        with self._path.open("ab") as file:
            before = file.tell()
            try:
                file.write(block)
                file.flush()
            except OSError:
                os.ftruncate(file.fileno(), before)
                raise
        self._kept, self._size = [], 0


def measured(folder: Path) -> list[dict[str, Any]]:
    """The rows that are no steps: these are few, and the others are not even parsed."""
    try:
        with (folder / NAME).open("rb") as file:
            found = (_row(raw) for raw in file if not raw.startswith(_STEP))
            return [row for row in found if row is not None and row["event"] in MEASURED]
    except FileNotFoundError:
        return []


def tail(folder: Path) -> dict[str, Any] | None:
    """The last row that can be read."""
    try:
        with (folder / NAME).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            return next((row for raw in reversed(file.readlines()) if (row := _row(raw)) is not None), None)
    except FileNotFoundError:
        return None


def last(folder: Path, event: str) -> dict[str, Any] | None:
    """The last row of a kind, if it is the last of all that are no steps."""
    found = measured(folder)
    return found[-1] if found and found[-1]["event"] == event else None


def cut(folder: Path, step: int) -> int:
    """Forget what came after a step, and the end of the run; how many lines could not be read."""
    path = folder / NAME
    if not path.exists():
        return 0
    kept, damaged = [], 0
    with path.open("rb") as file:
        for raw in file:
            row = _row(raw)
            damaged += row is None and raw.endswith(b"\n")  # a last line that is torn is nothing to speak of
            if row is not None and row["step"] <= step and row["event"] not in ("done", "trouble"):
                kept.append(raw if raw.endswith(b"\n") else raw + b"\n")
    write_atomically(path, b"".join(kept))
    return damaged


def _row(raw: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(raw)
        return row if type(row["step"]) is int and type(row["event"]) is str else None
    except (ValueError, KeyError, TypeError):
        return None
