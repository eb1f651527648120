"""`rnn-lab bench` as it is called and shown."""

import json
import math
import re
import sys
from dataclasses import replace

import pytest
from rich.cells import cell_len

from cli.lab.bench import implementations, timing
from cli.lab.bench.products import flops
from cli.lab.bench.report import Length, Memory, Report
from cli.lab.bench.results import Times, Timing, disagreement
from cli.lab.bench.workloads import GENERATION, LENGTH, MEMORY, TRAINING, Workload, growing
from cli.main import run
from cli.render.bench import show
from cli.render.console import make_console

WHY = "torch is missing in python3 (No module named 'torch')"
TINY = Workload("tiny", "rnn", 3, steps=2, batch=2, vocabulary=4)


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def times(*ms, threads=2):
    return Times(tuple(x / 1e3 for x in ms), threads)


def everything():
    """A report of every kind: rnn-32 twice as fast as JAX, lstm-32 half as fast as torch, and so on."""
    rnn, lstm = TRAINING[:2]
    lengths = [Length(w, times(w.steps * w.batch * 2e-3), axis) for axis, w in growing(LENGTH[0])]
    lengths[-1] = replace(lengths[-1], times=Times(missing="its process ended: killed"))
    return Report(
        (
            Timing(rnn, {"stepwise": times(900, 1000, 1100), "ours": times(2, 3, 1), "torch": times(9, 8, 7, threads=1),
                         "jax": times(4, 3, 5), "floor": times(1, 0.5, 0.2)}),
            Timing(lstm, {"stepwise": times(77), "ours": times(20), "torch": times(10),
                          "jax": Times(missing="its process ended: boom"), "floor": times(1)}),
            Timing(GENERATION[0], {"stepwise": times(50), "ours": times(20), "torch": times(80),
                                   "torch_layer": times(240), "jax": times(100)}),
            Memory(MEMORY[0], {"ours": 300_000_000, "stepwise": 900_000_000, "torch": 400_000_000, "jax": "gone"}),
            *lengths,
        ),
        {"ours": "0.1", "torch": "2.13", "jax": "0.10"},
        2,
    )  # fmt: skip


def alone():
    """Ours without any peer."""
    absent = Times(missing=WHY)
    by = {"stepwise": times(30), "ours": times(20), "torch": absent, "jax": absent, "floor": times(5)}
    return Report((Timing(TRAINING[0], by),), {"ours": "0.1"}, 2)


def shown(report, capsys, columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    show(make_console(), report)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_rows_are_medians_ratios_of_medians_and_reasons():
    first, second, *_ = (r.row() for r in everything().results)
    expected = {
        "workload": "rnn-32", "ours_ms": 2, "torch_ms": 8, "jax_ms": 4, "ratio": 2, "floor_share": 0.25,
        "stepwise_ms": 1000, "floor_ms": 0.5, "ratio_low": 1, "ratio_high": 5, "torch_threads": 1,
        "gflops": flops(TRAINING[0]) / 2e-3 / 1e9, "rounds": 3,
    }  # fmt: skip
    assert {name: first[name] for name in expected} == pytest.approx(expected)
    assert list(first)[:1] + [k for k in first if k in ("ours_ms", "torch_ms", "jax_ms")] == list(expected)[:4]
    assert second["ratio"] == pytest.approx(0.5)
    assert second["jax_ms"] is None
    assert second["jax_ms_reason"] == "its process ended: boom"
    assert everything().last_row()["geometric_mean"] == pytest.approx(1)
    assert everything().last_row()["of"] == 2, "generation is not counted"


def test_every_null_has_its_reason():
    for result in (*everything().results, *alone().results):
        row = json.loads(json.dumps(result.row(), allow_nan=False))
        for key in (k for k in row if k.endswith(("_ms", "_mb")) or k in ("ratio", "floor_share")):
            assert (row[key] is None) == bool(row.get(f"{key}_reason")), (key, row)
    assert alone().last_row()["geometric_mean"] is None
    assert alone().last_row()["geometric_mean_reason"]


def test_memory_and_length_rows():
    *_, memory, first, second = (r.row() for r in everything().results[:6])
    assert memory["ours_mb"] == 300
    assert memory["ours_of_torch"] == 0.75
    assert memory["ours_of_jax"] is None
    assert (first["steps"], first["batch"], first["ours_ms"]) == (32, 32, pytest.approx(2.048))
    assert first["ns_per_token"] == second["ns_per_token"] == pytest.approx(2000)


def test_disagreement_is_the_largest_relative_error():
    assert disagreement([1.0, 2.2], [1.0, 2.0]) == pytest.approx(0.1)
    assert disagreement([1.0, math.nan], [1.0, 2.0]) == math.inf
    assert disagreement([1.0], [1.0, 2.0]) == math.inf
    assert disagreement([], []) == 0


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_table_has_the_figures_and_it_fits(capsys, monkeypatch, columns):
    lines = shown(everything(), capsys, columns, monkeypatch)
    assert max(map(cell_len, lines)) <= columns
    row = next(line for line in lines if line.startswith(" rnn-32")).split()
    assert row[:4] == ["rnn-32", "2.00", "8.00", "4.00"]
    assert "2.00" in row[4:]
    assert "25%" in row
    assert ("1000.00" in "".join(lines).replace(",", "")) == (columns > 88), "stepwise has a column where there is room"
    lstm = next(line for line in lines if line.startswith(" lstm-32"))
    assert lstm.split()[:4] == ["lstm-32", "20.00", "10.00", "–"]
    text = " ".join(" ".join(lines).split())
    assert "lstm-32: its process ended: boom" in text
    assert "1.00 times as fast as the faster peer, the geometric mean of 2" in text
    assert "JAX: gone" in text
    assert "0.75" in text
    assert "4,096" in text
    assert "rnn-lab bench --list" in lines[-1]
    headers = next(line for line in lines if "ms a step" in line)
    assert headers.index("ours") + 4 == row_end(lines, " rnn-32", "2.00")


def row_end(lines, start, figure):
    line = next(line for line in lines if line.startswith(start))
    return line.index(figure) + len(figure)


def test_bars_are_as_long_as_times(capsys, monkeypatch):
    lines = shown(everything(), capsys, 120, monkeypatch)
    bars = [line for line in lines if re.search("[█▏▎▍▌▋▊▉]", line)]
    first = {line.split()[-3] if line.startswith(" rnn") else line.split()[0]: line for line in bars[:3]}
    assert list(first) == ["ours", "torch", "JAX"]
    eighths = {name: sum(" ▏▎▍▌▋▊▉█".index(c) for c in line if c in "▏▎▍▌▋▊▉█") for name, line in first.items()}
    assert eighths["torch"] == 8 * 60, "the slowest is full"
    assert eighths["torch"] == pytest.approx(4 * eighths["ours"], abs=2)
    assert eighths["torch"] == pytest.approx(2 * eighths["JAX"], abs=2)


def test_without_a_peer_the_stepwise_layers_are_beside_and_the_reason_below(capsys, monkeypatch):
    lines = shown(alone(), capsys, 60, monkeypatch)
    text = " ".join(" ".join(lines).split())
    assert next(line for line in lines if line.startswith(" rnn-32")).split()[:3] == ["rnn-32", "20.00", "30.00"]
    assert text.count(WHY) >= 1
    assert "no ratio: no peer was measured" in text
    assert "--peers PYTHON" in lines[-1]


def test_without_colour_nothing_is_lost(capsys, monkeypatch):
    piped = shown(everything(), capsys, 120, monkeypatch)
    monkeypatch.setenv("FORCE_COLOR", "1")
    colourful = shown(everything(), capsys, 120, monkeypatch)
    assert any("\x1b[" in line for line in colourful)
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in colourful] == piped
    monkeypatch.setenv("NO_COLOR", "1")
    assert not any(re.search(r"\x1b\[[0-9;]*3[0-7]", line) for line in shown(everything(), capsys, 120, monkeypatch))


