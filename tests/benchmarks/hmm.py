"""How fast the hidden Markov model is beside hmmlearn: ratios, on this machine.

    python tests/benchmarks/hmm.py                       about ten seconds
    python tests/benchmarks/hmm.py --peer PYTHON         hmmlearn in another environment
    python tests/benchmarks/hmm.py --json                the same as JSON Lines

8 states, 28 tokens, 20,000 steps. hmmlearn is optional: `pip install hmmlearn`, in this environment or in one of its
own whose interpreter is PYTHON; without it our own times are printed. Each implementation has a process of its own with
one thread. In every round each process in turn does the work a few times and answers with its median; every other
round goes in the reverse order. Printed are the ratio of the medians over all rounds, ours to hmmlearn's, the range
of the ratio over the rounds, and the medians. hmmlearn runs with its `scaling`, which is several times as fast as
the `log` that it takes by itself. The results are compared before anything is timed; if they disagree the exit
status is 1. Times are not judged.
"""

import argparse
import json
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from worker import ONE_THREAD, Worker, serve

K, V, T = 8, 28, 20_000
UPDATES = 5
ROOT = Path(__file__).resolve().parents[2]
TASKS = {
    "pass": "the forward pass alone",
    "score": "log-likelihood of ids",
    "posterior": "posterior of the states",
    "viterbi": "Viterbi's path",
    "update": f"{UPDATES} updates by Baum–Welch",
}


def problem():
    """Tables and ids; the same in every process."""
    rng = np.random.default_rng(8)
    start, transitions, emissions = (
        rng.dirichlet(np.ones(K)),
        rng.dirichlet(np.ones(K), K),
        rng.dirichlet(np.ones(V), K),
    )
    return start, transitions, emissions, rng.integers(V, size=T)


def ours():
    """Each task as a function whose result is a number or an array that both must agree on."""
    sys.path.insert(0, str(ROOT))
    from rnn.baselines import HMM, baum_welch
    from rnn.baselines.hmm_messages import forward

    *tables, ids = problem()
    model = HMM(*tables)
    evidence = model.evidence(ids)
    return {
        "pass": lambda: forward(model.chain, evidence).scales.sum(),
        "score": lambda: model.log_likelihood(ids),
        "posterior": lambda: model.posterior(ids)[::1000],
        "viterbi": lambda: model.viterbi(ids).log_probs[0],
        "update": lambda: baum_welch(model, ids, updates=UPDATES, tolerance=0.0).model.transitions,
    }


def hmmlearn():
    """The same by hmmlearn."""
    from hmmlearn import _hmmc
    from hmmlearn.hmm import CategoricalHMM

    start, transitions, emissions, ids = problem()
    x, shown = ids[:, None], np.ascontiguousarray(emissions[:, ids].T)

    def model():
        options = {"implementation": "scaling", "init_params": "", "n_iter": UPDATES, "tol": -np.inf}
        made = CategoricalHMM(K, n_features=V, **options)
        made.startprob_, made.transmat_, made.emissionprob_ = start, transitions, emissions
        return made

    fixed = model()
    return {
        "pass": lambda: _hmmc.forward_scaling(start, transitions, shown)[0],
        "score": lambda: fixed.score(x),
        "posterior": lambda: fixed.predict_proba(x)[::1000],
        "viterbi": lambda: fixed.decode(x)[0],
        "update": lambda: model().fit(x).transmat_,
    }


def begin(name):
    """What answers: a task's result if `repeats` is 0, else the median of its seconds."""
    tasks = {"ours": ours, "hmmlearn": hmmlearn}[name]()

    def answer(task, repeats=0):
        work = tasks[task]
        return median(seconds(work) for _ in range(repeats)) if repeats else np.asarray(work()).tolist()

    return {}, answer


def seconds(work):
    start = perf_counter()
    work()
    return perf_counter() - start


def started(name, python):
    """A process of one thread for the implementation."""
    return Worker(name, [python, __file__, "--worker", name], **ONE_THREAD)


def measure(workers, rounds, repeats):
    """Seconds by task and worker, a list over the rounds."""
    times = {task: {name: [] for name in workers} for task in TASKS}
    for number in range(rounds):
        for task in TASKS:
            for name in list(workers)[:: 1 if number % 2 else -1]:
                times[task][name].append(workers[name].ask(task, repeats))
    return times


def row(task, times):
    """What is printed of one task."""
    found = {"task": task, **{f"{name}_ms": median(values) * 1e3 for name, values in times.items()}}
    if "hmmlearn" in times:
        ratios = [a / b for a, b in zip(times["ours"], times["hmmlearn"], strict=True)]
        ratio = median(times["ours"]) / median(times["hmmlearn"])
        found |= {"ratio": ratio, "low": min(ratios), "high": max(ratios)}
    return found


def written(found):
    own = f"{TASKS[found['task']]:28} {found['ours_ms']:8.2f} ms"
    if "ratio" not in found:
        return own
    peer = f"hmmlearn {found['hmmlearn_ms']:8.2f} ms"
    return f"{own}   {peer}   ratio {found['ratio']:.2f} ({found['low']:.2f}–{found['high']:.2f})"


def disagreement(workers):
    """The first task whose results differ, if any."""
    for task in TASKS:
        first, *others = (np.array(w.ask(task)) for w in workers.values())
        if any(np.abs(first - other).max() > 1e-8 * np.abs(first).max() for other in others):
            return task
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", metavar="PYTHON", default=sys.executable, help="the interpreter that has hmmlearn")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--worker", choices=["ours", "hmmlearn"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        return serve(lambda: begin(options.worker))
    workers = {name: started(name, python) for name, python in (("ours", sys.executable), ("hmmlearn", options.peer))}
    if workers["hmmlearn"].missing:
        print(f"hmmlearn is missing ({workers['hmmlearn'].missing}); `pip install hmmlearn`", file=sys.stderr)
        workers.pop("hmmlearn").close()
    wrong = disagreement(workers)  # compiles, and warms up
    if wrong:
        print(f"the results of {TASKS[wrong]!r} disagree: nothing is timed", file=sys.stderr)
        return 1
    for task, times in measure(workers, options.rounds, options.repeats).items():
        found = row(task, times)
        print(json.dumps(found) if options.json else written(found), flush=True)
    for each in workers.values():
        each.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
