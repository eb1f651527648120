"""rnn-lab verify"""

import dataclasses
import json
import re

import numpy as np
import pytest
from rich.cells import cell_len

from cli.lab.verification import Planted
from cli.main import run
from cli.render import mutation, verification
from cli.render.console import make_console
from rnn.formulas import FAMILIES, REGISTRY, find
from rnn.formulas.words import diag, steps
from rnn.mutation import Outcome, Survey, mutants
from rnn.verify import BOUNDS, Report, verify

KEYS = {"equation", "family", "title", "source", "engine", "differences", "fused", "holds", "expected_to_fail", "ok"}
EXPECTED = {"7", "8", "9", "10", "13", "16", "17", "18", "19", "20", "20-printed", "21", "22", "23", "24", "25"}
SOME = [f if f in ("driven", "masked") else pytest.param(f, marks=pytest.mark.slow) for f in FAMILIES]


def lines(capsys):
    """What a program reads; on stderr nothing but a line now and then, where it takes long."""
    out, err = capsys.readouterr()
    assert all(re.fullmatch(r"(verifying|planting mistakes): \d+ of \d+", line) for line in err.splitlines())
    return [json.loads(line) for line in out.splitlines()]


def rows(capsys):
    return {row["equation"]: row for row in lines(capsys)}


@pytest.mark.parametrize(("seed", "problems"), [(0, 1), pytest.param(7, 5, marks=pytest.mark.slow)])
def test_every_equation_agrees_with_its_witnesses(seed, problems, capsys):
    assert run(["verify", "--json", "--seed", str(seed), "--problems", str(problems)]) == 0
    found = rows(capsys)
    assert set(found) == set(REGISTRY) >= EXPECTED
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
    assert run(["verify", "elman", "--json"]) == 1
    assert [id for id, row in rows(capsys).items() if not row["ok"]] == ["24"]
    assert run(["verify", "elman", "--problems", "1"]) == 1
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


# What is asked for


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("driven", {"3", "4"}),
        ("LSTM-7", {"LSTM-7"}),
        ("19", {"19"}),
        ("TBPTT", {e.id for e in find("truncated")}),
        pytest.param("lstm", {e.id for e in find("lstm")}, marks=pytest.mark.slow),
        pytest.param("LSTM", {e.id for e in find("lstm")}, marks=pytest.mark.slow),
    ],
)
def test_ids_families_and_prefixes(query, ids, capsys):
    assert run(["verify", query, "--json", "--problems", "1"]) == 0
    assert set(rows(capsys)) == ids


