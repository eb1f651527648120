"""A file that is being worked on: when it has changed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

INTERVAL = 0.3  # seconds between looks at the file


def changes(path: Path) -> Iterator[None]:
    """Once at the beginning, and after each change; while the file is away, as editors have it, nothing."""
    seen = None
    while True:
        stamp = _stamp(path)
        if (stamp is not None and stamp != seen) or seen is None:
            seen = stamp or (0, 0)
            yield
        time.sleep(INTERVAL)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
