"""Who takes part: a file of `workers/` each, and under which numbers of threads it is tried."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.lab.bench.workloads import Workload
from cli.lab.errors import LabError

WORKERS = Path(__file__).with_name("workers")
OURS = ("ours", "stepwise")


@dataclass(frozen=True)
class Implementation:
    """One way to compute a workload. A peer may live under another Python, `ours` lives under this one.

    `library` is what has to be installed for it; `variant` is handed to its worker. What is not `timed` says what the
    others must agree with. `absent` is why it does not take part at all.
    """

    name: str
    title: str
    script: Path
    variant: str = ""
    library: str = ""
    timed: bool = True
    absent: str = ""

    @property
    def peer(self) -> bool:
        """Whether it is compared with, rather than a part of this project."""
        return bool(self.library)

    def takes(self, workload: Workload) -> bool:
        """Whether it has anything to do there: the floor has no generation, nn.LSTM's loop nothing else."""
        return self.name != ("floor" if workload.tokens else "torch_layer")


IMPLEMENTATIONS = {
    one.name: one
    for one in (
        Implementation("stepwise", "stepwise", WORKERS / "ours.py", "stepwise"),
        Implementation("ours", "ours", WORKERS / "ours.py", "auto"),
        Implementation("torch", "torch", WORKERS / "with_torch.py", "eager", "torch"),
        Implementation("torch_layer", "torch, nn.LSTM", WORKERS / "with_torch.py", "layer", "torch"),
        Implementation("torch_compile", "torch.compile", WORKERS / "with_torch.py", "compile", "torch"),
        Implementation("jax", "JAX", WORKERS / "with_jax.py", "", "jax"),
        Implementation("floor", "floor", WORKERS / "floor.py"),
    )
}
"""By name, the first being what the others must agree with."""

ON_CUDA = {
    one.name: one
    for one in (
        Implementation("cpu", "ours on the CPU", WORKERS / "ours.py", "auto", timed=False),
        Implementation("ours", "ours", WORKERS / "ours.py", "cuda"),
        Implementation("torch", "torch", WORKERS / "with_torch.py", "cuda", "torch"),
        Implementation("jax", "JAX", WORKERS / "with_jax.py", "", "jax", absent="JAX is not timed on a GPU"),
    )
}
"""The same on a GPU."""


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def tried(implementation: Implementation, threads: int) -> tuple[int, ...]:
    """Numbers of threads: for ours the one asked for, for others 1, 2, 4 … and all cores, the best of which counts."""
    if implementation.name in OURS or not implementation.timed or implementation.variant == "cuda":
        return (threads,)
    return tuple(sorted({*(1 << n for n in range(cores().bit_length()) if 1 << n < cores()), cores()}))


def environment(threads: int) -> Mapping[str, str]:
    """What libraries read when they are imported, so that none of them uses more threads than these."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "NPROC")
    eigen = "" if threads > 1 else " --xla_cpu_multi_thread_eigen=false"  # NPROC sizes the rest of JAX's threads
    return dict.fromkeys(names, str(threads)) | {"XLA_FLAGS": os.environ.get("XLA_FLAGS", "") + eigen}


def pythons(given: Sequence[str]) -> tuple[str, ...]:
    """The interpreters in which peers are looked for; this one if none is given. Each has to run Python."""
    for python in given:
        if why := _no_python(python):
            raise LabError(why, "--peers", "give the path of a Python that has torch or JAX, such as .venv/bin/python")
    return tuple(given) or (sys.executable,)


def _no_python(path: str) -> str:
    """Why it is none; empty if it is one."""
    if shutil.which(path) is None:
        return f"{path} is no program" if Path(path).exists() else f"there is no {path}"
    try:
        said = subprocess.run([path, "-c", "print(6 * 7)"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return f"{path} is no Python"
    return "" if said.stdout.strip() == "42" else f"{path} is no Python"
