"""How fast the engine is beside torch eager and HIPS/autograd, and what it keeps: ratios, on this machine.

    python tests/benchmarks/engine.py            about half a minute
    python tests/benchmarks/engine.py --json     the same as JSON Lines
    python tests/benchmarks/engine.py --quick --rounds 1

The peers are optional: `pip install torch autograd` in an environment of your own that has this project too. What
cannot be measured without one is named, and the rest is measured.

Each engine has a process of its own, torch one with 1 thread and one with 2. In each round every process in turn
runs the work a few times and answers with its median; every other round goes in the reverse order. Printed are the
ratio of the medians over all rounds, the range of the ratio over the rounds, and the medians. Torch counts with the
faster of its two. Before anything is timed, all gradients are compared with ones derived by hand; if they disagree
the exit status is 1. Times are not judged: a ratio that misses its goal is printed like any other.
"""

import argparse
import json
import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path
from statistics import median

import numpy as np
from engine_peers import SIDE, B, H, I, T, by_hand
from engine_rows import Chain, Memory, Missing, Ratio
from worker import Worker

TOLERANCE = 1e-9
RNN = f"tanh RNN, T={T} B={B} I={I} H={H}, forward + backward"
ADD = f"a recorded add, {SIDE}x{SIDE}"
CHAIN = "a node of a chain, forward + backward"
MEMORY = "memory after backward of the RNN"


def started(engine, threads=0):
    """A process for the engine, on some threads."""
    program = Path(__file__).with_name("engine_worker.py")
    return Worker(engine, [sys.executable, program, engine, threads])


def start():
    """Workers whose engine is there, ours first, and why the other engines are not."""
    workers = [started("minigrad"), started("torch", 1), started("torch", 2), started("autograd")]
    missing = {w.name: w.missing for w in workers if w.missing}
    for worker in workers:
        if worker.name in missing:
            worker.close()
    return [w for w in workers if w.name not in missing], missing


def disagreements(workers, longest):
    """A line for each gradient that is off by more than the tolerance, relative to its largest entry."""
    expected = by_hand()
    for worker in workers:
        found = worker.ask("gradients")
        errors = {n: np.abs(np.array(found[n]) - g).max() / np.abs(g).max() for n, g in expected.items()}
        if worker is workers[0]:
            errors["the chain"] = worker.ask("chain", length=longest)["error"]
        for name, error in errors.items():
            if not error <= TOLERANCE:  # so that nan is caught too
                yield f"{worker.name}: the gradient of {name} is off by {error:.1e}, more than {TOLERANCE:.0e}"


def in_turn(workers, rounds, what, **how):
    """Each worker's answers, one a round."""
    answers = {worker: [] for worker in workers}
    for i in range(rounds):
        for worker in workers[:: -1 if i % 2 else 1]:
            answers[worker].append(worker.ask(what, **how))
    return answers


def ratios(what, goals, present, missing, rounds, request, **how):
    """A row for each engine of `goals`: ours over its fastest worker, or what is missing."""
    ours, *peers = present
    times = in_turn([ours, *(w for w in peers if w.name in goals)], rounds, request, **how)
    for engine, goal in goals.items():
        if engine in missing:
            remedy = f"`pip install {engine}` in an environment of your own that has this project too"
            yield Missing(what, engine, missing[engine], remedy)
            continue
        best = min((w for w in peers if w.name == engine), key=lambda w: median(times[w]))
        a, b = median(times[ours]), median(times[best])
        each = [x / y for x, y in zip(times[ours], times[best], strict=True)]
        yield Ratio(what, best.hello["label"], a, b, a / b, min(each), max(each), goal)


def chain(ours, rounds, lengths):
    """Time per node at each length, lengths in turn."""
    answers = [[ours.ask("chain", length=n) for n in lengths] for _ in range(rounds)]
    forward, backward = (
        [[a[way] / n for a, n in zip(answer, lengths, strict=True)] for answer in answers]
        for way in ("forward", "backward")
    )
    each = [(f[-1] + b[-1]) / (f[0] + b[0]) for f, b in zip(forward, backward, strict=True)]
    f, b = ([median(column) for column in zip(*way, strict=True)] for way in (forward, backward))
    return Chain(CHAIN, lengths, f, b, (f[-1] + b[-1]) / (f[0] + b[0]), min(each), max(each))


def measure(present, missing, rounds, quick, lengths):
    """All rows, each when it is ready."""
    repeats, times = (2, 500) if quick else (7, 3000)
    yield from ratios(RNN, {"torch": 0.9, "autograd": 1 / 3}, present, missing, rounds, "rnn", repeats=repeats)
    yield from ratios(ADD, {"torch": 1.0}, present, missing, rounds, "add", repeats=repeats, times=times)
    yield chain(present[0], rounds, lengths)
    yield Memory(MEMORY, **present[0].ask("memory"))


def options():
    parser = argparse.ArgumentParser(description="The engine beside torch eager and HIPS/autograd.")
    parser.add_argument("--rounds", type=int, default=15, help="how often each engine has its turn (15)")
    parser.add_argument("--quick", action="store_true", help="less work a round: does it run?")
    parser.add_argument("--json", action="store_true", help="print JSON Lines")
    chosen = parser.parse_args()
    if chosen.rounds < 1:
        parser.error("--rounds is at least 1")
    return chosen


def setting(present, rounds):
    found = {"python": platform.python_version(), "numpy": np.__version__, "processors": os.cpu_count()}
    return {**found, **{w.name: w.hello["version"] for w in present}, "rounds": rounds}


def run(present, missing, chosen):
    lengths = [500, 1000, 2000] if chosen.quick else [25_000, 50_000, 100_000]
    if "minigrad" in missing:
        sys.exit(f"minigrad cannot be imported ({missing['minigrad']}); `pip install -e .` in the project's folder")
    wrong = list(disagreements(present, lengths[-1]))
    if wrong:
        sys.exit("\n".join(wrong))
    where = setting(present, chosen.rounds)
    print(json.dumps(where) if chosen.json else ", ".join(f"{k} {v}" for k, v in where.items()))
    for row in measure(present, missing, chosen.rounds, chosen.quick, lengths):
        print(json.dumps(asdict(row)) if chosen.json else row.text(), flush=True)


def main():
    chosen = options()
    present, missing = start()
    try:
        run(present, missing, chosen)
    finally:
        for worker in present:
            worker.close()


if __name__ == "__main__":
    main()
