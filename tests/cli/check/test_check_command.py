"""rnn-lab check, as it is typed: what it refuses, what it says, and its exit status."""

import json
import os
import shlex
from pathlib import Path

import pytest
from rich.cells import cell_len

from cli.lab.check.exercise import exercises
from cli.main import run

C = "def grad_c(grad_o):\n    return grad_o.sum(axis=0)\n"
V = "def grad_V(grad_o, h):\n    return grad_o.T @ h\n"
W = "def grad_W(h, h0, grad_h):\n    return ((1 - h**2) * grad_h).T @ h\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder of one's own, nothing remembered, 60 columns."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "60")
    return tmp_path / "here"


def check(capsys, *arguments, source=None, name="output_gradients.py"):
    """Exit status, what was shown as one line of words, and what stood on stderr."""
    if source is not None:
        Path(name).write_text(source, encoding="utf-8")
        arguments = (name, *arguments)
    status = run(["check", *arguments])
    out, err = capsys.readouterr()
    return status, " ".join(out.split()), err


def refused(capsys, *arguments, **more):
    """The one line on stderr, in its three parts; nothing on stdout, exit 2."""
    status, out, err = check(capsys, *arguments, **more)
    assert (status, out) == (2, "")
    assert err.startswith("rnn-lab: ")
    assert err.count("\n") == 1
    what, where, remedy = err.removeprefix("rnn-lab: ").rstrip("\n").split("; ")
    return what, where, remedy


def test_what_cannot_be_checked_is_refused_with_a_remedy(capsys, folder):
    (folder / "sub").mkdir()
    missing = "there is no such file"
    assert refused(capsys, "no.py") == (missing, "no.py", "rnn-lab check --new EXERCISE writes one")
    assert refused(capsys, "elman") == (missing, "elman", "rnn-lab check --new elman writes one")
    assert refused(capsys, "gru_bptt.py", "--watch") == (missing, "gru_bptt.py", "rnn-lab check --new gru writes one")
    assert refused(capsys, "sub", "--as", "elman") == ("it is a folder", "sub", "name a Python file")
    assert refused(capsys, os.devnull, "--as", "elman") == ("it is no file", os.devnull, "name a Python file")
    unnamed = refused(capsys, source=C, name="my.py")
    assert unnamed == ("the name does not say which exercise it is", "my.py", "add --as, for example --as elman")
    assert refused(capsys, "my.py", "--as", "elmen") == ("no exercise 'elmen'", "check", "did you mean elman?")
    assert refused(capsys, "--new", "ltsm")[2] == "did you mean lstm?"
    assert refused(capsys, "--new", "qqqq")[2] == "rnn-lab check lists them"
    assert sorted(p.name for p in folder.iterdir()) == ["my.py", "sub"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads and writes everything")
def test_without_permission(capsys, folder):
    (folder / "output_gradients.py").write_text(C)
    (folder / "output_gradients.py").chmod(0)
    assert refused(capsys, "output_gradients.py")[:2] == ("permission denied", "output_gradients.py")
    folder.chmod(0o500)
    assert "permission denied" in refused(capsys, "--new", "elman")[0]
    folder.chmod(0o700)


@pytest.mark.parametrize("arguments", [
    ["--new", "elman", "--hint"], ["--watch"], ["--hint"], ["--solution"], ["--json"], ["a.py", "b.py"],
    ["a.py", "--hint", "--watch"], ["a.py", "--json", "--solution"], ["a.py", "--new", "elman"],
])  # fmt: skip
def test_options_that_do_not_go_together(arguments, capsys, folder):
    _, where, remedy = refused(capsys, *arguments)
    assert where == "rnn-lab check"
    assert remedy
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("source", "what", "remedy"),
    [
        ("", "none of the functions of output is there: it defines no function", "name them grad_V, grad_c"),
        ("def dW(x): 1\n", "none of the functions of output is there: it has dW", "name them grad_V, grad_c"),
        (C + "def dc(o): 1\n", "several functions for grad_c: grad_c and dc", "keep one of them"),
        (C + "import nothing_such\n", "it imports nothing_such, which is not installed", "install it"),
        ("def f(\n", "a syntax error ('(' was never closed): def f(", "mend the line"),
    ],
)
def test_a_file_without_answers_is_refused(source, what, remedy, capsys):
    found = refused(capsys, source=source)
    assert what in found[0]
    assert found[1].startswith("output_gradients.py")
    assert remedy in found[2]


