"""Writing a file in one step: whoever reads it finds the old content or the new, never a part of it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which takes the place of `path` once the block has ended well, and is gone otherwise."""
    part = beside(path)
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def beside(path: Path) -> Path:
    """A hidden name of this process in the same folder, hence on the same disk."""
    return path.with_name(f".{path.name}.{os.getpid()}")
