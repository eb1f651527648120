"""Training that cannot go on: numbers that are not finite, a full disk, a folder in use; and what is only said."""

import errno
import json
import os
import stat
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from train_cases import history, one_line, same_weights, train, written

from cli.lab import runs
from cli.lab.runs import history as histories
from cli.lab.runs.lock import holder, locked
from cli.main import run
from rnn import checkpoint
from rnn.trouble import Plateau


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    return written(tmp_path_factory.mktemp("text"))


def test_a_diverging_run_says_when_what_why_and_keeps_its_checkpoint(text, tmp_path, capsys):
    wild = ["--optimizer", "sgd", "--lr", "1e38", "--clip", "none", "--checkpoint-every", "1"]
    assert train(text, tmp_path / "r", *wild) == 1
    err = capsys.readouterr().err
    assert one_line(err), err
    assert "step " in err
    assert "lower the learning rate" in err
    assert [row["event"] for row in history(tmp_path / "r")][-1] == "trouble"
    assert run(["runs", "list", str(tmp_path / "r"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "failed"


def test_weights_that_are_not_finite_are_never_saved(text, tmp_path, capsys, monkeypatch):
    from minigrad.optim import SGD

    step = SGD.step

    def planted(self):
        step(self)
        if self.steps[0] == 18:
            self.params[0].data[0, 0] = np.inf

    monkeypatch.setattr(SGD, "step", planted)
    assert train(text, tmp_path / "r", "--optimizer", "sgd") == 1
    err = capsys.readouterr().err
    assert one_line(err), err
    assert "the last good checkpoint is that of step 15" in err
    assert runs.load(str(tmp_path / "r")).step == 15
    monkeypatch.undo()
    assert run(["train", "--resume", str(tmp_path / "r"), "--json"]) == 0
    assert train(text, tmp_path / "whole", "--optimizer", "sgd") == 0
    assert same_weights(tmp_path / "r", tmp_path / "whole")
    assert history(tmp_path / "r") == history(tmp_path / "whole")


@pytest.mark.parametrize("after", range(2, 12))
def test_a_full_disk_leaves_the_checkpoint_before(text, tmp_path, capsys, monkeypatch, after):
    """Whichever file is the first that does not fit."""
    fsync, calls = os.fsync, []

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) > 2 * after and not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "the disk")
        fsync(descriptor)

    monkeypatch.setattr(checkpoint.os, "fsync", full)
    assert train(text, tmp_path / "r", "--evaluate-every", "4", "--checkpoint-every", "3") == 2
    err = capsys.readouterr().err
    assert one_line(err), err
    assert "no space left on device" in err
    assert not list((tmp_path / "r").glob(".*")), "something half-written is left"
    monkeypatch.undo()
    assert run(["train", "--resume", str(tmp_path / "r"), "--json"]) == 0
    assert train(text, tmp_path / "whole", "--evaluate-every", "4", "--checkpoint-every", "3") == 0
    assert same_weights(tmp_path / "r", tmp_path / "whole")
    assert history(tmp_path / "r") == history(tmp_path / "whole")


def test_a_history_that_does_not_fit_is_not_torn(tmp_path):
    log = histories.History(tmp_path)
    log.add({"event": "step", "step": 1})
    log.flush()
    log.add({"event": "step", "step": 2})
    path = tmp_path / "metrics.jsonl"
    before = path.read_bytes()

    class Full:
        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, block):
            self.file.write(block[:7])
            self.file.flush()
            raise OSError(errno.ENOSPC, "full")

    class Path:
        def open(self, mode):
            return Full(path.open(mode))

    log._path, real = Path(), log._path
    with pytest.raises(OSError, match="full"):
        log.flush()
    assert path.read_bytes() == before
    log._path = real
    log.flush()
    assert [row["step"] for row in map(json.loads, path.read_text().splitlines())] == [1, 2]


def test_a_folder_that_cannot_be_made_is_one_line(text, tmp_path, capsys):
    (tmp_path / "file").write_text("x")
    assert train(text, tmp_path / "file" / "r") == 2
    assert one_line(err := capsys.readouterr().err), err


HOLD = """
import sys, time; from pathlib import Path; from cli.lab.runs.lock import locked
with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)
"""


def test_a_second_process_is_refused_and_a_killed_one_is_no_obstacle(text, tmp_path, capsys):
    assert train(text, tmp_path / "r", "--steps", "3") == 0
    folder = tmp_path / "r"
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout.readline() == "held\n"
        assert holder(folder) == other.pid
        capsys.readouterr()
        assert run(["train", "--resume", str(folder)]) == 2
        assert one_line(err := capsys.readouterr().err), err
        assert f"process {other.pid} is training this run; {folder}; " in err
        assert train(text, folder) == 2  # nor is it begun anew
        assert run(["runs", "list", str(folder), "--json"]) == 0
        row = json.loads(capsys.readouterr().out)
        assert (row["state"], row["process"]) == ("running", other.pid)
        assert run(["sample", str(folder), "--length", "3"]) == 0  # to look is allowed
    finally:
        other.kill()
        other.wait()
    assert holder(folder) is None
    assert run(["train", "--resume", str(folder), "--steps", "5", "--json"]) == 0


def test_whoever_looks_does_not_keep_a_trainer_out(tmp_path):
    with locked(tmp_path):
        assert holder(tmp_path) == os.getpid()
    assert holder(tmp_path) is None
    with locked(tmp_path):
        pass


def test_a_network_that_reads_the_future_is_said_to_and_has_no_held_out_perplexity(text, tmp_path, capsys):
    assert train(text, tmp_path / "r", "--bidirectional", "--steps", "40") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows[0]["event"] == "note"
    assert "sees the very token that it is to foresee" in rows[0]["text"]
    done = rows[-1]
    assert done["held_out_perplexity"] is None
    assert "reads backwards" in done["held_out_perplexity_reason"]
    assert done["train_perplexity"] < 12
    assert not any("held_out_perplexity" in row for row in rows[:-1])
    assert run(["train", "--resume", str(tmp_path / "r"), "--plain"]) == 0
    assert train(text, tmp_path / "s", "--steps", "4") == 0
    assert "note" not in capsys.readouterr().out


def test_standing_still_at_the_unigram_level_is_said(text, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("cli.lab.training.Plateau", partial(Plateau, patience=60))
    usual = ["--evaluate-every", "never", "--steps", "120"]
    assert train(text, tmp_path / "r", *usual) == 0
    assert '"note"' not in capsys.readouterr().out
    stuck = ["--optimizer", "sgd", "--lr", "0.5", "--std", "1e-9", "--cell", "lstm"]
    assert train(text, tmp_path / "s", *usual, *stuck, "--steps", "200") == 0
    notes = [row["text"] for row in map(json.loads, capsys.readouterr().out.splitlines()) if row["event"] == "note"]
    assert len(notes) == 1
    assert "counting single tokens" in notes[0]


def test_patience_stops_by_the_development_part_and_keeps_the_best(text, tmp_path, capsys):
    arguments = ["--patience", "2", "--lr", "0.5", "--steps", "4000", "--evaluate-every", "3"]
    assert train(text, tmp_path / "r", *arguments) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    measured = [row["development_perplexity"] for row in rows if row["event"] == "epoch"]
    assert len(measured) < 200
    best = min(range(len(measured)), key=measured.__getitem__)
    assert best == len(measured) - 3
    assert rows[-1]["best_step"] == 3 * (best + 1)
    assert runs.load(str(tmp_path / "r" / "best.safetensors")).step == 3 * (best + 1)
    assert rows[-1]["training_tokens"] == 1488  # what the text says; trained on are eight ninths of the training part
