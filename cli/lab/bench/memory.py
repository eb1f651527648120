"""The highest point of memory in a training step."""

from __future__ import annotations

from dataclasses import replace

from cli.lab.bench.implementations import Implementation
from cli.lab.bench.processes import Absent
from cli.lab.bench.report import Memory
from cli.lab.bench.team import Team
from cli.lab.bench.timing import Tell
from cli.lab.bench.workloads import Workload

TAKING_PART = ("ours", "stepwise", "torch", "jax")
SMALL = 4  # steps and rows of the problem with which libraries and kernels are loaded


def memory(team: Team, workload: Workload, tell: Tell) -> Memory:
    """Each implementation in a process of its own, which is new and may use all cores."""
    found: dict[str, int | str] = {}
    for implementation in map(team.plan.implementations.__getitem__, TAKING_PART):
        tell(f"{workload.name}: {implementation.title}")
        try:
            found[implementation.name] = _highest(team, implementation, workload)
        except Absent as error:
            found[implementation.name] = str(error)
    return Memory(workload, found)


def _highest(team: Team, implementation: Implementation, workload: Workload) -> int:
    small = replace(workload, name=f"{workload.name}-small", steps=SMALL, batch=SMALL)
    worker = team.fresh(implementation, team.plan.threads)
    try:
        return worker.ask(
            "memory", workload=workload.fields(), problem=team.problem(workload),
            small=small.fields(), small_problem=team.problem(small),
        )  # fmt: skip
    finally:
        worker.close()
