"""`rnn-lab compare` in a folder of its own."""

import os
import re

import pytest
from compare_cases import SMALL, TEXT

from cli.main import run


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Everything happens here, where `story` is a corpus."""
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


@pytest.fixture
def refused(capsys):
    """`compare` with these arguments says one line that matches, and nothing else."""

    def call(arguments, says):
        capsys.readouterr()
        assert run(["compare", *arguments]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert re.fullmatch(r"rnn-lab: [^\n]*; [^\n]*; [^\n]*\n", err), err
        assert re.search(says, err), err

    return call


@pytest.fixture
def train(capsys):
    """Train a small run of this name on the story: its last line."""

    def call(name, *arguments):
        assert run(["train", "--corpus", "story", "--out", name, *SMALL, *arguments]) == 0
        return capsys.readouterr().out.splitlines()[-1]

    return call
