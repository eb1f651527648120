"""The benchmark of the scalar engines runs, says what is missing, and times no engines that disagree."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("scalar.py")
ROOT = SCRIPT.parents[2]

# Engines in micrograd's place: our own, a third of a second late, or without gradients.
SLOW = """
from time import sleep
import minigrad.scalar
backward = minigrad.scalar.Value.backward
from minigrad import Value
Value.backward = lambda self: sleep(0.3) or backward(self)
"""
WRONG = """
from minigrad import Value
Value.backward = lambda self: None
"""


@pytest.fixture
def peer(tmp_path):
    """Install a program as micrograd."""

    def install(program):
        (tmp_path / "micrograd").mkdir()
        (tmp_path / "micrograd" / "__init__.py").write_text("", encoding="utf-8")
        (tmp_path / "micrograd" / "engine.py").write_text(program, encoding="utf-8")
        return tmp_path

    return install


def script(peers, *options):
    paths = os.pathsep.join([str(peers), str(ROOT)])
    command = [sys.executable, str(SCRIPT), "--rounds", "1", "--quick", "--batch", "9", *options]
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, timeout=120, check=False)


def test_without_micrograd_the_rest_is_measured(peer):
    done = script(peer("raise ImportError('micrograd is hidden')"))
    assert done.returncode == 0, done.stderr
    setting, missing, *rows = done.stdout.splitlines()
    assert "nodes 197" in setting
    assert "micrograd is missing (micrograd is hidden); `pip install micrograd`" in missing
    assert len(rows) == 2
    assert "tape in batches of 9 than alone" in rows[0]


@pytest.mark.slow
def test_a_ratio_is_the_peers_time_over_ours(peer):
    done = script(peer(SLOW), "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["what"]: row for row in map(json.loads, done.stdout.splitlines()[1:])}
    assert len(rows) == 7
    whole = rows["tape than micrograd, forward + backward, collector off"]
    assert whole["peer"] >= 0.3 > 0.1 > whole["ours"] > 0
    assert whole["ratio"] == whole["peer"] / whole["ours"]
    memory = rows["Value than micrograd, memory of the graph"]
    assert 197 * 100 < memory["ours"] == pytest.approx(memory["peer"], rel=0.05)


@pytest.mark.slow
def test_engines_that_disagree_are_not_timed(peer):
    done = script(peer(WRONG))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == ["micrograd: gradients are off by 1.0e+00, more than 1e-12"]
