"""The page on others: torch and JAX where they are installed, by the pieces of `rnn-lab bench`."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

from cli.lab.bench import measuring
from cli.lab.bench.implementations import IMPLEMENTATIONS, OURS, Implementation
from cli.lab.bench.results import Timing
from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Excerpt, Figure, Result, Table, at_most
from cli.lessons.speed.clock import ms

WORKLOAD = "rnn-32"
OTHERS = ("torch", "jax")
COMMAND = f"rnn-lab bench {WORKLOAD} --peers PYTHON"


def installed(one: Implementation) -> bool:
    """Whether the Python that runs this has what it needs."""
    return not one.library or find_spec(one.library) is not None


@experiment(rounds=between(1, 9, full=5))
def peers(rounds: int = 3, *, seed: int) -> Result:
    """A training step by everybody who is here, each in a process of its own and with its best number of threads."""
    missing = [IMPLEMENTATIONS[name].title for name in OTHERS if not installed(IMPLEMENTATIONS[name])]
    how: tuple[Figure, ...] = ()
    if missing:
        how = (Excerpt(COMMAND, f"not installed beside rnn-lab: {' and '.join(missing)}; PYTHON is one that has them"),)
    if len(missing) == len(OTHERS):
        return Result(how)
    found = timed(rounds, seed)
    columns: tuple[Column, ...] = (("", "text"), ("a step, ms", "text"), ("threads", "count"))
    rows = tuple((IMPLEMENTATIONS[n].title, t.seconds and ms(t.seconds), t.threads) for n, t in found.by.items())
    wrong = sum(t.wrong for t in found.by.values())
    return Result(
        (Table(columns, rows, f"a training step of {found.workload.what}, median of {rounds} rounds in turn"), *how),
        (at_most("implementations whose first losses are not those of the others", wrong, 0),),
    )


def timed(rounds: int, seed: int) -> Timing:
    """The bench's own measurement, of those who are here."""
    plan = measuring.plan((WORKLOAD,), rounds=rounds, seed=seed, peers=(), threads=None, compiled=False)
    here = {name: one for name, one in IMPLEMENTATIONS.items() if name in (*OURS, *OTHERS) and installed(one)}
    (result,) = measuring.measure(replace(plan, implementations=here), _quietly, {})
    assert isinstance(result, Timing)  # the workload is a training step
    return result


def _quietly(doing: str) -> None:
    """A lesson's page says what it did when it is done."""
