"""How the cost of a training step grows with T and with B."""

from __future__ import annotations

from cli.lab.bench.processes import Absent, Worker
from cli.lab.bench.report import Length
from cli.lab.bench.results import Times
from cli.lab.bench.team import Team
from cli.lab.bench.timing import WARM, Tell, turn_of
from cli.lab.bench.workloads import Workload, growing


def length(team: Team, workload: Workload, tell: Tell) -> list[Length]:
    """Our median time of a step at each length, lengths in turn."""
    sizes = list(growing(workload))
    worker, missing, turns = team.worker(team.plan.implementations["ours"], team.plan.threads), "", dict[str, int]()
    rounds: dict[str, list[float]] = {one.name: [] for _, one in sizes}
    try:
        for _, one in sizes:
            tell(f"{one.name}: warming up")
            turns[one.name] = _warm(worker, team, one)
        for i in range(team.plan.rounds):
            tell(f"{workload.name}: round {i + 1} of {team.plan.rounds}")
            for _, one in sizes:
                rounds[one.name].append(worker.ask("run", name=one.name, times=turns[one.name]))
    except Absent as error:
        missing = str(error)
    times = {name: Times(tuple(each), worker.threads, missing if not each else "") for name, each in rounds.items()}
    return [Length(one, times[one.name], axis) for axis, one in sizes]


def _warm(worker: Worker, team: Team, workload: Workload) -> int:
    """Load it, and say how many steps are a turn."""
    worker.ask("load", workload=workload.fields(), problem=team.problem(workload))
    return turn_of(worker.ask("settle", name=workload.name, limit=WARM))
