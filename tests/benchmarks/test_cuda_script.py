"""The script for a GPU says in a line that there is none, and runs in the simulator as far as times are not needed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from minigrad.devices import found

SCRIPT = Path(__file__).with_name("cuda.py")


def run(*more, cwd, **environment):
    command = [sys.executable, SCRIPT, "--out", "results", *more]
    surroundings = {**os.environ, "NUMBA_ENABLE_CUDASIM": "0", **environment}
    return subprocess.run(command, capture_output=True, text=True, env=surroundings, check=False, cwd=cwd)


@pytest.mark.skipif(not found().missing, reason="there is a GPU")
def test_without_a_gpu_it_is_one_line_and_nothing_is_written(tmp_path):
    done = run(cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("cuda cannot be used here: ")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_in_the_simulator_launches_are_counted_and_nothing_is_timed(tmp_path):
    done = run("--only", "time", cwd=tmp_path, NUMBA_ENABLE_CUDASIM="1")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "results" / "cuda.jsonl").read_text("utf-8").splitlines()]
    assert [row["part"] for row in rows] == ["found", "count", "done"]
    kernels = rows[1]["by_kernel"]
    assert rows[1]["launches"] == sum(kernels.values()) < 30
    assert (kernels["forward"], kernels["backward"]) == (1, 1), "a launch for the sequence, each way"
    assert rows[2]["ok"]
