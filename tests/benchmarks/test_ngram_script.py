"""The benchmark of the n-gram models runs, says what is missing, and times no scores that disagree."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("ngram.py")
ROOT = SCRIPT.parents[2]

# KenLM's module, which reads what we write and gives its own sum.
KENLM = """
class Config:
    pass
class Model:
    def __init__(self, path, config):
        with open(path, encoding="utf-8") as file:
            assert file.readline() == "\\\\data\\\\\\n"
    def score(self, line, bos, eos):
        return {total}
"""


@pytest.fixture
def script(tmp_path):
    """Run it with nltk hidden and such a program as kenlm."""
    for name in ("nltk", "kenlm"):
        (tmp_path / f"{name}.py").write_text(f"raise ImportError('{name} is hidden')", encoding="utf-8")

    def call(*options, kenlm=None):
        if kenlm:
            (tmp_path / "kenlm.py").write_text(kenlm, encoding="utf-8")
        paths = os.pathsep.join([str(tmp_path), str(ROOT)])
        environment = {**os.environ, "PYTHONPATH": paths, "RNN_LAB_DATA": "nowhere", "PYTHONIOENCODING": "utf-8"}
        command = [sys.executable, str(SCRIPT), "--rounds", "1", "--quick", *options]
        return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, timeout=60, check=False)

    return call


@pytest.mark.slow
def test_ours_is_timed_and_what_is_missing_is_named(script):
    done = script("--json")
    assert done.returncode == 0, done.stderr
    setting, *rows = map(json.loads, done.stdout.splitlines())
    assert setting["text"] == "random letters"
    assert [row["what"] for row in rows] == ["fit", "score", "score", "sample", "grow", "grow"]
    assert [row.get("missing") for row in rows[:3]] == ["nltk is hidden", "nltk is hidden", "kenlm is hidden"]
    assert all(0 < row["ours_s"] < 10 for row in rows)
    assert [row["tokens"] for row in rows[4:]] == [10_000, 20_000]


@pytest.mark.slow
def test_scores_that_disagree_are_not_timed(script):
    done = script(kenlm=KENLM.format(total=-1.0))
    assert done.returncode == 1
    assert done.stdout == ""
    assert "by KenLM" in done.stderr
