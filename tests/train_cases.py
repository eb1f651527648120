"""A short text and small runs on it, for every test of training."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from cli.main import run

RHYME = "the rain it raineth every day, and every night it rains away.\n" * 30
SIZES = ["--hidden", "8", "--batch", "4", "--window", "10"]
SMALL = [*SIZES, "--lr", "0.02", "--evaluate-every", "8", "--checkpoint-every", "5"]
TIMES = ("tokens_per_second", "seconds")


def written(folder):
    """The text, as a file."""
    path = Path(folder) / "rhyme.txt"
    path.write_text(RHYME, encoding="utf-8")
    return str(path)


def train(text, out, *more):
    """A small run on the text, of 30 steps unless told otherwise."""
    length = [] if {"--steps", "--epochs", "--minutes"} & set(more) else ["--steps", "30"]
    return run(["train", "--corpus", text, "--out", str(out), *SMALL, *length, "--json", *more])


def same_weights(a, b, name="last.safetensors"):
    """Whether two runs have the same weights, bit for bit."""
    first, second = (load_file(Path(folder) / name) for folder in (a, b))
    return first.keys() == second.keys() and all(np.array_equal(first[k], second[k]) for k in first)


def history(folder):
    """The rows of a history without what the clock says."""
    rows = map(json.loads, (Path(folder) / "metrics.jsonl").read_text().splitlines())
    return [{k: v for k, v in row.items() if k not in (*TIMES, "run")} for row in rows]


def one_line(err):
    """Whether an error is a line of the form that is promised."""
    return err.startswith("rnn-lab: ") and err.count("\n") == 1 and err.count("; ") >= 2 and "fault of ours" not in err
