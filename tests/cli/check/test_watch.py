"""rnn-lab check --watch: each save is checked, until all is right."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cli.lab.check import watching
from cli.lab.check.watching import changes

C = "def grad_c(grad_o):\n    return grad_o.sum(axis=0)\n"
V = "def grad_V(grad_o, h):\n    return grad_o.T @ h\n"
SECONDS = 20  # the most that one line is waited for
posix = pytest.mark.skipif(os.name != "posix", reason="signals")


class Watched:
    """A command that watches a file, and what it shows, line by line as it comes."""

    def __init__(self, folder, *arguments):
        environment = {**os.environ, "XDG_STATE_HOME": str(folder / "state"), "COLUMNS": "60", "PYTHONUNBUFFERED": "1"}
        environment["PYTHONPATH"] = str(Path(__file__).parents[3])
        code = (
            "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from cli.main import main; main()"
        )
        self.child = subprocess.Popen(
            [sys.executable, "-c", code, "check", *arguments, "--watch"], cwd=folder, env=environment, text=True,
            encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.child.stdout:
            self.lines.put(" ".join(line.split()))

    def until(self, words):
        """What is shown up to a line with these words."""
        seen = []
        while not seen or words not in seen[-1]:
            seen.append(self.lines.get(timeout=SECONDS))
        return "\n".join(seen)

    def end(self):
        """Exit status and stderr."""
        err = self.child.communicate(timeout=SECONDS)[1]
        return self.child.returncode, err


@pytest.fixture
def watch(tmp_path):
    started = []

    def start(source, name="output_gradients.py", *arguments):
        (tmp_path / name).write_text(source)
        started.append(Watched(tmp_path, name, *arguments))
        return started[-1]

    yield start
    for w in started:
        w.child.kill()
        w.child.wait()


def test_each_save_is_checked_until_all_is_right(watch, tmp_path):
    path = tmp_path / "output_gradients.py"
    w = watch(C)
    assert "✓ grad_c" in w.until("fill in grad_V and save it · ctrl-c to leave")
    path.write_text(C + V.replace("):", ")"))
    assert "✗ a syntax error (expected ':')" in w.until("mend it and save it")
    path.write_text(C + V.replace(".T", ""))
    shown = w.until("mend grad_V and save it")
    assert "✗ grad_V no answer" in shown
    assert "--watch" not in shown  # it is being watched already
    path.unlink()
    (tmp_path / "new").write_text(C + V)
    (tmp_path / "new").replace(path)  # as editors save
    assert "✓ grad_V" in w.until("All of it is right.")
    w.until("next: rnn-lab check --new backwards")
    assert w.end() == (0, "")


@posix
def test_leaving_is_one_line(watch):
    w = watch(C)
    w.until("and save it")
    w.child.send_signal(signal.SIGINT)
    status, err = w.end()
    assert status == 130
    assert err.strip() == "rnn-lab: interrupted; by the keyboard; what was saved before is whole"


@posix
def test_leaving_while_the_file_runs_ends_it(watch, tmp_path):
    w = watch("import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(99)\n" + C)
    for _ in range(200):
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text():
            break
        time.sleep(0.05)
    pid = int((tmp_path / "pid").read_text())
    w.child.send_signal(signal.SIGINT)
    assert w.end()[0] == 130
    state = Path(f"/proc/{pid}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_file_that_was_never_there_is_refused(tmp_path):
    w = Watched(tmp_path, "output_gradients.py")
    status, err = w.end()
    assert status == 2
    assert err == "rnn-lab: there is no such file; output_gradients.py; rnn-lab check --new output writes one\n"


def test_changes_come_once_at_first_and_once_for_each_save(tmp_path, monkeypatch):
    looks = []
    path = tmp_path / "a.py"
    path.write_text("1")

    def look(seconds):
        """What happens between two looks."""
        looks.append(seconds)
        {3: lambda: path.write_text("22"), 5: path.unlink, 8: lambda: path.write_text("333")}.get(len(looks), int)()

    monkeypatch.setattr(watching.time, "sleep", look)
    found = changes(path)
    assert [(next(found), len(looks))[1] for _ in range(3)] == [0, 3, 8]
    assert set(looks) == {watching.INTERVAL}
