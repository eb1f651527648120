"""`rnn-lab compare` against perplexities counted in plain Python."""

import json
import math
import os
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.testing import assert_allclose
from rich.cells import cell_len

from cli.commands.compare import command
from cli.lab.texts import DEFAULT
from cli.main import run
from rnn.baselines import SMOOTHINGS
from rnn.checkpoint import load_arrays, save_arrays

KEYS = [
    "model", "order", "smoothing", "tokens", "train_perplexity", "held_out_perplexity", "bits_per_character",
    "zero_events", "size", "seconds",
]  # fmt: skip
TEXT = "the cat sat on the mat and the rat ate the oats; then a cat chased that rat around the vat. " * 6
TEXT += "quick zebras yawn; the cat sat on the zebra."
TRAIN = ["--batch", "4", "--window", "8", "--epochs", "1", "--hidden", "5", "--json"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Everything happens in a folder of its own, where `story` is a corpus."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RNN_LAB_DATA", str(tmp_path))
    (tmp_path / "story.txt").write_text(TEXT)
    return tmp_path


@pytest.fixture
def compare(capsys):
    """Run `compare` with these arguments: the lines of its output, after an exit status of 0."""

    def call(*arguments):
        capsys.readouterr()
        assert run(["compare", *arguments]) == 0
        out, err = capsys.readouterr()
        said = [line for line in err.splitlines() if "compiling kernels" not in line]  # where none are kept yet
        assert not said or "FORCE_COLOR" in os.environ
        return [line.rstrip() for line in out.splitlines()]

    return call


def rows(lines):
    return {row["model"]: row for row in map(json.loads, lines)}


def train(name, *arguments):
    assert run(["train", "--corpus", "story", "--out", name, *TRAIN, *arguments]) == 0
    return name


def halves():
    cut = int(len(TEXT) * 0.9)
    return TEXT[:cut], TEXT[cut:]


def perplexity(text, p):
    """exp of the mean of −log p(w | c), where c is the character before w, or "" at the beginning."""
    probabilities = [p(text[max(i - 1, 0) : i], w) for i, w in enumerate(text)]
    return math.inf if 0 in probabilities else math.exp(-sum(map(math.log, probabilities)) / len(text))


def bigrams():
    """{smoothing: p(c, w)} by dictionaries; V counts <unk>."""
    training, _ = halves()
    n, pairs, followed = Counter(training), Counter(pairwise(training)), Counter(training[:-1])
    size, vocabulary = len(training), len(set(training)) + 1

    def mle(c, w):
        return pairs[c, w] / followed[c] if c and followed[c] else n[w] / size

    def laplace(c, w):
        if not c:
            return (n[w] + 1) / (size + vocabulary)
        return (pairs[c, w] + 1) / (followed[c] + vocabulary)

    def d2l(c, w):
        unigram = (n[w] + 2 / vocabulary) / (size + 2)
        return (pairs[c, w] + 2 * unigram) / (n[c] + 2) if c else unigram

    return {"mle": mle, "laplace": laplace, "d2l": d2l}


def test_rows_equal_counting_in_plain_python(compare):
    found = rows(compare("--corpus", "story", "--orders", "2", "--epsilon", "2", "--json"))
    training, held_out = halves()
    vocabulary = len(set(training)) + 1
    assert list(found) == ["uniform", "mle 2", "laplace 2", "d2l 2"]
    assert_allclose(found["uniform"]["held_out_perplexity"], vocabulary)
    for smoothing, p in bigrams().items():
        row = found[f"{smoothing} 2"]
        assert_allclose(row["train_perplexity"], perplexity(training, p), rtol=1e-12)
        zeros = sum(p(held_out[max(i - 1, 0) : i], w) == 0 for i, w in enumerate(held_out))
        assert row["zero_events"] == zeros
        if zeros:
            assert row["held_out_perplexity"] is None
        else:
            assert_allclose(row["held_out_perplexity"], perplexity(held_out, p), rtol=1e-12)
            assert_allclose(row["bits_per_character"], math.log2(perplexity(held_out, p)), rtol=1e-12)
        assert row["size"] == len(set(training)) + len(set(pairwise(training)))
    assert found["mle 2"]["zero_events"] > 0


def test_json_keys_and_the_reason_beside_a_null(compare):
    for row in rows(compare("--corpus", "story", "--json")).values():
        plain = [key for key in row if not key.endswith("_reason")]
        assert plain == KEYS
        assert row["seconds"] > 0
        infinite = row["held_out_perplexity"] is None
        assert infinite == (row["zero_events"] > 0) == (row["bits_per_character"] is None)
        if infinite:
            assert row["held_out_perplexity_reason"] == row["bits_per_character_reason"] == "infinite"


