"""How fast the n-gram models are beside nltk.lm and KenLM: ratios, on this machine.

    python tests/benchmarks/ngram.py                     about a minute
    python tests/benchmarks/ngram.py --peer PYTHON       nltk and kenlm in another environment
    python tests/benchmarks/ngram.py --json --rounds 3   the same as JSON Lines, in fewer rounds

Character 5-grams, Kneser-Ney with one discount, on The Time Machine (`timemachine.txt` in RNN_LAB_DATA, cleaned as D2L
v0.17, the last tenth held out) or, where that is not at hand, on as many random letters. The peers are optional:
`pip install "nltk==3.9.*" kenlm`, here or in an environment of their own whose interpreter is PYTHON; without them our
own times are printed. Each implementation has a process of its own with one thread; in every round each process in turn
answers with the median of a few runs, every other round in the reverse order. KenLM scores by the ARPA file that we
write; its scores and ours are compared before anything is timed, and if they disagree the exit status is 1. nltk is
asked for a few hundred characters only, and fitted in every fourth round. Times are not judged.
"""

import argparse
import json
import os
import re
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from worker import ONE_THREAD, Worker, serve

ORDER, FEW, DRAWN = 5, 300, 20_000
ROOT = Path(__file__).resolve().parents[2]
CLOCKS = {"wall": perf_counter, "processor": process_time}
CLOCK = CLOCKS[os.environ.get("NGRAM_CLOCK", "wall")]  # handed on to the workers
LETTERS = " abcdefghijklmnopqrstuvwxyz"


def text():
    """Training and held-out text."""
    whole, _ = source()
    cut = int(len(whole) * 0.9)
    return whole[:cut], whole[cut:]


def source():
    """The whole text, and what it is."""
    path = Path(os.environ.get("RNN_LAB_DATA", "nowhere"), "timemachine.txt")
    if path.is_file():
        lines = path.read_text(encoding="utf-8").split("\n")
        return "".join(re.sub("[^A-Za-z]+", " ", line).strip().lower() for line in lines), path.stem
    import numpy as np

    return "".join(np.random.default_rng(0).choice(list(LETTERS), 170_580)), "random letters"


def timed(work, repeats):
    """The median time of a few runs, after one that is not counted."""
    work()
    times = []
    for _ in range(repeats):
        start = CLOCK()
        work()
        times.append(CLOCK() - start)
    return median(times)


class Ours:
    """This project."""

    def __init__(self, arpa):
        sys.path.insert(0, str(ROOT))
        import numpy as np

        from rnn.baselines import NGram, write_arpa

        self.np, self.NGram = np, NGram
        number = {letter: i for i, letter in enumerate(LETTERS)}
        self.training, self.held_out = (np.array([number[c] for c in part]) for part in text())
        self.model = self.fit(self.training)
        write_arpa(arpa, self.model, ["_", *LETTERS[1:], "<unk>"])

    def fit(self, ids):
        model = self.NGram(ORDER, "kneser-ney").fit(ids, vocabulary=len(LETTERS) + 1)
        return model if model.backoff else None

    def answer(self, what, repeats):
        if what == "fit":
            return timed(lambda: self.fit(self.training), repeats)
        if what == "score":
            return timed(lambda: self.model.log_probs(self.held_out), repeats) / self.held_out.size
        if what == "sample":
            rng = self.np.random.default_rng(1)
            return timed(lambda: self.model.sample(DRAWN, rng=rng), repeats) / DRAWN
        return float(self.model.log_probs(self.held_out).sum() / self.np.log(10))

    def grow(self, length):
        """Seconds to build from text of this length, in which one letter of ten is another."""
        rng = self.np.random.default_rng(length)
        ids = self.np.resize(self.training, length)
        wrong = rng.random(length) < 0.1
        ids[wrong] = rng.integers(0, len(LETTERS), int(wrong.sum()))
        start = CLOCK()
        model = self.fit(ids)
        return [CLOCK() - start, model.size]


class Nltk:
    """nltk.lm; it keeps nothing for unknown letters and adds up rows at the start, so its scores are not compared."""

    def __init__(self, arpa):
        from nltk.lm import KneserNeyInterpolated
        from nltk.util import everygrams

        self.new, self.everygrams = KneserNeyInterpolated, everygrams
        self.training, self.held_out = text()
        self.model = None

    def fit(self):
        self.model = self.new(ORDER, discount=0.7)
        self.model.fit([self.everygrams(self.training, max_len=ORDER)], vocabulary_text=self.training)

    def answer(self, what, repeats):
        start = CLOCK()
        if what == "fit":
            self.fit()
            return CLOCK() - start
        if self.model is None:
            self.fit()
        start = CLOCK()
        if what == "score":
            for i in range(ORDER, ORDER + FEW):
                self.model.score(self.held_out[i], tuple(self.held_out[i - ORDER + 1 : i]))
        return (CLOCK() - start) / FEW


class KenLM:
    """KenLM by its Python module: one call for the whole text, which it splits at blanks itself."""

    def __init__(self, arpa):
        import kenlm

        config = kenlm.Config()
        config.show_progress = False
        self.model = kenlm.Model(str(arpa), config)
        _, held_out = text()
        self.size = len(held_out)
        self.line = " ".join(held_out.replace(" ", "_"))

    def answer(self, what, repeats):
        def score():
            return self.model.score(self.line, bos=True, eos=False)

        return timed(score, repeats) / self.size if what == "score" else score()


