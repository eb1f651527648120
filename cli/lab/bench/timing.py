"""Who is timed when: each with its best number of threads, in turn, after all have shown that they agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cli.lab.bench.implementations import Implementation, tried
from cli.lab.bench.processes import Absent, Worker, Wrong
from cli.lab.bench.results import Times, Timing, disagreement
from cli.lab.bench.team import Plan, Team
from cli.lab.bench.workloads import Workload

Tell = Callable[[str], None]

TOLERANCE = 1e-4
"""By how much losses and norms may differ, relatively. They are float32 and summed in different orders."""

TOLERANCE_ON_CUDA = 1e-3
"""The same, and of the norms of all gradients, where cuDNN has orders and approximations of its own."""

TURN = 0.15  # seconds that a worker steps before it is another's turn
WARM = 2.0  # seconds at most until its steps take about as long
MOST = 300  # steps in a turn


@dataclass
class Entrant:
    """A worker that agrees with the others, how many steps it makes in a turn, and its median of each turn."""

    worker: Worker
    steps: int
    rounds: list[float]


def timing(team: Team, workload: Workload, tell: Tell) -> Timing:
    """Median times of every implementation. Those that cannot be measured, or disagree, say why instead."""
    plan, missing, entrants, expected = team.plan, dict[str, Times](), dict[str, Entrant](), list[float]()
    taking_part = [i for i in plan.implementations.values() if _takes_part(i, workload, plan)]
    for implementation in taking_part:
        tell(f"{workload.name}: {implementation.title} gets ready")
        try:
            ready = _ready(team, implementation, workload, expected)
            if implementation.timed:
                entrants[implementation.name] = ready
        except Absent as error:
            missing[implementation.name] = Times(missing=str(error), wrong=isinstance(error, Wrong))
    for i in range(plan.rounds):
        tell(f"{workload.name}: round {i + 1} of {plan.rounds}")
        for name in _turns(entrants, i):
            try:
                _turn(entrants[name], workload, plan)
            except Absent as error:
                missing[name] = Times(missing=str(error))
                del entrants[name]
    found = {name: Times(tuple(e.rounds), e.worker.threads) for name, e in entrants.items()}
    return Timing(workload, {i.name: (found | missing)[i.name] for i in taking_part if i.name in found | missing})


def _takes_part(implementation: Implementation, workload: Workload, plan: Plan) -> bool:
    return implementation.takes(workload) and (plan.compiled or implementation.name != "torch_compile")


def _turns(entrants: dict[str, Entrant], i: int) -> list[str]:
    """Every other round goes in the reverse order."""
    return list(entrants)[:: -1 if i % 2 else 1]


def _turn(entrant: Entrant, workload: Workload, plan: Plan) -> None:
    """By the clock of the processor, or of the GPU."""
    run = "run_on_device" if plan.gpu else "run"
    entrant.rounds.append(entrant.worker.ask(run, name=workload.name, times=entrant.steps))


def _ready(team: Team, implementation: Implementation, workload: Workload, expected: list[float]) -> Entrant:
    """Load, check and warm up with each number of threads; the fastest stays."""
    if implementation.absent:
        raise Absent(implementation.absent)
    settled: dict[float, Worker] = {}
    for threads in tried(implementation, team.plan.threads):
        worker = team.worker(implementation, threads)
        worker.ask("load", workload=workload.fields(), problem=team.problem(workload))
        _agree(_numbers(worker, workload, team.plan), expected, team.plan)
        settled[worker.ask("settle", name=workload.name, limit=WARM)] = worker
    seconds = min(settled)
    return Entrant(settled[seconds], turn_of(seconds), [])


def turn_of(seconds: float) -> int:
    """How many steps of that many seconds are a turn."""
    return max(1, min(MOST, round(TURN / seconds)))


def _numbers(worker: Worker, workload: Workload, plan: Plan) -> list[float]:
    """Losses and norms; on a GPU the norm of each gradient too."""
    found: list[float] = worker.ask("check", name=workload.name)
    return [*found, *worker.ask("gradients", name=workload.name)] if plan.gpu else found


def _agree(found: list[float], expected: list[float], plan: Plan) -> None:
    """The first that computes anything says what is expected. Raises Wrong if this one differs."""
    if not expected:
        expected += found
    elif found and (error := disagreement(found, expected)) > (TOLERANCE_ON_CUDA if plan.gpu else TOLERANCE):
        whose = "our layers on the CPU" if plan.gpu else "the stepwise layers"
        raise Wrong(f"its first losses and norms differ by {error:.1e} from those of {whose}")
