"""`--device` where there is no GPU, or no such device: one line, and nothing is left behind."""

import re

import pytest

from cli.main import run
from minigrad import devices

FOUND = devices.found
NOTHING = devices.Found("numba 0.61", False, missing="there is no driver")


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch, tmp_path):
    """Whatever this machine has."""
    monkeypatch.setattr("minigrad.devices.found", lambda: NOTHING)
    monkeypatch.setattr("cli.lab.bench.measuring.found", lambda: NOTHING)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "command", [["train", "--hidden", "4"], ["train", "--out", "mine"], ["bench"], ["bench", "rnn-32"]]
)
def test_without_a_gpu_there_is_one_line_and_nothing_is_written(command, capsys, tmp_path):
    assert run([*command, "--device", "cuda"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"rnn-lab: cuda cannot be used here[^;\n]*; --device cuda; [^;\n]*[^\n]*\n", err), err
    assert "rnn-lab doctor" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["train", "bench"])
def test_a_device_that_is_none_is_refused(command, capsys, tmp_path):
    assert run([command, "--device", "nonsense"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"rnn-lab: [^\n]*--device[^\n]*; [^\n]*; [^\n]*\n", err), err
    assert "cpu" in err
    assert "cuda" in err
    assert list(tmp_path.iterdir()) == []


def test_a_package_that_is_missing_and_a_driver_that_fails_are_put_in_words(monkeypatch):
    look = FOUND.__wrapped__  # each time anew
    monkeypatch.setattr(devices, "_package", lambda: "")
    assert look().missing == "no package compiles for it: install rnn-lab[cuda]"

    def failing(name):
        raise RuntimeError("the driver;\n is on strike.")

    monkeypatch.setattr(devices, "_package", lambda: "numba-cuda 0.30")
    monkeypatch.setattr(devices, "import_module", failing)
    assert look() == devices.Found("numba-cuda 0.30", look().simulated, missing="the driver, is on strike")