def test_rows_are_complete_and_in_order(compare):
    arguments = [
        "--orders",
        "2-4",
        "--smoothing",
        "lidstone",
        "--smoothing",
        "d2l-chain",
        "--smoothing",
        "lidstone",
    ]
    found = rows(compare("--corpus", "story", *arguments, "--json"))
    expected = [f"{name} {order}" for name in ("lidstone", "d2l-chain") for order in (2, 3, 4)]
    assert list(found) == ["uniform", *expected]
    assert [(row["smoothing"], row["order"]) for row in found.values()][1:3] == [
        ("lidstone", 2),
        ("lidstone", 3),
    ]
    assert (found["uniform"]["order"], found["uniform"]["smoothing"], found["uniform"]["size"]) == (
        None,
        None,
        0,
    )


def test_epsilon_reaches_the_models(compare):
    arguments = ["--corpus", "story", "--orders", "1", "--smoothing", "lidstone", "--json"]
    few, many = (rows(compare(*arguments, "--epsilon", e))["lidstone 1"] for e in ("1e-3", "1e12"))
    assert few["train_perplexity"] < many["train_perplexity"]
    assert_allclose(many["train_perplexity"], len(set(halves()[0])) + 1, rtol=1e-6)


def test_a_run_is_measured_as_train_said_on_the_text_it_was_trained_beside(compare, capsys):
    train("a", "--split", "0.8")
    done = json.loads(capsys.readouterr().out.splitlines()[-1])
    found = rows(compare("a", "--orders", "1", "--json"))
    assert list(found)[-1] == "run a"
    row = found["run a"]
    assert_allclose(row["train_perplexity"], done["train_perplexity"])
    assert_allclose(row["held_out_perplexity"], done["held_out_perplexity"])
    weights, _ = load_arrays(Path("a", "last.safetensors"))
    assert row["size"] == sum(w.size for w in weights.values())
    assert row["order"] is row["smoothing"] is None
    assert_allclose(found["uniform"]["held_out_perplexity"], done["vocabulary"])


def test_runs_of_one_name_are_told_apart(compare, folder):
    (folder / "x").mkdir()
    train("a"), train("x/a")
    found = rows(compare("a", "x/a/", "--orders", "1", "--json"))
    assert [name for name in found if name.startswith("run")] == ["run a", "run x/a"]


def test_the_table_has_every_figure_and_marks_the_best(compare):
    lines = compare("--corpus", "story", "--orders", "1-3")
    figures = rows(compare("--corpus", "story", "--orders", "1-3", "--json"))
    units = set()
    for name, row in figures.items():
        line = next(line for line in lines if line.startswith(f" {name} "))
        units.add(line.index("∞") if "∞" in line else line.index(".") - 1)
        assert f"{row['train_perplexity']:.2f}" in line
        if row["held_out_perplexity"] is None:
            assert "∞" in line
            assert f"{row['zero_events']} unseen" in line
        else:
            assert f"{row['held_out_perplexity']:.2f}" in line
    finite = {name: row["held_out_perplexity"] for name, row in figures.items() if row["held_out_perplexity"]}
    best = min(finite, key=finite.get)
    assert f" lowest held-out: {best}, {finite[best]:.2f} ({math.log2(finite[best]):.3f} bits/char)" in lines
    assert len(units) == 1, "units stand below each other"