ENGINES = {"ours": Ours, "nltk": Nltk, "kenlm": KenLM}


def begin(name, arpa):
    """What answers."""
    engine = ENGINES[name](arpa)
    return {}, lambda what, *how: getattr(engine, what)(*how)


def started(name, python, arpa, clock):
    """A process of one thread for the implementation."""
    command = [python, __file__, "--worker", name, "--arpa", arpa]
    return Worker(name, command, **ONE_THREAD, NGRAM_CLOCK=clock)


def in_turn(workers, what, rounds, repeats):
    answers = {worker.name: [] for worker in workers}
    for i in range(rounds):
        for worker in workers[:: -1 if i % 2 else 1]:
            answers[worker.name].append(worker.ask("answer", what, repeats))
    return answers


def rows(workers, rounds, repeats):
    """A row for each pair: what was done, ours, the peer's, ours over the peer's with its range, and the goal."""
    there = {worker.name: worker for worker in workers if worker.missing is None}
    ours = there["ours"]
    for what, peer, goal in (("fit", "nltk", 1 / 200), ("score", "nltk", 1 / 5000), ("score", "kenlm", 1.0)):
        if peer in there:
            times = in_turn([ours, there[peer]], what, rounds if what == "score" else 1 + rounds // 4, repeats)
            each = sorted(a / b for a, b in zip(times["ours"], times[peer], strict=True))
            a, b = median(times["ours"]), median(times[peer])
            ratio = {"ratio": a / b, "low": each[0], "high": each[-1], "goal": goal}
            yield {"what": what, "peer": peer, "ours_s": a, "peer_s": b, **ratio}
        else:
            yield {"what": what, "peer": peer, "ours_s": median(in_turn([ours], what, rounds, repeats)["ours"]),
                   "missing": next(w.missing for w in workers if w.name == peer)}  # fmt: skip
    yield {"what": "sample", "ours_s": median(in_turn([ours], "sample", rounds, repeats)["ours"]), "goal_s": 0.5e-6}


def growth(ours, lengths):
    """Building from texts of several lengths: n log n means that the last column hardly moves."""
    from math import log2

    for length in lengths:
        seconds, size = ours.ask("grow", length)
        yield {"what": "grow", "tokens": length, "grams": size, "ours_s": seconds,
               "ns_per_n_log_n": 1e9 * seconds / (length * log2(length))}  # fmt: skip


def shown(row):
    """A row as a line of text."""
    parts = [f"{row['what']:<7}", f"ours {row['ours_s']:.3g} s"]
    if "ratio" in row:
        parts += [
            f"{row['peer']} {row['peer_s']:.3g} s",
            f"ratio {row['ratio']:.3g} ({row['low']:.3g}-{row['high']:.3g})",
        ]
        parts += [f"at most {row['goal']:.3g}"]
    if "missing" in row:
        parts += [f"{row['peer']} is missing ({row['missing']}); `pip install {row['peer']}`, or give --peer"]
    if "goal_s" in row:
        parts += [f"at most {row['goal_s']:.3g} s"]
    if "tokens" in row:
        parts += [f"{row['tokens']:,} tokens, {row['grams']:,} grams, {row['ns_per_n_log_n']:.3g} ns per n log2 n"]
    return ", ".join(parts)


def options():
    parser = argparse.ArgumentParser(description="The n-gram models beside nltk.lm and KenLM.")
    parser.add_argument("--rounds", type=int, default=9, help="how often each has its turn (9)")
    parser.add_argument("--quick", action="store_true", help="less work: does it run?")
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="processor: on a machine that is busy")
    parser.add_argument("--json", action="store_true", help="print JSON Lines")
    parser.add_argument("--peer", default=sys.executable, help="an interpreter that has nltk and kenlm")
    parser.add_argument("--worker", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--arpa", help=argparse.SUPPRESS)
    return parser.parse_args()


def run(chosen, workers):
    there = {worker.name: worker for worker in workers if worker.missing is None}
    if "kenlm" in there:
        mine, theirs = (there[name].ask("answer", "total", 1) for name in ("ours", "kenlm"))
        if abs(mine / theirs - 1) > 1e-5:
            sys.exit(f"log10 P of the text is {mine} here and {theirs} by KenLM")
    setting = {"text": source()[1], "clock": chosen.clock, "rounds": chosen.rounds}
    print(json.dumps(setting) if chosen.json else ", ".join(f"{k} {v}" for k, v in setting.items()))
    lengths = [10_000, 20_000] if chosen.quick else [100_000, 300_000, 1_000_000, 3_000_000, 10_000_000]
    repeats = 1 if chosen.quick else 7
    for found in (rows(workers, chosen.rounds, repeats), growth(there["ours"], lengths)):
        for row in found:
            print(json.dumps(row) if chosen.json else shown(row), flush=True)


def main():
    chosen = options()
    if chosen.worker:
        serve(lambda: begin(chosen.worker, chosen.arpa))
        return
    with tempfile.TemporaryDirectory() as folder:
        arpa = Path(folder, "ours.arpa")
        workers = [started("ours", sys.executable, arpa, chosen.clock)]  # it writes the file that KenLM reads
        workers += [started(name, chosen.peer, arpa, chosen.clock) for name in ("nltk", "kenlm")]
        try:
            run(chosen, workers)
        finally:
            for worker in workers:
                worker.close()


if __name__ == "__main__":
    main()