def test_single_gradients_beside_a_whole_one_are_refused(capsys):
    found = refused(capsys, source=C + "def backward(x): return {}\n", name="elman_bptt.py")
    assert found[0] == "it has backward and functions of single gradients"


def test_a_new_file_is_written_once_and_never_over_another(capsys, folder):
    status, out, _ = check(capsys, "--new", "elman")
    assert status == 0
    assert "rnn-lab check elman_bptt.py" in out
    (folder / "elman_bptt.py").write_text("mine")
    assert refused(capsys, "--new", "elman")[:2] == ("the file is there already", "elman_bptt.py")
    assert (folder / "elman_bptt.py").read_text() == "mine"


@pytest.mark.parametrize(
    ("source", "status", "words"),
    [
        (V + C, 0, ["✓ grad_V", "✓ grad_c", "All of it is right.", "next: rnn-lab check --new backwards"]),
        (C, 1, ["· grad_V not there yet", "✓ grad_c", "fill in grad_V, then: rnn-lab check output_gradients.py"]),
        (V.replace("return ", "") + C, 1, ["✗ grad_V no answer", "is the return missing?", "mend grad_V"]),
        (V.replace("return", "return 1 / (0 * h[0]) +"), 1, ["grad_V It is", "at [0, 0]: look for a log of 0"]),
        (V.replace("h\n", "h[9]\n"), 1, ["IndexError", "in line 2: return grad_o.T @ h[9]"]),
        (C.replace("return", "grad_o[0] = 1; return"), 1, ["grad_c", "It changes what it is given, grad_o"]),
        ("n = [0]\n" + C.replace("return", "n.append(1); return len(n) *"), 1, ["something is kept between calls"]),
        (V.replace("return ", "return {'V': 1}; "), 1, ["It returns a dict; an array is asked for."]),
        (V.replace("return ", "return 'V'; "), 1, ["It returns a str; an array is asked for."]),
        (V.replace("return ", "return np.ones((7, 7)); ") + "import numpy as np\n", 1,
         ["✗ grad_V another shape", "Its shape is (7, 7); it is to be (5, 2)."]),
        (C.replace("axis=0", "axis=1"), 1, ["✗ grad_c", "wrong axis"]),
        (V.replace("grad_o, h", "q, p").replace("grad_o.T @ h", "q.T @ p"), 1, ["✓ grad_V", "in the order grad_o, h"]),
        (V.replace("grad_o, h", "h, q").replace("grad_o.T @ h", "q.T @ h"), 1, ["✗ grad_V", "It asks for q; known"]),
        (V.replace("grad_o, h", "*, grad_o, h"), 1, ["✓ grad_V"]),
        (V.replace("h)", "h, factor=1)"), 1, ["✓ grad_V"]),
        (V + C.replace(" return", " print('now', 3); return"), 0, ["your file printed", "now 3", "All of it"]),
    ],
)  # fmt: skip
def test_answers(source, status, words, capsys):
    found, out, err = check(capsys, source=source)
    assert err == ""
    assert found == status, out
    for w in words:
        assert w in out


def test_of_many_prints_the_beginning_is_shown(capsys):
    _, out, _ = check(capsys, source=V + C + "for k in range(999): print('line', k)\n")
    assert "line 19 … and more" in out
    assert "line 20" not in out