def test_bars_are_as_long_as_bits_and_the_uniform_one_is_full(compare, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    arguments = ["--corpus", "story", "--orders", "1-4", "--smoothing", "d2l"]
    figures = rows(compare(*arguments, "--json"))
    ceiling = figures["uniform"]["bits_per_character"]
    for line in compare(*arguments):
        name = next((name for name in figures if line.startswith(f" {name} ")), None)
        if name:
            bar = re.search("[█▏▎▍▌▋▊▉]+", line)[0]
            eighths = sum(" ▏▎▍▌▋▊▉█".index(block) for block in bar)
            assert abs(eighths - 320 * min(1, figures[name]["bits_per_character"] / ceiling)) <= 1


@pytest.mark.parametrize("columns", [60, 80, 100, 140])
def test_it_fits(compare, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    train("a-run-with-a-name-that-is-rather-too-long-for-the-table")
    lines = compare("a-run-with-a-name-that-is-rather-too-long-for-the-table", "--orders", "1-2")
    assert max(map(cell_len, lines)) <= columns
    squeezed = "".join("".join(lines).split())
    assert "a-run-with-a-name" in squeezed
    assert "rnn-labsample" in squeezed


def test_without_colour_nothing_is_lost(compare, monkeypatch):
    arguments = ["--corpus", "story", "--orders", "1-2", "--smoothing", "d2l"]  # narrow: no seconds are shown
    monkeypatch.setenv("COLUMNS", "70")
    piped = compare(*arguments)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert compare(*arguments, "--plain") == piped
    colourful = compare(*arguments)
    assert any("\x1b[" in line for line in colourful)
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in colourful] == piped
    monkeypatch.setenv("NO_COLOR", "1")
    assert not any(re.search(r"\x1b\[[0-9;]*3[0-7]", line) for line in compare(*arguments))
    monkeypatch.delenv("FORCE_COLOR")
    assert "\x1b" not in "".join(compare(*arguments))


def test_help_names_every_smoothing_and_the_default_text():
    shown = " ".join(CliRunner().invoke(command, ["--help"]).output.split())
    assert f"Smoothings: {', '.join(SMOOTHINGS)}." in shown
    assert f"Default: {DEFAULT}." in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--corpus", "stori"], "did you mean story"),
        (["--corpus", "."], "this is a folder"),
        (["--corpus", "empty.txt"], "the file is empty"),
        (["--corpus", "latin.txt"], "not UTF-8"),
        (
            ["--corpus", "short.txt"],
            "order 5 is longer than the training part of 3 characters; short; lower --orders to 3",
        ),
        (["--corpus", "one.txt"], "nothing to train on"),
        (["--orders", "0-3"], "'0-3' is no range of orders; --orders; "),
        (["--orders", "x"], "'x' is no range"),
        (["--orders", "5-2"], "'5-2' is no range"),
        (["--orders", "-2"], "'-2' is no range"),
        (["--orders", "1-99999999999999"], "is no range"),
        (["--orders", "999999999"], "order 999,999,999 is longer .*; lower --orders to \\d+ at most"),
        (["--smoothing", "stupid-backoff"], "stupid-backoff gives scores, which have no perplexity; --smoothing; "),
        (["--smoothing", "laplce"], "no smoothing 'laplce'; --smoothing; did you mean laplace?"),
        (["--smoothing", "zzz"], "choose from mle, laplace"),
        (["--epsilon", "-1"], "epsilon is -1.0; --epsilon; "),
        (["--epsilon", "nan"], "epsilon is nan; --epsilon; "),
        (["--epsilon", "much"], "'much' is not a valid float"),
        (["--clean", "d2lzh"], "did you mean d2l-zh"),
        (["--split", "0"], "the training fraction is 0.0"),
        (["--split", "1"], "the training fraction is 1.0"),
        (["--split", "nan"], "the training fraction is nan"),
        (["nosuch"], "there is no such run; nosuch; "),
        (["story.txt"], "there is no such run"),
        (["notrun"], "the folder is not a run"),
    ],
)
def test_bad_input_is_one_line(arguments, says, folder, capsys):
    (folder / "empty.txt").write_bytes(b"")
    (folder / "latin.txt").write_bytes(b"caf\xe9")
    (folder / "short.txt").write_text("abcd")
    (folder / "one.txt").write_text("a")
    (folder / "notrun").mkdir()
    refused(capsys, arguments, says)


def refused(capsys, arguments, says):
    capsys.readouterr()
    assert run(["compare", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"rnn-lab: [^\n]*; [^\n]*; [^\n]*\n", err), err
    assert re.search(says, err), err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["--corpus", "the-lighthouse"],
            "run a was trained on another text: story .*, not the-lighthouse .*; a; leave out",
        ),
        (["--clean", "d2l-zh"], "run a was trained with cleaning none, not d2l-zh; a; leave out"),
        (["--split", "0.8"], "run a was trained with split 0.9, not 0.8; a; leave out"),
    ],
)
def test_a_run_is_not_measured_on_text_that_it_may_have_trained_on(arguments, says, capsys):
    train("a")
    refused(capsys, ["a", *arguments], says)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--split", "0.8"], "run b was trained with split 0.8, not 0.9; b; compare it by itself"),
        (["--clean", "d2l-v1"], "run b was trained with cleaning d2l-v1, not none"),
        (["--corpus", "other.txt"], "run b was trained on another text: other"),
    ],
)
def test_runs_of_different_texts_are_not_compared(arguments, says, folder, capsys):
    (folder / "other.txt").write_text(TEXT[::-1])
    train("a")
    train("b", *arguments)
    refused(capsys, ["a", "b"], says)
    assert run(["compare", "b", "--orders", "1"]) == 0


def test_a_text_that_has_changed_or_gone_is_noticed(compare, folder, capsys):
    train("a")
    (folder / "story.txt").rename(folder / "elsewhere.text")
    refused(
        capsys,
        ["a"],
        "the text that it was trained on, story, is not there; a; give it with --corpus",
    )
    assert "run a" in rows(compare("a", "--corpus", "./elsewhere.text", "--orders", "1", "--json"))
    (folder / "story.txt").write_text(TEXT + "!")
    refused(capsys, ["a"], "run a was trained on another text: .*; a; give its own text with --corpus PATH")


def test_another_vocabulary_and_broken_weights_are_noticed(folder, capsys):
    train("a")
    weights, metadata = load_arrays(folder / "a" / "last.safetensors")
    save_arrays(folder / "a" / "last.safetensors", {k: w * np.float32("nan") for k, w in weights.items()}, metadata)
    refused(capsys, ["a"], "a log-probability is NaN; run a, ")
    about = json.loads((folder / "a" / "run.json").read_text())
    about["vocabulary"][1:3] = about["vocabulary"][2:0:-1]
    (folder / "a" / "run.json").write_text(json.dumps(about))
    refused(capsys, ["a"], "run a was trained with another vocabulary")
