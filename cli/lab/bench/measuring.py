"""A whole run: every workload that was chosen, each result when it is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cli.lab.bench.implementations import cores, pythons
from cli.lab.bench.length import length
from cli.lab.bench.memory import memory
from cli.lab.bench.report import Report, Result
from cli.lab.bench.team import Plan, Team
from cli.lab.bench.timing import Tell, timing
from cli.lab.bench.workloads import LENGTH, MEMORY, Workload, chosen


def plan(
    names: Sequence[str], *, rounds: int, seed: int, peers: Sequence[str], threads: int | None, compiled: bool
) -> Plan:
    """Check what was asked for. Raises LabError for an unknown workload or a `peers` that is no Python."""
    return Plan(chosen(names), rounds, seed, pythons(peers), threads or cores(), compiled)


def measure(plan: Plan, tell: Tell, versions: dict[str, str]) -> Iterator[Result]:
    """Each result once it is measured; `tell` hears what is going on, `versions` takes down who took part."""
    with Team(plan, versions) as team:
        for workload in plan.workloads:
            yield from _results(team, workload, tell)


def _results(team: Team, workload: Workload, tell: Tell) -> Sequence[Result]:
    if workload in LENGTH:
        return length(team, workload, tell)
    return [memory(team, workload, tell) if workload in MEMORY else timing(team, workload, tell)]


def report(results: Sequence[Result], versions: Mapping[str, str]) -> Report:
    """What they come to."""
    return Report(tuple(results), versions, cores())
