"""The command as a whole: start-up, help, and errors of one line."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli.main import COMMANDS, LazyGroup, group, run

SCRIPT = Path(sys.executable).parent / "rnn-lab"


def test_every_command_is_there_with_an_example():
    context = click.Context(group)
    for name, line in COMMANDS.items():
        command = LazyGroup.get_command(group, context, name)
        assert command is not None
        text = CliRunner().invoke(command, ["--help"]).output
        assert "rnn-lab " + name in text, f"{name} --help has no example"
        assert line.rstrip(".")


def test_help_lists_every_command_and_imports_nothing_heavy():
    program = (
        "import sys; from cli.main import run; code = run(['--help']); "
        "heavy = {'numpy', 'numba', 'rich', 'rnn', 'minigrad', 'data', 'plotille', 'safetensors'} & set(sys.modules); "
        "sys.exit(f'imported {heavy}' if heavy else code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in COMMANDS:
        assert name in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["verfy"], ["verfy", "did you mean verify?"]),
        (["lesson", "bttp"], ["bttp", "did you mean bptt?"]),
        (["lesson", "../bptt"], ["no lesson"]),
        (["lesson", "bptt", "--lang", "xx"], ["xx", "en"]),
        (["lesson", "bptt", "--from", "99"], ["--from 99", "15"]),
        (["lesson", "bptt", "--from", "0"], ["--from"]),
        (["lesson", "bptt", "--set", "hiden=3"], ["hiden", "did you mean hidden?"]),
        (["lesson", "bptt", "--set", "hidden=x"], ["'x' is not a number", "write hidden="]),
        (["lesson", "bptt", "--set", "hidden=99"], ["99", "from 1 to 4"]),
        (["lesson", "bptt", "--json"], ["--check"]),
        (["lesson", "--all"], ["--check"]),
        (["lesson", "--check"], ["--all"]),
        (["verify", "2O"], ["2O", "did you mean"]),
        (["verify", "--problems", "0"], ["--problems"]),
        (["verify", "--jsn"], ["--jsn"]),
        (["train", "--corpus", "the-lighthose"], ["the-lighthose", "the-lighthouse"]),
        (["train", "--corpus", "no/such/file.txt"], ["no/such/file.txt"]),
        (["train", "--hidden", "0"], ["--hidden"]),
        (["train", "--batch", "-1"], ["--batch"]),
        (["train", "--window", "0"], ["--window"]),
        (["train", "--epochs", "0"], ["--epochs"]),
        (["train", "--steps", "0"], ["--steps"]),
        (["train", "--lr", "0"], ["--lr"]),
        (["train", "--lr", "nan"], ["--lr"]),
        (["train", "--clip", "-1"], ["--clip"]),
        (["train", "--split", "1.5"], ["1.5"]),
        (["train", "--clean", "d2l"], ["d2l", "none"]),
        (["train", "--epochs", "1", "--steps", "1"], ["--epochs", "--steps"]),
        (["train", "--optimizer", "adm"], ["adam"]),
        (["train", "--cell", "rn"], ["rn", "rnn"]),
        (["train", "--batch", "100000"], ["100000", "minibatch"]),
        (["sample", "no/such/run"], ["no/such/run"]),
        (["sample"], ["RUN"]),
    ],
)
def test_bad_input_is_one_line_and_exit_2(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("rnn-lab: ")
    assert err.endswith("\n")
    assert err.count("\n") == 1, err
    assert err.count("; ") >= 2, err
    for word in words:
        assert word in err
    assert list(tmp_path.iterdir()) == [], "something was written"


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "empty"), (b"caf\xe9 " * 2000, "UTF-8"), (b"short text", "minibatch")],
)
def test_a_bad_text_is_refused_before_anything_is_written(content, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = tmp_path / "text.txt"
    text.write_bytes(content)
    assert run(["train", "--corpus", str(text)]) == 2
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1
    assert run(["train", "--corpus", str(tmp_path)]) == 2
    assert "folder" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [text]


def test_a_fault_of_ours_is_one_line_too_and_a_traceback_on_request(capsys, monkeypatch):
    def broken(*args, **kwargs):
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("cli.lab.verification.each", broken)
    assert run(["verify"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    monkeypatch.setenv("RNN_LAB_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run(["verify"])


def test_an_output_that_cannot_hold_formulas_is_one_line():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([SCRIPT, "verify", "18"], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 2
    # The note on compiling stands before it where this is the first kernel ever.
    said = [line for line in done.stderr.splitlines() if not line.startswith("compiling")]
    assert said == ["rnn-lab: ascii has no '\\u2207'; the output's encoding; set PYTHONIOENCODING=utf-8"]


def test_a_closed_pipe_ends_quietly():
    done = subprocess.run(f"{SCRIPT} lesson bptt | head -n 3", shell=True, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.stderr == ""
    assert "Backpropagation through time" in done.stdout