def test_the_command_that_comes_next_can_be_typed_as_it_stands(capsys):
    _, out, _ = check(capsys, "--as", "output", source=C, name="my own.py")
    assert "then: rnn-lab check 'my own.py' --as output --hint helps on" in out
    _, out, _ = check(capsys, "my own.py", "--as", "output", "--hint")
    command = out.split("a plainer hint: rnn-lab ")[1]
    assert run(shlex.split(command)) == 1
    assert "hint 2 of 3" in capsys.readouterr().out


def test_the_mistake_is_marked_in_the_formula_where_it_is_broken_too(capsys, monkeypatch):
    for columns in ("60", "44"):
        monkeypatch.setenv("COLUMNS", columns)
        run(["check", str(wrong())])
        lines = capsys.readouterr().out.splitlines()
        (under,) = (k for k, line in enumerate(lines) if "‾" in line)
        at = [k for k, sign in enumerate(lines[under]) if sign == "‾"]
        assert "".join(lines[under - 1][k] for k in at) == "h⁽ᵗ⁻¹⁾"


SLOWER = [(60, "NO_COLOR"), (100, "plain"), (80, "plain")]


def wrong():
    """A file with h⁽ᵗ⁾ where h⁽ᵗ⁻¹⁾ belongs."""
    path = Path("parameters_bptt.py")
    path.write_text(f"print('\\x1b[31mred\\x1b[0m', 'long ' * 99)\n{W}")
    return path


@pytest.mark.parametrize(
    ("columns", "how"),
    [(60, "plain"), (100, "NO_COLOR"), *(pytest.param(*p, marks=pytest.mark.slow) for p in SLOWER)],
)
def test_no_line_is_too_long_and_nothing_steers_the_terminal(columns, how, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("FORCE_COLOR", "1")
    if how == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    calls = [[], ["--new", "elman"], ["elman_bptt.py"], ["lstm_bptt.py", "--solution"], ["deep_bptt.py", "--solution"]]
    calls += [[str(wrong()), *more] for more in ([], ["--hint"], ["--hint"], ["--hint"], ["--solution"])]
    for arguments in calls:
        run(["check", *arguments, *(["--plain"] if how == "plain" else [])])
        out, err = capsys.readouterr()
        assert "\x1b" not in out + err
        assert max(cell_len(line) for line in out.splitlines()) <= columns, arguments


def test_with_colour_the_marks_have_theirs(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    run(["check", str(wrong())])
    assert "\x1b[31m✗" in capsys.readouterr().out


def test_rows_for_several_files(capsys):
    for name, source in (("good.py", V + C), ("bad.py", V + C.replace("0", "1")), ("none.py", "1 +\n")):
        Path(name).write_text(source)
    for files, status in ((["good.py"], 0), (["good.py", "bad.py"], 1), (["bad.py", "none.py", "good.py", "no.py"], 2)):
        assert run(["check", *files, "--as", "output", "--json"]) == status
        out, err = capsys.readouterr()
        rows = [json.loads(line) for line in out.splitlines()]
        assert err == ""
        assert list(dict.fromkeys(r["file"] for r in rows)) == files
        states = {r["file"]: r.get("error") if "part" not in r else None for r in rows}
        assert [name for name, error in states.items() if error] == [n for n in files if n in ("none.py", "no.py")]
        for r in rows:
            if r.get("part") == "grad_c":
                assert r["status"] == {"good.py": "right", "bad.py": "wrong"}[r["file"]]


def test_a_solution_is_a_derivation_and_code_and_needs_no_file(capsys, folder):
    status, out, _ = check(capsys, "output_gradients.py", "--solution")
    assert status == 0
    assert "∇V = Σₜ ∇o⁽ᵗ⁾ h⁽ᵗ⁾ᵀ" in out
    assert "return grad_o.T @ h" in out
    assert not list(folder.iterdir())


def test_everything_is_listed(capsys):
    status, out, _ = check(capsys)
    assert status == 0
    assert all(f" {name} {e.title} " in f" {out}" for name, e in exercises().items())
    assert out.endswith("next: rnn-lab check --new softmax")
