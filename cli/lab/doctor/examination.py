"""Everything in turn; what cannot be looked at is a fault, and the rest is looked at all the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

from cli.lab.doctor.machine import PEERS, blas, machine, versions
from cli.lab.doctor.results import Report

_NO_JIT = "NUMBA_DISABLE_JIT"
_REINSTALL = "install rnn-lab again, into an environment of its own"


def examine() -> Report:
    """The report. Compiles nothing."""
    broken: list[str] = []
    parts = dict(_PARTS)
    if os.environ.get(_NO_JIT, "0") not in ("", "0"):
        broken.append(f"{_NO_JIT} is set, and kernels have to be compiled; unset it")
        parts |= dict.fromkeys(_COMPILED)  # what they would say is a consequence
    found = {name: _part(broken, *where) if where else None for name, where in parts.items()}
    return Report(
        machine=machine(), peers=versions(PEERS), blas=_attempt(broken, blas), broken=tuple(dict.fromkeys(broken)),
        **(found | {"choices": found["choices"] or ()}),
    )  # fmt: skip


_COMPILED = ("kernels", "cache", "choices")
_PARTS: dict[str, tuple[str, str] | None] = {
    "kernels": ("compiled", "how"), "cache": ("compiled", "cache"), "choices": ("choices", "choices"),
    "cuda": ("cuda", "cuda"), "texts": ("texts", "texts"),
}  # fmt: skip
"""Each part, and who finds out about it: a module, imported when its turn has come, and a function in it."""


def _part(broken: list[str], module: str, function: str) -> Any:
    return _attempt(broken, lambda: vars(import_module(f"cli.lab.doctor.{module}"))[function]())


def _attempt(broken: list[str], look: Callable[[], Any]) -> Any:
    try:
        return look()
    except Exception as error:  # whatever a broken installation raises
        broken.append(f"{type(error).__name__}: {' '.join(str(error).split())}; {_REINSTALL}")
        return None
