"""A whole run: every workload that was chosen, each result when it is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cli.lab.bench.implementations import ON_CUDA, cores, pythons
from cli.lab.bench.length import length
from cli.lab.bench.memory import memory
from cli.lab.bench.report import Report, Result
from cli.lab.bench.team import Plan, Team
from cli.lab.bench.timing import Tell, timing
from cli.lab.bench.workloads import LENGTH, MEMORY, Workload, chosen
from cli.lab.errors import LabError
from minigrad.devices import found


def plan(
    names: Sequence[str], *, rounds: int, seed: int, peers: Sequence[str], threads: int | None, compiled: bool,
    device: str = "cpu",
) -> Plan:  # fmt: skip
    """Check what was asked for. LabError for an unknown workload, a `peers` that is no Python, a device not at hand."""
    made = Plan(chosen(names, device), rounds, seed, pythons(peers), threads or cores(), compiled)
    return made if device == "cpu" else replace(made, implementations=ON_CUDA, gpu=_gpu(compiled))


def _gpu(compiled: bool) -> str:
    """The name of the GPU; LabError where none can be timed."""
    there, where = found(), "--device cuda"
    if compiled:
        raise LabError("torch.compile is timed on the CPU only", where, "leave out --compile")
    if there.missing:
        raise LabError(f"cuda cannot be used here: {there.missing}", where, "rnn-lab doctor says what helps")
    if there.simulated:
        what = "Numba's simulator is on, whose times say nothing of a GPU"
        raise LabError(what, where, "unset NUMBA_ENABLE_CUDASIM, on a machine with a GPU")
    return there.device


def measure(plan: Plan, tell: Tell, versions: dict[str, str]) -> Iterator[Result]:
    """Each result once it is measured; `tell` hears what is going on, `versions` takes down who took part."""
    with Team(plan, versions) as team:
        for workload in plan.workloads:
            yield from _results(team, workload, tell)


def _results(team: Team, workload: Workload, tell: Tell) -> Sequence[Result]:
    if workload in LENGTH:
        return length(team, workload, tell)
    return [memory(team, workload, tell) if workload in MEMORY else timing(team, workload, tell)]


def report(results: Sequence[Result], versions: Mapping[str, str], gpu: str = "") -> Report:
    """What they come to."""
    return Report(tuple(results), versions, cores(), gpu)
