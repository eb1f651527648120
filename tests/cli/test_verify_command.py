"""rnn-lab verify"""

import dataclasses
import json

import numpy as np
import pytest

from cli.main import run
from rnn.formulas import REGISTRY
from rnn.formulas.words import diag, steps

KEYS = {"equation", "family", "title", "source", "engine", "differences", "fused", "holds", "expected_to_fail", "ok"}
EXPECTED = {"7", "8", "9", "10", "13", "16", "17", "18", "19", "20", "20-printed", "21", "22", "23", "24", "25"}


def rows(capsys):
    out, err = capsys.readouterr()
    assert err == ""
    return {row["equation"]: row for row in map(json.loads, out.splitlines())}


@pytest.mark.parametrize("seed", [0, 7])
def test_every_equation_agrees_with_its_witnesses(seed, capsys):
    assert run(["verify", "--json", "--seed", str(seed)]) == 0
    found = rows(capsys)
    assert set(found) >= EXPECTED
    for id, row in found.items():
        assert set(row) >= KEYS
        assert row["ok"]
        if id == "20-printed":
            assert not row["holds"]
            assert row["expected_to_fail"]
            assert row["engine"] > 1e-3
        else:
            assert row["holds"]
            assert row["engine"] <= 1e-9
            assert row["differences"] is None or row["differences"] <= 1e-6
    assert all(
        found[id]["differences"] is not None for id in ("16", "17", "18", "19", "20", "21", "22", "23", "24", "25")
    )
    assert all(found[id]["fused"] is not None for id in ("8", "18", "20", "22", "23", "24", "25"))


def wrong_24(h, grad_h, tau):
    return sum(diag(1 - h[t] ** 2) @ grad_h[t] @ h[t].T for t in steps(tau))


def test_a_wrong_equation_is_one_failure(capsys, monkeypatch):
    monkeypatch.setitem(REGISTRY, "24", dataclasses.replace(REGISTRY["24"], function=wrong_24))
    assert run(["verify", "--json"]) == 1
    assert [id for id, row in rows(capsys).items() if not row["ok"]] == ["24"]
    assert run(["verify"]) == 1
    assert "wrong: 24" in capsys.readouterr().out


def test_a_printed_error_that_passes_is_a_failure(capsys, monkeypatch):
    mended = dataclasses.replace(REGISTRY["20-printed"], function=REGISTRY["20"].function)
    monkeypatch.setitem(REGISTRY, "20-printed", mended)
    assert run(["verify", "20-printed", "--json"]) == 1
    assert rows(capsys)["20-printed"]["holds"]


def test_infinity_is_null_with_a_reason(capsys, monkeypatch):
    poisoned = dataclasses.replace(REGISTRY["8"], function=lambda a, t: a[t] * np.nan, witnesses=("engine",))
    object.__setattr__(poisoned, "reads", REGISTRY["8"].reads)
    monkeypatch.setitem(REGISTRY, "8", poisoned)
    assert run(["verify", "8", "--json"]) == 1
    row = rows(capsys)["8"]
    assert row["engine"] is None
    assert row["engine_reason"] == "infinite"


def test_one_equation_whole(capsys):
    assert run(["verify", "24"]) == 0
    out = capsys.readouterr().out
    for words in (REGISTRY["24"].text, "DLB 10.2.2", "shapes", "engine", "differences", "fused", "✓"):
        assert words in out


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_table_fits(width, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    assert run(["verify", "--plain"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= width
    assert "\x1b" not in out
    for id in EXPECTED:
        assert f" {id} " in out


def test_families_and_prefixes(capsys):
    assert run(["verify", "elman", "--json"]) == 0
    assert set(rows(capsys)) == {e.id for e in REGISTRY.values() if e.family == "elman"} >= EXPECTED
    assert run(["verify", "19", "--json"]) == 0
    assert set(rows(capsys)) == {"19"}
