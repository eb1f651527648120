"""The README's Python examples, run as they are printed, and its set-up commands, counted."""

import doctest
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def test_the_examples_print_what_the_readme_says():
    results = doctest.testfile(str(README), module_relative=False, verbose=False)
    assert results.attempted >= 15
    assert results.failed == 0


def test_set_up_is_two_lines_that_each_stand_alone():
    lines = [line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("python3 -m venv ")]
    assert len(lines) == 2
    assert lines[0].endswith("rnn-lab lesson bptt")
    assert lines[1].endswith("-m pytest")
