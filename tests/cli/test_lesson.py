"""Lessons: their prose, their experiments and the command."""

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from lesson_cases import WIDTH, code_on_pages, computed, drawn

from cli.lab import experiments, lessons
from cli.lab.experiments import EXPERIMENTS, conduct, parse_settings
from cli.lab.figures import at_least, at_most
from cli.main import run
from minigrad.ops import tanh
from rnn.formulas.words import diag, steps

SCRIPT = Path(sys.executable).parent / "rnn-lab"
ALL = lessons.names()
KEYS = {"lesson", "claim", "measured", "relation", "bound", "holds"}


def claims(capsys, *arguments):
    status = run(["lesson", *arguments, "--check", "--json"])
    out, err = capsys.readouterr()
    assert err == ""
    return status, [json.loads(line) for line in out.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("seed", range(3))
def test_claims_hold_for_three_seeds(name, seed, capsys):
    status, rows = claims(capsys, name, "--seed", str(seed))
    assert status == 0
    assert len(rows) >= 4
    for row in rows:
        assert set(row) == KEYS
        assert row["holds"]
        assert row["measured"] <= row["bound"] if row["relation"] == "<=" else row["measured"] >= row["bound"]


def test_bptt_has_many_claims_and_measures_them(capsys):
    _, first = claims(capsys, "bptt", "--seed", "0")
    _, second = claims(capsys, "bptt", "--seed", "1")
    assert len(first) >= 8
    moved = [a["measured"] != b["measured"] for a, b in zip(first, second, strict=True)]
    assert sum(moved) >= 8
    again = claims(capsys, "bptt", "--seed", "0")[1]
    assert again == first


def wrong_24(h, grad_h, tau):
    return sum(diag(1 - h[t] ** 2) @ grad_h[t] @ h[t].T for t in steps(tau))


def test_a_broken_formula_fails_the_lesson(capsys, monkeypatch):
    computed(monkeypatch, "24", wrong_24)
    status, rows = claims(capsys, "bptt")
    assert status == 1
    assert any(not row["holds"] for row in rows)


def test_a_broken_engine_fails_the_lesson(capsys, monkeypatch):
    monkeypatch.setattr(tanh, "rules", ((0, lambda g, y: g * (1 - y), (-1,)),))
    status, rows = claims(capsys, "bptt")
    assert status == 1
    assert any(not row["holds"] for row in rows)


def test_claims_that_are_not_numbers_do_not_hold():
    assert at_most("a", 1.0, 1.0).holds
    assert at_least("a", 1.0, 1.0).holds
    assert not at_most("a", np.nan, 1.0).holds
    assert not at_least("a", np.nan, 1.0).holds
    assert not at_most("a", 2.0, 1.0).holds
    assert not at_least("a", 0.0, 1.0).holds


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_claims_hold_at_the_ends_of_every_knob(name):
    for function in lessons.load(name).experiments.values():
        for knob, bounds in EXPERIMENTS[function].items():
            for value in (bounds.low, bounds.high):
                for claim in conduct(function, seed=0, settings={knob: value}).claims:
                    assert claim.holds, f"{knob}={value}: {claim}"


@pytest.mark.parametrize("name", ALL)
def test_a_knob_means_the_same_in_every_experiment(name):
    seen = {}
    for function in lessons.load(name).experiments.values():
        for knob, bounds in EXPERIMENTS[function].items():
            low, high = seen.setdefault(knob, (bounds.low, bounds.high))
            assert (low, high) == (bounds.low, bounds.high), knob


def test_settings_reach_the_experiments():
    lesson = lessons.load("bptt")
    settings = parse_settings(("hidden=3", "norm=0.5"), lesson.experiments)
    assert settings == {"hidden": 3, "norm": 0.5}
    matrices = conduct(lesson.experiments["network"], seed=0, settings=settings).figures[1]
    assert dict(matrices.items)["W"].shape == (3, 3)


@pytest.mark.parametrize("name", ALL)
def test_prose_has_no_measured_number(name):
    path = lessons.FOLDER / name.replace("-", "_") / "lesson.en.md"
    body = path.read_text(encoding="utf-8").split("---\n", 2)[2]
    bare = re.sub(r"\{\{.*?\}\}|`[^`]*`|\[[^\]]*\]", " ", body)
    assert re.findall(r"\d+\.\d+|\d\s*%|×\s*\d|\d+ ?m?s\b", bare) == []
    assert "!" not in bare


# Ellipses that are meant.
MEANT = {"bptt": "diag(…)", "deep": "RNN(…,", "perplexity": "raining …", "text": " …"}


@pytest.mark.parametrize("name", ALL)
def test_pages_fit_and_lose_nothing(name, capsys, monkeypatch):
    """At three widths, without colour; and at 60 columns, where a figure has 54, no table is cut short."""
    found = cache(lambda experiment: conduct(experiment, seed=0))  # run once, as it does not depend on the width
    monkeypatch.setattr(experiments, "conduct", lambda experiment, **_: found(experiment))
    lesson = lessons.load(name)
    pages = lesson.pages
    assert "{{" not in "".join(b.body for page in pages for b in page if b.kind == "prose")
    for width in (60, 80, 120):
        monkeypatch.setenv("COLUMNS", str(width))
        assert run(["lesson", name, "--plain"]) == 0
        out = capsys.readouterr().out
        assert "\x1b" not in out
        assert "{{" not in out
        assert max(len(line.rstrip()) for line in out.splitlines()) <= width
        for number in range(1, len(pages) + 1):
            assert f"{number} / {len(pages)}" in out
    for experiment in lesson.experiments.values():
        assert "…" not in drawn(found(experiment)).replace(MEANT.get(name, ""), "")


# Equations whose one expression is also worked with numbers, term by term.
LONG = {"grad_c", "grad_h"}


@pytest.mark.parametrize("name", ALL)
def test_no_code_is_broken(name):
    """At 60 columns, where it may go up to the edge."""
    for function, lines in code_on_pages(lessons.load(name)).items():
        assert function in LONG or max(map(len, lines)) <= WIDTH + 1, function


def test_numbers_on_the_page_are_those_of_the_registry(capsys):
    """The page's ∇h⁽²⁾ worked by hand from the page's own matrices."""
    assert run(["lesson", "bptt"]) == 0
    out = capsys.readouterr().out
    part = out[out.index("∇h⁽³⁾ = Vᵀ ∇o⁽³⁾") :]
    rows = [line for line in part[: part.index("formula")].splitlines() if re.search("[⎡⎢⎣]", line)]
    numbers = [float(x.replace("−", "-")) for x in re.findall(r"−?\d+(?:\.\d+)?", "".join(rows))]
    v, result = np.array(numbers[:3] + numbers[5:8]).reshape(2, 3), np.array([numbers[4], numbers[9]])
    g = np.array([numbers[3], numbers[8], numbers[10]])
    assert np.allclose(v @ g, result, atol=3e-3)


def test_the_catalogue_says_what_comes_next(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert run(["lesson"]) == 0
    out = capsys.readouterr().out
    assert f"next: rnn-lab lesson {ALL[0]}" in out
    for name in ALL:
        assert name in out


def read_terminal(arguments, keys, tmp_path, timeout=60):
    """Run the program on a pseudo-terminal, press the keys one by one at each prompt, return what it showed."""
    parent, child = pty.openpty()
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "COLUMNS": "80", "LINES": "50", "TERM": "xterm"}
    process = subprocess.Popen([SCRIPT, *arguments], stdin=child, stdout=child, stderr=child, env=environment)
    os.close(child)
    shown, deadline, waiting = "", time.monotonic() + timeout, list(keys)
    while time.monotonic() < deadline:
        if not select.select([parent], [], [], 0.5)[0]:
            if process.poll() is not None:
                break
            continue
        try:
            shown += os.read(parent, 65536).decode(errors="replace")
        except OSError:  # the other end has closed
            break
        if waiting and shown.rstrip(" ").endswith(("q leave", "knob=value:")):
            time.sleep(0.3)  # keys that come before the program listens are dropped, as a terminal does
            os.write(parent, waiting.pop(0).encode())
            shown += "\n"
    status = process.wait(timeout=10)
    os.close(parent)
    return status, shown


def test_reading_on_a_terminal_pauses_and_remembers(tmp_path):
    read = {name: 99 for name in ALL if name != "bptt"}  # so that this one is what comes next
    (tmp_path / "rnn-lab").mkdir()
    (tmp_path / "rnn-lab" / "lessons.json").write_text(json.dumps(read), encoding="utf-8")
    status, shown = read_terminal(["lesson", "bptt"], ["\n", "\n", "b", "s", "hidden=3\n", "?", "q"], tmp_path)
    assert status == 0
    assert "1 / 15" in shown
    assert "3 / 15" in shown
    assert "4 / 15" not in shown
    assert shown.rindex("2 / 15") > shown.index("3 / 15")
    assert "h₃" in shown, "the knob was not turned"
    assert "--from 2" in shown
    done = subprocess.run(
        [SCRIPT, "lesson"],
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
        check=True,
    )
    assert "rnn-lab lesson bptt --from 3" in done.stdout
