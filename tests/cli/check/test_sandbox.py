"""A student's file in a process of its own: whatever it does, this one goes on, and says what happened."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from cli.lab.check import runner
from cli.lab.check.runner import run
from cli.lab.errors import LabError

posix = pytest.mark.skipif(os.name != "posix", reason="forks and signals")
RIGHT = "def grad_b(grad_a):\n    return grad_a.sum(axis=0)\n"
PROBLEMS = [{"a": np.arange(6.0).reshape(T, -1), "grad_a": np.ones((T, 2)), "K": np.array(2)} for T in (2, 3)]


def ask(tmp_path, source, *, seconds=5.0, arguments=("a", "grad_a"), memory=2**30):
    """Hand in a file of which grad_W(a, grad_a) and grad_b(grad_a) are wanted."""
    path = tmp_path / "mine.py"
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    wanted = {
        "names": ["grad_W", "dW"], "known": ["a", "grad_a", "K"], "aliases": {"da": "grad_a", "H": "K"},
        "arguments": list(arguments),
    }  # fmt: skip
    functions = {"grad_W": wanted, "grad_b": {**wanted, "names": ["grad_b", "db"], "arguments": ["grad_a"]}}
    return run(path, functions, PROBLEMS, seconds=seconds, memory=memory)


def refused(tmp_path, source, **more):
    """The three parts of the line that refuses a file."""
    with pytest.raises(LabError) as caught:
        ask(tmp_path, source, **more)
    return caught.value.what, caught.value.where.removeprefix(str(tmp_path / "mine.py")), caught.value.remedy


def body(tmp_path, *lines, head="", arguments="a, grad_a", **more):
    """What becomes of grad_W with this body; grad_b behind it is always right."""
    source = f"{head}\ndef grad_W({arguments}):\n" + "".join(f"    {line}\n" for line in lines) + RIGHT
    answers = ask(tmp_path, source, **more)
    assert [o.value.tolist() for o in answers.found["grad_b"].outcomes] == [[2, 2], [3, 3]]
    return answers.found["grad_W"]


@pytest.mark.parametrize(
    ("source", "what", "where"),
    [
        ("def f(:\n", "a syntax error (invalid syntax): def f(:", ", line 1"),
        ("def f():\nreturn 1\n", "expected an indented block", ", line 2"),
        (b"x = 1\n# caf\xe9\n", "a syntax error (not UTF-8)", ", line 2"),
        (b"x\0", "null bytes", ""),
        ("\nimport no_such_thing\n", "it imports no_such_thing, which is not installed", ", line 2"),
        ("import hints\n", "it imports hints, which is not installed", ", line 1"),  # none of what lies beside ours
        ("1 / 0\n", "running the file fails: ZeroDivisionError: division by zero", ", line 1"),
        ("\n\nexit()\n", "the file ends Python while it is read", ", line 3"),
        ("import sys; sys.exit(0)\n", "the file ends Python while it is read", ", line 1"),
        ("import os\nprint('bye', flush=True)\nos._exit(0)\n", "the file ended Python (exit status 0)", ""),
        ("raise KeyboardInterrupt\n", "the file ends Python while it is read", ", line 1"),
        ("a = [0] * 10**9\n", "the file takes more memory than it may", ", line 1"),
        ("x = input()\n", "EOFError", ", line 1"),
        (RIGHT + "def db(grad_a): return 1\n", "several functions for grad_b: grad_b and db", ""),
        (RIGHT + RIGHT, "several functions for grad_b: grad_b in line 1 and grad_b in line 3", ""),
        ("raise OSError('\\x1b[31mred\\n\\n' + 'x' * 9999)", "running the file fails: OSError: red xxx", ", line 1"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_run_is_refused_in_one_line(source, what, where, tmp_path):
    found = refused(tmp_path, source)
    assert what in found[0]
    assert found[1] == where
    assert found[2]
    assert max(map(len, found)) < 400


@pytest.mark.parametrize("source", ["while True: pass", "while True: print('x' * 1000)"])
def test_a_file_that_never_ends_is_stopped(source, tmp_path):
    begun = time.perf_counter()
    what, _, remedy = refused(tmp_path, source, seconds=0.7)
    assert what == "the file did not finish within 0.7 seconds"
    assert "take out what runs by itself" in remedy
    assert time.perf_counter() - begun < 4


def test_one_function_that_never_ends_leaves_the_others(tmp_path):
    found = body(tmp_path, "while True: print('x' * 1000)", seconds=1.5)
    assert found.outcomes[0].why == "It did not finish within 1.5 seconds."


@pytest.mark.slow
def test_of_endless_prints_the_beginning_is_kept(tmp_path):
    source = "def grad_W(a):\n    while True: print('abc')\n" + RIGHT
    answers = ask(tmp_path, source, seconds=1.5)
    assert answers.printed.startswith("abc\nabc\n")
    assert len(answers.printed) <= runner.PRINTED
    assert answers.found["grad_b"].outcomes[0].kind == "value"


@pytest.mark.parametrize(
    ("line", "why", "at"),
    [
        ("exit()", "It ends Python", 3),
        ("raise SystemExit(0)", "It ends Python", 3),
        ("a[7]", "IndexError: index 7 is out of bounds for axis 0 with size 2", 3),
        ("return grad_W(a, grad_a)", "RecursionError: maximum recursion depth exceeded", 3),
        ("return np.zeros((10**6, 10**6))", "Unable to allocate", 3),
        ("return [np.zeros(2**20) for _ in iter(int, 1)]", "MemoryError", 3),
        ("return np.zeros(10**7)", "ValueError: it gives 10,000,000 numbers", None),
        ("import os; os._exit(3)", "It ended Python (exit status 3).", None),
        pytest.param("import os; os.abort()", "It ended Python (SIGABRT).", None, marks=posix),
        ("raise ValueError('\\x1b[31mred\\n\\nline')", "ValueError: red line", 3),
    ],
)
def test_a_function_that_fails_is_told_with_its_line(line, why, at, tmp_path):
    (outcome,) = body(tmp_path, line, head="import numpy as np").outcomes
    assert outcome.kind == "failed"
    assert why in outcome.why
    assert outcome.line == at


@pytest.mark.parametrize(
    ("line", "kind", "why"),
    [
        ("grad_a.T @ a", "nothing", ""),
        ("return 'abc'", "other", "str"),
        ("return lambda: 1", "other", "function"),
        ("return a + 1j", "other", "array of complex numbers"),
        ("return a.astype(object)", "other", "array of objects"),
        ("return a[0], grad_a", "other", "tuple"),
        ("a *= 2; grad_a[0] = 7; return a", "changed", "a, grad_a"),
        ("return grad_a.T.tolist()", "value", ""),
    ],
)
def test_what_a_function_gives_is_told_apart(line, kind, why, tmp_path):
    first = body(tmp_path, line).outcomes[0]
    assert (first.kind, first.why) == (kind, why)


def test_each_call_gets_its_own_values(tmp_path):
    found = body(tmp_path, "a += 1", "return {'W': a.copy(), 'K': K, 'n': None}", arguments="a, grad_a, K")
    assert found.outcomes[0].value["W"].value.tolist() == (PROBLEMS[0]["a"] + 1).tolist()
    assert found.outcomes[0].value["K"].value == 2
    assert found.outcomes[0].value["n"].kind == "nothing"
    assert np.array_equal(found.again.value["W"].value, found.outcomes[0].value["W"].value)


@pytest.mark.parametrize(
    ("arguments", "given", "by_position"),
    [
        ("grad_a, a", "a, grad_a", False),
        ("da, a", "a, da", False),
        ("p, q", "p, q", True),
        ("H, q", "H, q", True),
        ("a, q", "a, q", True),
        ("*, grad_a, a", "a, grad_a", False),
        ("a, *, grad_a, scale=1", "a, grad_a * scale", False),
        ("a, scale=1, grad_a=None", "a, grad_a * scale", False),
        ("a, /, grad_a, K=9", "a, grad_a * (K == 2)", False),
    ],
)
def test_arguments_are_taken_by_name_and_else_by_position(arguments, given, by_position, tmp_path):
    first, second = given.split(",")
    found = body(tmp_path, f"return ({first}).sum() * 10 + ({second}).sum()", arguments=arguments)
    assert found.by_position is by_position
    assert [float(o.value) for o in found.outcomes] == [15 * 10 + 4, 15 * 10 + 6]


@pytest.mark.parametrize(
    ("arguments", "unknown"),
    [("a, q, r", ("q", "r")), ("grad_a, q", ("q",)), ("*all", ("*all",)), ("**all", ("**all",)), ("q", ("q",))],
)
def test_an_argument_that_cannot_be_placed_is_named_and_nothing_called(arguments, unknown, tmp_path):
    found = body(tmp_path, "1 / 0", arguments=arguments)
    assert found.unknown == unknown
    assert not found.outcomes


@pytest.mark.parametrize("line", ["pass", "...", "'words'", "raise NotImplementedError", "raise NotImplementedError()"])
def test_a_function_that_is_not_filled_in_is_not_called(line, tmp_path):
    found = body(tmp_path, line)
    assert found.empty
    assert not found.outcomes


def test_other_ways_to_define_a_function(tmp_path):
    source = b"\xef\xbb\xbffrom functools import partial\ngrad_W = dW = lambda da, a: da.T @ a\n"
    source += b"def weighed(w, grad_a): return w * grad_a.sum(axis=0)\ngrad_b = partial(weighed, 1)\n"
    answers = ask(tmp_path, source)
    assert {"grad_W", "dW", "grad_b", "weighed"} == set(answers.functions)
    assert answers.found["grad_W"].outcomes[1].kind == "value"
    assert answers.found["grad_b"].outcomes[1].value.tolist() == [3, 3]


def test_a_file_may_write_and_import_beside_itself(tmp_path):
    (tmp_path / "names.py").write_text("FACTOR = 3\n")
    head = "import names\nopen('note.txt', 'w').write(str(names.FACTOR))"
    assert body(tmp_path, "return a", head=head).outcomes[0].kind == "value"
    assert (tmp_path / "note.txt").read_text() == "3"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.py", "names.py", "note.txt"]


def alive(pid):
    """Whether a process that is not our own child is there, after a moment in which it may end."""
    for _ in range(40):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return False
        time.sleep(0.05)
    return True


linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
FORK = "import os, time\npid = os.fork()\nif pid == 0:\n    time.sleep(99)\nopen('pid', 'w').write(str(pid))"


@linux
def test_no_fork_survives_nor_answers(tmp_path):
    found = body(tmp_path, "os.fork()", "return a * 1.0", head=FORK)
    assert [o.value.tolist() for o in found.outcomes] == [p["a"].tolist() for p in PROBLEMS]
    assert not alive(int((tmp_path / "pid").read_text()))


def test_a_thread_is_not_waited_for(tmp_path):
    head = "import threading, time\nthreading.Thread(target=time.sleep, args=(99,)).start()"
    begun = time.perf_counter()
    assert body(tmp_path, "return a", head=head).outcomes[0].kind == "value"
    assert time.perf_counter() - begun < 3


@linux
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_when_the_check_itself_is_killed(sent, tmp_path):
    head = FORK + "\nopen('own', 'w').write(str(os.getpid()))\ntime.sleep(99)\n"
    (tmp_path / "mine.py").write_text(head)
    code = "from pathlib import Path; from cli.lab.check.runner import run; run(Path('mine.py'), {}, [{}], seconds=60)"
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[3])}
    child = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # shells let their background ignore it
    )  # fmt: skip
    own = tmp_path / "own"
    while not own.exists() or not own.read_text():
        assert child.poll() is None
        time.sleep(0.05)
    assert list(tmp_path.glob("rnn-lab-check-*"))
    child.send_signal(sent)
    child.wait(timeout=5)
    assert not alive(int(own.read_text()))
    assert not alive(int((tmp_path / "pid").read_text()))
    assert not list(tmp_path.glob("rnn-lab-check-*"))
