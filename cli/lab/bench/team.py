"""The workers of a run: started when they are needed, kept for the next workload, ended together."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from cli.lab.bench import problem
from cli.lab.bench.implementations import IMPLEMENTATIONS, Implementation
from cli.lab.bench.processes import Absent, Worker
from cli.lab.bench.workloads import Workload


@dataclass(frozen=True)
class Plan:
    """What will be measured. `pythons` are searched for peers in turn; `threads` are those of ours, `gpu` its name."""

    workloads: tuple[Workload, ...]
    rounds: int
    seed: int
    pythons: tuple[str, ...]
    threads: int
    compiled: bool = False
    implementations: Mapping[str, Implementation] = field(default_factory=lambda: IMPLEMENTATIONS)
    gpu: str = ""


class Team:
    """Workers by implementation and number of threads. One that has ended is started anew at the next workload."""

    def __init__(self, plan: Plan, versions: dict[str, str]):
        self.plan, self.versions = plan, versions
        self._workers: dict[tuple[str, int], Worker] = {}
        self._absent: dict[str, Absent] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="rnn-lab-bench-")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        for worker in self._workers.values():
            worker.close()
        self._folder.cleanup()

    def worker(self, implementation: Implementation, threads: int) -> Worker:
        """The worker, started if there is none. Raises Absent, at once where a library is known to be missing."""
        found = self._workers.get((implementation.name, threads))
        if found is None or not found.alive:
            found = self._workers[implementation.name, threads] = self.fresh(implementation, threads)
        return found

    def fresh(self, implementation: Implementation, threads: int) -> Worker:
        """One more worker, which is the caller's to close."""
        library = implementation.library
        if library in self._absent:
            raise self._absent[library]
        why: dict[str, None] = {}
        for python in self.plan.pythons if implementation.peer else (sys.executable,):
            try:
                found = Worker(implementation, threads, python)
            except Absent as error:
                why[str(error)] = None
            else:
                self.versions[library or implementation.name] = found.version
                return found
        absent = Absent("; ".join(why))
        if library:
            self._absent[library] = absent
        raise absent

    def problem(self, workload: Workload) -> str:
        """The path of its arrays."""
        return str(problem.write(workload, Path(self._folder.name), self.plan.seed))
