"""What rnn-lab check remembers: how much was right at best, and the hints that were given."""

from pathlib import Path

import pytest

from cli.lab.check.exercise import exercises, template
from cli.lab.progress import handed_in, hinted, hints, solved
from cli.main import run

C = "def grad_c(grad_o):\n    return grad_o.sum(axis=0)\n"
V = "def grad_V(grad_o, h):\n    return grad_o.T @ h\n"


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """Where it is remembered."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path / "state"


def hand_in(source, *arguments):
    Path("output_gradients.py").write_text(source)
    return run(["check", "output_gradients.py", *arguments])


def row(capsys, name="output"):
    """The line of an exercise in the list, and the last line."""
    capsys.readouterr()
    assert run(["check"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines() if line.strip()]
    return next(line for line in lines if name in line.split()[:2]), lines[-1]


def test_the_best_that_was_handed_in_is_remembered(capsys):
    assert "of" not in row(capsys)[0].rpartition(".")[2]
    assert hand_in(C) == 1
    assert row(capsys)[0].endswith("1 of 2")
    assert hand_in(V + C) == 0
    assert row(capsys)[0].startswith("✓ output")
    assert hand_in("def grad_c(): 1\n") == 1
    assert row(capsys)[0].startswith("✓ output")
    assert solved() == {"output": 2}


def test_all_in_one_function_counts_as_all(capsys):
    whole = Path(__file__).parent / "handins" / "right" / "r13_elman_karpathy.py"
    assert run(["check", str(whole), "--as", "elman"]) == 0
    assert row(capsys, "elman")[0].startswith("✓ elman")


def test_the_list_goes_on_where_one_has_come_to(capsys):
    for e in list(exercises().values())[:3]:
        handed_in(e.name, len(e.asks))
    assert row(capsys)[1] == "next: rnn-lab check --new backwards"
    begun = exercises()["backwards"]
    Path(begun.filename).write_text(template(begun))
    assert row(capsys)[1] == f"next: rnn-lab check {begun.filename}"
    for e in exercises().values():
        handed_in(e.name, len(e.asks))
    assert row(capsys)[1].startswith("again: ")


def test_rows_for_a_class_are_not_ones_own_progress(capsys):
    assert hand_in(V + C, "--json") == 0
    assert solved() == {}


def test_three_hints_each_plainer_and_then_the_last_again(capsys):
    seen = []
    for _ in range(4):
        assert hand_in(C, "--hint") == 1
        seen.append(" ".join(capsys.readouterr().out.split()))
    assert [s.split(" of 3")[0] for s in seen] == [f"grad_V hint {k}" for k in (1, 2, 3, 3)]
    assert "∇o⁽ᵗ⁾, h⁽ᵗ⁾" in seen[0].replace("h⁽ᵗ⁾, ∇o⁽ᵗ⁾", "∇o⁽ᵗ⁾, h⁽ᵗ⁾")
    assert "∇V = Σₜ ∇o⁽ᵗ⁾ h⁽ᵗ⁾ᵀ" not in seen[0]
    assert "∇V = Σₜ ∇o⁽ᵗ⁾ h⁽ᵗ⁾ᵀ" in seen[2]
    assert "a plainer hint: rnn-lab check output_gradients.py --hint" in seen[1]
    assert "all of it: rnn-lab check output_gradients.py --solution" in seen[2]
    assert hints() == {"output grad_V": 3}


def test_each_function_has_its_own_hints(capsys):
    hinted("output", "grad_V", 2)
    hand_in(V, "--hint")
    assert "grad_c  hint 1 of 3" in capsys.readouterr().out
    assert hints() == {"output grad_V": 2, "output grad_c": 1}


def test_with_nothing_wrong_there_is_no_hint(capsys):
    assert hand_in(V + C, "--hint") == 0
    assert "All of it is right." in capsys.readouterr().out
    assert hints() == {}


@pytest.mark.parametrize("broken", ["{", "[]", '{"output": "x"}', "null"])
def test_a_memory_that_cannot_be_read_is_an_empty_one(broken, capsys, state):
    handed_in("output", 1)
    (file,) = state.rglob("exercises.json")
    file.write_text(broken)
    assert solved() == {}
    assert hand_in(C) == 1
    assert row(capsys)[0].endswith("1 of 2")


def test_without_a_place_to_remember_the_check_goes_on(capsys, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert hand_in(V + C) == 0
    assert capsys.readouterr().err == ""
