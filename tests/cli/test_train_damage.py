"""Damaged run folders: a clear line or an announced fall back, never a traceback and never a wrong model."""

import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from train_cases import history, one_line, same_weights, train, written

from cli.lab import runs
from cli.main import run

FILES = (
    "config.toml", "vocabulary.json", "metrics.jsonl", "last.safetensors", "best.safetensors", "checkpoint.safetensors",
    "checkpoint.previous.safetensors",
)  # fmt: skip


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A finished run of 30 steps, one stopped after 22, and what the finished one says."""
    folder = tmp_path_factory.mktemp("runs")
    text = written(folder)
    assert train(text, folder / "finished") == 0
    assert train(text, folder / "stopped", "--steps", "22") == 0
    return folder


@pytest.fixture
def damaged(places, tmp_path, capsys):
    """Copies a run, changes one file of it, and runs a command on it: (status, stdout, stderr)."""

    def call(base, name, content, *arguments):
        folder = tmp_path / "w"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(places / base, folder)
        if content is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(content)
        capsys.readouterr()
        status = run([argument.replace("RUN", str(folder)) for argument in arguments])
        out, err = capsys.readouterr()
        assert status in (0, 2), err
        assert status == 0 or one_line(err), err
        return status, out, err

    return call


def changes(whole, rng, number):
    """Other contents: cut short, a bit flipped, a byte changed, an end of zeros, nothing, something else."""
    yield from (b"", whole[: len(whole) // 2])
    if number > 1:
        yield from (whole[:-1], b"\xff" + whole[1:], b"{}", b"[]", b"null", whole + b"x")
    for _ in range(number):
        place, other = rng.randrange(len(whole)), bytearray(whole)
        other[place] = rng.choice([other[place] ^ (1 << rng.randrange(8)), *b"019az'\",=[]{}\n \0\xff"])
        yield bytes(other)
        yield whole[:place]
        yield whole[:place] + b"\0" * (len(whole) - place)


def try_all(damaged, places, number, names=FILES):
    rng = random.Random(8)
    said = damaged("finished", "lock", b"", "sample", "RUN", "--length", "9")[1]
    wanted = places / "finished"
    for name in names:
        whole = (wanted / name).read_bytes(), (places / "stopped" / name).read_bytes()
        for content in changes(whole[0], rng, number):
            status, out, _ = damaged("finished", name, content, "sample", "RUN", "--length", "9")
            assert status == 2 or out == said, (name, content[:100])
            damaged("finished", name, content, "runs", "list", "RUN", "--json")
            damaged("finished", name, content, "runs", "compare", "RUN")
        for content in changes(whole[1], rng, number):
            status, out, err = damaged("stopped", name, content, "train", "--resume", "RUN", "--steps", "30", "--json")
            again = Path(json.loads(out.splitlines()[-1])["run"]) if status == 0 else None
            assert again is None or same_weights(again, wanted), (name, content[:100])
            if again is not None and name == "checkpoint.safetensors" and content != whole[1]:
                assert "checkpoint.safetensors cannot be read" in err
                assert "going on from checkpoint.previous.safetensors, step 20" in err


@pytest.mark.parametrize("name", FILES)
def test_every_file_cut_short_and_changed(damaged, places, name):
    try_all(damaged, places, 1, [name])


@pytest.mark.slow
def test_every_file_at_many_places(damaged, places):
    try_all(damaged, places, 12)


@pytest.mark.parametrize("command", ["sample RUN", "compare RUN --orders 1", "train --resume RUN", "runs compare RUN"])
def test_what_is_no_run_is_refused(command, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    old = tmp_path / "old"
    old.mkdir()
    (old / "run.json").write_text('{"format": 3}')
    for folder, words in (("none", "there is no such run"), ("empty", "not a run"), ("old", "an older version")):
        capsys.readouterr()
        assert run(command.replace("RUN", str(tmp_path / folder)).split()) == 2
        assert one_line(err := capsys.readouterr().err), err
        assert words in err


def test_another_version_is_named(damaged, places):
    newer = (places / "finished" / "config.toml").read_bytes().replace(b"format = 4", b"format = 5")
    assert "format is 5, not 4" in damaged("finished", "config.toml", newer, "sample", "RUN")[2]


def test_settings_and_vocabulary_of_another_run_are_noticed(damaged, places):
    config = (places / "finished" / "config.toml").read_bytes()
    for old, new, words in (
        (b"seed = 0", b"seed = 1", "it belongs to a run with seed 0, not 1"),
        (b"hidden = 8", b"hidden = 80", "it belongs to a run with hidden 8, not 80"),
        (b"lr = 0.02", b"lr = 0.07", "it belongs to a run with lr 0.02, not 0.07"),
    ):
        for command in (["sample", "RUN"], ["train", "--resume", "RUN"]):
            assert words in damaged("finished", "config.toml", config.replace(old, new), *command)[2]
    tokens = json.loads((places / "finished" / "vocabulary.json").read_text())
    swapped = json.dumps([tokens[0], tokens[2], tokens[1], *tokens[3:]]).encode()
    assert "another vocabulary" in damaged("finished", "vocabulary.json", swapped, "sample", "RUN")[2]
    assert "not that of its text" in damaged("finished", "vocabulary.json", swapped, "train", "--resume", "RUN")[2]


def test_a_length_that_was_changed_by_hand_does_not_count(damaged, places):
    longer = (places / "stopped" / "config.toml").read_bytes().replace(b"steps = 22", b"steps = 25")
    status, out, _ = damaged("stopped", "config.toml", longer, "train", "--resume", "RUN", "--json")
    assert status == 0
    assert [json.loads(row)["event"] for row in out.splitlines()] == ["note", "finished"]
    assert "the checkpoint, which counts: steps 22" in out


def test_both_checkpoints_damaged_are_one_line(damaged, places, tmp_path, capsys):
    damaged("finished", "checkpoint.safetensors", b"x", "runs", "list", "RUN")
    (tmp_path / "w" / "checkpoint.previous.safetensors").write_bytes(b"y")
    assert run(["train", "--resume", str(tmp_path / "w")]) == 2
    assert one_line(err := capsys.readouterr().err), err
    assert "checkpoint.previous.safetensors" in err


def test_damaged_weights_are_written_again(damaged, tmp_path, places):
    for content in (b"x", None):
        assert damaged("finished", "last.safetensors", content, "sample", "RUN")[0] == 2
        assert damaged("finished", "last.safetensors", content, "train", "--resume", "RUN")[0] == 0
        assert same_weights(tmp_path / "w", places / "finished")


def test_the_best_weights_can_be_taken_by_name(damaged, tmp_path, places):
    assert damaged("finished", "last.safetensors", None, "sample", "RUN/best.safetensors")[0] == 0
    best = runs.load(str(tmp_path / "w" / "best.safetensors"))
    assert best.step == 24
    stored = load_file(tmp_path / "w" / "best.safetensors")
    assert all(np.array_equal(stored[name], p.data) for name, p in best.model.named_parameters())


def test_lines_of_the_history_that_cannot_be_read_are_announced(damaged, tmp_path, places):
    rows = (places / "stopped" / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    rows[3] = b'{"event": "st\n'
    status, out, _ = damaged(
        "stopped", "metrics.jsonl", b"".join(rows), "train", "--resume", "RUN", "--steps", "30", "--json"
    )
    assert status == 0
    assert json.loads(out.splitlines()[0])["text"] == "1 lines of the history cannot be read and are left out"
    assert history(tmp_path / "w") == [row for row in history(places / "finished") if row["step"] != 4]


def test_a_torn_last_line_is_not_worth_a_word(damaged, tmp_path, places):
    torn = (places / "stopped" / "metrics.jsonl").read_bytes() + b'{"event": "step", "st'
    status, out, err = damaged("stopped", "metrics.jsonl", torn, "train", "--resume", "RUN", "--steps", "30", "--json")
    assert status == 0
    assert '"note"' not in out + err
    assert history(tmp_path / "w") == history(places / "finished")
