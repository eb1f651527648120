"""How fast Value and its tape are beside micrograd, with Python's collector of cycles on and off: ratios.

    python tests/benchmarks/scalar.py            about a minute
    python tests/benchmarks/scalar.py --json     the same as JSON Lines
    python tests/benchmarks/scalar.py --quick --rounds 1

The work is the loss of a network 2-16-16-1 over 100 points and its gradients, as in micrograd's demonstration: some
65,000 nodes. micrograd is optional: `pip install micrograd` in an environment of your own that has this project too.

Each engine has a process of its own. In each round every process in turn answers with its median of a few runs; every
other round goes in the reverse order. Printed is how many times faster the first is: the ratio of the medians over
all rounds, its range over the rounds, and the medians. Before anything is timed the gradients are compared; if they
disagree the exit status is 1. Times are not judged: a ratio that misses its goal is printed like any other. `--cpu`
counts processor time, all threads together: for a machine that has other work.
"""

import argparse
import json
import os
import platform
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np
from engine_rows import duration
from worker import Worker

TOLERANCE = 1e-12


@dataclass(frozen=True)
class Row:
    """How many times faster, or smaller, `ours` is than `peer`."""

    what: str
    ours: float
    peer: float
    ratio: float
    low: float
    high: float
    goal: float | None
    unit: str = "s"

    def text(self):
        show = duration if self.unit == "s" else lambda b: f"{b:,.0f} bytes"
        goal = "" if self.goal is None else f"at least {self.goal:,g}"
        front = f"{self.ratio:8,.1f}  {f'({self.low:,.1f}-{self.high:,.1f})':<19} {goal:<15}"
        return f"{front} {self.what}: {show(self.ours)} for {show(self.peer)}"


def started(engine, *how):
    """A process for the engine."""
    program = Path(__file__).with_name("scalar_worker.py")
    return Worker(engine, [sys.executable, program, engine, *map(int, how)])


def row(what, goal, ours, peer, unit="s"):
    """From the answers of each round."""
    each = [p / o for o, p in zip(ours, peer, strict=True)]
    a, b = median(ours), median(peer)
    return Row(what, a, b, b / a, min(each), max(each), goal, unit)


def disagreements(workers):
    expected = np.array(workers[0].ask("gradients"))
    for worker in workers[1:]:
        error = np.abs(np.array(worker.ask("gradients")) - expected).max() / np.abs(expected).max()
        if not error <= TOLERANCE:  # so that nan is caught too
            yield f"{worker.name}: gradients are off by {error:.1e}, more than {TOLERANCE:.0e}"


def in_turn(requests, rounds):
    """Answers to each request (a name, the worker, what, how), one a round."""
    answers = {name: [] for name, *_ in requests}
    for i in range(rounds):
        for name, worker, what, how in requests[:: -1 if i % 2 else 1]:
            answers[name].append(worker.ask(what, **how))
    return answers


def measure(workers, rounds, batch):
    """All rows. Without micrograd, those that can be had without it."""
    value, tape, *peers = workers
    requests = [
        ("one", tape, "replay", {"batch": 0}),
        ("batch", tape, "replay", {"batch": batch}),
        ("compile", tape, "compile", {}),
    ]
    for worker in (value, *peers):
        for collector in (True, False):
            requests.append(((worker.name, collector), worker, "whole", {"collector": collector}))
    found = in_turn(requests, rounds)
    for peer in peers:
        for collector, low, high in ((True, 2.5, 1000), (False, 1.2, 300)):
            note = f"collector {'on' if collector else 'off'}"
            theirs = found[peer.name, collector]
            yield row(f"Value than micrograd, build + backward, {note}", low, found["value", collector], theirs)
            yield row(f"tape than micrograd, forward + backward, {note}", high, found["one"], theirs)
        sizes = [[worker.ask("memory")] for worker in (value, peer)]
        yield row("Value than micrograd, memory of the graph", 1, *sizes, unit="bytes")
    yield row(f"tape in batches of {batch} than alone, per sample", 3, found["batch"], found["one"])
    yield row("compile than Value's build + backward, collector off", None, found["compile"], found["value", False])


def options():
    parser = argparse.ArgumentParser(description="Value and its tape beside micrograd.")
    parser.add_argument("--rounds", type=int, default=7, help="how often each engine has its turn (7)")
    parser.add_argument("--batch", type=int, default=256, help="samples in a batch (256)")
    parser.add_argument("--quick", action="store_true", help="a small network: does it run?")
    parser.add_argument("--cpu", action="store_true", help="processor time, not the clock's: for a busy machine")
    parser.add_argument("--json", action="store_true", help="print JSON Lines")
    chosen = parser.parse_args()
    if chosen.rounds < 1 or chosen.batch < 1:
        parser.error("--rounds and --batch are at least 1")
    return chosen


def run(present, missing, chosen):
    wrong = list(disagreements(present))
    if wrong:
        sys.exit("\n".join(wrong))
    found = {"python": platform.python_version(), "numpy": np.__version__, "processors": os.cpu_count()}
    where = {**found, **present[1].hello, "rounds": chosen.rounds}
    print(json.dumps(where) if chosen.json else ", ".join(f"{k} {v}" for k, v in where.items()))
    for why in missing:
        told = f"micrograd is missing ({why}); `pip install micrograd` in an environment of your own with this project"
        print(json.dumps({"missing": "micrograd", "why": why}) if chosen.json else f"{'-':>8}  {told}")
    for found_row in measure(present, chosen.rounds, chosen.batch):
        print(json.dumps(asdict(found_row)) if chosen.json else found_row.text(), flush=True)


def main():
    chosen = options()
    workers = [started(engine, chosen.quick, chosen.cpu) for engine in ("value", "tape", "micrograd")]
    present = [w for w in workers if not w.missing]
    try:
        run(present, [w.missing for w in workers if w.missing], chosen)
    finally:
        for worker in workers:
            worker.close()


if __name__ == "__main__":
    main()
