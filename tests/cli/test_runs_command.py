"""`rnn-lab runs`: the list, and curves over each other."""

import json
import re
import shutil

import pytest
from train_cases import one_line, train, written

from cli.lab.runs.listing import listed
from cli.main import run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Runs of several kinds in `runs`."""
    folder = tmp_path_factory.mktemp("place")
    text = written(folder)
    assert train(text, folder / "runs" / "rhyme-rnn-2") == 0
    assert train(text, folder / "runs" / "rhyme-rnn-10", "--hidden", "12", "--epochs", "2") == 0
    assert train(text, folder / "runs" / "rhyme-gru-1", "--cell", "gru", "--layers", "2", "--minutes", "0.003") == 0
    shutil.copytree(folder / "runs" / "rhyme-rnn-2", folder / "runs" / "stopped")
    path = folder / "runs" / "stopped" / "metrics.jsonl"
    path.write_text("".join(row + "\n" for row in path.read_text().splitlines()[:-1]))
    (folder / "runs" / "old").mkdir()
    (folder / "runs" / "old" / "run.json").write_text("{}")
    (folder / "runs" / "no-run").mkdir()
    (folder / "runs" / "file").write_text("")
    return folder


@pytest.fixture
def call(folder, monkeypatch, capsys):
    """A command in that folder at a width; its status, stdout and stderr."""
    monkeypatch.chdir(folder)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def command(*arguments, columns=60):
        monkeypatch.setenv("COLUMNS", str(columns))
        capsys.readouterr()
        status = run(["runs", *arguments])
        return status, *capsys.readouterr()

    return command


def rows(out):
    return [json.loads(line) for line in out.splitlines()]


def test_every_run_is_listed_with_its_state(call, folder):
    status, out, _ = call("--json")
    assert status == 0
    found = {row["run"]: row for row in rows(out)}
    assert list(found) == [f"runs/{n}" for n in ("old", "rhyme-gru-1", "rhyme-rnn-2", "rhyme-rnn-10", "stopped")]
    assert [row["state"] for row in found.values()] == ["unreadable", "finished", "finished", "finished", "stopped"]
    assert "older version" in found["runs/old"]["problem"]
    plain = found["runs/rhyme-rnn-2"]
    assert (plain["step"], plain["steps"], plain["epochs"], plain["process"]) == (30, 30, None, None)
    vocabulary = 18
    assert plain["parameters"] == 8 * (vocabulary + 8 + 2) + vocabulary * (8 + 1)
    done = json.loads((folder / "runs" / "rhyme-rnn-2" / "metrics.jsonl").read_text().splitlines()[-1])
    assert plain["held_out_perplexity"] == done["held_out_perplexity"]
    assert plain["train_perplexity"] == done["train_perplexity"]
    passes = found["runs/rhyme-rnn-10"]
    assert (passes["epoch"], passes["epochs"], passes["steps"]) == (2, 2, None)
    timed = found["runs/rhyme-gru-1"]
    assert (timed["minutes"], timed["layers"]) == (0.003, 2)
    assert timed["seconds"] >= 0.18


def test_the_list_can_be_sorted(call):
    values = [
        r["held_out_perplexity"] for r in rows(call("--sort", "perplexity", "--json")[1]) if r["state"] != "unreadable"
    ]
    assert values == sorted(values)
    changed = [listed_run.changed for listed_run in listed(["runs"], "time")]
    assert changed == sorted(changed, reverse=True)


@pytest.mark.parametrize("columns", [60, 120])
@pytest.mark.parametrize("plain", [[], ["--plain"]])
def test_the_list_fits_and_says_what_next(call, columns, plain):
    status, out, _ = call(*plain, columns=columns)
    assert status == 0
    lines = out.splitlines()
    table = lines[: lines.index("", 2)]
    assert max(map(len, table)) <= columns
    for name in ("rhyme-gru-1", "rhyme-rnn-2", "rhyme-rnn-10", "stopped", "old"):
        assert any(name in line for line in lines), name
    assert any("2 × gru 8" in line for line in table)
    assert any("30/30" in line for line in table)
    assert any("2/2 epochs" in line for line in table)
    assert lines[-1].strip() == "go on: rnn-lab train --resume runs/stopped"
    assert "\x1b" not in out


def test_other_folders_and_single_runs_can_be_listed(call, tmp_path):
    assert [row["run"] for row in rows(call("list", "runs/stopped", "runs/stopped", "--json")[1])] == ["runs/stopped"]
    status, out, _ = call("list", str(tmp_path))
    assert status == 0
    assert "no runs here" in out
    status, out, err = call("list", "nowhere")
    assert status == 2
    assert one_line(err)


def test_curves_have_the_measured_values_in_json(call, folder):
    status, out, _ = call("compare", "runs/rhyme-rnn-2", "runs/rhyme-rnn-10", "--json")
    assert status == 0
    found = [row for row in rows(out) if row["run"] == "runs/rhyme-rnn-2"]
    assert [row["step"] for row in found] == [8, 16, 24, 30]
    own = [json.loads(row) for row in (folder / "runs" / "rhyme-rnn-2" / "metrics.jsonl").read_text().splitlines()]
    measured = [row["held_out_perplexity"] for row in own if row["event"] in ("epoch", "done")]
    assert [row["held_out_perplexity"] for row in found] == measured
    assert {row["run"] for row in rows(out)} == {"runs/rhyme-rnn-2", "runs/rhyme-rnn-10"}


@pytest.mark.parametrize("columns", [60, 120])
def test_curves_are_drawn_with_a_letter_each(call, columns):
    status, out, _ = call("compare", "runs/rhyme-rnn-2", "runs/rhyme-rnn-10", columns=columns)
    assert status == 0
    assert "held-out perplexity" in out
    assert max(map(len, out.splitlines())) <= columns
    picture = [line for line in out.splitlines() if re.search("[⠁-⣿]", line)]
    assert len(picture) >= 6
    for letter, name in (("A", "rhyme-rnn-2"), ("B", "rhyme-rnn-10")):
        assert sum(line.rstrip().endswith(letter) for line in picture) == 1
        assert any(line.split()[:1] == [letter] and name in line for line in out.splitlines())


def test_other_parts_and_axes(call):
    assert "training perplexity" in call("compare", "runs/rhyme-rnn-2", "--part", "training")[1]
    status, out, _ = call("compare", "runs/rhyme-rnn-2", "--part", "development")
    assert status == 0
    assert "no run has measured its development perplexity" in out
    assert " seconds" in call("compare", "runs/rhyme-rnn-2", "--by", "seconds")[1]


def test_runs_of_different_texts_are_said_not_to_compare(call, folder, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("Something else entirely. " * 100)
    assert train(str(other), tmp_path / "o", "--steps", "8") == 0
    assert "heights do not compare" in " ".join(call("compare", "runs/rhyme-rnn-2", str(tmp_path / "o"))[1].split())
    assert "heights do not compare" not in call("compare", "runs/rhyme-rnn-2", "runs/rhyme-rnn-10")[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["compare", "nowhere"], "there is no such run"),
        (["compare", "runs/old"], "an older version"),
        (["compare", "runs/no-run"], "not a run"),
        (["compare"], "RUN"),
        (["cmpare"], "did you mean compare?"),
        (["--sort", "size"], "size"),
    ],
)
def test_bad_input_is_one_line(call, arguments, words):
    status, out, err = call(*arguments)
    assert status == 2
    assert out == ""
    assert one_line(err), err
    assert words in err
