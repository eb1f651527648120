"""The processes of `rnn-lab bench`: who is timed when, with how many threads, and what is said of those who fail."""

import json
import math
import re
import sys
from dataclasses import replace
from itertools import groupby, pairwise

import numpy as np
import pytest

from cli.lab.bench import implementations, measuring, team, timing
from cli.lab.bench.implementations import IMPLEMENTATIONS, Implementation
from cli.lab.bench.memory import memory
from cli.lab.bench.processes import Absent, Worker
from cli.lab.bench.team import Team
from cli.lab.bench.timing import TOLERANCE
from cli.lab.bench.workloads import Workload

TINY = Workload("tiny", "rnn", 5, steps=4, batch=3, vocabulary=6)

# An implementation that sleeps for some milliseconds a step and writes down when, and in what surroundings.
SLEEPER = """
import json, os, sys, time

def start(threads, variant):
    global THREADS, VARIANT
    THREADS, VARIANT = threads, json.loads(variant)
    return "1.5"

def load(workload, problem):
    return Work(workload, problem)

class Work:
    def __init__(self, workload, problem):
        self.steps = 0
        self.numbers = [2.0 + VARIANT.get("off", 0.0), float(problem["ids"].sum())]
    def check(self):
        print("a library that prints")
        return self.numbers
    def step(self):
        self.steps += 1
        if self.steps == VARIANT.get("dies after"):
            print("Fatal: cannot go on", file=sys.stderr, flush=True)
            os._exit(3)
        begin = time.monotonic()
        time.sleep(VARIANT.get("ms", 1) * (THREADS if VARIANT.get("hates threads") else 1 / THREADS) / 1e3)
        with open(VARIANT["log"], "a") as log:
            seen = {name: os.environ[name] for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "NPROC")}
            log.write(json.dumps([VARIANT["name"], THREADS, begin, time.monotonic(), seen, os.getpid()]) + "\\n")
"""

HOLDING_MEMORY = """
def start(threads, variant):
    return "1"

def load(workload, problem):
    return Work(workload["steps"])

class Work:
    def __init__(self, steps):
        self.steps = steps
        self.kept = bytearray(b"x") * (steps * 1_000_000)
    def step(self):
        bytearray(b"x") * (self.steps * 500_000)
"""


