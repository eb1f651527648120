"""The one way a kernel is compiled: Numba, cached by the text of every kernel.

Numba's own cache looks at the file a kernel stands in and not at the helpers it calls: after a change in a helper
it returns the old answer. Here the cache folder's name is a hash of all files in the kernel's folder and in this
one, of Numba's version and of the processor, so a change anywhere compiles afresh.

The cache is a help and never a condition: a disk that is full, a folder that cannot be written and a file that has
been spoilt cost the time to compile again, and a line in the log.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, overload

import llvmlite.binding
import numba
from numba.core import caching, serialize
from numba.core.types import unliteral
from platformdirs import user_cache_path

log = logging.getLogger("minigrad.kernels")  # at INFO, once in a process: something has to be compiled

# LLVM may fuse a multiply and an add; it may not assume that there are no NaNs, nor reorder sums.
FLAGS = {"contract"}

_caching: Any = caching  # Numba's own annotations, where there are any, are not of the strict kind
_serialize: Any = serialize
_unliteral: Any = unliteral


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


@overload
def kernel(function: Callable[..., Any]) -> Any: ...
@overload
def kernel(*, noalias: bool) -> Callable[[Callable[..., Any]], Any]: ...
def kernel(function: Callable[..., Any] | None = None, *, noalias: bool = False) -> Any:
    """Compile `function` on first use and keep the machine code. Types are those of the first call's arguments.

    With `noalias` the arrays given never overlap, which lets LLVM make vectors of loops over many of them.
    """
    if function is None:
        return partial(kernel, noalias=noalias)
    compiled = numba.njit(function, fastmath=FLAGS, error_model="numpy", nogil=True)
    compiled._cache = _KernelCache(function)  # where `cache=True` puts Numba's own
    if noalias:
        compiled._compiler._customize_flags = _without_aliases  # as Numba does for its own parallel loops
    # A kernel that calls another with a number written out would have it compiled for that very number.
    template = compiled.get_call_template
    compiled.get_call_template = lambda args, kws: template(
        tuple(map(_unliteral, args)), {name: _unliteral(kind) for name, kind in kws.items()}
    )
    return compiled


def machine_code(kernel: Any) -> list[Path]:
    """The files that are kept of a kernel, one for each combination of types it was called with."""
    kept: _KernelCache = kernel._cache
    return kept.files()


def _without_aliases(flags: Any) -> Any:
    flags.noalias = True
    return flags


class _Folder(_caching._CacheLocator):  # type: ignore[misc]  # Any, as Numba leaves it
    """Says where a kernel's files lie: in the folder whose name stands for all sources, so that no stamp is needed.

    Nothing is tried or written there before there is something to keep.
    """

    def __init__(self, function: Callable[..., Any], file: str):
        self._path, self._line = cache_folder(Path(file).parent), function.__code__.co_firstlineno

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> _Folder:
        """The place of this kernel's files."""
        return cls(py_func, py_file)

    def get_cache_path(self) -> str:
        """The folder."""
        return str(self._path)

    def get_source_stamp(self) -> str:
        """The same for all that ever lie there."""
        return self._path.name

    def get_disambiguator(self) -> str:
        """What tells functions of one name in one file apart."""
        return str(self._line)


class _Sealed(_caching.CompileResultCacheImpl):  # type: ignore[misc]  # Any, as Numba leaves it
    """Machine code with its hash: bits that have changed on the disk must not be run."""

    _locator_classes = (_Folder,)

    def reduce(self, cres: Any) -> tuple[bytes, bytes]:
        """The seal and what is sealed."""
        code = _serialize.dumps(super().reduce(cres))
        return hashlib.sha256(code).digest(), code

    def rebuild(self, target_context: Any, payload: tuple[bytes, bytes]) -> Any:
        """Raises ValueError where the seal is broken."""
        seal, code = payload
        if hashlib.sha256(code).digest() != seal:
            raise ValueError("its hash is wrong")
        return super().rebuild(target_context, pickle.loads(code))


class _KernelCache(_caching.FunctionCache):  # type: ignore[misc]  # Any, as Numba leaves it
    """What is kept of one kernel. Whatever is wrong with it, the kernel is compiled instead."""

    _impl_class = _Sealed

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The machine code for arguments of these types, or None."""
        found = None
        try:
            found = super().load_overload(sig, target_context)
        except OSError:
            pass  # where nothing can be read nothing can be kept either, which is said then
        except Exception as error:  # whatever a spoilt file makes of itself
            _warn("a kept kernel cannot be read, and is compiled again", error)
        if found is None:
            _announce()
            log.debug("compiling %s for %s", self._name, sig)
        return found

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep it, if that can be done."""
        try:
            self._save(sig, data)
        except Exception as error:
            _warn("compiled kernels cannot be kept, and are compiled again next time", error)

    def files(self) -> list[Path]:
        """Those of the machine code."""
        return list(Path(self.cache_path).glob(f"{self._impl.filename_base}.*.nbc"))

    def _save(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except OSError:
            raise
        except Exception:  # the list of what is kept is spoilt: begin another
            self.flush()
            super().save_overload(sig, data)


@cache
def _announce() -> None:
    log.info("compiling kernels, which happens once")


_warned: set[str] = set()


def _warn(what: str, error: Exception) -> None:
    """Once in a process: what happens to one kernel happens to the others too."""
    if what not in _warned:
        _warned.add(what)
        why = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
        log.warning("%s; %s; in %s", what, why, cache_root())
