"""The computer, the versions, and NumPy's BLAS."""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cli.lab.doctor.results import Blas, Machine

PACKAGES = ("rnn-lab", "numpy", "numba", "llvmlite")
PEERS = ("torch", "jax")
VARIABLES = (
    "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "OMP_NUM_THREADS",
)  # fmt: skip
_LINKED = "numpy.linalg._umath_linalg"  # the file of NumPy that is linked with its BLAS
_THREADS_OF = (  # what libraries call the function that tells; most of them are OpenBLAS
    "scipy_openblas_get_num_threads64_", "scipy_openblas_get_num_threads", "openblas_get_num_threads64_",
    "openblas_get_num_threads", "MKL_Get_Max_Threads",
)  # fmt: skip


def machine() -> Machine:
    """Without importing anything that may be broken."""
    return Machine(
        python=f"{platform.python_implementation()} {platform.python_version()}",
        executable=sys.executable,
        system=f"{platform.system()} {platform.release()}, {platform.machine()}",
        processor=_processor() or platform.processor() or platform.machine(),
        cores=len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1,
        versions=versions(PACKAGES),
        variables={name: os.environ[name] for name in VARIABLES if os.environ.get(name)},
    )


def versions(names: tuple[str, ...]) -> dict[str, str | None]:
    """Of packages as they are installed, which nobody has to import for it; None for those that are not."""
    return {name: _version(name) for name in names}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processor() -> str | None:
    """The name it was sold under, where the system tells."""
    if sys.platform == "darwin":
        asked = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(asked, capture_output=True, text=True, timeout=5, check=False).stdout.strip() or None
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), None)


def blas() -> Blas:
    """As NumPy was built with it."""
    import numpy as np

    config = np.show_config(mode="dicts")
    assert config is not None  # with this mode it returns what it would print
    found: Mapping[str, object] = config["Build Dependencies"]["blas"]
    return Blas(str(found["name"]), str(found["version"]), _threads(import_module(_LINKED).__file__))


def _threads(library: str | None) -> int | None:
    """How many threads the BLAS that this file is linked with would take now, if it has a function that tells."""
    try:
        linked = ctypes.CDLL(library)
    except OSError:
        return None
    for name in _THREADS_OF:
        try:
            return int(linked[name]())
        except AttributeError:
            continue
    return None
