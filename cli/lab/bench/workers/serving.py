"""Serves one implementation: reads a request a line, answers a line, both JSON, until its input ends.

    python serving.py IMPLEMENTATION.py THREADS VARIANT

The first line it writes is {"version": …}, or {"missing": …} where a library is not there. After that each answer is
{"answer": …} or {"error": …}. Times are in seconds. Python's collector of cycles stays on, as it is for people.
"""

import gc
import importlib.util
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any, TextIO

import numpy as np

STABLE = 1.1  # three steps in a row no further apart than this factor are warm
WARM_STEPS = 3  # of a small problem before memory is looked at, and of the large one


class Server:
    """The works that were loaded, by name, and what can be asked of them."""

    def __init__(self, module: Any):
        self.module = module
        self.works: dict[str, Any] = {}

    def load(self, workload: dict[str, Any], problem: str) -> None:
        """Build it, in place of what bore its name."""
        self.works.pop(workload["name"], None)
        self.works[workload["name"]] = self._built(workload, problem)

    def drop(self, name: str) -> None:
        """Forget it, so that its memory is free for others."""
        self.works.pop(name, None)
        gc.collect()

    def check(self, name: str) -> list[float]:
        """The numbers that all implementations must agree on."""
        return [float(x) for x in self.works[name].check()]

    def settle(self, name: str, limit: float) -> float:
        """Step until three in a row take about as long, or the limit is over: their median.

        What the first step takes, which may compile, is not counted.
        """
        step, last = self.works[name].step, list[float]()
        step()
        end = time.perf_counter() + limit
        while True:
            last = [*last[-2:], _seconds(step)]
            stable = len(last) == 3 and max(last) <= STABLE * min(last)
            if stable or time.perf_counter() > end:
                return statistics.median(last)

    def run(self, name: str, times: int) -> float:
        """Median of that many steps, after one that finds the caches as others left them."""
        step = self.works[name].step
        step()
        return statistics.median(_seconds(step) for _ in range(times))

    def gradients(self, name: str) -> list[float]:
        """The norm of the gradient of each parameter, as the last step left it."""
        return [float(x) for x in self.works[name].gradients()]

    def run_on_device(self, name: str, times: int) -> float:
        """Seconds of each of that many steps in a row, by the device's own clock."""
        step = self.works[name].step
        step()
        return float(self.module.on_device(step, times))

    def memory(self, workload: dict[str, Any], problem: str, small: dict[str, Any], small_problem: str) -> int:
        """Bytes at the highest point of some steps, above what the process had before its inputs were built.

        A few steps of a small problem come first: libraries and machine code are no memory of a step.
        """
        self._steps(small, small_problem)
        gc.collect()
        before = memory_now()
        self._steps(workload, problem)
        return memory_highest() - before

    def _steps(self, workload: dict[str, Any], problem: str) -> None:
        work = self._built(workload, problem)
        for _ in range(WARM_STEPS):
            work.step()

    def _built(self, workload: dict[str, Any], problem: str) -> Any:
        with np.load(problem) as arrays:
            return self.module.load(workload, dict(arrays))


def _seconds(step: Any) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def memory_now() -> int:
    """Resident bytes; the mark of the highest is set back to them where the system allows it."""
    status = Path("/proc/self/clear_refs")
    if not status.exists():
        raise RuntimeError("memory can be measured on Linux only")
    status.write_text("5")
    return _status("VmRSS")


def memory_highest() -> int:
    """Most resident bytes since `memory_now`."""
    return _status("VmHWM")


def _status(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"the system does not say {field}")


def imported(path: str) -> Any:
    """The file as a module."""
    spec = importlib.util.spec_from_file_location("implementation", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def answers() -> TextIO:
    """Standard output, kept for answers: what libraries print goes to standard error."""
    kept = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return kept


def main() -> None:
    """Answer until the input ends."""
    out = answers()

    def say(**answer: Any) -> None:
        out.write(json.dumps(answer) + "\n")
        out.flush()

    path, threads, variant = sys.argv[1:]
    try:
        module = imported(path)
        say(version=module.start(int(threads), variant))
    except ImportError as error:
        say(missing=str(error))
        return
    server = Server(module)
    for line in sys.stdin:
        what, how = json.loads(line)
        try:
            say(answer=getattr(server, what)(**how))
        except Exception as error:  # whatever a library raises is the answer
            say(error=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