@pytest.mark.parametrize(
    ("query", "nearest"),
    [("lstn", "lstm"), ("Elman", "elman"), ("LSTM-99", "LSTM-9"), ("20-print", "20-printed"), ("tbptt", "TBPTT")],
)
@pytest.mark.parametrize("flags", [[], ["--mutate"]])
def test_an_unknown_name_is_answered_with_the_nearest(query, nearest, flags, capsys):
    assert run(["verify", query, *flags]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"rnn-lab: no equation {query!r}; verify; did you mean {nearest}?\n"


def test_a_name_like_no_other_is_not_guessed(capsys):
    assert run(["verify", "%%%%"]) == 2
    assert capsys.readouterr().err == "rnn-lab: no equation '%%%%'; verify; rnn-lab verify lists them\n"


def test_all_seeds_shows_the_worst(capsys):
    worst = 0.0
    for seed in range(3):
        assert run(["verify", "24", "--json", "--problems", "1", "--seed", str(seed)]) == 0
        worst = max(worst, rows(capsys)["24"]["differences"])
    assert run(["verify", "24", "--json", "--problems", "1", "--all-seeds", "3"]) == 0
    assert rows(capsys)["24"]["differences"] == worst


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--mutate", "--all-seeds", "2"], "--all-seeds goes without --mutate"),
        (["--seed", "1", "--all-seeds", "2"], "--all-seeds goes without --seed"),
        (["20-printed", "--mutate"], "20-printed is printed wrong"),
    ],
)
def test_what_does_not_go_together_is_refused(arguments, words, capsys):
    assert run(["verify", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"rnn-lab: {words}")
    assert err.count("\n") == 1


# Planted mistakes


def test_mutants_as_rows(capsys):
    assert run(["verify", "20", "--mutate", "--json", "--problems", "2"]) == 0
    *found, last = lines(capsys)
    assert [row["mutant"] for row in found] == [f"20#{n}" for n in range(1, len(found) + 1)]
    assert {row["equation"] for row in found} == {"20"}
    code = REGISTRY["20"].code
    for row in found:
        assert row["was"] in code
        assert row["text"].startswith("∇h⁽ᵗ⁾ = ")
        assert row["caught"] != row["equal"]
        assert (row["noticed"] is None) == (row["reason"] is not None) == row["equal"]
        if row["noticed"] == "engine":
            assert row["error"] > 1e-9
        elif row["caught"]:
            assert row["error"] is None
            assert row["error_reason"] == "infinite"
    by_what = {row["description"]: row for row in found}
    assert by_what["W instead of Wᵀ"]["text"] == "∇h⁽ᵗ⁾ = W diag(1 − (h⁽ᵗ⁺¹⁾)²) ∇h⁽ᵗ⁺¹⁾ + Vᵀ ∇o⁽ᵗ⁾"
    assert by_what["W instead of Wᵀ"]["kind"] == "transpose"
    caught = sum(row["caught"] for row in found)
    assert last == {
        "caught": caught, "of": caught, "equal": len(found) - caught, "escaped": [], "failing": [], "ok": True,
    }  # fmt: skip
    assert caught > 50


def test_an_escaped_mistake_is_named(capsys, monkeypatch):
    for witness in BOUNDS:
        monkeypatch.setitem(BOUNDS, witness, 0.75)  # so weak that a mean passes for a sum
    assert run(["verify", "24", "--mutate", "--problems", "1"]) == 1
    out = capsys.readouterr().out
    (number,) = [m.number for m in mutants(REGISTRY["24"]) if m.kind == "halved"]
    assert re.search(rf"#{number} +halved +the whole is halved +escaped +✗", out)
    assert f"24#{number} escaped: the whole is halved" in out
    caught, of = map(int, re.search(r"✗ caught (\d+) of (\d+)", out).groups())
    assert of - caught == len(re.findall(r"24#\d+ escaped: ", out)) > 1
    assert run(["verify", "24", "--mutate", "--problems", "1", "--json"]) == 1
    *found, last = lines(capsys)
    assert f"24#{number}" in last["escaped"]
    assert not found[number - 1]["caught"]
    assert not found[number - 1]["equal"]
    assert (last["caught"], last["of"], last["ok"]) == (caught, of, False)


def test_an_equation_that_does_not_hold_is_said(capsys, monkeypatch):
    e = REGISTRY["24"]
    wrong = e.rewritten(e.code.replace("h[t - 1].T", "h[t].T"))
    monkeypatch.setitem(REGISTRY, "24", wrong)
    assert run(["verify", "24", "--mutate", "--problems", "1"]) == 1
    assert "without any mistake these do not hold: 24" in capsys.readouterr().out
    assert run(["verify", "24", "--mutate", "--problems", "1", "--json"]) == 1
    assert lines(capsys)[-1]["failing"] == ["24"]


def test_what_is_equal_in_value_is_listed_by_name_and_reason(capsys):
    assert run(["verify", "driven", "--mutate", "--plain"]) == 0
    out = capsys.readouterr().out
    assert "two names of one quantity: 2\n   3#2, 4#1\n" in re.sub(" +\n", "\n", out)
    assert re.search(r"driven +2 +34 +34 +2 +✓", out)
    assert "✓ caught 34 of 34" in out


# The width of the terminal


def printed(capsys, width, show, *what):
    """What is shown on a console of a width, which no line may exceed."""
    console = make_console(plain=True)
    console.width = width
    show(console, *what)
    out = capsys.readouterr().out
    assert max(map(cell_len, out.splitlines())) <= width, max(out.splitlines(), key=cell_len)
    assert "\x1b" not in out
    assert "…" not in re.sub(r" … (τ|λ|κ|[0-2])|0 … ", "", out), "something is cut off"
    return out


@pytest.fixture(scope="module")
def report():
    return verify(problems=1)


@pytest.mark.parametrize("width", [60, 70, 80, 120])
def test_the_tables_fit(width, report, capsys):
    out = printed(capsys, width, verification.show, report)
    for e in REGISTRY.values():
        assert f" {e.id} " in out
        assert width < 120 or e.text[:30] in out


@pytest.mark.parametrize("id", ["PEEPHOLE-18", "TBPTT-2", "RANDOM-1", "RTRL-1"])
def test_a_term_too_long_for_a_line_is_broken_between_factors(id):
    first, *others = verification.broken(REGISTRY[id].text, 39).splitlines()
    assert all(len(line) <= 39 for line in (first, *others))
    behind = first.index(" = ") + 3
    assert all(line[: behind - 2].isspace() and line[behind - 2] != " " for line in others)
    assert " ".join([first, *(line.strip() for line in others)]) == REGISTRY[id].text
    assert not any(line.rstrip().endswith(("+", "−", "⊙", "⊗", "=")) for line in (first, *others))


@pytest.mark.parametrize("width", [60, 80])
def test_each_equation_fits(width, report, capsys):
    for check in report.checks:
        out = printed(capsys, width, verification.show, Report((check,), 1))
        assert check.equation.id in out.splitlines()[1]


def outcomes(e):
    """All mutants of an equation as if some were caught, some were equal in value, and some escaped."""
    ways = (("engine", ""), ("shape", ""), ("failure", ""), ("circle", ""), ("", "a reason of some words"), ("", ""))
    return tuple(Outcome(m, ways[m.number % 6][0], 1.25e-5, ways[m.number % 6][1]) for m in mutants(e))


@pytest.mark.parametrize("family", SOME)
def test_mutants_fit(family, capsys):
    surveys = [Survey(e, True, outcomes(e)) for e in find(family) if not e.expected_to_fail]
    for width in (60, 80, 120):
        out = printed(capsys, width, mutation.show, Planted((*surveys, surveys[0]), 5))
        assert all(o.mutant.name in out for s in surveys for o in s.outcomes if o.equal or o.escaped)
        for s in surveys:
            out = printed(capsys, width, mutation.show, Planted((s,), 5))
            for m in (o.mutant for o in s.outcomes):
                kind = "" if width < 72 else f"{m.kind} +"  # which a narrow table leaves out
                assert re.search(rf"#{m.number}  {kind}{re.escape(m.description.split()[0])}", out)
            assert out.count("a reason of some words") == sum(o.equal for o in s.outcomes)


def test_the_width_is_that_of_the_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert run(["verify", "driven", "--plain"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 60
    assert "\x1b" not in out
