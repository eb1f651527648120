"""The project's kernels: which there are, what is kept of them, and where."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from numba.core.dispatcher import Dispatcher

import minigrad
import rnn
from minigrad.kernels.compiling import cache_folder, cache_root, machine_code

_ROOMS = (minigrad, rnn)
_SIGN = b"kernels.compiling import"  # in every file that has kernels
_PAGE = bytes(1 << 16)


def kernels() -> dict[str, Any]:
    """Every kernel by module and name, for use inside kernels or from outside; imports them, compiles nothing."""
    return {
        f"{module.__name__}.{name}": value
        for module in map(import_module, _modules())
        for name, value in vars(module).items()
        if isinstance(value, Dispatcher) and value.py_func.__module__ == module.__name__
    }


def _modules() -> Iterator[str]:
    for room in _ROOMS:
        folder = Path(room.__path__[0])
        for file in sorted(folder.rglob("*.py")):
            if _SIGN in file.read_bytes():
                yield ".".join((room.__name__, *file.relative_to(folder).with_suffix("").parts))


def compiled(known: dict[str, Any]) -> int:
    """How many times one of these had to be compiled in this process."""
    return sum(sum(one.stats.cache_misses.values()) for one in known.values())


def lost(known: dict[str, Any]) -> list[str]:
    """Those that were compiled in this process and are not kept."""
    return [name for name, one in known.items() if len(machine_code(one)) < len(one.stats.cache_misses)]


def folders(known: dict[str, Any]) -> set[Path]:
    """The folders in which these kernels are kept, whether they exist or not."""
    return {cache_folder(Path(one.py_func.__code__.co_filename).parent) for one in known.values()}


def obstacle() -> str | None:
    """Why nothing can be kept at present: the folder cannot be written, or the disk is full. None if it can.

    Leaves nothing behind.
    """
    place = cache_root().absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(_PAGE)
            file.flush()
    except OSError as error:
        return "the disk is full" if error.errno == errno.ENOSPC else (error.strerror or str(error)).lower()
    return None


def size(known: dict[str, Any]) -> int:
    """How many bytes the folders hold in which these are kept."""
    return sum(bytes_of(folder) for folder in folders(known))


def bytes_of(folder: Path) -> int:
    """How many bytes lie in a folder; 0 where there is none."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
