"""The script beside this file runs, says what is missing, and refuses to time engines that disagree."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("engine.py")
ROOT = SCRIPT.parents[2]

# A peer whose gradients are one everywhere.
WRONG_GRAD = """
import numpy as np
def grad(f, wanted=0):
    return lambda *a: tuple(np.ones_like(x) for x in a) if isinstance(wanted, tuple) else np.ones_like(a[0])
"""

# A peer that knows the answers and takes a tenth of a second to remember them.
SLOW_GRAD = """
from time import sleep
from engine_peers import PARAMETERS, by_hand
def grad(f, wanted=0):
    return lambda *a: sleep(0.1) or (tuple(by_hand()[n] for n in PARAMETERS) if wanted else by_hand()["p"])
"""


def script(peers, *options):
    paths = os.pathsep.join([str(peers), str(ROOT)])
    command = [sys.executable, str(SCRIPT), "--rounds", "1", "--quick", *options]
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, timeout=60, check=False)


@pytest.fixture
def without_peers(tmp_path):
    for name in ("torch", "autograd"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise ImportError('{name} is hidden')")
    return tmp_path


def pretend(folder, program):
    """Install `program` as autograd."""
    (folder / "autograd" / "__init__.py").write_text(program)
    (folder / "autograd" / "numpy.py").write_text("from numpy import *")
    (folder / "autograd-0.dist-info").mkdir()
    (folder / "autograd-0.dist-info" / "METADATA").write_text("Name: autograd\nVersion: 0\n")


def test_every_row_is_printed_and_what_is_missing_is_named(without_peers):
    done = script(without_peers)
    assert done.returncode == 0, done.stderr
    setting, *rows = done.stdout.splitlines()
    assert "numpy" in setting
    assert len(rows) == 5
    for row, (what, peer) in zip(rows, [("RNN", "torch"), ("RNN", "autograd"), ("add", "torch")], strict=False):
        assert what in row
        assert f"{peer} is missing ({peer} is hidden); `pip install {peer}`" in row
    assert "2,000 nodes" in rows[3]
    assert "memory after backward" in rows[4]


def test_json_lines_hold_the_numbers(without_peers):
    done = script(without_peers, "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row.get("missing") for row in rows] == [None, "torch", "autograd", "torch", None, None]
    chain, memory = rows[-2:]
    assert chain["lengths"] == [500, 1000, 2000]
    assert all(0 < s < 1e-3 for s in chain["forward_s"] + chain["backward_s"])
    # 16x32 + 32x32 + 32 + 16x32 numbers of 8 bytes, their gradients, and the loss
    assert memory["arrays"] == memory["expected"] == 2 * 8 * (512 + 1024 + 32 + 512) + 8


def test_engines_that_disagree_are_not_timed(without_peers):
    pretend(without_peers, WRONG_GRAD)
    done = script(without_peers)
    assert done.returncode == 1
    assert done.stdout == ""
    wrong = done.stderr.splitlines()
    assert [line.partition(" is off by")[0] for line in wrong] == [
        f"autograd: the gradient of {name}" for name in ("W", "U", "b", "p", "h0")
    ]


def test_a_ratio_is_our_time_over_the_peers(without_peers):
    pretend(without_peers, SLOW_GRAD)
    done = script(without_peers, "--json")
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout.splitlines()[2])
    assert row["peer"] == "autograd"
    assert row["peer_s"] >= 0.1
    assert row["low"] == row["high"] == row["ratio"] == row["ours_s"] / row["peer_s"]
