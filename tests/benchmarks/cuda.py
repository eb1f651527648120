"""What only a GPU can tell of the CUDA path, in one call of under 8 minutes, without network: build, check, time.

    pip install -q . 'numba-cuda[cu12]' pytest hypothesis     and torch, if it is to be compared with
    python tests/benchmarks/cuda.py --out FOLDER              from the root of the project

Build: a training step of every family of layers, so that its kernels are compiled, with the seconds that it took.
Check: the suite tests/cuda, each of its files in a process of its own, all at once; of what fails the whole story is in
FOLDER/check.txt. Time: launches and memory of a training step, then `rnn-lab bench --device cuda` as it is: medians of
interleaved rounds by the GPU's events, after losses and gradients were compared. Without torch only ours is timed.

A table is printed and FOLDER/cuda.jsonl written, line by line, so that what was found stays if the rest is cut off. The
exit status is 1 if a test failed or somebody computed something else, 2 without a GPU. `--only` takes one of the three.
In Numba's simulator nothing is timed and no large step is taken.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:] = [p for p in sys.path if Path(p).resolve() != HERE]  # numba-cuda needs a package named as this file is

import argparse  # noqa: E402
import json  # noqa: E402
import re  # noqa: E402
import subprocess  # noqa: E402
from contextlib import contextmanager  # noqa: E402
from time import perf_counter  # noqa: E402

import numpy as np  # noqa: E402

from cli.lab.bench import measuring, problem  # noqa: E402
from cli.lab.bench.implementations import WORKERS  # noqa: E402
from cli.lab.bench.workers.serving import imported  # noqa: E402
from cli.lab.bench.workloads import LARGE, TRAINING, Workload  # noqa: E402
from minigrad import Tensor, cross_entropy, optim  # noqa: E402
from minigrad.devices import found  # noqa: E402
from minigrad.nn import Linear  # noqa: E402
from rnn import GRU, LSTM, RNN  # noqa: E402

ROOT = HERE.parents[1]
PARTS = ("build", "check", "time")
FAMILIES = {
    "rnn": (RNN, {}), "relu": (RNN, {"nonlinearity": "relu"}), "gru": (GRU, {"reset_after": False}),
    "gru-after": (GRU, {}), "lstm": (LSTM, {}), "peephole": (LSTM, {"peepholes": True}),
}  # fmt: skip
LIMIT = 240.0  # seconds of the check
TINY = Workload("tiny", "lstm", 4, steps=2, batch=2, vocabulary=5)


class Out:
    """Lines for people, and the same as JSON in a file."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.file = folder, (folder / "cuda.jsonl").open("w", encoding="utf-8")

    def row(self, line, **fields):
        print(line, flush=True)
        self.file.write(json.dumps(fields) + "\n")
        self.file.flush()


@contextmanager
def launches():
    """A list to whose end a kernel's name is put whenever it is launched."""
    from minigrad.cuda import memory

    kinds, seen = type(memory._filled), []
    before = kinds.__getitem__

    def counted(self, how):
        run, name = before(self, how), getattr(self, "py_func", getattr(self, "fn", self)).__name__

        def launch(*args):
            seen.append(name)
            return run(*args)

        return launch

    kinds.__getitem__ = counted
    try:
        yield seen
    finally:
        kinds.__getitem__ = before


def step(kind, options, dtype):
    """A training step of a small layer, from ids and from vectors, in both directions with lengths."""
    rng = np.random.default_rng(0)
    layer = kind(3, 4, bidirectional=True, dtype=dtype, device="cuda", rng=rng, **options)
    head = Linear(layer.output_size, 3, dtype=dtype, rng=rng).to("cuda")
    params = [*layer.parameters(), *head.parameters()]
    for x in (rng.integers(0, 3, (3, 2)), Tensor(rng.standard_normal((3, 2, 3)), True, dtype, "cuda")):
        loss = cross_entropy(head(layer(x, lengths=[3, 2])[0]), rng.integers(0, 3, (3, 2)))
        loss.backward()
        optim.clip_grad_norm(params, 1e-3)
        optim.SGD(params, 0.1).step()
        assert np.isfinite(loss.item())


def build(out):
    """In float32; float64 is compiled for the check."""
    for name, (kind, options) in FAMILIES.items():
        begin = perf_counter()
        step(kind, options, np.float32)
        seconds = perf_counter() - begin
        out.row(f"build  {name:<10} {seconds:6.1f} s", part="build", family=name, seconds=seconds)
    return True


