"""One process trains a run: a lock on its folder that ends with the process that holds it, however it ends."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from cli.lab.errors import LabError

NAME = "lock"
_PATIENCE = 0.5  # seconds: whoever only looks holds it for a moment

if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[str]) -> None:
        file.seek(1 << 20)  # beyond the number, so that others can read it
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder; LabError that names the process which has it. A killed process holds nothing."""
    with (folder / NAME).open("a+", encoding="utf-8") as file:
        until = time.monotonic() + _PATIENCE
        while not _taken(file):
            if time.monotonic() > until:
                what = f"process {_number(folder) or '?'} is training this run"
                raise LabError(what, str(folder), "wait for it, or stop it")
            time.sleep(0.02)
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def holder(folder: Path) -> int | None:
    """The process that is training the run, or None."""
    try:
        with (folder / NAME).open("a+", encoding="utf-8") as file:
            return None if _taken(file) else _number(folder)
    except OSError:
        return None


def _taken(file: IO[str]) -> bool:
    """Where the system has no such locks, nobody is kept out."""
    try:
        _take(file)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True


def _number(folder: Path) -> int | None:
    with suppress(OSError, ValueError):
        return int((folder / NAME).read_text(encoding="utf-8"))
    return None
