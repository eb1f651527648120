"""`train --resume`: a run that was stopped or killed goes on bit for bit as if it never had been."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from train_cases import SMALL, history, one_line, same_weights, train, written

from cli.lab import runs, stopping
from cli.lab.runs.opening import begun, resumed
from cli.lab.texts import prepare
from cli.lab.training import Course
from cli.main import run

WAYS = {
    "plain": [],
    "random order": ["--sampling", "random", "--optimizer", "momentum", "--lr", "0.1"],
    "dropout": ["--cell", "lstm", "--layers", "2", "--dropout", "0.3", "--optimizer", "rmsprop"],
    "schedule": ["--cell", "gru", "--schedule", "cosine", "--warmup", "4", "--optimizer", "adamw"],
    "truncated": ["--truncation", "6", "--stride", "3", "--embedding", "5", "--optimizer", "adagrad"],
    "jordan": ["--cell", "jordan", "--dtype", "float64", "--clip-value", "0.1"],
    "development": ["--patience", "50", "--embedding", "8", "--tied"],
    "two directions": ["--bidirectional", "--optimizer", "sgd", "--lr", "0.3"],
}


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    return written(tmp_path_factory.mktemp("text"))


class AfterSteps:
    """A `Stop` that asks to stop after so many steps."""

    def __init__(self, steps):
        self.left = steps

    def __bool__(self):
        self.left -= 1
        return self.left < 0


def go_on(folder, steps):
    """So many steps more of a run, in this process."""
    with resumed(str(folder), {}) as opened:
        return [event.event for event in Course(opened).events(AfterSteps(steps))][-1]


@pytest.mark.parametrize("way", WAYS)
def test_a_run_in_pieces_is_the_run_in_one(text, tmp_path, capsys, way):
    assert train(text, tmp_path / "whole", *WAYS[way]) == 0
    settings = runs.load(str(tmp_path / "whole")).settings
    with begun(settings, prepare(text), str(tmp_path / "p")) as opened:
        events = [event.event for event in Course(opened).events(AfterSteps(0))]
    assert events[-2:] == ["checkpoint", "stopped"]
    assert [go_on(tmp_path / "p", n) for n in (6, 0, 12, 99)] == ["stopped", "stopped", "stopped", "done"]
    assert same_weights(tmp_path / "p", tmp_path / "whole")
    assert same_weights(tmp_path / "p", tmp_path / "whole", "best.safetensors")
    assert history(tmp_path / "p") == history(tmp_path / "whole")


def test_a_finished_run_says_so_and_stays_as_it_is(text, tmp_path, capsys):
    assert train(text, tmp_path / "r") == 0
    before = {p.name: p.read_bytes() for p in (tmp_path / "r").iterdir()}
    capsys.readouterr()
    assert run(["train", "--resume", str(tmp_path / "r")]) == 0
    assert "is finished: 30 updates" in capsys.readouterr().out
    assert run(["train", "--resume", str(tmp_path / "r"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["event"] == "finished"
    assert {p.name: p.read_bytes() for p in (tmp_path / "r").iterdir()} == before


@pytest.mark.parametrize(
    ("first", "longer"),
    [
        (["--steps", "13"], ["--steps", "30"]),
        (["--epochs", "1"], ["--epochs", "2"]),
        (["--epochs", "1", "--schedule", "step", "--decay-every", "9"], ["--epochs", "2"]),
    ],
)
def test_a_longer_run_is_the_run_that_was_longer_from_the_start(text, tmp_path, capsys, first, longer):
    assert train(text, tmp_path / "a", *first) == 0
    assert run(["train", "--resume", str(tmp_path / "a"), *longer, "--json"]) == 0
    assert train(text, tmp_path / "b", *first[2:], *longer) == 0
    assert same_weights(tmp_path / "a", tmp_path / "b")
    assert same_weights(tmp_path / "a", tmp_path / "b", "best.safetensors")
    assert history(tmp_path / "a") == history(tmp_path / "b")
    assert (tmp_path / "a" / "config.toml").read_text() == (tmp_path / "b" / "config.toml").read_text()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--hidden", "9"], "--hidden is 8, not 9; "),
        (["--hidden", "9", "--cell", "gru"], "--hidden is 8, not 9, --cell is rnn, not gru; "),
        (["--steps", "20"], "--steps is 30, not 20; "),
        (["--epochs", "2"], "--epochs is not set, not 2; "),
        (["--tied"], "--tied is False, not True; "),
        (["--out", "x"], "--resume takes everything from the run, and --out is given too; "),
        (["--preset", "d2l-gru", "--config", "y"], "and --preset, --config is given too; "),
    ],
)
def test_flags_that_are_not_the_run_s_are_named(text, tmp_path, capsys, more, words):
    assert train(text, tmp_path / "r") == 0
    before = {p.name: p.read_bytes() for p in (tmp_path / "r").iterdir()}
    capsys.readouterr()
    assert run(["train", "--resume", str(tmp_path / "r"), *more]) == 2
    err = capsys.readouterr().err
    assert one_line(err)
    assert words in err
    assert {p.name: p.read_bytes() for p in (tmp_path / "r").iterdir()} == before
    assert run(["train", "--resume", str(tmp_path / "r"), "--hidden", "8", "--cell", "rnn"]) == 0  # what it has anyway


def test_a_schedule_that_knows_the_end_is_not_made_longer(text, tmp_path, capsys):
    assert train(text, tmp_path / "r", "--schedule", "cosine") == 0
    capsys.readouterr()
    assert run(["train", "--resume", str(tmp_path / "r"), "--steps", "40"]) == 2
    assert "with --schedule cosine a longer run would have had other learning rates" in capsys.readouterr().err


def test_the_text_may_have_moved_but_not_changed(text, tmp_path, capsys):
    here = tmp_path / "rhyme.txt"
    here.write_bytes(Path(text).read_bytes())
    assert train(str(here), tmp_path / "r", "--steps", "5") == 0
    there = here.rename(tmp_path / "moved.txt")
    for more, code, words in (
        ([], 2, "give it with --corpus PATH"),
        (["--corpus", str(there)], 0, ""),
    ):
        capsys.readouterr()
        assert run(["train", "--resume", str(tmp_path / "r"), *more]) == code
        assert words in capsys.readouterr().err
    there.write_text("Another text. " * 200)
    assert run(["train", "--resume", str(tmp_path / "r"), "--corpus", str(there)]) == 2
    assert one_line(err := capsys.readouterr().err), err
    assert "its text was" in err


def test_the_clock_can_decide_how_long(text, tmp_path, capsys):
    assert train(text, tmp_path / "r", "--minutes", "0.005", "--checkpoint-every", "1000") == 0
    done = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert done["event"] == "done"
    assert 0.3 <= done["seconds"] < 3
    assert run(["train", "--resume", str(tmp_path / "r"), "--minutes", "0.007", "--json"]) == 0
    more = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert more["step"] > done["step"]
    assert more["seconds"] >= 0.42


def started(*arguments, **more):
    program = "import sys; from cli.main import main; sys.argv[0] = 'rnn-lab'; main()"
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", program, *arguments], **pipes, **more)


LONG = [*SMALL, "--evaluate-every", "100", "--checkpoint-every", "7"]


def begin(text, out, steps, *more):
    return started("train", "--corpus", text, "--out", str(out), *LONG, "--steps", str(steps), "--json", *more)


def killed(process, *, after):
    """Its first line waited for, then killed after so many seconds."""
    process.stdout.readline()
    time.sleep(after)
    process.kill()
    process.communicate()


def kill_and_resume(text, tmp_path, steps, moments):
    assert run(["train", "--corpus", text, "--out", str(tmp_path / "whole"), *LONG, "--steps", str(steps)]) == 0
    killed(begin(text, tmp_path / "r", steps), after=moments[0])
    for moment in moments[1:]:
        assert run(["runs", "list", str(tmp_path / "r"), "--json"]) == 0
        if (tmp_path / "r" / "last.safetensors").exists():
            assert runs.load(str(tmp_path / "r")).step >= 1
        killed(started("train", "--resume", str(tmp_path / "r"), "--json"), after=moment)
    last = started("train", "--resume", str(tmp_path / "r"), "--json")
    out, err = last.communicate()
    assert last.returncode == 0, err
    assert json.loads(out.splitlines()[-1])["event"] in ("done", "finished")
    assert same_weights(tmp_path / "r", tmp_path / "whole")
    assert same_weights(tmp_path / "r", tmp_path / "whole", "best.safetensors")
    assert history(tmp_path / "r") == history(tmp_path / "whole")
    assert not list((tmp_path / "r").glob(".*")), "something half-written is left"


def test_kill_minus_nine(text, tmp_path, capsys):
    kill_and_resume(text, tmp_path, 300, [0.03])


@pytest.mark.slow
def test_kill_minus_nine_at_many_random_moments(text, tmp_path, capsys):
    rng = random.Random(8)
    kill_and_resume(text, tmp_path, 2000, [rng.uniform(0, 0.25) for _ in range(8)])


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_finishes_the_step_saves_and_says_how_to_go_on(text, tmp_path, number, status):
    process = begin(text, tmp_path / "r", 10**6)
    for _ in range(9):
        process.stdout.readline()
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == status
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["event"] for row in rows[-2:]] == ["checkpoint", "stopped"]
    assert runs.load(str(tmp_path / "r")).step == rows[-1]["step"] == rows[-2]["step"]
    assert f"rnn-lab train --resume {tmp_path / 'r'}" in err


def test_the_second_signal_stops_at_once():
    before = signal.getsignal(signal.SIGINT)
    with stopping.stopping() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop
        assert stop.status == 130
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_run_killed_before_its_first_checkpoint_begins_again(text, tmp_path, capsys):
    assert train(text, tmp_path / "whole") == 0
    assert train(text, tmp_path / "r") == 0
    for path in (tmp_path / "r").glob("*.safetensors"):
        path.unlink()
    capsys.readouterr()
    assert run(["sample", str(tmp_path / "r")]) == 2
    assert "no weights have been saved yet" in capsys.readouterr().err
    assert run(["train", "--resume", str(tmp_path / "r"), "--json"]) == 0
    assert same_weights(tmp_path / "r", tmp_path / "whole")
    assert history(tmp_path / "r") == history(tmp_path / "whole")


def test_a_folder_killed_before_it_was_a_run_can_be_taken(text, tmp_path, capsys):
    (tmp_path / "r").mkdir()
    for name in ("lock", "vocabulary.json", ".config.toml.123"):
        (tmp_path / "r" / name).write_text("x")
    assert train(text, tmp_path / "r", "--steps", "3") == 0
    assert runs.load(str(tmp_path / "r")).step == 3