def check(out):
    """Each file by itself: compiling keeps one processor busy, and there are many."""
    files = sorted((ROOT / "tests" / "cuda").glob("test_*.py"))
    options = ("-o", "addopts=-q --import-mode=importlib --strict-markers")  # the usual ones ask for pytest-xdist
    how = [sys.executable, "-m", "pytest", *options, "-p", "no:cacheprovider", "--tb=short"]
    begin = perf_counter()
    with (out.folder / "check.txt").open("w", encoding="utf-8") as told:
        running = {f: subprocess.Popen([*how, str(f)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                       text=True) for f in files}  # fmt: skip
        passed = [checked(out, told, file, process, begin) for file, process in running.items()]
    return all(passed)


def checked(out, told, file, process, begin):
    """Whether it passed; 5 is pytest's status where there is nothing to run."""
    try:
        said, _ = process.communicate(timeout=max(LIMIT - (perf_counter() - begin), 1))
    except subprocess.TimeoutExpired:
        process.kill()
        said = process.communicate()[0] + f"\nnot finished within {LIMIT:g} s"
    ok = process.returncode in (0, 5)
    counts = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed|skipped|errors?)\b", said)}
    last = next((line for line in reversed(said.splitlines()) if line.strip()), "")
    if not ok:
        told.write(f"==== {file.name}\n{said}\n")
    out.row(f"check  {'ok  ' if ok else 'FAIL'} {file.name:<28} {last[:80]}",
            part="check", file=file.name, ok=ok, last=last, **counts)  # fmt: skip
    return ok


def counted(out):
    """Launches and memory of a step: the second one, which asks for nothing anew."""
    from minigrad.cuda.memory import pool

    module = imported(str(WORKERS / "ours.py"))
    module.start(1, "cuda")
    for workload in [TINY] if found().simulated else (*TRAINING, *LARGE):
        work = module.load(workload.fields(), problem.draw(workload, np.random.default_rng(0)))
        pool.flush()
        work.step()
        with launches() as seen:
            work.step()
        megabytes = (pool.lent + pool.waiting) / 1e6
        what = f"count  {workload.name:<16} {len(seen):4} launches a step, {megabytes:8.1f} MB"
        kinds = {name: seen.count(name) for name in sorted(set(seen))}
        out.row(what, part="count", workload=workload.name, launches=len(seen), by_kernel=kinds, megabytes=megabytes)
        del work


def shown(row):
    """A workload's times on a line."""
    ms = {name: row[f"{name}_ms"] for name in ("ours", "torch")}
    times = ", ".join(f"{name} {t:8.3f} ms" if t else f"{name}: {row[f'{name}_ms_reason']}" for name, t in ms.items())
    ratio = f", ratio {row['ratio']:.2f} ({row['ratio_low']:.2f} – {row['ratio_high']:.2f})" if row["ratio"] else ""
    return f"time   {row['workload']:<16} {times}{ratio}"


def timed(out, names, rounds, peers):
    counted(out)
    if found().simulated:
        return True
    plan = measuring.plan(names, rounds=rounds, seed=0, peers=peers, threads=None, compiled=False, device="cuda")
    results, versions = [], {}
    for result in measuring.measure(plan, lambda what: None, versions):
        results.append(result)
        out.row(shown(result.row()), part="time", device="cuda", **result.row())
    report = measuring.report(results, versions, plan.gpu)
    mean = f"{report.mean:.2f}" if report.mean else "none"
    out.row(f"time   geometric mean {mean}, {versions}", part="mean", **report.last_row())
    return not report.disagreeing


def options():
    parser = argparse.ArgumentParser(description="Build, check and time the CUDA path.")
    parser.add_argument("workloads", nargs="*", help="what to time, by name; all training steps if none is given")
    parser.add_argument("--out", type=Path, default=Path("cuda-results"), help="folder for the results")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part; give it again for more")
    parser.add_argument("--rounds", type=int, default=7, help="how often each has its turn (7)")
    parser.add_argument("--peers", action="append", default=[], metavar="PYTHON", help="a Python that has torch")
    return parser.parse_args()


def main():
    chosen, there = options(), found()
    if there.missing:
        print(f"cuda cannot be used here: {there.missing}", file=sys.stderr)
        sys.exit(2)
    out, begin = Out(chosen.out), perf_counter()
    out.row(f"{there.device}, {there.driver}, {there.package}", part="found", **vars(there))
    does = {
        "build": lambda: build(out),
        "check": lambda: check(out),
        "time": lambda: timed(out, chosen.workloads, chosen.rounds, chosen.peers),
    }
    passed = [does[part]() for part in chosen.only or PARTS]
    out.row(f"{perf_counter() - begin:.0f} s in all", part="done", ok=all(passed), seconds=perf_counter() - begin)
    sys.exit(0 if all(passed) else 1)


if __name__ == "__main__":
    main()
