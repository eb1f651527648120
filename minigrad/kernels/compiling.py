"""The one way a kernel is compiled: Numba, cached by the text of every kernel.

Numba's own cache looks at the file a kernel stands in and not at the helpers it calls: after a change in a helper
it returns the old answer. Here the cache folder's name is a hash of all files in the kernel's folder and in this
one, of Numba's version and of the processor, so a change anywhere compiles afresh.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite.binding
import numba
import numba.core.config
from platformdirs import user_cache_path

config: Any = numba.core.config  # its settings are made when it is imported, which no annotation says
log = logging.getLogger(__name__)

# LLVM may fuse a multiply and an add; it may not assume that there are no NaNs, nor reorder sums.
FLAGS = {"contract"}


def cache_root() -> Path:
    """The folder under which all compiled kernels lie; NUMBA_CACHE_DIR moves it."""
    set_by_user = os.environ.get("NUMBA_CACHE_DIR")
    return Path(set_by_user) if set_by_user else user_cache_path("rnn-lab") / "kernels"


@cache
def cache_folder(kernels: Path) -> Path:
    """The cache folder for the kernels whose sources lie in `kernels`."""
    digest = hashlib.sha256()
    for source in sorted({*kernels.glob("*.py"), *Path(__file__).parent.glob("*.py")}):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    digest.update(f"{numba.__version__} {llvmlite.binding.get_host_cpu_name()}".encode())
    return cache_root() / digest.hexdigest()[:20]


def kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` on first use and keep the machine code. Types are those of the first call's arguments."""
    before = config.CACHE_DIR
    config.CACHE_DIR = str(cache_folder(Path(function.__code__.co_filename).parent))
    try:
        return numba.njit(function, cache=True, fastmath=FLAGS, error_model="numpy")
    except RuntimeError as error:  # nowhere to write: compile in every process rather than fail
        log.warning("kernels are not cached: %s", error)
        return numba.njit(function, fastmath=FLAGS, error_model="numpy")
    finally:
        config.CACHE_DIR = before