def test_every_workload_is_listed(capsys):
    assert run(["bench", "--list"]) == 0
    out, err = capsys.readouterr()
    for workload in (*TRAINING, *GENERATION, *MEMORY, *LENGTH):
        assert f" {workload.name} " in out
    assert err == ""
    assert run(["bench", "--list", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["workload"] for row in rows[:8]] == [w.name for w in TRAINING]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rnn-265"], r"no workload 'rnn-265'; bench; did you mean rnn-256\?"),
        (["zzzzz"], "no workload 'zzzzz'; bench; rnn-lab bench --list has them"),
        (["--rounds", "0"], "--rounds"),
        (["--threads", "0"], "--threads"),
        (["--seed", "-1"], "--seed"),
        (["--peers", "no/such/python"], "there is no no/such/python; --peers; give the path"),
        (["--peers", __file__], "is no program; --peers; "),
        (["--peers", "/bin/ls"], "/bin/ls is no Python; --peers; "),
    ],
)
def test_bad_input_is_one_line(arguments, says, capsys):
    assert run(["bench", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"rnn-lab: [^\n]*; [^\n]*; [^\n]*\n", err), err
    assert re.search(says, err), err


WRONG = """
def start(threads, variant): return "1"
def load(workload, problem): return Work()
class Work:
    def check(self): return [1.0] * 6
    def step(self): pass
"""


def test_a_run_beside_a_peer_that_is_wrong_and_one_that_is_missing(tmp_path, monkeypatch, capsys):
    """With the real layers, which agree with each other and not with a peer that says 1 to everything."""
    (tmp_path / "wrong.py").write_text(WRONG)
    (tmp_path / "missing.py").write_text("import a_library_that_is_nowhere")
    table = dict(implementations.IMPLEMENTATIONS)
    table["torch"] = replace(table["torch"], script=tmp_path / "wrong.py")
    table["jax"] = replace(table["jax"], script=tmp_path / "missing.py")
    monkeypatch.setattr("cli.lab.bench.team.IMPLEMENTATIONS", table)
    monkeypatch.setattr("cli.lab.bench.workloads.TRAINING", (TINY,))
    monkeypatch.setattr(implementations, "cores", lambda: 1)
    monkeypatch.setattr(timing, "WARM", 0.1)
    monkeypatch.setattr(timing, "TURN", 0.01)
    assert run(["bench", "tiny", "--rounds", "2", "--json"]) == 1
    row, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert row["torch_ms"] is row["jax_ms"] is row["ratio"] is None
    assert re.search(
        "its first losses and norms differ by .* from those of the stepwise layers", row["torch_ms_reason"]
    )
    assert row["jax_ms_reason"].startswith(f"jax is missing in {sys.executable} (")
    assert row["floor_share"] > 0
    assert row["rounds"] == 2
    assert row["ours_ms"] > 0 < row["stepwise_ms"]
    assert last["geometric_mean"] is None


@pytest.mark.slow
def test_a_real_workload_without_peers(capsys):
    assert run(["bench", "rnn-32", "generate", "--rounds", "1", "--json"]) == 0
    training, generation, last = map(json.loads, capsys.readouterr().out.splitlines())
    for row in training, generation:
        assert row["ours_ms"] > 0 < row["stepwise_ms"]
    assert training["floor_share"] > 0
    assert generation["floor_share_reason"] == "does not apply"
    assert last["versions"]["ours"]
