"""Kernels: for which processor they are compiled, in how many threads they run, and what is kept of them."""

from __future__ import annotations

import os
import pickletools
import re
import shutil
from collections import defaultdict
from pathlib import Path

from cli.lab.doctor.results import Cache, Kernels, Older
from cli.lab.kernels import bytes_of, folders, kernels, obstacle, size
from minigrad.kernels.compiling import cache_root, machine_code
from minigrad.kernels.host import host
from minigrad.kernels.threads import num_threads

_FOLDER = re.compile(r"[0-9a-f]{20}")  # so are ours called, and hardly anything of others
_PYTHON = re.compile(r"\.py(\d)(\d+)[a-z]*\.nbi$")


def how() -> Kernels:
    """What kernels are written for."""
    here = host()
    return Kernels(here.name, here.vectors, here.vector_bytes, here.fma, num_threads())


def cache() -> Cache:
    """The folder, and what lies there."""
    root, known = cache_root(), kernels()
    files = [machine_code(kernel) for kernel in known.values()]
    return Cache(
        folder=str(root),
        named_by="NUMBA_CACHE_DIR" if os.environ.get("NUMBA_CACHE_DIR") else None,
        obstacle=obstacle(),
        free=_free(root),
        kernels=sum(map(bool, files)),
        of=len(known),
        variants=sum(map(len, files)),
        bytes=size(known),
        older=_older(root, folders(known)),
    )


def _free(place: Path) -> int | None:
    place = place.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        return shutil.disk_usage(place).free
    except OSError:
        return None


def _older(root: Path, ours: set[Path]) -> tuple[Older, ...]:
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for folder in root.iterdir() if root.is_dir() else ():
        if folder not in ours and _FOLDER.fullmatch(folder.name) and folder.is_dir():
            found[_made_for(folder)].append(bytes_of(folder))
    return tuple(Older(*who, len(sizes), sum(sizes)) for who, sizes in sorted(found.items()))


def _made_for(folder: Path) -> tuple[str, str]:
    """The versions of Numba and of Python, from any of its lists; "?" where there is none."""
    for file in folder.rglob("*.nbi"):
        python = _PYTHON.search(file.name)
        if python and (numba := _first_text(file)):
            return numba, ".".join(python.groups())
    return "?", "?"


def _first_text(file: Path) -> str | None:
    """Numba's version stands first in its list. The list is a pickle, which is read here and not run."""
    try:
        return next((given for _, given, _ in pickletools.genops(file.read_bytes()) if isinstance(given, str)), None)
    except (OSError, ValueError):
        return None