@pytest.fixture
def cast(tmp_path, monkeypatch):
    """Make sleepers of all implementations; gives a plan, given what is special about some of them."""
    script = tmp_path / "sleeper.py"
    script.write_text(SLEEPER)
    monkeypatch.setattr(timing, "WARM", 0.02)
    monkeypatch.setattr(timing, "TURN", 0.004)
    monkeypatch.setattr(implementations, "cores", lambda: 1)

    def call(rounds=3, names=("stepwise", "ours", "torch", "jax", "floor"), **special):
        def one(name):
            variant = {"name": name, "log": str(tmp_path / "log"), **special.get(name, {})}
            return replace(IMPLEMENTATIONS[name], script=script, variant=json.dumps(variant))

        table = {name: one(name) for name in names}
        return replace(measuring.plan((), rounds=rounds, seed=0, peers=(), threads=1, compiled=False),
                       workloads=(TINY,), implementations=table)  # fmt: skip

    call.log = lambda: [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    return call


def measured(plan):
    heard, versions = [], {}
    (result,) = measuring.measure(plan, heard.append, versions)
    return result, heard, versions


def test_they_take_turns_and_the_best_number_of_threads_stays(cast, monkeypatch):
    monkeypatch.setattr(implementations, "cores", lambda: 2)
    special = {"torch": {"ms": 4}, "jax": {"ms": 4, "hates threads": True}}
    result, heard, versions = measured(cast(rounds=4, names=("ours", "torch", "jax"), **special))
    assert {name: times.threads for name, times in result.by.items()} == {"ours": 1, "torch": 2, "jax": 1}
    assert all(len(times.rounds) == 4 for times in result.by.values())
    assert heard[-4:] == [f"tiny: round {n} of 4" for n in (1, 2, 3, 4)]
    assert versions == {"ours": "1.5", "torch": "1.5", "jax": "1.5"}
    calls = cast.log()
    assert all(end <= begin for (*_, end, _, _), (_, _, begin, *_) in pairwise(calls)), "two stepped at once"
    assert all(set(seen.values()) == {str(threads)} for _, threads, _, _, seen, _ in calls)
    assert {threads for name, threads, *_ in calls if name == "torch"} == {1, 2}
    turns = [name for name, _ in groupby(name for name, *_ in calls)]
    there = ["ours", "torch", "jax"]
    assert turns[-9:] == [*there, "torch", "ours", "torch", "jax", "torch", "ours"], "every other round in reverse"


def test_one_that_computes_something_else_is_not_timed(cast):
    """The stepwise layers say what is right; who is off by more than the tolerance has no time, and says so."""
    special = {"torch": {"off": 2.5 * TOLERANCE}, "jax": {"off": 1.5 * TOLERANCE}, "floor": {"off": math.nan}}
    result, *_ = measured(cast(rounds=1, **special))
    assert {name for name, times in result.by.items() if times.rounds} == {"stepwise", "ours", "jax"}
    assert {name for name, times in result.by.items() if times.wrong} == {"torch", "floor"}
    row = result.row()
    assert row["torch_ms"] is None
    assert re.search(r"losses and norms differ by 1\.2e-04 from", row["torch_ms_reason"])
    assert row["jax_ms"] > 0
    assert result.faster_peer == "jax"


def test_one_that_dies_is_left_out_and_started_again_at_the_next_workload(cast):
    plan = cast(rounds=2, names=("stepwise", "ours", "torch"), torch={"dies after": 4})
    plan = replace(plan, workloads=(TINY, replace(TINY, name="again")))
    first, second = measuring.measure(plan, lambda what: None, {})
    for result in first, second:
        assert len(result.by["ours"].rounds) == 2
        row = result.row()
        assert row["torch_ms"] is row["ratio"] is None
        assert row["torch_ms_reason"] == "its process ended: Fatal: cannot go on"
        assert row["ratio_reason"] == "no peer was measured"
    assert len({pid for name, *_, pid in cast.log() if name == "torch"}) == 2


def worker(tmp_path, program, variant=""):
    script = tmp_path / "script.py"
    script.write_text(program)
    return Worker(Implementation("x", "x", script, variant, library="torch"), 1, sys.executable)


def test_what_is_missing_fails_or_hangs_is_said_in_a_line(tmp_path, monkeypatch):
    with pytest.raises(Absent, match=r"^torch is missing in .*python.* \(No module named 'torhc'\)$"):
        worker(tmp_path, "import torhc")
    with pytest.raises(Absent, match=r"^its process ended: ValueError: 'no'$"):
        worker(tmp_path, "raise ValueError(repr('no'))")
    program = "import time\ndef start(threads, variant): return '1'\ndef load(workload, problem): "
    problem = tmp_path / "p.npz"
    np.savez(problem, ids=np.zeros(1))
    how = {"workload": {"name": "w"}, "problem": str(problem)}
    failing = worker(tmp_path, program + "raise KeyError('of\\ntwo lines')")
    for _ in range(2):
        with pytest.raises(Absent, match=r"^KeyError: "):
            failing.ask("load", **how)
    failing.close()
    hanging = worker(tmp_path, program + "time.sleep(60)")
    with pytest.raises(Absent, match=r"^no answer within 0\.1 s$"):
        hanging.ask("load", patience=0.1, **how)
    assert not hanging.alive


def test_a_missing_library_is_looked_for_in_every_python_and_only_once(tmp_path, cast, monkeypatch):
    started = []
    plan = replace(cast(), pythons=("one", "two"))

    def never(implementation, threads, python):
        started.append(python)
        raise Absent(f"not in {python}")

    monkeypatch.setattr(team, "Worker", never)
    with Team(plan, {}) as together:
        for threads in (1, 2):
            with pytest.raises(Absent, match=r"^not in one; not in two$"):
                together.worker(plan.implementations["torch"], threads)
        with pytest.raises(Absent):
            together.worker(plan.implementations["ours"], 1)
    assert started == ["one", "two", sys.executable]


@pytest.mark.skipif(sys.platform != "linux", reason="memory can be measured on Linux only")
def test_memory_is_the_highest_point_of_a_step_above_the_start(tmp_path, cast):
    """60 MB that are kept and 30 MB that come and go; nothing of the interpreter and its libraries."""
    script = tmp_path / "holding.py"
    script.write_text(HOLDING_MEMORY)
    names = ("ours", "stepwise", "torch", "jax")
    plan = cast()
    table = {name: replace(IMPLEMENTATIONS[name], script=script, variant="") for name in names}
    table["jax"] = replace(table["jax"], script=tmp_path / "gone.py")
    with Team(replace(plan, implementations=table), {}) as together:
        result = memory(together, replace(TINY, name="m", steps=60), lambda what: None)
    row = result.row()
    assert 85 < row["ours_mb"] < 100
    assert row["ours_of_torch"] == pytest.approx(1, abs=0.05)
    assert row["jax_mb"] is None
    assert "gone.py" in row["jax_mb_reason"]
